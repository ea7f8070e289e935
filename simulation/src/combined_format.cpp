#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "fields.hpp"
#include "line_format.hpp"

namespace switchgear::simulation {
namespace {

using std::chrono::nanoseconds;

std::optional<int> number_in(std::string_view text, std::size_t from, std::size_t length) {
    int value = 0;
    const char* const begin = text.data() + from;
    const auto [stopped, error] = std::from_chars(begin, begin + length, value);
    return stopped == begin + length && error == std::errc{} && value >= 0 ? std::optional{value} : std::nullopt;
}

std::optional<unsigned> month_named(std::string_view name) {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::size_t at = months.find(name);
    return at == std::string_view::npos || at % 3 != 0 ? std::nullopt
                                                       : std::optional{static_cast<unsigned>(at / 3 + 1)};
}

/// "22/Nov/2024:15:31:00 +0000"
std::optional<recorded_time> parse_log_time(std::string_view text) {
    constexpr std::string_view form = "dd/Mon/yyyy:hh:mm:ss +hhmm";
    if (text.size() != form.size() || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[20] != ' ')
        return std::nullopt;
    const auto day = number_in(text, 0, 2), year = number_in(text, 7, 4), hour = number_in(text, 12, 2),
               minute = number_in(text, 15, 2), second = number_in(text, 18, 2), zone_hours = number_in(text, 22, 2),
               zone_minutes = number_in(text, 24, 2);
    const auto month = month_named(text.substr(3, 3));
    if (!day || !year || !hour || !minute || !second || !zone_hours || !zone_minutes || !month) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{*month},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const auto zone = std::chrono::hours{*zone_hours} + std::chrono::minutes{*zone_minutes};
    const std::chrono::seconds at = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
                                    std::chrono::minutes{*minute} + std::chrono::seconds{*second} -
                                    (text[21] == '-' ? -zone : std::chrono::minutes{zone});
    // Compared in seconds: the year 9999 is beyond 64 bits of nanoseconds.
    if (at.count() < 0 || at > std::chrono::duration_cast<std::chrono::seconds>(latest_time)) return std::nullopt;
    return at;
}

/// Walks over the parts of a line.
class parts_of {
public:
    explicit parts_of(std::string_view line) : rest_{line} {}

    std::string_view word() {
        skip_blanks();
        const std::size_t end = std::min(rest_.find(' '), rest_.size());
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return found;
    }
    /// What stands between the two; a quote with a backslash before it does not end it.
    std::optional<std::string_view> between(char open, char close) {
        skip_blanks();
        if (!rest_.starts_with(open)) return std::nullopt;
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            if (rest_[at] == '\\') {
                ++at;
            } else if (rest_[at] == close) {
                const std::string_view found = rest_.substr(1, at - 1);
                rest_.remove_prefix(at + 1);
                return found;
            }
        }
        return std::nullopt;
    }
    std::string_view last_word() const {
        std::string_view text = rest_;
        while (text.ends_with(' ')) text.remove_suffix(1);
        const std::size_t blank = text.rfind(' ');
        return blank == std::string_view::npos ? text : text.substr(blank + 1);
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

    std::string_view rest_;
};

/// `host ident user [time] "request" status bytes "referer" "agent" … request_time`, the request time last.
///
/// nginx writes `$request_time` as seconds with a fraction, and the line when the request ended. Apache writes
/// `%D` as a whole number of microseconds, and `%t` is when the request began. Its `%T`, whole seconds, looks the
/// same: where all are tiny, that is a doubt.
class combined_lines final : public line_format {
public:
    line_kind read(std::string_view line, call_line& out, std::string& why) override {
        parts_of parts{line};
        // The user may hold blanks; the time is what stands in the first brackets.
        const std::size_t bracket = line.find(" [");
        if (bracket == std::string_view::npos) return refuse(why, "no time in brackets");
        parts = parts_of{line.substr(bracket)};
        const auto when = parts.between('[', ']');
        const auto at = when ? parse_log_time(*when) : std::nullopt;
        if (!at) {
            return refuse(why, fmt::format("time \"{}\": expected one such as 22/Nov/2024:15:31:00 +0000",
                                           excerpt(when.value_or(""))));
        }
        if (!parts.between('"', '"')) return refuse(why, "no request in quotes after the time");
        const std::string_view status = parts.word();
        parts.word();  // bytes
        return read_rest(*at, status, parts.last_word(), out, why);
    }

    std::string doubt() const override {
        constexpr std::uint64_t many = 100;
        if (whole_numbers_ < many || longest_ >= tiny) return {};
        return fmt::format(
            "all {} whole request times are below {}, read as microseconds (Apache: %D); if they are "
            "seconds (%T), log %D instead",
            whole_numbers_, tiny.count());
    }

private:
    static constexpr std::chrono::microseconds tiny{1'000};

    static line_kind refuse(std::string& why, std::string text) {
        why = std::move(text);
        return line_kind::bad;
    }

    line_kind read_rest(recorded_time at, std::string_view status, std::string_view last, call_line& out,
                        std::string& why) {
        // Named or in quotes, as many people write it: rt=0.012, urt="0.012".
        if (const std::size_t equals = last.find('='); equals != std::string_view::npos) last.remove_prefix(equals + 1);
        if (last.size() >= 2 && last.starts_with('"') && last.ends_with('"')) last = last.substr(1, last.size() - 2);
        const bool in_seconds = last.find('.') != std::string_view::npos;
        const auto lasts = in_seconds ? parse_seconds(last, longest_call) : parse_microseconds(last);
        if (!lasts) {
            return refuse(why, fmt::format("request time \"{}\": expected at the end of the line seconds such as 0.012 "
                                           "(nginx: $request_time) or whole microseconds (Apache: %D)",
                                           excerpt(last)));
        }
        // 499 is nginx's word for a client that went away; it says nothing about the service.
        const auto how = status == "499" ? std::optional{verdict::ignored()} : parse_outcome({.status = status}, why);
        if (!how) return line_kind::bad;
        const recorded_time start = in_seconds ? std::max(at - *lasts, recorded_time{}) : at;
        out = {.start = start, .lasts = *lasts, .how = *how};
        if (!in_seconds) {
            ++whole_numbers_;
            longest_ = std::max(longest_, *lasts);
        }
        return line_kind::call;
    }

    static std::optional<nanoseconds> parse_microseconds(std::string_view text) {
        std::int64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, value);
        if (text.empty() || stopped != end || error != std::errc{} || value < 0) return std::nullopt;
        if (value > longest_call.count() / 1'000) return std::nullopt;
        return std::chrono::microseconds{value};
    }

    /// Of the request times that are whole numbers.
    std::uint64_t whole_numbers_ = 0;
    nanoseconds longest_{};
};

}  // namespace

std::unique_ptr<line_format> combined_format() { return std::make_unique<combined_lines>(); }

}  // namespace switchgear::simulation
