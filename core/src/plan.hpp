#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <switchgear/settings.hpp>

#include "class_table.hpp"
#include "period.hpp"

namespace switchgear::detail {

/// Settings in the form in which the machine uses them. Immutable, shared between breakers.
struct plan {
    explicit plan(const settings& from)
        : given{from},
          weights{by_class(from.trip.weights)},
          most_of_threshold{1 - rounding_of(weights)},
          limits{by_class(from.trip.limits)},
          slow_after{from.trip.slow ? in_ticks(from.trip.slow->after) : never},
          timed{from.trip.slow || from.trip.adaptive} {}

    static ticks in_ticks(std::chrono::milliseconds span) noexcept {
        // A slow rule of centuries is allowed, and must not overflow.
        constexpr auto most =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds{never / 2});
        return std::chrono::nanoseconds{std::min(span, most)}.count();
    }
    double weight(failure_class of) const noexcept { return weights[static_cast<std::size_t>(of)]; }
    /// Whether a sum of weights, or a share of one, reaches a threshold, at equal (rule 3).
    bool reaches(double weight, double threshold) const noexcept { return weight >= threshold * most_of_threshold; }

    settings given;
    std::array<double, failure_class_count> weights;
    double most_of_threshold;  ///< what is left of it where a sum of weights may be rounded
    std::array<std::optional<std::uint32_t>, failure_class_count> limits;
    ticks slow_after;  ///< `never` without a slow rule
    bool timed;        ///< it matters how long a call takes
};

}  // namespace switchgear::detail
