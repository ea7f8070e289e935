#include "reader.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <switchgear/wire/timestamp.hpp>
#include <switchgear/wire/units.hpp>

namespace switchgear::wire {
namespace {

using boost::json::value;

/// The text, cut at a character where it would make a message unreadable.
std::string shortened(std::string text) {
    constexpr std::size_t most = 60;
    if (text.size() <= most) return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end) + "…";
}

std::string_view view(const boost::json::string& text) noexcept { return {text.data(), text.size()}; }

template <class Number>
std::optional<Number> number_in(const value& from) noexcept {
    boost::system::error_code error;
    const auto number = from.to_number<Number>(error);
    if (error) return std::nullopt;
    return number;
}

template <class Number>
void read_whole(const value& from, const place& at, Number& into, Number least, Number most) {
    if (const auto number = number_in<Number>(from)) {
        into = *number;
    } else {
        at.refuse(from, "a whole number within [" + std::to_string(least) + ", " + std::to_string(most) + "]");
    }
}
template <class Number>
void read_whole(const value& from, const place& at, Number& into) {
    read_whole(from, at, into, std::numeric_limits<Number>::min(), std::numeric_limits<Number>::max());
}

}  // namespace

place place::member(std::string_view name) const {
    const std::string last = shortened(std::string{name});
    return {path_.empty() ? last : path_ + "." + last, *found_};
}

void place::refuse(std::string_view why) const { found_->push_back({path_, std::string{why}}); }

void place::refuse(const value& given, std::string_view allowed) const {
    refuse(shortened(boost::json::serialize(given)) + ": must be " + std::string{allowed});
}

void read(const value& from, const place& at, bool& into) {
    if (const bool* given = from.if_bool()) {
        into = *given;
    } else {
        at.refuse(from, "true or false");
    }
}

void read(const value& from, const place& at, std::uint32_t& into) { read_whole(from, at, into); }
void read(const value& from, const place& at, std::uint64_t& into) { read_whole(from, at, into); }

void read(const value& from, const place& at, as_count<std::uint32_t> count) {
    read_whole(from, at, count.into, count.least, count.most);
}

void read(const value& from, const place& at, double& into) {
    if (const auto number = number_in<double>(from)) {
        into = *number;
    } else {
        at.refuse(from, "a number");
    }
}

void read(const value& from, const place& at, std::string& into) {
    if (const auto* text = from.if_string()) {
        into = view(*text);
    } else {
        at.refuse(from, "a text");
    }
}

void read(const value& from, const place& at, std::chrono::milliseconds& into) {
    const auto* text = from.if_string();
    if (const auto duration = text != nullptr ? parse_duration(view(*text)) : std::nullopt) {
        into = *duration;
    } else {
        at.refuse(from, "a duration such as \"250ms\", \"5s\", \"10m\", \"1h\" or \"7d\"");
    }
}

void read(const value& from, const place& at, wall_time& into) {
    const auto* text = from.if_string();
    if (const auto time = text != nullptr ? parse_timestamp(view(*text)) : std::nullopt) {
        into = *time;
    } else {
        at.refuse(from, "a time such as \"2024-11-22T15:31:00.123Z\"");
    }
}

void read(const value& from, const place& at, as_ratio<double> ratio) {
    const auto* text = from.if_string();
    if (const auto share = text != nullptr ? parse_ratio(view(*text)) : number_in<double>(from)) {
        ratio.into = *share;
    } else {
        at.refuse(from, "a ratio such as 0.5 or \"50%\"");
    }
}

void read(const value& from, const place& at, as_number_of_ms duration) {
    constexpr auto most = std::chrono::milliseconds::max().count();
    const auto number = number_in<std::int64_t>(from);
    if (number && *number >= 0) {
        duration.into = std::chrono::milliseconds{*number};
    } else {
        at.refuse(from, "a whole number of milliseconds within [0, " + std::to_string(most) + "]");
    }
}

bool is_off(const value& given) noexcept {
    const auto* text = given.if_string();
    return given.is_null() || (text != nullptr && view(*text) == "off");
}

object_reader::object_reader(const value& from, place at) : object_{from.if_object()}, at_{std::move(at)} {
    if (object_ == nullptr) at_.refuse(from, "an object");
}

const value* object_reader::find(std::string_view name) {
    asked_.push_back(name);
    return object_ != nullptr ? object_->if_contains({name.data(), name.size()}) : nullptr;
}

void object_reader::no_others() const {
    if (object_ == nullptr) return;
    for (const auto& member : *object_) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (std::ranges::find(asked_, name) != asked_.end()) continue;
        std::string known;
        for (const std::string_view asked : asked_) known += (known.empty() ? "" : ", ") + std::string{asked};
        at_.member(name).refuse("is not known here; known are " + known);
    }
}

}  // namespace switchgear::wire
