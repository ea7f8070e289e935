#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/simulation/recorded_call.hpp>
#include <switchgear/verdict.hpp>

/// The fields of a call as recordings write them. What is wrong is told with field, value and range.
namespace switchgear::simulation {

inline constexpr recorded_time latest_time = std::chrono::seconds{8'000'000'000};
inline constexpr std::chrono::nanoseconds longest_call = std::chrono::hours{24 * 7};
inline constexpr std::chrono::nanoseconds longest_hint = std::chrono::hours{24 * 366};

/// Seconds, with a fraction or an exponent, from 0 to `most`; exact to the nanosecond where no exponent is.
/// Returns: empty for anything else.
std::optional<std::chrono::nanoseconds> parse_seconds(std::string_view text, std::chrono::nanoseconds most) noexcept;

/// Seconds as JSON and people have them: "12.5", without zeros at the end.
std::string format_seconds(std::chrono::nanoseconds);

/// "time", "abc" -> `time "abc": expected seconds from 0 to 8000000000`
std::string wrong_seconds(std::string_view field, std::string_view text, std::chrono::nanoseconds most);

/// A field that is given in milliseconds.
std::string wrong_milliseconds(std::string_view field, std::string_view text, std::chrono::nanoseconds most);

/// What a line says about how its call went; what it does not say is empty.
struct outcome_words {
    std::string_view verdict{}, status{}, failed_with{}, retry_after{};
};

/// The verdict; `verdict` wins over `status`, which is judged as the gateway does.
/// Returns: empty, and what is wrong in `why`.
std::optional<verdict> parse_outcome(const outcome_words&, std::string& why);

/// The text for a message: printable, and not longer than a line.
std::string excerpt(std::string_view);

}  // namespace switchgear::simulation
