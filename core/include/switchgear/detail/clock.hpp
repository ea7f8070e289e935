#pragma once

#include <atomic>
#include <chrono>
#include <ctime>

#include <switchgear/time.hpp>

namespace switchgear::detail {

/// The system's coarse monotonic clock: the same time line as steady_clock, as of the kernel's last tick.
inline time_point system_coarse() noexcept {
#ifdef CLOCK_MONOTONIC_COARSE
    // 1 to 10 ms behind, at a quarter of the cost or less.
    timespec ticked;
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &ticked) == 0) [[likely]] {
        return time_point{std::chrono::seconds{ticked.tv_sec} + std::chrono::nanoseconds{ticked.tv_nsec}};
    }
#endif
    return std::chrono::steady_clock::now();
}

/// A time source as the healthy path reads it: the system's clock and one that is kept in memory
/// without a virtual call, any other through its members.
class clock {
public:
    explicit clock(const time_source& from) noexcept
        : source_{&from == &time_source::steady() ? nullptr : &from}, ticked_{from.ticked()} {}

    time_point now() const noexcept { return source_ == nullptr ? std::chrono::steady_clock::now() : source_->now(); }
    time_point coarse() const noexcept {
        // relaxed: a value of its own. Coherence keeps it from going back for any one thread.
        if (ticked_ != nullptr) return time_point{duration{ticked_->load(std::memory_order_relaxed)}};
        return source_ == nullptr ? system_coarse() : source_->coarse();
    }
    time_point resumed_at() const noexcept { return source_ == nullptr ? time_point::min() : source_->resumed_at(); }

private:
    const time_source* source_;  ///< null: the system's clock
    const std::atomic<duration::rep>* ticked_;
};

}  // namespace switchgear::detail
