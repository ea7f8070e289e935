#include "admin_server.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "admin_feed.hpp"
#include "admin_target.hpp"
#include "control_stream.hpp"
#include "http_date.hpp"

namespace switchgear::gateway {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
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
    const origin_form asked = to_origin_form({message.target().data(), message.target().size()});
    out.target = asked.target;
    out.host = asked.authority ? std::string{*asked.authority} : text_of(message[http::field::host]);
    if (const auto origin = message.find(http::field::origin); origin != message.end()) {
        out.origin = text_of(origin->value());
    }
    out.authorization = text_of(message[http::field::authorization]);
    out.content_type = text_of(message[http::field::content_type]);
    out.body = std::move(message.body());
    out.from = to_string(socket_address{from.address().to_string(), from.port()});
    return out;
}

std::string status_line(unsigned version, unsigned status) {
    const std::string reason = text_of(http::obsolete_reason(static_cast<http::status>(status)));
    return fmt::format("HTTP/1.{} {} {}\r\n", version % 10, status, reason);
}

/// Of a final answer.
std::string first_lines(unsigned version, unsigned status) {
    return fmt::format("{}Date: {}\r\n", status_line(version, status), http_date{}.now());
}

/// Head and body; to a HEAD only the head.
std::string response_text(const admin_answer& answer, const parser& to, bool keep_alive) {
    const unsigned version = to.get().version();
    std::string out = first_lines(version, answer.status);
    out +=
        "Content-Type: " + answer.content_type + "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
    for (const auto& [name, value] : answer.headers) {
        out += name + ": " + value + "\r\n";
    }
    if (version >= 11 && !keep_alive) out += "Connection: close\r\n";
    if (version < 11 && keep_alive) out += "Connection: keep-alive\r\n";
    out += fmt::format("Content-Length: {}\r\n\r\n", answer.body.size());
    if (to.get().method() != http::verb::head) out += answer.body;
    return out;
}

/// Sends events until the feed ends or the client stops taking them.
asio::awaitable<void> send_events(control_stream& stream, const std::shared_ptr<event_feed>& feed, unsigned version) {
    const bool chunked = version >= 11;
    std::string out = first_lines(version, 200) + "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n";
    out += chunked ? "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" : "\r\n";
    for (;;) {
        stream.expires_after(write_time);
        const error_code failed = co_await stream.write(out);
        if (failed == beast::error::timeout) feed->cut();
        if (failed) co_return;
        const auto event = co_await feed->next();
        if (!event) co_return;
        out = chunked ? fmt::format("{:x}\r\n{}\r\n", event->size(), *event) : *event;
    }
}

/// Answers requests in turn until the connection ends.
asio::awaitable<void> converse(control_stream& stream, const admin_server::handler& handle, const bool& closing,
                               tcp::endpoint from) {
    beast::flat_buffer buffer{head_limit + body_limit};
    for (bool go_on = true; go_on;) {
        parser read;
        read.header_limit(head_limit);
        read.body_limit(body_limit);
        stream.expires_after(request_time);
        error_code failed = co_await stream.read(buffer, read);
        const unsigned version = read.get().version();
        if (!failed && beast::iequals(read.get()[http::field::expect], "100-continue")) {
            const std::string go_ahead = status_line(version, 100) + "\r\n";
            failed = co_await stream.write(go_ahead);
        }
        read.eager(true);
        if (!failed) failed = co_await stream.read(buffer, read);

        std::optional<admin_answer> answer;
        if (failed) {
            answer = unreadable(failed);
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

        stream.expires_after(write_time);
        const std::string text = response_text(*answer, read, go_on);
        if (co_await stream.write(text)) co_return;
    }
}

std::runtime_error cannot_listen(const socket_address& address, const std::string& why) {
    return std::runtime_error("admin.address: cannot listen on " + to_string(address) + ": " + why);
}

/// Null: plain.
std::shared_ptr<asio::ssl::context> load_certificate(const std::optional<tls_files>& named) {
    if (!named) return nullptr;
    const tls_files& files = *named;
    auto out = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    out->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                     asio::ssl::context::no_tlsv1_1);
    try {
        out->use_certificate_chain_file(files.certificate);
        out->use_private_key_file(files.key, asio::ssl::context::pem);
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
        : listening_(io), tls_(load_certificate(settings.tls)), handle_(std::move(handle)) {
        try {
            const tcp::endpoint at{asio::ip::make_address(settings.address.host), settings.address.port};
            listening_.open(at.protocol());
            listening_.set_option(tcp::acceptor::reuse_address(true));
            // As the listeners' of requests: [::] leaves IPv4 to others.
            if (at.protocol() == tcp::v6()) listening_.set_option(asio::ip::v6_only{true});
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

    void use(std::shared_ptr<asio::ssl::context> tls) { tls_ = std::move(tls); }

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
            tcp_socket socket = co_await listening_.async_accept(with(ec));
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

    asio::awaitable<void> serve(tcp_socket socket) {
        const auto self = shared_from_this();
        ++connections_;
        error_code ignored;
        const tcp::endpoint from = socket.remote_endpoint(ignored);
        const auto certificate = tls_;
        control_stream stream{std::move(socket)};
        stream.expires_after(request_time);
        error_code failed;
        if (certificate) failed = co_await stream.server_handshake(*certificate);
        if (!failed) {
            co_await converse(stream, handle_, closing_, from);
            stream.expires_after(write_time);
            co_await stream.goodbye();
        }
        --connections_;
    }

    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> listening_;
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

std::function<void()> admin_server::prepare(const admin_settings& settings) {
    if (settings.address == wanted_) {
        return [this, tls = load_certificate(settings.tls)] { acceptor_->use(tls); };
    }
    return [this, next = std::make_shared<acceptor>(io_, settings, handle_), address = settings.address] {
        next->start();
        acceptor_->close();
        acceptor_ = next;
        wanted_ = address;
    };
}

socket_address admin_server::address() const {
    const tcp::endpoint at = acceptor_->endpoint();
    return {at.address().to_string(), at.port()};
}

}  // namespace switchgear::gateway
