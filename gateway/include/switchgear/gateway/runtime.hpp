#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/breaker.hpp>
#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/counters.hpp>
#include <switchgear/gateway/log.hpp>
#include <switchgear/time.hpp>

namespace switchgear::gateway {

class access_log;
class name_lookup;
class routing;
class transition_hub;

/// A breaker as metrics, the admin API and health checks meet it.
struct breaker_view {
    std::shared_ptr<breaker> what;
    std::string_view service;
    /// The index in `service::endpoints` with scope `endpoint`.
    std::optional<std::size_t> endpoint{};
    duration_histogram::reading durations{};
};

/// One service's numbers as metrics meet them.
struct service_view {
    const service* settings;  ///< lives as long as the routing it was read from
    const service_counters* counters;
};

/// The gateway's living state: what a configuration was made into, and what survives the next one.
///
/// A reload swaps the routing as a whole; a request keeps the one it began with. A breaker survives as
/// long as its service, scope and key stay what they were; changed thresholds are applied to it. The
/// numbers of a service survive as long as the service.
///
/// Thread safety: all members, from any thread, also from listeners.
/// Lifetime: must outlive the proxy server and every permit.
class runtime {
public:
    /// Throws: invalid_settings, if the configuration did not come from the loader; std::runtime_error, if the file of
    /// the access log cannot be opened.
    runtime(config, log&, const time_source&);
    ~runtime();
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;

    /// Puts another configuration in force. Listeners are not touched; see `proxy_server::listen`.
    /// Throws: as the constructor; the old one stays in force.
    void reload(config);
    /// Opens the file of the access log anew, as a reload does: it may have been moved away.
    /// Throws: std::runtime_error; the lines go on where they went.
    void reopen_access_log();

    /// The configuration in force.
    std::shared_ptr<const config> configuration() const;

    /// Null if there is none of that name now.
    std::shared_ptr<breaker> find(std::string_view name) const;
    /// Every breaker there is now, by service in the order of the file; no lock is held meanwhile.
    void for_each_breaker(const std::function<void(const breaker_view&)>&) const;
    void for_each_service(const std::function<void(const service_view&)>&) const;

    /// Transitions of all breakers, present and future, until the handle is gone. The listener runs on
    /// the thread that caused the transition and must not block.
    [[nodiscard]] std::shared_ptr<void> subscribe(std::function<void(const transition&)>);

    gateway::log& log() const noexcept { return log_; }
    access_log& access() const noexcept { return *access_; }
    name_lookup& names() const noexcept { return *names_; }
    const time_source& clock() const noexcept { return clock_; }

    /// What requests are routed by. `generation` grows with every reload, so that a worker can keep the
    /// pointer and ask for it again only when the number has changed.
    std::shared_ptr<const routing> current() const;
    std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

    /// Client connections that are served at present, over all workers; without those that are only refused.
    std::atomic<std::size_t> connections{0};

private:
    gateway::log& log_;
    std::unique_ptr<access_log> access_;
    std::unique_ptr<name_lookup> names_;
    const time_source& clock_;
    std::shared_ptr<transition_hub> hub_;
    std::mutex reloading_;
    mutable std::mutex mutex_;  // guards routing_
    std::shared_ptr<const routing> routing_;
    std::atomic<std::uint64_t> generation_{1};
};

}  // namespace switchgear::gateway
