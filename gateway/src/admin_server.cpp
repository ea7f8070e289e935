#include "admin_server.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "admin_feed.hpp"

namespace switchgear::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using parser = http::request_parser<http::string_body>;

namespace {

// Nobody who uses this port as it is meant needs more.
constexpr std::uint32_t head_limit = 16 * 1024;
constexpr std::uint64_t body_limit = 64 * 1024;
constexpr std::size_t connection_limit = 256;
constexpr std::chrono::seconds request_time{30};
constexpr std::chrono::seconds write_time{10};

auto with(error_code& ec) { return asio::redirect_error(asio::use_awaitable, ec); }

/// Why a request could not be read; empty if the client simply went, or was silent for too long.
std::optional<admin_answer> unreadable(const error_code& ec) {
    if (ec == http::error::header_limit) return problem(431, "the head is larger than 16 KiB");
    if (ec == http::error::body_limit) return problem(413, "the body is larger than 64 KiB");
    if (ec == http::error::end_of_stream || ec == http::error::partial_message) return {};
    if (ec.category() == http::make_error_code(http::error::bad_method).category()) {
        return problem(400, "this is not HTTP: " + ec.message());
    }
    return {};
}

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

admin_request make_request(parser& read, const tcp::endpoint& from) {
    auto& message = read.get();
    admin_request out;
    out.method = text_of(message.method_string());
    out.target = text_of(message.target());
    out.host = text_of(message[http::field::host]);
    if (const auto origin = message.find(http::field::origin); origin != message.end()) {
        out.origin = text_of(origin->value());
    }
    out.authorization = text_of(message[http::field::authorization]);
    out.content_type = text_of(message[http::field::content_type]);
    out.body = std::move(message.body());
    out.from = to_string(socket_address{from.address().to_string(), from.port()});
    return out;
}

http::response<http::string_body> make_response(admin_answer answer, unsigned version, bool keep_alive) {
    http::response<http::string_body> out{static_cast<http::status>(answer.status), version};
    out.set(http::field::content_type, answer.content_type);
    out.set(http::field::cache_control, "no-store");
    out.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : answer.headers) {
        out.set(name, value);
    }
    out.keep_alive(keep_alive);
    out.body() = std::move(answer.body);
    out.prepare_payload();
    return out;
}

/// Sends events until the feed ends or the client stops taking them.
template <class Stream>
asio::awaitable<void> send_events(Stream& stream, const std::shared_ptr<event_feed>& feed, unsigned version) {
    http::response<http::empty_body> head{http::status::ok, version};
    head.set(http::field::content_type, "text/event-stream");
    head.set(http::field::cache_control, "no-store");
    head.keep_alive(false);
    head.chunked(version >= 11);
    http::response_serializer<http::empty_body> serializer{head};
    error_code ec;
    beast::get_lowest_layer(stream).expires_after(write_time);
    co_await http::async_write_header(stream, serializer, with(ec));
    while (!ec) {
        const auto event = co_await feed->next();
        if (!event) break;
        beast::get_lowest_layer(stream).expires_after(write_time);
        const auto bytes = asio::buffer(*event);
        if (version >= 11)
            co_await asio::async_write(stream, http::make_chunk(bytes), with(ec));
        else
            co_await asio::async_write(stream, bytes, with(ec));
    }
    if (ec == beast::error::timeout) feed->cut();
}

/// Answers requests in turn until the connection ends.
template <class Stream>
asio::awaitable<void> converse(Stream& stream, const admin_server::handler& handle, const bool& closing,
                               tcp::endpoint from) {
    beast::flat_buffer buffer{head_limit + body_limit};
    for (bool go_on = true; go_on;) {
        parser read;
        read.header_limit(head_limit);
        read.body_limit(body_limit);
        beast::get_lowest_layer(stream).expires_after(request_time);
        error_code ec;
        co_await http::async_read_header(stream, buffer, read, with(ec));
        if (!ec && beast::iequals(read.get()[http::field::expect], "100-continue")) {
            http::response<http::empty_body> go_ahead{http::status::continue_, read.get().version()};
            co_await http::async_write(stream, go_ahead, with(ec));
        }
        if (!ec) co_await http::async_read(stream, buffer, read, with(ec));

        const unsigned version = read.get().version();
        std::optional<admin_answer> answer;
        if (ec) {
            answer = unreadable(ec);
            if (!answer) co_return;
            go_on = false;
        } else if (version >= 11 && read.get().count(http::field::host) != 1) {
            answer = problem(400, "a request of HTTP/1.1 has exactly one Host");
            go_on = false;
        } else {
            answer = handle(make_request(read, from));
            go_on = read.get().keep_alive() && !closing;
        }
        const bool head_only = read.get().method() == http::verb::head;
        if (answer->feed && !head_only) co_return co_await send_events(stream, answer->feed, version);

        http::response<http::string_body> response = make_response(std::move(*answer), version, go_on);
        beast::get_lowest_layer(stream).expires_after(write_time);
        http::response_serializer<http::string_body> serializer{response};
        if (head_only)
            co_await http::async_write_header(stream, serializer, with(ec = {}));
        else
            co_await http::async_write(stream, serializer, with(ec = {}));
        if (ec) co_return;
    }
}

std::runtime_error cannot_listen(const socket_address& address, const std::string& why) {
    return std::runtime_error("admin.address: cannot listen on " + to_string(address) + ": " + why);
}

asio::ssl::context load_certificate(const tls_files& files) {
    asio::ssl::context out{asio::ssl::context::tls_server};
    out.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                    asio::ssl::context::no_tlsv1_1);
    try {
        out.use_certificate_chain_file(files.certificate);
        out.use_private_key_file(files.key, asio::ssl::context::pem);
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error("admin.tls: cannot use certificate " + files.certificate + " with key " + files.key +
                                 ": " + error.code().message());
    }
    return out;
}

}  // namespace

/// Shared with its connections, which may outlive the server by an answer.
class admin_server::acceptor : public std::enable_shared_from_this<acceptor> {
public:
    acceptor(asio::io_context& io, const admin_settings& settings, handler handle)
        : listening_(io), handle_(std::move(handle)) {
        set_certificate(settings.tls);
        try {
            const tcp::endpoint at{asio::ip::make_address(settings.address.host), settings.address.port};
            listening_.open(at.protocol());
            listening_.set_option(tcp::acceptor::reuse_address(true));
            listening_.bind(at);
            listening_.listen();
        } catch (const boost::system::system_error& error) {
            throw cannot_listen(settings.address, error.code().message());
        }
    }

    void start() {
        asio::co_spawn(
            listening_.get_executor(), [self = shared_from_this()] { return self->accept(); }, asio::detached);
    }

    void set_certificate(const std::optional<tls_files>& files) {
        tls_ = files ? std::make_shared<asio::ssl::context>(load_certificate(*files)) : nullptr;
    }

    void close() {
        closing_ = true;
        error_code ignored;
        listening_.close(ignored);
    }

    tcp::endpoint endpoint() const { return listening_.local_endpoint(); }

private:
    asio::awaitable<void> accept() {
        while (!closing_) {
            error_code ec;
            tcp::socket socket = co_await listening_.async_accept(with(ec));
            if (ec && !closing_) {
                // Out of descriptors: nothing is gained by asking again at once.
                asio::steady_timer pause{listening_.get_executor(), std::chrono::milliseconds{100}};
                co_await pause.async_wait(with(ec));
            } else if (!ec && connections_ < connection_limit) {
                asio::co_spawn(
                    listening_.get_executor(),
                    [self = shared_from_this(), s = std::move(socket)]() mutable { return self->serve(std::move(s)); },
                    asio::detached);
            }
        }
    }

    asio::awaitable<void> serve(tcp::socket socket) {
        const auto self = shared_from_this();
        ++connections_;
        error_code ec;
        const tcp::endpoint from = socket.remote_endpoint(ec);
        if (const auto certificate = tls_) {
            beast::ssl_stream<beast::tcp_stream> stream{std::move(socket), *certificate};
            beast::get_lowest_layer(stream).expires_after(request_time);
            co_await stream.async_handshake(asio::ssl::stream_base::server, with(ec));
            if (!ec) {
                co_await converse(stream, handle_, closing_, from);
                beast::get_lowest_layer(stream).expires_after(write_time);
                co_await stream.async_shutdown(with(ec));
            }
        } else {
            beast::tcp_stream stream{std::move(socket)};
            co_await converse(stream, handle_, closing_, from);
            stream.socket().shutdown(tcp::socket::shutdown_send, ec);
        }
        --connections_;
    }

    tcp::acceptor listening_;
    std::shared_ptr<asio::ssl::context> tls_;
    handler handle_;
    std::size_t connections_ = 0;
    bool closing_ = false;
};

admin_server::admin_server(asio::io_context& io, const admin_settings& settings, handler handle)
    : io_(io),
      wanted_(settings.address),
      handle_(std::move(handle)),
      acceptor_(std::make_shared<acceptor>(io, settings, handle_)) {
    acceptor_->start();
}

admin_server::~admin_server() { acceptor_->close(); }

void admin_server::apply(const admin_settings& settings) {
    if (settings.address == wanted_) return acceptor_->set_certificate(settings.tls);
    auto next = std::make_shared<acceptor>(io_, settings, handle_);
    next->start();
    acceptor_->close();
    acceptor_ = std::move(next);
    wanted_ = settings.address;
}

socket_address admin_server::address() const {
    const tcp::endpoint at = acceptor_->endpoint();
    return {at.address().to_string(), at.port()};
}

}  // namespace switchgear::gateway
