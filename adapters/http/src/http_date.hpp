#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace switchgear::http {

/// Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7). `wall_now` settles the century
/// of a year in two digits. The name of the weekday must be one, not the right one.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                        std::chrono::system_clock::time_point wall_now) noexcept;

}  // namespace switchgear::http
