#include "acceptor.hpp"

#include <stdexcept>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

namespace switchgear::gateway {
namespace {

/// Without descriptors or memory, accepting at once again would only burn the processor.
constexpr std::chrono::milliseconds pause_after_failure{100};

}  // namespace

acceptor::acceptor(workers& to, const socket_address& at)
    : to_{to}, socket_{to.front()->loop()}, pause_{to.front()->loop()}, bound_{at} {
    error_code failed;
    const asio::ip::tcp::endpoint wanted{asio::ip::make_address(at.host, failed), at.port};
    const auto require = [&](const char* what) {
        if (failed)
            throw std::runtime_error{"cannot " + std::string{what} + " " + to_string(at) + ": " + failed.message()};
    };
    require("use the address");
    socket_.open(wanted.protocol(), failed);
    require("open a socket for");
    socket_.set_option(asio::socket_base::reuse_address{true}, failed);
    if (wanted.protocol() == asio::ip::tcp::v6()) socket_.set_option(asio::ip::v6_only{true}, failed);
    socket_.bind(wanted, failed);
    require("bind");
    socket_.listen(asio::socket_base::max_listen_connections, failed);
    require("listen on");
    bound_.port = socket_.local_endpoint(failed).port();
}

void acceptor::begin() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->accept_next(); });
}

void acceptor::close() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        error_code ignored;
        self->socket_.close(ignored);
        self->pause_.cancel();
    });
}

void acceptor::use(std::shared_ptr<asio::ssl::context> tls) {
    asio::post(socket_.get_executor(),
               [self = shared_from_this(), tls = std::move(tls)]() mutable { self->tls_ = std::move(tls); });
}

void acceptor::accept_next() {
    if (!socket_.is_open()) return;
    worker& next = *to_[turn_ % to_.size()];
    socket_.async_accept(next.loop(), [self = shared_from_this()](error_code failed, tcp_socket socket) {
        self->accepted(failed, std::move(socket));
    });
}

void acceptor::accepted(error_code failed, tcp_socket socket) {
    if (failed == asio::error::operation_aborted || !socket_.is_open()) return;
    worker& first = *to_.front();
    if (!failed && first.shared().descriptors.is_kept(socket.native_handle())) failed = asio::error::no_descriptors;
    if (!failed) {
        if (!to_[turn_ % to_.size()]->adopt(std::move(socket), tls_, first.most_connections())) return pause();
        ++turn_;
        return accept_next();
    }
    if (failed == asio::error::connection_aborted) return accept_next();
    first.runtime().log().write(
        log_level::error, "A connection could not be accepted.",
        {{"address", std::string_view{to_string(bound_)}}, {"error", std::string_view{failed.message()}}});
    pause();
}

void acceptor::pause() {
    pause_.expires_after(pause_after_failure);
    pause_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->accept_next();
    });
}

}  // namespace switchgear::gateway
