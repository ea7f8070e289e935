#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include <switchgear/settings.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

/// The fields of the per-class settings in the order of failure_class.
constexpr std::array<double, failure_class_count> by_class(const class_weights& w) {
    return {w.error, w.timeout, w.unreachable, w.overloaded, w.custom_1, w.custom_2, w.custom_3, w.custom_4};
}
constexpr std::array<std::optional<std::uint32_t>, failure_class_count> by_class(const class_limits& l) {
    return {l.error, l.timeout, l.unreachable, l.overloaded, l.custom_1, l.custom_2, l.custom_3, l.custom_4};
}

/// By how much of itself a sum of weights, or what is made of it, may be off at the most: 0.3 is no double, and three of
/// them are a little less than 0.9. Whole weights are exact.
inline double rounding_of(const std::array<double, failure_class_count>& weights) {
    for (const double w : weights) {
        if (w != std::trunc(w)) return 1e-14;
    }
    return 0;
}

}  // namespace switchgear
