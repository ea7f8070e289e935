#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <switchgear/time.hpp>

/// Numbers that the proxy keeps and `/metrics` reads. Each event costs one relaxed add; a reader sees
/// every event that was counted before it looked, and no order between different numbers.
namespace switchgear::gateway {

/// How long the calls of one breaker took, in the buckets of `switchgear_call_duration_seconds`.
class duration_histogram {
public:
    /// Upper bounds in seconds; above the last there is one bucket more.
    static constexpr std::array<double, 14> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                   0.25,  0.5,    1,     2.5,  5,     10,   30};

    void observe(duration took) noexcept;

    struct reading {
        /// Each bucket for itself, not cumulative; the last is what lies above every bound.
        std::array<std::uint64_t, bounds.size() + 1> buckets{};
        std::uint64_t count = 0;
        double sum_seconds = 0;
    };
    reading read() const noexcept;

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

/// One service's numbers. They live as long as the service is configured.
class service_counters {
public:
    static constexpr unsigned first_code = 100;
    static constexpr unsigned last_code = 599;

    /// What the client was answered; 499 if it was gone. Codes outside [100, 599] do not occur.
    void answered(unsigned code) noexcept {
        if (code >= first_code && code <= last_code) codes_[code - first_code].fetch_add(1, std::memory_order_relaxed);
    }
    std::uint64_t answers(unsigned code) const noexcept {
        return codes_[code - first_code].load(std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> fallbacks_refused{0};      ///< static fallbacks sent because a permit was refused
    std::atomic<std::uint64_t> fallbacks_failed{0};       ///< … because the call failed
    std::atomic<std::uint64_t> all_endpoints_refused{0};  ///< requests that the breakers of all endpoints refused
    std::atomic<std::int64_t> connections_active{0};      ///< upstream connections with a request on them
    std::atomic<std::int64_t> connections_idle{0};        ///< … in a pool

private:
    std::array<std::atomic<std::uint64_t>, last_code - first_code + 1> codes_{};
};

}  // namespace switchgear::gateway
