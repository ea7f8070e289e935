#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <switchgear/prometheus/collector.hpp>

namespace switchgear::gateway {

class runtime;

/// Numbers of the control plane that `/metrics` shows beside those of the runtime.
struct control_counters {
    std::uint64_t reloads_succeeded = 0;
    std::uint64_t reloads_failed = 0;
    std::uint64_t event_clients_dropped = 0;
};

/// Everything the gateway counts, in Prometheus' text format.
///
/// Read at the moment of the scrape from the breakers and the counters themselves: nothing is counted
/// twice on the way of a request.
///
/// Thread safety: any thread. Lifetime: the runtime must outlive it.
class metrics {
public:
    explicit metrics(runtime&);

    std::string text(const control_counters&) const;

private:
    const runtime& state_;
    prometheus::collector breakers_;
    std::shared_ptr<void> transitions_;
};

}  // namespace switchgear::gateway
