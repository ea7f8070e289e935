#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

class runtime;

/// The data port: listeners, and worker threads that carry requests to the services.
///
/// Thread safety: its members from one thread at a time; they block, requests go on meanwhile.
/// Lifetime: the runtime must outlive it.
class proxy_server {
public:
    /// Starts `threads` workers, at least one. They serve nothing until `listen`.
    proxy_server(runtime&, unsigned threads);
    /// As `stop`.
    ~proxy_server();
    proxy_server(const proxy_server&) = delete;
    proxy_server& operator=(const proxy_server&) = delete;

    /// Makes these the listeners: those whose address stays are kept (with certificates read anew),
    /// others are opened and closed. Connections that are there stay.
    /// Throws: std::runtime_error, naming the address or file; then all is as it was.
    void listen(const std::vector<listener>& wanted) { prepare(wanted)(); }
    /// The part of `listen` that can fail: reads certificates and binds what is new, where connections wait meanwhile.
    /// Returns: the rest of it, which cannot fail; if it is not called, all stays as it is.
    [[nodiscard]] std::function<void()> prepare(const std::vector<listener>&);
    /// Where it listens, in that order, with the real port where 0 was asked for.
    std::vector<socket_address> addresses() const;

    /// Stops listening, ends idle connections, answers what is in flight with `Connection: close` and
    /// waits for it; after `within` the rest is cut. Returns: whether nothing had to be cut.
    bool drain(std::chrono::milliseconds within);
    /// Cuts every connection and ends the workers. Idempotent.
    void stop();

private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace switchgear::gateway
