#include <switchgear/http/retry_after.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "http_date.hpp"

namespace switchgear::http {
namespace {

/// What a field may carry around its value (OWS).
std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Digits and nothing else, in that unit, cut to the longest hint: more digits than a number can hold
/// are a long time, not junk.
template <class Unit>
std::optional<duration> whole(std::string_view text) noexcept {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    constexpr auto most = std::chrono::duration_cast<Unit>(longest_retry_after).count();
    std::uint64_t number = 0;
    const auto error = std::from_chars(text.data(), text.data() + text.size(), number).ec;
    if (error != std::errc{} || number > static_cast<std::uint64_t>(most)) return longest_retry_after;
    return Unit{static_cast<typename Unit::rep>(number)};
}

}  // namespace

std::optional<duration> parse_retry_after(std::string_view text, wall_time wall_now) noexcept {
    const std::string_view value = trimmed(text);
    if (const auto delay = whole<std::chrono::seconds>(value)) return delay;

    const auto date = parse_http_date(value, wall_now);
    if (!date) return std::nullopt;
    // Compared in seconds: the year 9999 is beyond the nanoseconds of 64 bits.
    constexpr auto most = std::chrono::duration_cast<std::chrono::seconds>(longest_retry_after);
    const auto this_second = std::chrono::floor<std::chrono::seconds>(wall_now);
    if (*date <= this_second) return duration::zero();
    if (*date - this_second >= most) return longest_retry_after;
    return std::chrono::duration_cast<duration>(*date - this_second) - (wall_now - this_second);
}

std::optional<duration> parse_retry_after_ms(std::string_view text) noexcept {
    return whole<std::chrono::milliseconds>(trimmed(text));
}

std::string format_retry_after(duration wait) {
    return std::to_string(std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds{1}).count());
}

}  // namespace switchgear::http
