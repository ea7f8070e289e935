#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <switchgear/wire/views.hpp>

namespace switchgear::wire {

/// "2024-11-22T15:31:00.123Z", always with milliseconds and in UTC.
std::string format_timestamp(wall_time);

/// Reads an RFC 3339 time in UTC, with any number of decimals up to nine; what is finer than a millisecond
/// is cut off. Returns: empty for anything else.
std::optional<wall_time> parse_timestamp(std::string_view) noexcept;

}  // namespace switchgear::wire
