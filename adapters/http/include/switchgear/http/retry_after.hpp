#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <switchgear/http/headers.hpp>
#include <switchgear/time.hpp>

/// How a server says "do not come back before …" (RFC 9110, section 10.2.3), read and written.
///
/// A date needs the wall clock to become a duration. It is an argument, read once when the answer
/// arrives; what comes out is a duration, which no later step of that clock can change.
namespace switchgear::http {

using wall_time = std::chrono::system_clock::time_point;

/// No hint is longer: what says more is cut to this. The breaker has its own, shorter limit
/// (`recovery.max_retry_after`); this one keeps the arithmetic far from overflow.
inline constexpr duration longest_retry_after = std::chrono::hours{24 * 366};

/// Reads the value of Retry-After: delay seconds, or an HTTP date in any of its three forms
/// (IMF-fixdate, RFC 850, asctime). A past date is zero. Returns: empty for anything else.
[[nodiscard]] std::optional<duration> parse_retry_after(std::string_view text, wall_time wall_now) noexcept;

/// Reads the value of `retry-after-ms` and `x-ms-retry-after-ms`: a whole number of milliseconds.
/// Returns: empty for anything else.
[[nodiscard]] std::optional<duration> parse_retry_after_ms(std::string_view text) noexcept;

/// The hint of an answer: `x-ms-retry-after-ms`, else `retry-after-ms`, else `Retry-After`, because the
/// finer one is what the server meant. A field with junk in it counts as absent.
template <header_lookup Lookup>
[[nodiscard]] std::optional<duration> retry_after_of(const Lookup& headers, wall_time wall_now) {
    const auto hint_of = [&](std::string_view name, auto parse) -> std::optional<duration> {
        // Held while it is read: it may be a string, and the view is into it.
        auto&& found = std::invoke(headers, name);
        const std::optional<std::string_view> text = std::forward<decltype(found)>(found);
        return text ? parse(*text) : std::nullopt;
    };
    for (const std::string_view name : {"x-ms-retry-after-ms", "retry-after-ms"}) {
        if (const auto hint = hint_of(name, parse_retry_after_ms)) return hint;
    }
    return hint_of("Retry-After", [&](std::string_view text) { return parse_retry_after(text, wall_now); });
}

/// Writes a value for Retry-After: whole seconds, rounded up, at least 1, so that nobody who obeys comes
/// too early.
[[nodiscard]] std::string format_retry_after(duration wait);

}  // namespace switchgear::http
