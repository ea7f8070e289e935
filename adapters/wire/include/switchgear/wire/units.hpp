#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Durations, sizes and ratios as people write them, in the configuration file, on the command line and
/// in JSON alike. No blanks, no signs, no fractions of a unit: `1500ms`, not `1.5s`.
namespace switchgear::wire {

/// Reads `250ms`, `5s`, `10m`, `1h`, `7d`. Returns: empty for anything else (a bare number is no
/// duration), and for what does not fit into 64 bits of milliseconds.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

/// Writes it in the largest unit that is exact: `5s`, `1500ms`, `1h`; zero is `0s`. What it writes for a
/// duration that is not negative, parse_duration reads back as the same.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds value);

/// Reads a number of bytes: `512B`, `64KiB`, `1MiB`, `2GiB`, `1TiB`, or a bare `65536`. Returns: empty for
/// anything else, and for what does not fit into 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// Writes it in the largest unit that is exact: `64KiB`, `1000B`. parse_size reads the same back.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// Reads `0.5` or `50%`, to the nearest double. Returns: empty if it is not a number in decimal digits.
/// Its range is for the field to judge: `150%` and `-1` are numbers.
[[nodiscard]] std::optional<double> parse_ratio(std::string_view text);

}  // namespace switchgear::wire
