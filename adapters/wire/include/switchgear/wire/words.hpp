#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include <switchgear/event.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/state.hpp>
#include <switchgear/verdict.hpp>

/// The way back from the words of the core's enums, which `to_string` writes.
namespace switchgear::wire {

/// The last enumerator of an enum whose enumerators count from 0.
template <class Enum>
inline constexpr Enum last_enumerator = Enum::no_words_for_this_enum;
template <>
inline constexpr state last_enumerator<state> = state::half_open;
template <>
inline constexpr override_mode last_enumerator<override_mode> = override_mode::forced_closed;
template <>
inline constexpr reject_reason last_enumerator<reject_reason> = reject_reason::forced_open;
template <>
inline constexpr failure_class last_enumerator<failure_class> = failure_class::custom_4;
template <>
inline constexpr cause last_enumerator<cause> = cause::restored;
template <>
inline constexpr mode last_enumerator<mode> = mode::observe;
template <>
inline constexpr pacing last_enumerator<pacing> = pacing::learned;
template <>
inline constexpr ramp_by last_enumerator<ramp_by> = ramp_by::evidence;

/// Calls `visit` with every enumerator, in order.
template <class Enum, class Visit>
constexpr void for_each_enumerator(Visit&& visit) {
    using number = std::underlying_type_t<Enum>;
    for (unsigned i = 0; i <= static_cast<unsigned>(last_enumerator<Enum>); ++i) {
        visit(static_cast<Enum>(static_cast<number>(i)));
    }
}

/// The enumerator for the word: `from_string<state>("half_open")`. Returns: empty if no enumerator has it;
/// letters' case counts.
template <class Enum>
[[nodiscard]] std::optional<Enum> from_string(std::string_view word) {
    std::optional<Enum> found;
    for_each_enumerator<Enum>([&](Enum value) {
        if (to_string(value) == word) found = value;
    });
    return found;
}

}  // namespace switchgear::wire
