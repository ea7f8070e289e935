#pragma once

#include <atomic>

#include <switchgear/time.hpp>

namespace switchgear::gateway {

/// The system's monotonic clock, which also notices when the machine or this process was suspended.
///
/// Two signs of it: the kernel's clock that counts suspensions moved away from the one that does not
/// (a sleeping machine), or two looks at the clock, which come several times a second, lie seconds apart
/// (a frozen process). Whoever owns a timer calls `tick()`.
///
/// Its cheap form is what the last exact look found, by whichever event loop: a request looks when it is
/// admitted and when it is judged, so what a breaker reads then is of this moment, and no timer has to wake
/// an idle gateway for it.
///
/// Thread safety: all members, from any thread.
class process_clock final : public time_source {
public:
    process_clock() noexcept;

    time_point now() const noexcept override;
    time_point coarse() const noexcept override;
    const std::atomic<duration::rep>* ticked() const noexcept override { return &last_look_; }
    /// When the last suspension ended; `time_point::min()` if there was none.
    time_point resumed_at() const noexcept override;

    /// A look at the clock, to be called about every `tick_interval` by one thread of the process.
    void tick() noexcept;

    static constexpr duration tick_interval = std::chrono::milliseconds{250};
    /// A tick that is later than this was not merely a busy machine.
    static constexpr duration longest_lateness = std::chrono::seconds{2};

private:
    mutable std::atomic<time_point::rep> last_look_;
    std::atomic<time_point::rep> last_tick_;
    std::atomic<time_point::rep> suspended_for_;  ///< CLOCK_BOOTTIME less CLOCK_MONOTONIC at the last tick
    std::atomic<time_point::rep> resumed_at_;
};

}  // namespace switchgear::gateway
