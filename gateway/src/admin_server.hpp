#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include <switchgear/gateway/config.hpp>

#include "admin_message.hpp"

namespace switchgear::gateway {

/// The HTTP server of the admin port: framing, limits and TLS. What a request means is the handler's.
///
/// Thread safety: none; lives on the control thread, never on one that carries traffic.
class admin_server {
public:
    using handler = std::function<admin_answer(const admin_request&)>;

    /// Listens at once. Throws: std::runtime_error with the address and the reason in words.
    admin_server(boost::asio::io_context&, const admin_settings&, handler);
    /// Stops listening; connections are ended after the answer they are at.
    ~admin_server();
    admin_server(const admin_server&) = delete;
    admin_server& operator=(const admin_server&) = delete;

    /// Makes ready to listen as `settings` say, with certificates read anew; connections that are there stay.
    /// Returns: what puts it in force and cannot fail; if it is not called, all stays as it is.
    /// Throws: as the constructor; then all is as it was.
    [[nodiscard]] std::function<void()> prepare(const admin_settings&);

    /// Where it listens, with the port that port 0 became.
    socket_address address() const;

private:
    class acceptor;
    boost::asio::io_context& io_;
    socket_address wanted_;
    handler handle_;
    std::shared_ptr<acceptor> acceptor_;
};

}  // namespace switchgear::gateway
