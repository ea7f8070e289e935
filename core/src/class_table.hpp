#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <switchgear/settings.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

/// The fields of the per-class settings in the order of failure_class.
inline constexpr std::array<double class_weights::*, failure_class_count> weight_by_class{
    &class_weights::error,    &class_weights::timeout,  &class_weights::unreachable, &class_weights::overloaded,
    &class_weights::custom_1, &class_weights::custom_2, &class_weights::custom_3,    &class_weights::custom_4};
inline constexpr std::array<std::optional<std::uint32_t> class_limits::*, failure_class_count> limit_by_class{
    &class_limits::error,    &class_limits::timeout,  &class_limits::unreachable, &class_limits::overloaded,
    &class_limits::custom_1, &class_limits::custom_2, &class_limits::custom_3,    &class_limits::custom_4};

}  // namespace switchgear
