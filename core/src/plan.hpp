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
          slow_after{from.trip.slow ? in_ticks(from.trip.slow->after) : never},
          timed{from.trip.slow || from.trip.adaptive},
          probe_timeout{in_ticks(from.recovery.probe_timeout)} {}

    static ticks in_ticks(std::chrono::milliseconds span) noexcept {
        // A slow rule of centuries is allowed, and must not overflow.
        constexpr auto most =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds{never / 2});
        return std::chrono::nanoseconds{std::min(span, most)}.count();
    }
    double weight(failure_class of) const noexcept { return weight(static_cast<std::size_t>(of)); }
    double weight(std::size_t of) const noexcept { return given.trip.weights.*weight_by_class[of]; }
    const std::optional<std::uint32_t>& limit(std::size_t of) const noexcept {
        return given.trip.limits.*limit_by_class[of];
    }

    settings given;
    ticks slow_after;  ///< `never` without a slow rule
    bool timed;        ///< it matters how long a call takes
    ticks probe_timeout;
};

}  // namespace switchgear::detail
