#include "admin_client.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace switchgear::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using boost::system::system_error;

namespace {

// A gateway answers at once, and an event stream has a snapshot every second: silence is an error.
constexpr std::chrono::seconds patience{10};
constexpr std::uint64_t largest_answer = 256U << 20U;

std::string url_text(const admin_url& where) {
    return (where.over == transport::tls ? "https://" : "http://") + where.authority;
}

unreachable failure(const admin_url& where, const system_error& error) {
    std::string why = error.code() == beast::error::timeout ? "no answer in time" : error.code().message();
    return unreachable("cannot reach the gateway at " + url_text(where) + ": " + why);
}

using event_listener = std::function<void(server_event)>;

/// A connection to the gateway, plain or under TLS, for one request.
class connection {
public:
    connection(const asio::any_io_executor& executor, const admin_url& to) : to_(to), plain_(executor) {}

    /// Returns: the answer. If there is a listener, the answer may be a stream of events, which are handed on as they
    /// come. Throws: system_error; when such a stream ends, too.
    asio::awaitable<admin_reply> converse(const std::string& request, const event_listener* listener = nullptr) {
        co_await connect();
        wait_anew();
        co_await write(request);
        answer_.eager(true);
        answer_.body_limit(largest_answer);
        if (listener != nullptr) answer_.body_limit(boost::none);
        std::string& body = answer_.get().body();
        event_parser events;
        bool events_follow = false;
        while (!answer_.is_done()) {
            co_await read_some();
            events_follow = listener != nullptr && answer_.is_header_done() && answer_.get().result_int() == 200;
            if (!events_follow) continue;
            wait_anew();
            events.feed(std::exchange(body, {}), *listener);
        }
        if (events_follow) throw system_error(http::make_error_code(http::error::end_of_stream));
        co_return admin_reply{answer_.get().result_int(), std::move(body)};
    }

private:
    /// What is awaited from now on is to come in time.
    void wait_anew() { plain_.expires_after(patience); }

    asio::awaitable<void> connect() {
        asio::ip::tcp::resolver resolver{plain_.get_executor()};
        const auto found = co_await resolver.async_resolve(to_.host, to_.port, asio::use_awaitable);
        wait_anew();
        co_await plain_.async_connect(found, asio::use_awaitable);
        if (to_.over == transport::plain) co_return;
        trust_.set_default_verify_paths();
        trust_.set_verify_mode(asio::ssl::verify_peer);
        tls_.emplace(plain_, trust_);
        tls_->set_verify_callback(asio::ssl::host_name_verification(to_.host));
        SSL_set_tlsext_host_name(tls_->native_handle(), to_.host.c_str());
        co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    }

    asio::awaitable<void> write(const std::string& request) {
        if (tls_)
            co_await asio::async_write(*tls_, asio::buffer(request), asio::use_awaitable);
        else
            co_await asio::async_write(plain_, asio::buffer(request), asio::use_awaitable);
    }

    /// Reads what has come, and parses it.
    asio::awaitable<void> read_some() {
        const asio::mutable_buffer room = buffer_.prepare(16'384);
        error_code ec;
        std::size_t bytes = 0;
        if (tls_)
            bytes = co_await tls_->async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
        else
            bytes = co_await plain_.async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
        buffer_.commit(bytes);
        if (ec == asio::error::eof) {
            ec = http::error::end_of_stream;
            if (answer_.got_some()) answer_.put_eof(ec = {});
        }
        while (!ec && buffer_.size() > 0 && !answer_.is_done()) {
            buffer_.consume(answer_.put(buffer_.data(), ec));
        }
        if (ec && ec != http::error::need_more) throw system_error(ec);
    }

    const admin_url& to_;
    beast::tcp_stream plain_;
    asio::ssl::context trust_{asio::ssl::context::tls_client};
    std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
    beast::flat_buffer buffer_;
    http::response_parser<http::string_body> answer_;
};

std::string request_text(const admin_url& where, const std::optional<std::string>& token, std::string_view method,
                         std::string_view target, const std::string& body = {}) {
    std::string out{method};
    out.append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(where.authority);
    out += "\r\nUser-Agent: switchgear\r\nConnection: close\r\n";
    if (token) out += "Authorization: Bearer " + *token + "\r\n";
    if (!body.empty()) out += "Content-Type: application/json\r\n";
    if (method != "GET") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n" + body;
}

/// Runs one conversation to its end. Returns: empty if `io` was stopped first.
std::optional<admin_reply> run(asio::io_context& io, const admin_url& where, const std::string& request,
                               const event_listener* listener = nullptr) {
    connection gateway{io.get_executor(), where};
    std::optional<admin_reply> out;
    std::exception_ptr thrown;
    asio::co_spawn(io, gateway.converse(request, listener), [&](std::exception_ptr error, admin_reply reply) {
        thrown = error;
        if (!error) out = std::move(reply);
        io.stop();
    });
    io.restart();
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return out;
}

}  // namespace

admin_client::admin_client(admin_url where, std::optional<std::string> token)
    : where_(std::move(where)), token_(std::move(token)) {}

admin_reply admin_client::exchange(std::string_view method, std::string_view target, std::string body) const {
    const std::string request = request_text(where_, token_, method, target, body);
    asio::io_context io{1};
    try {
        return *run(io, where_, request);
    } catch (const system_error& error) {
        throw failure(where_, error);
    }
}

std::optional<admin_reply> admin_client::follow(std::string_view target, follower told) const {
    const std::string request = request_text(where_, token_, "GET", target);
    bool ever_connected = false;
    bool connected_now = false;
    const event_listener noticing = [&](server_event event) {
        ever_connected = connected_now = true;
        told.on_event(std::move(event));
    };
    asio::io_context io{1};
    asio::signal_set interrupted{io, SIGINT, SIGTERM};
    interrupted.async_wait([&](error_code ec, int) {
        if (!ec) io.stop();
    });
    for (;;) {
        try {
            return run(io, where_, request, &noticing);
        } catch (const system_error& error) {
            const unreachable lost = failure(where_, error);
            if (!ever_connected) throw lost;
            if (std::exchange(connected_now, false)) told.on_lost(lost.what());
        }
        io.restart();
        io.run_for(std::chrono::seconds{1});
        if (io.stopped()) return {};
    }
}

}  // namespace switchgear::cli
