#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "stream.hpp"

namespace switchgear::gateway {

/// A connection of the control plane: `stream` for coroutines of Asio, under a time limit.
///
/// When the time is over, what is under way ends with beast::error::timeout, and the connection with it.
///
/// Why not Beast's streams: every coroutine that reads and writes one compiles Beast, Asio and TLS anew, which
/// takes minutes in all. Here it waits for nothing but a timer.
///
/// Thread safety: none. Lifetime: one operation at a time, awaited at once; must outlive it, unless the loop
/// goes with both.
class control_stream {
public:
    using time_point = asio::steady_timer::time_point;

    explicit control_stream(tcp_socket socket) : io_{std::move(socket)}, wake_{io_.socket().get_executor()} {}

    /// For the operations from now on; at first there is no limit.
    void expires_at(time_point at) { limit_ = at; }
    void expires_after(asio::steady_timer::duration from_now) { limit_ = time_point::clock::now() + from_now; }

    /// As `stream::start_server_handshake` and `stream::start_client_handshake`.
    asio::awaitable<error_code> server_handshake(asio::ssl::context&);
    asio::awaitable<error_code> client_handshake(asio::ssl::context&, const std::string& name);
    /// Reads on until the parser has the head, or all if it is eager. Returns: also what is wrong with the message.
    template <bool IsRequest>
    asio::awaitable<error_code> read(boost::beast::flat_buffer&, boost::beast::http::basic_parser<IsRequest>&);
    /// Writes everything or fails.
    asio::awaitable<error_code> write(std::string_view);
    /// Tells the peer that nothing more comes, whether it hears it or not.
    asio::awaitable<void> goodbye();

private:
    /// What an operation calls that begins now; its end is awaited by one of the two below.
    completion begin() noexcept;
    asio::awaitable<io_result> ended();
    asio::awaitable<error_code> failed();

    stream io_;
    asio::steady_timer wake_;
    time_point limit_ = time_point::max();
    bool running_ = false;
    io_result result_;
};

}  // namespace switchgear::gateway
