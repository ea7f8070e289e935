#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <string_view>
#include <thread>

#include <switchgear/ticking/ticking_time.hpp>

namespace switchgear::bench {

/// A caller's own clock: one number in memory, which a thread brings up to date every millisecond as an
/// event loop would. Reading it costs next to nothing, so that what is left is the breaker's.
class callers_clock final : public time_source {
public:
    callers_clock() : keeper_([this](const std::stop_token& stop) { keep(stop); }) {}

    time_point now() const noexcept override { return read(); }
    time_point coarse() const noexcept override { return read(); }

private:
    // relaxed, here and below: the number stands for itself, nothing is published with it.
    time_point read() const noexcept { return time_point{duration{ticks_.load(std::memory_order_relaxed)}}; }

    void keep(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            ticks_.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }

    std::atomic<duration::rep> ticks_{std::chrono::steady_clock::now().time_since_epoch().count()};
    std::jthread keeper_;
};

/// The clocks that rows are measured with, by the name that stands in the row's.
struct named_clock {
    std::string_view name;
    const time_source& time;
};

/// `system`, `ticking` and `callers`, in this order; made at first use.
inline const std::array<named_clock, 3>& clocks() {
    static const ticking::ticking_time ticking_clock;
    static const callers_clock callers;
    static const std::array<named_clock, 3> all{{
        {"system", time_source::steady()},
        {"ticking", ticking_clock},
        {"callers", callers},
    }};
    return all;
}

}  // namespace switchgear::bench
