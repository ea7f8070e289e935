#include "admin_client.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace switchgear::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using boost::system::system_error;
using request = http::request<http::string_body>;
using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

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

asio::awaitable<void> connect(beast::tcp_stream& stream, const admin_url& where) {
    asio::ip::tcp::resolver resolver{stream.get_executor()};
    const auto found = co_await resolver.async_resolve(where.host, where.port, asio::use_awaitable);
    stream.expires_after(patience);
    co_await stream.async_connect(found, asio::use_awaitable);
}

/// Sends the request and reads the answer's head into `parser`.
template <class Stream, class Parser>
asio::awaitable<void> ask(Stream& stream, request& what, beast::flat_buffer& buffer, Parser& parser) {
    beast::get_lowest_layer(stream).expires_after(patience);
    co_await http::async_write(stream, what, asio::use_awaitable);
    parser.body_limit(boost::none);
    co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
}

template <class Stream>
asio::awaitable<admin_reply> read_whole(Stream& stream, request& what) {
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    co_await ask(stream, what, buffer, parser);
    parser.body_limit(largest_answer);
    co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
    co_return admin_reply{parser.get().result_int(), std::move(parser.get().body())};
}

/// Returns: the answer if it is not a stream of events; throws when the stream ends.
template <class Stream>
asio::awaitable<admin_reply> read_events(Stream& stream, request& what, const admin_client::follower& follower) {
    beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    co_await ask(stream, what, buffer, parser);
    const unsigned status = parser.get().result_int();
    std::string refused;
    event_parser events;
    std::array<char, 16'384> piece;
    while (!parser.is_done()) {
        auto& body = parser.get().body();
        body.data = piece.data();
        body.size = piece.size();
        body.more = true;
        beast::get_lowest_layer(stream).expires_after(patience);
        error_code ec;
        // Not async_read: that waits until the whole piece is full, and an event is to be told when it comes.
        co_await http::async_read_some(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, ec));
        if (ec && ec != http::error::need_buffer) throw system_error(ec);
        const std::string_view text{piece.data(), piece.size() - body.size};
        if (status == 200)
            events.feed(text, follower.on_event);
        else
            refused += text;
    }
    if (status == 200) throw system_error(http::make_error_code(http::error::end_of_stream));
    co_return admin_reply{status, std::move(refused)};
}

/// Runs `converse(stream)` on a new connection to `where`.
template <class Converse>
asio::awaitable<admin_reply> connected(const admin_url& where, Converse converse) {
    const auto executor = co_await asio::this_coro::executor;
    if (where.over == transport::plain) {
        plain_stream stream{executor};
        co_await connect(stream, where);
        co_return co_await converse(stream);
    }
    asio::ssl::context trust{asio::ssl::context::tls_client};
    trust.set_default_verify_paths();
    trust.set_verify_mode(asio::ssl::verify_peer);
    tls_stream stream{executor, trust};
    stream.set_verify_callback(asio::ssl::host_name_verification(where.host));
    SSL_set_tlsext_host_name(stream.native_handle(), where.host.c_str());
    co_await connect(beast::get_lowest_layer(stream), where);
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    co_return co_await converse(stream);
}

request make_request(const admin_url& where, const std::optional<std::string>& token, std::string_view method,
                     std::string_view target) {
    request out{http::string_to_verb(method), target, 11};
    out.set(http::field::host, where.authority);
    out.set(http::field::user_agent, "switchgear");
    out.set(http::field::connection, "close");
    if (token) out.set(http::field::authorization, "Bearer " + *token);
    return out;
}

asio::awaitable<admin_reply> follow_on(const admin_url& where, request what, const admin_client::follower& follower) {
    bool ever_connected = false;
    bool connected_now = false;
    const admin_client::follower noticing{[&](server_event event) {
                                              ever_connected = connected_now = true;
                                              follower.on_event(std::move(event));
                                          },
                                          {}};
    for (;;) {
        std::string lost;
        try {
            co_return co_await connected(where, [&](auto& stream) { return read_events(stream, what, noticing); });
        } catch (const system_error& error) {
            if (!ever_connected) throw failure(where, error);
            lost = failure(where, error).what();
        }
        if (std::exchange(connected_now, false)) follower.on_lost(lost);
        asio::steady_timer pause{co_await asio::this_coro::executor, std::chrono::seconds{1}};
        co_await pause.async_wait(asio::use_awaitable);
    }
}

/// Runs the conversation to its end. Returns: empty if `io` was stopped first.
std::optional<admin_reply> run(asio::io_context& io, asio::awaitable<admin_reply> conversation) {
    std::optional<admin_reply> out;
    std::exception_ptr thrown;
    asio::co_spawn(io, std::move(conversation), [&](std::exception_ptr error, admin_reply reply) {
        thrown = error;
        if (!error) out = std::move(reply);
        io.stop();
    });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return out;
}

}  // namespace

admin_client::admin_client(admin_url where, std::optional<std::string> token)
    : where_(std::move(where)), token_(std::move(token)) {}

admin_reply admin_client::exchange(std::string_view method, std::string_view target, std::string body) const {
    request what = make_request(where_, token_, method, target);
    if (!body.empty()) {
        what.set(http::field::content_type, "application/json");
        what.body() = std::move(body);
    }
    what.prepare_payload();
    asio::io_context io{1};
    try {
        return *run(io, connected(where_, [&](auto& stream) { return read_whole(stream, what); }));
    } catch (const system_error& error) {
        throw failure(where_, error);
    }
}

std::optional<admin_reply> admin_client::follow(std::string_view target, follower told) const {
    asio::io_context io{1};
    asio::signal_set interrupted{io, SIGINT, SIGTERM};
    interrupted.async_wait([&](error_code ec, int) {
        if (!ec) io.stop();
    });
    return run(io, follow_on(where_, make_request(where_, token_, "GET", target), told));
}

}  // namespace switchgear::cli
