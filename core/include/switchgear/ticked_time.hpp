#pragma once

#include <atomic>

#include <switchgear/time.hpp>

namespace switchgear {

/// A clock whose cheap form is a read of memory, kept by somebody's timer: an event loop's, or a thread's
/// (`switchgear::ticking::ticking_time` brings one). A success that is counted in a window of time then
/// costs no clock at all.
///
/// Whoever keeps it calls `tick()` at least every 10 ms while breakers are in use. A tick that comes later
/// makes successes look as much older than they are: at a delay of up to 3 % of the window, less 10 ms,
/// rule 8 still holds; beyond that they leave the window early. A refusal is by the cheap clock while the end of its
/// pause or lease is not near: whoever is refused then is so for as much longer as the tick is late, and for ever if
/// none comes. Failures, and where a pause or a lease begins and ends, are judged by the exact clock; of slowness, a
/// slow call may pass for one that was faster by as much as the tick is late.
///
/// Thread safety: every member may be called from any thread at any time; the cheap form never goes back.
class ticked_time : public time_source {
public:
    /// Requires: `exact` outlives it; it is the time line. The first tick is of `exact`, the later ones of now().
    explicit ticked_time(const time_source& exact = time_source::steady()) noexcept : exact_{exact} { tick(); }

    void tick() noexcept {
        const auto present = now().time_since_epoch().count();
        // relaxed, here and below: one number, which stands for itself. Of two that tick at once the later one stays.
        auto seen = ticked_.load(std::memory_order_relaxed);
        while (seen < present && !ticked_.compare_exchange_weak(seen, present, std::memory_order_relaxed)) {
        }
    }

    time_point now() const noexcept override { return exact_.now(); }
    time_point coarse() const noexcept override {
        return time_point{duration{ticked_.load(std::memory_order_relaxed)}};  // as in tick()
    }
    time_point resumed_at() const noexcept override { return exact_.resumed_at(); }
    const std::atomic<duration::rep>* ticked() const noexcept override { return &ticked_; }

private:
    const time_source& exact_;
    // On a line of its own as far as an object can: ticking disturbs nobody who reads something else.
    alignas(64) std::atomic<duration::rep> ticked_{time_point::min().time_since_epoch().count()};
};

}  // namespace switchgear
