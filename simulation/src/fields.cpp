#include "fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

#include <switchgear/http/classify.hpp>
#include <switchgear/wire/words.hpp>

namespace switchgear::simulation {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t second = 1'000'000'000;

/// "0.25", "1e3": whatever the quick way does not know.
std::optional<nanoseconds> parse_any(std::string_view text, nanoseconds most) noexcept {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (stopped != end || error != std::errc{} || !std::isfinite(value)) return std::nullopt;
    const double scaled = value * static_cast<double>(second);
    if (scaled < 0 || scaled > static_cast<double>(most.count())) return std::nullopt;
    return nanoseconds{std::llround(scaled)};
}

std::optional<verdict> by_verdict(const outcome_words& words, std::string& why) {
    if (words.verdict == "success") return verdict::success();
    if (words.verdict == "ignored") return verdict::ignored();
    if (words.verdict == "failure") return verdict::failure();
    why = fmt::format("verdict \"{}\": expected success, failure or ignored", excerpt(words.verdict));
    return std::nullopt;
}

std::optional<verdict> by_status(const outcome_words& words, std::string& why) {
    unsigned status = 0;
    const char* end = words.status.data() + words.status.size();
    const auto [stopped, error] = std::from_chars(words.status.data(), end, status);
    if (stopped == end && error == std::errc{} && status >= 100 && status <= 599) return http::classify(status);
    why = fmt::format("status \"{}\": expected a number from 100 to 599", excerpt(words.status));
    return std::nullopt;
}

/// The bytes of the character that the text begins with. Zero if it is a control character or no UTF-8 (RFC 3629).
/// Requires: there is text.
std::size_t printable_at_front(std::string_view text) {
    const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    if (first < 0x80) return first >= ' ' && first != 0x7F ? 1 : 0;
    const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return 0;
    }
    const unsigned next = byte(1);
    // The controls from U+0080, longer forms than needed, surrogates, and what is beyond U+10FFFF.
    const bool refused = (first == 0xC2 && next < 0xA0) || (first == 0xE0 && next < 0xA0) ||
                         (first == 0xED && next >= 0xA0) || (first == 0xF0 && next < 0x90) ||
                         (first == 0xF4 && next >= 0x90);
    // Marks that turn the direction of the text around (U+202A to U+202E, U+2066 to U+2069), and line ends.
    const bool turns = first == 0xE2 && ((next == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE) ||
                                         (next == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
    return refused || turns ? 0 : length;
}

}  // namespace

std::optional<nanoseconds> parse_seconds(std::string_view text, nanoseconds most) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    std::int64_t whole = 0;
    const auto read = std::from_chars(at, end, whole);
    if (read.ec != std::errc{} || whole < 0 || whole > most.count() / second || *at == '-')
        return parse_any(text, most);
    std::int64_t fraction = 0;
    at = read.ptr;
    if (at != end && *at == '.') {
        std::int64_t place = second / 10;
        // What is finer than a nanosecond is cut off.
        for (++at; at != end && *at >= '0' && *at <= '9'; ++at, place /= 10) fraction += (*at - '0') * place;
    }
    if (at != end) return parse_any(text, most);
    const nanoseconds value{whole * second + fraction};
    return value <= most ? std::optional{value} : std::nullopt;
}

std::string format_seconds(nanoseconds value) {
    const std::int64_t count = value.count();
    std::string text =
        fmt::format("{}{}.{:09}", count < 0 ? "-" : "", std::abs(count / second), std::abs(count % second));
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string wrong_seconds(std::string_view field, std::string_view text, nanoseconds most) {
    return fmt::format("{} \"{}\": expected seconds from 0 to {}", field, excerpt(text), format_seconds(most));
}

std::string wrong_milliseconds(std::string_view field, std::string_view text, nanoseconds most) {
    return fmt::format("{} \"{}\": expected milliseconds from 0 to {}", field, excerpt(text),
                       most / std::chrono::milliseconds{1});
}

std::optional<verdict> parse_outcome(const outcome_words& words, std::string& why) {
    if (words.verdict.empty() && words.status.empty()) {
        why = "neither a verdict nor a status";
        return std::nullopt;
    }
    const auto told = words.verdict.empty() ? by_status(words, why) : by_verdict(words, why);
    if (!told || !told->is_failure()) return told;
    failure_class failed = told->failed_with();
    if (!words.failed_with.empty()) {
        const auto named = wire::from_string<failure_class>(words.failed_with);
        if (!named) {
            why = fmt::format("class \"{}\": expected error, timeout, unreachable, overloaded or custom_1 to custom_4",
                              excerpt(words.failed_with));
            return std::nullopt;
        }
        failed = *named;
    }
    std::optional<duration> hint;
    if (!words.retry_after.empty()) {
        const auto seconds = parse_seconds(words.retry_after, longest_hint);
        if (!seconds) {
            why = wrong_seconds("retry_after", words.retry_after, longest_hint);
            return std::nullopt;
        }
        hint = std::chrono::duration_cast<duration>(*seconds);
    }
    return verdict::failure(failed, hint);
}

std::string excerpt(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string shown;
    for (std::size_t shown_characters = 0; !text.empty(); ++shown_characters) {
        if (shown_characters == longest) return shown + "...";
        const std::size_t length = printable_at_front(text);
        if (text.front() == '"') {
            shown += '\'';  // Messages put it in quotes.
        } else {
            shown += length == 0 ? "?" : text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

}  // namespace switchgear::simulation
