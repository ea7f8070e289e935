#pragma once

#include <atomic>
#include <chrono>

namespace switchgear {

using duration = std::chrono::steady_clock::duration;
using time_point = std::chrono::steady_clock::time_point;

/// The one clock that drives a breaker: windows, pauses, leases and latency alike (rule 32).
///
/// Implement it to put a breaker on an event loop's cached time, or on a clock of your own in tests
/// (`testing::manual_time` is one).
///
/// Requires: values of `now()` never go back, as seen by any one thread. No member calls a breaker or a registry: a
/// registry reads the time under its lock.
/// Thread safety: every member may be called from any thread at any time.
/// Lifetime: must outlive every breaker that was given it.
class time_source {
public:
    virtual ~time_source() = default;

    /// The present, exact.
    virtual time_point now() const noexcept = 0;

    /// The present, cheap: the same time line as `now()`, behind it by 10 ms at the most.
    virtual time_point coarse() const noexcept { return now(); }

    /// Where `coarse()` is kept in memory, in ticks since the time line's zero: a breaker reads it there
    /// without a call. Null if it is not. Must be the same at every call, and live as long as the source.
    virtual const std::atomic<duration::rep>* ticked() const noexcept { return nullptr; }

    /// When this process last woke from a suspension (a frozen serverless instance, a paused machine);
    /// `time_point::min()` if it never slept. A call that began before it and settles after it is not
    /// judged for slowness (rule 33).
    virtual time_point resumed_at() const noexcept { return time_point::min(); }

    /// The system's monotonic clock; never reports a suspension. Its coarse form is
    /// CLOCK_MONOTONIC_COARSE where there is one.
    static const time_source& steady() noexcept;
};

}  // namespace switchgear
