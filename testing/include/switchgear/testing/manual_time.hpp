#pragma once

#include <atomic>

#include <switchgear/time.hpp>

namespace switchgear::testing {

/// A clock that moves when told to, for tests of code that uses a breaker.
///
///     manual_time clock;
///     breaker payments{"payments", {}, clock};
///     clock.advance(5s);
///
/// Thread safety: every member may be called from any thread at any time.
class manual_time final : public time_source {
public:
    time_point now() const noexcept override { return time_point{duration{now_.load()}}; }
    time_point resumed_at() const noexcept override { return time_point{duration{resumed_at_.load()}}; }

    /// Time passes. Requires: `by` is not negative.
    void advance(duration by) noexcept { now_.fetch_add(by.count()); }

    /// The process is frozen for that long and then goes on: time passes, and `resumed_at()` says so.
    void suspend(duration by) noexcept { resumed_at_.store(now_.fetch_add(by.count()) + by.count()); }

private:
    // An hour after the clock's zero, so that tests may look back.
    std::atomic<duration::rep> now_{duration{std::chrono::hours{1}}.count()};
    std::atomic<duration::rep> resumed_at_{time_point::min().time_since_epoch().count()};
};

}  // namespace switchgear::testing
