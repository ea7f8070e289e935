#include "record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace switchgear::detail {
namespace {

constexpr std::string_view heading = "switchgear-breaker/1";
constexpr std::string_view before_checksum = " checksum=";

/// FNV-1a, 64 bits (draft-eastlake-fnv): notices every single flipped character.
std::string checksum_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    std::string hex(16, '0');
    for (auto digit = hex.rbegin(); digit != hex.rend(); ++digit, hash >>= 4) *digit = "0123456789abcdef"[hash & 15];
    return hex;
}

/// Takes a number off the front of `text`.
template <class Number>
bool take_number(std::string_view& text, Number& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{};
}

/// Takes `name` and a number that is not negative off the front of `text`.
template <class Number>
bool take(std::string_view& text, std::string_view name, Number& into) {
    if (!text.starts_with(name)) return false;
    text.remove_prefix(name.size());
    return take_number(text, into) && into >= 0;
}

/// The same where it may be missing.
template <class Number>
bool take_if_there(std::string_view& text, std::string_view name, Number& into) {
    return !text.starts_with(name) || take(text, name, into);
}

/// Shortest that reads back as the same number.
template <class Number>
std::string text_of(Number number) {
    std::array<char, 32> digits;
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

/// " normal=version:number,number,…"; whether they mean anything is for the detector to say.
void write_normal(const adaptive::learned& from, std::string& text) {
    text += " normal=" + std::to_string(from.version);
    char before = ':';
    for (const double number : from.numbers) text += before + text_of(number), before = ',';
}
bool take_normal(std::string_view& text, std::optional<adaptive::learned>& into) {
    constexpr std::string_view name = " normal=";
    if (!text.starts_with(name)) return true;
    text.remove_prefix(name.size());
    auto& read = into.emplace();
    if (!take_number(text, read.version)) return false;
    for (char before = ':'; text.starts_with(before); before = ',') {
        text.remove_prefix(1);
        if (!take_number(text, read.numbers.emplace_back())) return false;
    }
    return true;
}

/// What was learned, if anything was.
bool take_lessons(std::string_view& text, lessons& into) {
    float median = 0;
    if (!take_if_there(text, " outages=", into.outages) || !take_if_there(text, " median_outage_s=", median) ||
        !take_if_there(text, " call_gap_s=", into.call_gap)) {
        return false;
    }
    constexpr double beyond = 1e9;  // what any breaker writes
    if (double{median} >= beyond || double{into.call_gap} >= beyond) return false;
    if (into.outages == 0) return median == 0;
    if (median == 0) return false;
    into.log_median = static_cast<std::int16_t>(std::lround(100 * std::log(double{median})));
    return true;
}

}  // namespace

std::string write_record(const saved_state& from) {
    std::string text{heading};
    text += " state=" + std::string{to_string(from.current)};
    text += " remaining_ns=" + std::to_string(from.remaining);
    text += " pause_ns=" + std::to_string(from.pause);
    text += " base_pause_ns=" + std::to_string(from.base_pause);
    text += " attempt=" + std::to_string(from.attempt);
    if (from.outage_age != 0) text += " outage_age_ns=" + std::to_string(from.outage_age);
    if (from.learned.outages > 0) {
        text += " outages=" + std::to_string(from.learned.outages);
        text += " median_outage_s=" + text_of(static_cast<float>(from.learned.median_outage()));
    }
    if (from.learned.call_gap > 0) text += " call_gap_s=" + text_of(from.learned.call_gap);
    if (from.normal) write_normal(*from.normal, text);
    return text + std::string{before_checksum} + checksum_of(text);
}

std::optional<saved_state> read_record(std::string_view text) {
    const auto end = text.rfind(before_checksum);
    if (end == text.npos || text.substr(end + before_checksum.size()) != checksum_of(text.substr(0, end))) return {};
    text = text.substr(0, end);
    if (!text.starts_with(heading)) return {};
    text.remove_prefix(heading.size());

    saved_state into;
    if (text.starts_with(" state=closed ")) {
        text.remove_prefix(std::string_view{" state=closed"}.size());
    } else if (text.starts_with(" state=open ")) {
        into.current = state::open;
        text.remove_prefix(std::string_view{" state=open"}.size());
    } else {
        return {};
    }
    if (!take(text, " remaining_ns=", into.remaining) || !take(text, " pause_ns=", into.pause) ||
        !take(text, " base_pause_ns=", into.base_pause) || !take(text, " attempt=", into.attempt) ||
        !take_if_there(text, " outage_age_ns=", into.outage_age) || !take_lessons(text, into.learned) ||
        !take_normal(text, into.normal) || !text.empty()) {
        return {};
    }
    // Beyond any pause that settings or orders can make, and the sum with a clock would overflow.
    constexpr ticks absurd = longest_wait;
    if (std::max({into.remaining, into.pause, into.base_pause, into.outage_age}) > absurd) return {};
    return into;
}

}  // namespace switchgear::detail
