#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <switchgear/time.hpp>

namespace switchgear::adaptive {

/// Tells by what factor a memory fades: in steps of a sixteenth of its half-life, so that nothing is
/// multiplied between them.
class ageing {
public:
    static constexpr std::int64_t steps_in_half_life = 16;

    ageing(duration half_life, time_point now) : since_{now} { change(half_life); }

    bool is_due(time_point now) const noexcept { return now - since_ >= step_; }

    /// The factor for all that went by since the last call of this. Requires: is_due(now).
    double pass(time_point now) noexcept {
        const auto steps = (now - since_) / step_;
        since_ += steps * step_;
        return std::exp2(-static_cast<double>(steps) / static_cast<double>(steps_in_half_life));
    }

    void change(duration half_life) noexcept { step_ = std::max(duration{1}, half_life / steps_in_half_life); }

    void restart(time_point now) noexcept { since_ = now; }

private:
    duration step_{};
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
