#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/config_load.hpp>
#include <switchgear/gateway/log.hpp>
#include <switchgear/result.hpp>

namespace switchgear::gateway {

/// A running gateway: the data plane on threads of its own, and all that steers it (admin port, health
/// checks, reload, drain) on the thread that calls `run`, so that traffic waits for none of it.
///
/// Thread safety: `stop` from any thread; the rest from one thread.
class control_plane {
public:
    using configuration_reader = std::function<result<config, std::vector<config_violation>>()>;
    struct options {
        unsigned threads = 1;
        /// How long requests in flight may take to end once the gateway is told to.
        std::chrono::milliseconds drain{30'000};
        /// Where a reload reads the configuration; empty: there is nothing to reload.
        configuration_reader read{};
    };

    /// Listens on every port; serves once `run` is called. The log must outlive it.
    /// Throws: std::runtime_error naming the address or file that cannot be used, and why.
    control_plane(config, options, log&);
    ~control_plane();
    control_plane(const control_plane&) = delete;
    control_plane& operator=(const control_plane&) = delete;

    /// Where requests are taken, in the order of the configuration; and the admin port.
    std::vector<socket_address> addresses() const;
    socket_address admin_address() const;

    /// Serves until SIGTERM, SIGINT or `stop`, then drains and returns. SIGHUP reloads. A second signal
    /// ends the process at once, with exit code 1.
    void run();

    /// Makes `run` drain and return.
    void stop();

private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace switchgear::gateway
