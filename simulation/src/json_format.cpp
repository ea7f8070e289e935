#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/wire/timestamp.hpp>

#include "fields.hpp"
#include "line_format.hpp"

namespace switchgear::simulation {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

/// The access log of the gateway, a JSON object a line.
///
/// | member | is |
/// |---|---|
/// | time | when the line was written, which is when the call ended: "2024-11-22T15:31:00.123Z" or with a zone, or seconds |
/// | duration_ms, duration | how long the call took, in milliseconds or in seconds |
/// | verdict, status | how it went; without either the line tells of something else |
/// | class, retry_after_ms, retry_after | of a failure |
/// | key, breaker, endpoint | whose call it was to the service, who judged it, where it went |
/// | service | which service was called |
/// | reason | why the breaker refused the call; then it was never made, and nobody knows how it would have gone |
class json_lines final : public line_format {
public:
    line_kind read(std::string_view line, call_line& out, std::string& why) override {
        json::monotonic_resource memory{buffer_.data(), buffer_.size()};
        boost::system::error_code error;
        const json::value parsed = json::parse(json::string_view{line.data(), line.size()}, error, &memory);
        const json::object* fields = error ? nullptr : parsed.if_object();
        if (fields == nullptr) {
            why = "it is no JSON object";
            return line_kind::bad;
        }
        if (!has_what_calls_have(*fields)) return line_kind::lacks;
        if (!was_made(*fields)) return line_kind::other;
        return read_call(*fields, out, why);
    }

private:
    static bool has_what_calls_have(const json::object& fields) {
        const bool lasted = fields.contains("duration_ms") || fields.contains("duration");
        const bool ended = fields.contains("status") || fields.contains("verdict");
        return lasted && ended;
    }

    static bool was_made(const json::object& fields) {
        return text_of(fields, "reason").empty() && text_of(fields, "verdict") != "none";
    }

    line_kind read_call(const json::object& fields, call_line& out, std::string& why) {
        const auto lasts = lasts_of(fields, "duration", longest_call, why);
        const auto end = lasts ? time_of(fields, why) : std::nullopt;
        if (!end) return line_kind::bad;
        std::string status = number_or_text(fields, "status");
        std::string hint;
        if (fields.contains("retry_after_ms") || fields.contains("retry_after")) {
            const auto wait = lasts_of(fields, "retry_after", longest_hint, why);
            if (!wait) return line_kind::bad;
            hint = format_seconds(*wait);
        }
        const auto how = parse_outcome({text_of(fields, "verdict"), status, text_of(fields, "class"), hint}, why);
        if (!how) return line_kind::bad;
        key_ = text_of(fields, "key");
        breaker_ = text_of(fields, "breaker");
        endpoint_ = text_of(fields, "endpoint");
        service_ = text_of(fields, "service");
        // A clock that was set back while the call ran must not make it begin before time itself.
        out = {std::max(*end - *lasts, recorded_time{}), *lasts, *how, key_, breaker_, endpoint_, service_};
        return line_kind::call;
    }

    static std::string_view text_of(const json::object& fields, std::string_view name) {
        const json::value* found = fields.if_contains(name);
        if (found == nullptr || !found->is_string()) return {};
        return {found->get_string().data(), found->get_string().size()};
    }

    static std::optional<double> number_in(const json::object& fields, std::string_view name) {
        const json::value* found = fields.if_contains(name);
        if (found == nullptr || !found->is_number()) return std::nullopt;
        return found->to_number<double>();
    }

    static std::string number_or_text(const json::object& fields, std::string_view name) {
        const json::value* found = fields.if_contains(name);
        // A number is written as it is meant: 200 and 200.0 are one, 200.5 is none that stands for a status.
        if (found != nullptr && found->is_number()) return fmt::format("{}", found->to_number<double>());
        return std::string{text_of(fields, name)};
    }

    /// For a message: a text as it is, anything else as JSON.
    static std::string shown(const json::object& fields, std::string_view name) {
        const json::value* found = fields.if_contains(name);
        if (found == nullptr) return {};
        if (found->is_string()) return std::string{text_of(fields, name)};
        return number_or_text(fields, name).empty() ? json::serialize(*found) : number_or_text(fields, name);
    }

    /// `name`_ms if there is one, else `name` in seconds.
    static std::optional<nanoseconds> lasts_of(const json::object& fields, const std::string& name, nanoseconds most,
                                               std::string& why) {
        const bool is_fine = number_in(fields, name + "_ms") || !fields.contains(name);
        const std::string field = is_fine ? name + "_ms" : name;
        if (const auto number = number_in(fields, field)) {
            const auto read = parse_seconds(fmt::format("{:.9f}", is_fine ? *number / 1'000 : *number), most);
            if (read) return read;
        }
        why = (is_fine ? wrong_milliseconds : wrong_seconds)(field, shown(fields, field), most);
        return std::nullopt;
    }

    /// A time in UTC, or with what its zone is ahead of that: "2024-11-22T16:31:00+01:00", "…+0100".
    static std::optional<wire::wall_time> zoned_time(std::string_view text) {
        const std::size_t sign = text.find_last_of("+-");
        constexpr std::size_t shortest = std::string_view{"2024-11-22T15:31:00"}.size();
        if (sign == std::string_view::npos || sign < shortest) return wire::parse_timestamp(text);
        std::string digits{text.substr(sign + 1)};
        if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
        if (digits.size() != 4 || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
        const std::chrono::hours hours{std::stoi(digits.substr(0, 2))};
        const std::chrono::minutes minutes{std::stoi(digits.substr(2))};
        if (hours > std::chrono::hours{23} || minutes > std::chrono::minutes{59}) return std::nullopt;
        const auto there = wire::parse_timestamp(std::string{text.substr(0, sign)} + "Z");
        if (!there) return std::nullopt;
        return text[sign] == '+' ? *there - hours - minutes : *there + hours + minutes;
    }

    static std::optional<recorded_time> time_of(const json::object& fields, std::string& why) {
        std::optional<recorded_time> read;
        const std::string_view text = text_of(fields, "time");
        if (const auto number = number_in(fields, "time")) {
            read = parse_seconds(fmt::format("{:.9f}", *number), latest_time);
        } else if (const auto at = zoned_time(text); at && at->time_since_epoch().count() >= 0) {
            // Compared in milliseconds: the year 9999 is beyond 64 bits of nanoseconds.
            if (at->time_since_epoch() <= std::chrono::duration_cast<std::chrono::milliseconds>(latest_time))
                read = at->time_since_epoch();
        }
        if (!read) {
            why = fmt::format("time \"{}\": expected a time such as 2024-11-22T15:31:00.123Z, or seconds from 0 to {}",
                              excerpt(shown(fields, "time")), format_seconds(latest_time));
        }
        return read;
    }

    std::array<unsigned char, 16 * 1024> buffer_;
    std::string key_;
    std::string breaker_;
    std::string endpoint_;
    std::string service_;
};

}  // namespace

std::unique_ptr<line_format> json_format() { return std::make_unique<json_lines>(); }

}  // namespace switchgear::simulation
