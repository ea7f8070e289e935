#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include <switchgear/gateway/config.hpp>

#include "stream.hpp"
#include "worker.hpp"

namespace switchgear::gateway {

/// One address where clients connect. Hands its connections to the workers in turn; runs on the loop of the first.
///
/// Thread safety: `open` from any thread before `begin`; the rest on its loop.
/// Lifetime: shared, because a handler may be on its way when it is closed.
class acceptor : public std::enable_shared_from_this<acceptor> {
public:
    using workers = std::vector<std::unique_ptr<worker>>;

    /// Binds. Throws: std::runtime_error, naming the address.
    acceptor(workers& to, const socket_address& at);

    /// Thread-safe.
    void begin();
    void close();
    /// The context for connections from now on; null: plain.
    void use(std::shared_ptr<asio::ssl::context> tls);

    /// With the real port.
    const socket_address& bound() const noexcept { return bound_; }

private:
    void accept_next();
    void accepted(error_code, tcp_socket);
    void pause();

    workers& to_;
    std::size_t turn_ = 0;
    asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> socket_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        pause_;
    socket_address bound_;
    std::shared_ptr<asio::ssl::context> tls_;
};

}  // namespace switchgear::gateway
