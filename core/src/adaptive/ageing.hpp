#pragma once

#include <cmath>
#include <cstdint>

#include <switchgear/time.hpp>

namespace switchgear::adaptive {

/// Tells by what factor a memory fades: in steps of a sixteenth of its half-life, so that nothing is
/// multiplied between them.
class ageing {
public:
    static constexpr std::int64_t steps_in_half_life = 16;

    ageing(duration half_life, time_point now) : step_{half_life / steps_in_half_life}, since_{now} {
        if (step_ < duration{1}) step_ = duration{1};
    }

    bool is_due(time_point now) const noexcept { return now - since_ >= step_; }

    /// The factor for all that went by since the last call of this.
    double pass(time_point now) noexcept {
        const auto steps = (now - since_) / step_;
        if (steps <= 0) return 1;
        since_ += steps * step_;
        return std::exp2(-static_cast<double>(steps) / static_cast<double>(steps_in_half_life));
    }

    void change(duration half_life) noexcept {
        step_ = half_life / steps_in_half_life;
        if (step_ < duration{1}) step_ = duration{1};
    }

    void restart(time_point now) noexcept { since_ = now; }

private:
    duration step_;
    time_point since_;
};

/// Calls and bad calls, fading.
struct share_of_calls {
    double calls = 0;
    double bad = 0;

    void add(double more_calls, double more_bad) noexcept {
        calls += more_calls;
        bad += more_bad;
    }
    void fade(double factor) noexcept {
        calls *= factor;
        bad *= factor;
    }
};

}  // namespace switchgear::adaptive
