#pragma once

#include <cstdint>
#include <string_view>

#include <switchgear/time.hpp>

namespace switchgear {

/// Where a breaker stands. Closed: traffic flows. Open: refused. Half-open: probing.
enum class state : std::uint8_t { closed, open, half_open };

/// An operator's order that stands beside the state.
enum class override_mode : std::uint8_t { none, forced_open, forced_closed };

/// Why a call was refused.
enum class reject_reason : std::uint8_t { open, probes_busy, ramping, forced_open };

/// A refusal: a value, never an exception.
struct rejection {
    reject_reason reason;
    /// The time after which asking again is sensible; > 0, and at most the pause.
    duration retry_after;

    friend bool operator==(const rejection&, const rejection&) = default;
};

/// The word for an enumerator, snake_case, the same in logs, metrics, API and pages ("half_open").
std::string_view to_string(state) noexcept;
std::string_view to_string(override_mode) noexcept;
std::string_view to_string(reject_reason) noexcept;

}  // namespace switchgear
