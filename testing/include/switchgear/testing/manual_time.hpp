#pragma once

#include <atomic>
#include <mutex>

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
    void advance(duration by) noexcept {
        const std::lock_guard lock{moving_};
        now_.store(now_.load() + by.count());
    }

    /// The process is frozen for that long and then goes on: time passes, and `resumed_at()` says so. A thread that
    /// reads `now()` first and `resumed_at()` after it sees no jump that `resumed_at()` does not tell of.
    void suspend(duration by) noexcept {
        const std::lock_guard lock{moving_};
        const auto woken = now_.load() + by.count();
        // In this order, and seq_cst: whoever has read the later time finds the waking that made it. Between the two
        // the waking is to come: a call that began before it is across the suspension, whenever it asks.
        resumed_at_.store(woken);
        now_.store(woken);
    }

private:
    std::mutex moving_;  ///< whoever moves the clock does it alone, so that nothing comes between the two stores
    // An hour after the clock's zero, so that tests may look back.
    std::atomic<duration::rep> now_{duration{std::chrono::hours{1}}.count()};
    std::atomic<duration::rep> resumed_at_{time_point::min().time_since_epoch().count()};
};

}  // namespace switchgear::testing
