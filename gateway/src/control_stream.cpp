#include "control_stream.hpp"

#include <array>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/error.hpp>

namespace switchgear::gateway {

namespace beast = boost::beast;
namespace http = boost::beast::http;

completion control_stream::begin() noexcept {
    running_ = true;
    return {[](void* whose, error_code failed, std::size_t bytes) {
                auto& self = *static_cast<control_stream*>(whose);
                self.running_ = false;
                self.result_ = {failed, bytes};
                self.wake_.cancel();
            },
            this};
}

asio::awaitable<io_result> control_stream::ended() {
    bool timed_out = false;
    for (wake_.expires_at(limit_); running_; wake_.expires_at(time_point::max())) {
        error_code cancelled;
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        if (!running_) break;
        timed_out = true;
        io_.close();
    }
    if (timed_out) co_return io_result{beast::error::timeout, 0};
    co_return result_;
}

asio::awaitable<error_code> control_stream::failed() { co_return (co_await ended()).failed; }

asio::awaitable<error_code> control_stream::server_handshake(asio::ssl::context& with) {
    io_.start_server_handshake(with, begin());
    return failed();
}

asio::awaitable<error_code> control_stream::client_handshake(asio::ssl::context& with, const std::string& name) {
    io_.start_client_handshake(with, name, begin());
    return failed();
}

template <bool IsRequest>
asio::awaitable<error_code> control_stream::read(beast::flat_buffer& buffer, http::basic_parser<IsRequest>& parser) {
    error_code failed;
    while (!failed && !(parser.eager() ? parser.is_done() : parser.is_header_done())) {
        if (buffer.size() > 0) {
            buffer.consume(parser.put(buffer.data(), failed));
            if (failed != http::error::need_more) continue;
        }
        const std::size_t room = beast::read_size(buffer, 65'536);
        if (room == 0) co_return http::error::buffer_overflow;
        io_.start_read(buffer.prepare(room), begin());
        const io_result got = co_await ended();
        buffer.commit(got.bytes);
        failed = got.failed;
        if (failed != asio::error::eof) continue;
        failed = http::error::end_of_stream;
        if (parser.got_some()) parser.put_eof(failed = {});
    }
    co_return failed;
}

template asio::awaitable<error_code> control_stream::read(beast::flat_buffer&, http::basic_parser<true>&);
template asio::awaitable<error_code> control_stream::read(beast::flat_buffer&, http::basic_parser<false>&);

asio::awaitable<error_code> control_stream::write(std::string_view text) {
    const std::array parts{asio::const_buffer{text.data(), text.size()}};
    io_.start_write(parts, begin());
    return failed();
}

asio::awaitable<void> control_stream::goodbye() {
    if (io_.is_tls()) {
        io_.start_goodbye(begin());
        co_await ended();
    } else {
        error_code ignored;
        io_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    }
}

}  // namespace switchgear::gateway
