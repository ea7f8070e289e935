#include <switchgear/wire/timestamp.hpp>

#include <chrono>
#include <cstddef>

namespace switchgear::wire {
namespace {

using std::chrono::milliseconds;

std::string digits(unsigned value, std::size_t width) {
    std::string text = std::to_string(value);
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    return text;
}

/// The number in those places of the text. Returns: empty if they are not all digits.
std::optional<unsigned> number(std::string_view text, std::size_t from, std::size_t width) noexcept {
    unsigned value = 0;
    for (const char digit : text.substr(from, width)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(digit - '0');
    }
    return value;
}

/// What stands between the seconds and the Z: nothing, or a point and one to nine digits.
std::optional<milliseconds> fraction(std::string_view text) noexcept {
    if (text.empty()) return milliseconds{0};
    if (text[0] != '.' || text.size() < 2 || text.size() > 10) return std::nullopt;
    auto decimals = number(text, 1, text.size() - 1);
    if (!decimals) return std::nullopt;
    for (std::size_t places = text.size() - 1; places < 9; ++places) *decimals *= 10;
    return milliseconds{*decimals / 1'000'000};
}

}  // namespace

std::string format_timestamp(wall_time at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{at - day};
    return digits(static_cast<unsigned>(static_cast<int>(date.year())), 4) + '-' +
           digits(static_cast<unsigned>(date.month()), 2) + '-' + digits(static_cast<unsigned>(date.day()), 2) + 'T' +
           digits(static_cast<unsigned>(time.hours().count()), 2) + ':' +
           digits(static_cast<unsigned>(time.minutes().count()), 2) + ':' +
           digits(static_cast<unsigned>(time.seconds().count()), 2) + '.' +
           digits(static_cast<unsigned>(time.subseconds().count()), 3) + 'Z';
}

std::optional<wall_time> parse_timestamp(std::string_view text) noexcept {
    constexpr std::string_view shape = "0000-00-00T00:00:00Z";
    if (text.size() < shape.size() || !text.ends_with('Z')) return std::nullopt;
    for (const std::size_t place : {4U, 7U, 10U, 13U, 16U}) {
        if (text[place] != shape[place]) return std::nullopt;
    }
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    const auto rest = fraction(text.substr(19, text.size() - shape.size()));
    if (!year || !month || !day || !hour || !minute || !second || !rest) return std::nullopt;

    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month},
                                           std::chrono::day{*day}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{*second} + *rest;
}

}  // namespace switchgear::wire
