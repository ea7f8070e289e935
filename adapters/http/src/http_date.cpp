#include "http_date.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace switchgear::http {
namespace {

using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

/// Takes a text apart from its front. After the first piece that does not fit it has failed for good,
/// so that a form can be written down piece by piece and asked once.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : rest_{text} {}

    scanner& literal(std::string_view expected) noexcept {
        if (rest_.starts_with(expected)) {
            rest_.remove_prefix(expected.size());
        } else {
            failed_ = true;
        }
        return *this;
    }

    /// One of the words; `into` is its place among them, from 0.
    scanner& word(std::span<const std::string_view> words, unsigned& into) noexcept {
        // No word in the lists of the forms begins with another of its own list.
        const auto found =
            std::ranges::find_if(words, [this](std::string_view word) { return rest_.starts_with(word); });
        if (found == words.end()) {
            failed_ = true;
            return *this;
        }
        into = static_cast<unsigned>(found - words.begin());
        rest_.remove_prefix(found->size());
        return *this;
    }

    /// Exactly so many digits.
    scanner& number(std::size_t digits, unsigned& into) noexcept {
        const std::string_view text = rest_.substr(0, digits);
        if (text.size() < digits || text.find_first_not_of("0123456789") != std::string_view::npos) {
            failed_ = true;
            return *this;
        }
        into = 0;
        for (const char digit : text) into = into * 10 + static_cast<unsigned>(digit - '0');
        rest_.remove_prefix(digits);
        return *this;
    }

    /// Two places, of which the first may be a blank.
    scanner& padded(unsigned& into) noexcept {
        if (!rest_.starts_with(' ')) return number(2, into);
        return literal(" ").number(1, into);
    }

    bool at_end() const noexcept { return !failed_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool failed_ = false;
};

struct fields {
    unsigned weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;

    scanner& time_of_day(scanner& text) noexcept {
        return text.number(2, hour).literal(":").number(2, minute).literal(":").number(2, second);
    }
};

std::optional<sys_seconds> instant(const fields& at) noexcept {
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(at.year)},
                                           std::chrono::month{at.month + 1}, std::chrono::day{at.day}};
    // 60 is a leap second.
    if (!date.ok() || at.hour > 23 || at.minute > 59 || at.second > 60) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{at.hour} + std::chrono::minutes{at.minute} +
           std::chrono::seconds{at.second};
}

/// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<sys_seconds> imf_fixdate(std::string_view text) noexcept {
    fields at;
    scanner from{text};
    from.word(days, at.weekday).literal(", ").number(2, at.day).literal(" ").word(months, at.month);
    from.literal(" ").number(4, at.year).literal(" ");
    at.time_of_day(from).literal(" GMT");
    return from.at_end() ? instant(at) : std::nullopt;
}

/// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<sys_seconds> rfc850(std::string_view text, std::chrono::system_clock::time_point wall_now) noexcept {
    fields at;
    scanner from{text};
    from.word(long_days, at.weekday).literal(", ").number(2, at.day).literal("-").word(months, at.month);
    from.literal("-").number(2, at.year).literal(" ");
    at.time_of_day(from).literal(" GMT");
    if (!from.at_end()) return std::nullopt;

    // The latest such date that is not more than 50 years ahead (RFC 9110). The bound is in seconds, because 50 years
    // more may be beyond the nanoseconds of 64 bits; 50 years after a 29 February it is the 1 March if need be.
    const auto now = std::chrono::floor<std::chrono::seconds>(wall_now);
    const auto today = std::chrono::floor<std::chrono::days>(now);
    const auto last_day = std::chrono::year_month_day{today} + std::chrono::years{50};
    const sys_seconds latest = std::chrono::sys_days{last_day} + (now - today);

    const auto last_year = static_cast<unsigned>(static_cast<int>(last_day.year()));
    at.year = last_year - (last_year - at.year) % 100;
    if (const auto date = instant(at); date && *date <= latest) return date;
    at.year -= 100;
    return instant(at);
}

/// Sun Nov  6 08:49:37 1994
std::optional<sys_seconds> asctime(std::string_view text) noexcept {
    fields at;
    scanner from{text};
    from.word(days, at.weekday).literal(" ").word(months, at.month).literal(" ").padded(at.day).literal(" ");
    at.time_of_day(from).literal(" ").number(4, at.year);
    return from.at_end() ? instant(at) : std::nullopt;
}

}  // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text,
                                           std::chrono::system_clock::time_point wall_now) noexcept {
    if (const auto date = imf_fixdate(text)) return date;
    if (const auto date = rfc850(text, wall_now)) return date;
    return asctime(text);
}

}  // namespace switchgear::http
