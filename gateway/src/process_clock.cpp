#include <switchgear/gateway/process_clock.hpp>

#include <ctime>

namespace switchgear::gateway {
namespace {

/// How far the cheap clock may be behind the last look.
constexpr duration remembered_within = std::chrono::milliseconds{1};

duration read(clockid_t which) noexcept {
    std::timespec t{};
    clock_gettime(which, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

duration::rep suspended() noexcept { return (read(CLOCK_BOOTTIME) - read(CLOCK_MONOTONIC)).count(); }

}  // namespace

process_clock::process_clock() noexcept
    : last_look_{read(CLOCK_MONOTONIC).count()},
      last_tick_{read(CLOCK_MONOTONIC).count()},
      suspended_for_{suspended()},
      resumed_at_{time_point::min().time_since_epoch().count()} {}

time_point process_clock::now() const noexcept {
    const duration present = read(CLOCK_MONOTONIC);
    auto seen = last_look_.load(std::memory_order_relaxed);
    // Not at each look: the loops would take the line from each other for less than a millisecond's worth.
    while (present.count() - seen >= remembered_within.count() &&
           !last_look_.compare_exchange_weak(seen, present.count(), std::memory_order_relaxed)) {
    }
    return time_point{present};
}
time_point process_clock::coarse() const noexcept {
    return time_point{duration{last_look_.load(std::memory_order_relaxed)}};
}

// Relaxed throughout: one number each, published by one thread; a reader that sees it a moment later judges
// a moment later.
time_point process_clock::resumed_at() const noexcept {
    return time_point{duration{resumed_at_.load(std::memory_order_relaxed)}};
}

void process_clock::tick() noexcept {
    const duration present = read(CLOCK_MONOTONIC);
    const duration since{present.count() - last_tick_.exchange(present.count(), std::memory_order_relaxed)};
    const duration::rep slept = suspended();
    const duration longer{slept - suspended_for_.exchange(slept, std::memory_order_relaxed)};
    // The two clocks are read one after the other: what is below a tick is no suspension.
    if (longer > tick_interval || since > tick_interval + longest_lateness) {
        resumed_at_.store(present.count(), std::memory_order_relaxed);
    }
}

}  // namespace switchgear::gateway
