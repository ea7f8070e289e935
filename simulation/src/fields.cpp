#include "fields.hpp"

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
    for (const char c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        shown.push_back(byte < ' ' || byte >= 0x7F || c == '"' ? '?' : c);
    }
    return text.size() > longest ? shown + "..." : shown;
}

}  // namespace switchgear::simulation
