#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace boost::asio::ssl {
class context;
}

namespace switchgear::gateway {

namespace asio = boost::asio;
using boost::system::error_code;
/// Typed on the loop's own executor: nothing is erased, nothing is dispatched.
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/// What is called when an operation ends: a function and whose.
struct completion {
    void (*call)(void* whose, error_code, std::size_t);
    void* whose;
    void operator()(error_code failed, std::size_t bytes = 0) const { call(whose, failed, bytes); }
};

/// How an operation ended.
struct io_result {
    error_code failed;
    std::size_t bytes = 0;
};

/// A byte stream, plain or under TLS. What needs TLS is compiled here and nowhere else.
///
/// Lifetime: must outlive its operations; `cancel` or `close` ends them soon.
class stream {
public:
    explicit stream(asio::io_context&);
    explicit stream(tcp_socket);
    ~stream();
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    tcp_socket& socket() noexcept { return socket_; }
    bool is_tls() const noexcept { return tls_ != nullptr; }

    void start_read(asio::mutable_buffer, completion);
    /// Writes everything or fails.
    void start_write(std::span<const asio::const_buffer>, completion);
    /// Takes what can be written without waiting. Returns: its number of bytes; would_block is no failure.
    io_result write_now(std::span<const asio::const_buffer>);
    /// Bytes that write_all ever wrote to it; under TLS, those within.
    std::uint64_t written() const noexcept { return written_; }
    void note_written(std::size_t bytes) noexcept { written_ += bytes; }

    void start_server_handshake(asio::ssl::context&, completion);
    /// Verifies the certificate against `name`, which is also asked for by SNI if it is no address.
    void start_client_handshake(asio::ssl::context&, const std::string& name, completion);
    /// Tells the peer that this is the end and not a truncation. Requires: is_tls().
    void start_goodbye(completion);
    /// From now on what lies below TLS is read and written, to be thrown away. Requires: nothing is under way.
    void leave_tls() noexcept;

    void cancel() noexcept;
    void close() noexcept;
    /// Ends the connection so that the peer cannot take it for an orderly end.
    void reset() noexcept;

private:
    class tls;
    tcp_socket socket_;
    std::uint64_t written_ = 0;
    std::unique_ptr<tls> tls_;
};

/// Awaits one operation: `operation(completion)` begins it.
template <class Operation>
class awaited_operation {
public:
    explicit awaited_operation(Operation operation) : operation_{std::move(operation)} {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        operation_(completion{&ended, this});
    }
    io_result await_resume() const noexcept { return result_; }

private:
    static void ended(void* whose, error_code failed, std::size_t bytes) {
        auto& self = *static_cast<awaited_operation*>(whose);
        self.result_ = {failed, bytes};
        self.waiting_.resume();
    }
    Operation operation_;
    io_result result_;
    std::coroutine_handle<> waiting_;
};

/// Awaits that all of `parts` is written. Cost: usually one system call and no trip through the loop.
class write_all {
public:
    static constexpr std::size_t most_parts = 16;

    write_all(stream& to, std::span<const asio::const_buffer> parts);
    write_all(stream& to, std::string_view text);

    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiting);
    error_code await_resume() const noexcept { return failed_; }

private:
    static void ended(void* whose, error_code failed, std::size_t bytes);
    void skip(std::size_t bytes) noexcept;

    stream& to_;
    std::array<asio::const_buffer, most_parts> parts_;
    std::size_t count_ = 0;
    std::size_t first_ = 0;
    error_code failed_;
    std::coroutine_handle<> waiting_;
};

/// Whether a handshake failed because of the peer's certificate.
bool is_certificate_error(const error_code&) noexcept;

/// The contexts that TLS needs, as files and systems have them.
std::shared_ptr<asio::ssl::context> make_server_tls(const std::string& certificate_file, const std::string& key_file);
/// Verifies against the system's roots (or SSL_CERT_FILE, SSL_CERT_DIR).
std::shared_ptr<asio::ssl::context> make_client_tls();

}  // namespace switchgear::gateway
