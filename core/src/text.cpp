#include <array>

#include <switchgear/event.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/state.hpp>
#include <switchgear/verdict.hpp>

// The words of every enum, in the order of its enumerators.

namespace switchgear {
namespace {

template <std::size_t N, class Enum>
std::string_view word(const std::array<std::string_view, N>& words, Enum value) noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : std::string_view{"?"};
}

constexpr std::array<std::string_view, 3> states{"closed", "open", "half_open"};
constexpr std::array<std::string_view, 3> override_modes{"none", "forced_open", "forced_closed"};
constexpr std::array<std::string_view, 4> reject_reasons{"open", "probes_busy", "ramping", "forced_open"};
constexpr std::array<std::string_view, failure_class_count> failure_classes{
    "error", "timeout", "unreachable", "overloaded", "custom_1", "custom_2", "custom_3", "custom_4"};
constexpr std::array<std::string_view, 14> causes{
    "consecutive_failures", "failure_count", "failure_ratio",  "slow_ratio",    "class_limit",
    "trip_verdict",         "adaptive",      "probe_failed",   "probe_expired", "pause_over",
    "probes_succeeded",     "ramp_finished", "operator_order", "restored"};
constexpr std::array<std::string_view, 2> modes{"enforce", "observe"};
constexpr std::array<std::string_view, 2> pacings{"fixed", "learned"};
constexpr std::array<std::string_view, 2> ramps{"time", "evidence"};

}  // namespace

std::string_view to_string(state value) noexcept { return word(states, value); }
std::string_view to_string(override_mode value) noexcept { return word(override_modes, value); }
std::string_view to_string(reject_reason value) noexcept { return word(reject_reasons, value); }
std::string_view to_string(failure_class value) noexcept { return word(failure_classes, value); }
std::string_view to_string(cause value) noexcept { return word(causes, value); }
std::string_view to_string(mode value) noexcept { return word(modes, value); }
std::string_view to_string(pacing value) noexcept { return word(pacings, value); }
std::string_view to_string(ramp_by value) noexcept { return word(ramps, value); }

}  // namespace switchgear
