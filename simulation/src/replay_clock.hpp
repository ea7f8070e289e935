#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

#include <switchgear/simulation/recorded_call.hpp>
#include <switchgear/time.hpp>

namespace switchgear::simulation {

/// The clock that breakers of a replay see: it shows the recorded time, and never goes back.
class replay_clock final : public time_source {
public:
    time_point now() const noexcept override { return time_point{duration{now_.load(std::memory_order_relaxed)}}; }
    const std::atomic<duration::rep>* ticked() const noexcept override { return &now_; }

    /// The first call decides what recorded time the clock's beginning stands for.
    void begin_at(recorded_time first) noexcept {
        if (begun_) return;
        begun_ = true;
        offset_ = beginning - first;
    }
    void move_to(recorded_time at) noexcept {
        const duration::rep next = std::chrono::duration_cast<duration>(at + offset_).count();
        // relaxed: one thread moves it and reads it.
        now_.store(std::max(next, now_.load(std::memory_order_relaxed)), std::memory_order_relaxed);
    }
    recorded_time recorded(time_point at) const noexcept {
        return std::chrono::duration_cast<recorded_time>(at.time_since_epoch()) - offset_;
    }

private:
    // A day after the clock's zero: windows and leases may look back.
    static constexpr std::chrono::nanoseconds beginning = std::chrono::hours{24};

    std::atomic<duration::rep> now_{std::chrono::duration_cast<duration>(beginning).count()};
    std::chrono::nanoseconds offset_{};
    bool begun_ = false;
};

}  // namespace switchgear::simulation
