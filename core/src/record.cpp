#include "record.hpp"

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

/// Takes " name=<number>" off the front of `text`.
template <class Number>
bool take(std::string_view& text, std::string_view name, Number& into) {
    if (!text.starts_with(' ')) return false;
    text.remove_prefix(1);
    if (!text.starts_with(name) || !text.substr(name.size()).starts_with('=')) return false;
    text.remove_prefix(name.size() + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error != std::errc{} || !(into >= 0)) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

/// The same where it may be missing.
template <class Number>
bool take_if_there(std::string_view& text, std::string_view name, Number& into) {
    const bool there =
        text.starts_with(' ') && text.substr(1).starts_with(name) && text.substr(1 + name.size()).starts_with('=');
    return !there || take(text, name, into);
}

/// Shortest that reads back as the same number.
template <class Number>
std::string text_of(Number number) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
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
    const auto take_number = [&text](auto& number) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return error == std::errc{};
    };
    if (!take_number(read.version)) return false;
    for (char before = ':'; text.starts_with(before); before = ',') {
        text.remove_prefix(1);
        if (!take_number(read.numbers.emplace_back())) return false;
    }
    return true;
}

/// What was learned, if anything was.
bool take_lessons(std::string_view& text, lessons& into) {
    float median = 0;
    if (!take_if_there(text, "outages", into.outages) || !take_if_there(text, "median_outage_s", median) ||
        !take_if_there(text, "call_gap_s", into.call_gap)) {
        return false;
    }
    // Beyond what any breaker writes.
    if (!(median < 1e9F) || !(into.call_gap < 1e9F) || (into.outages > 0) != (median > 0)) return false;
    if (median > 0)
        into.log_median = static_cast<std::int16_t>(std::lround(100 * std::log(static_cast<double>(median))));
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
    std::int64_t attempt = 0;
    if (!take(text, "remaining_ns", into.remaining) || !take(text, "pause_ns", into.pause) ||
        !take(text, "base_pause_ns", into.base_pause) || !take(text, "attempt", attempt) ||
        !take_if_there(text, "outage_age_ns", into.outage_age) || !take_lessons(text, into.learned) ||
        !take_normal(text, into.normal) || !text.empty()) {
        return {};
    }
    // Beyond any pause that settings or orders can make, and the sum with a clock would overflow.
    constexpr ticks absurd = never / 4;
    if (into.remaining > absurd || into.pause > absurd || into.base_pause > absurd || attempt > 0xffff'ffff) return {};
    if (into.outage_age > absurd) return {};
    into.attempt = static_cast<std::uint32_t>(attempt);
    return into;
}

}  // namespace switchgear::detail
