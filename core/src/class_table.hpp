#pragma once

#include <array>
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

}  // namespace switchgear
