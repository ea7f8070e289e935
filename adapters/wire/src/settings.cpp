#include <switchgear/wire/json.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/json/object.hpp>

#include <switchgear/wire/units.hpp>

#include "reader.hpp"

namespace switchgear::wire {
namespace {

using boost::json::object;
using boost::json::value;

template <class T>
value or_null(const std::optional<T>& field) {
    return field ? value(*field) : value(nullptr);
}

value word(std::string_view text) { return boost::json::string_view{text.data(), text.size()}; }

object to_json(const class_weights& w) {
    return {{"error", w.error},           {"timeout", w.timeout},   {"unreachable", w.unreachable},
            {"overloaded", w.overloaded}, {"custom_1", w.custom_1}, {"custom_2", w.custom_2},
            {"custom_3", w.custom_3},     {"custom_4", w.custom_4}};
}

object to_json(const class_limits& l) {
    return {{"error", or_null(l.error)},
            {"timeout", or_null(l.timeout)},
            {"unreachable", or_null(l.unreachable)},
            {"overloaded", or_null(l.overloaded)},
            {"custom_1", or_null(l.custom_1)},
            {"custom_2", or_null(l.custom_2)},
            {"custom_3", or_null(l.custom_3)},
            {"custom_4", or_null(l.custom_4)}};
}

object to_json(const window& size) {
    if (const auto* time = std::get_if<last>(&size)) return {{"last", format_duration(time->span)}};
    return {{"last_calls", std::get<last_calls>(size).count}};
}

value to_json(const adaptive_rule& rule) {
    return object{{"false_trip_budget", format_duration(rule.false_trip_budget)},
                  {"care", rule.care},
                  {"slow_care", rule.slow_care},
                  {"deadline", rule.deadline ? value(format_duration(*rule.deadline)) : value(nullptr)},
                  {"memory", format_duration(rule.memory)}};
}

object to_json(const trip_rules& trip) {
    value slow = nullptr;
    if (trip.slow) slow = object{{"after", format_duration(trip.slow->after)}, {"ratio", trip.slow->ratio}};
    return {{"consecutive_failures", or_null(trip.consecutive_failures)},
            {"failures", or_null(trip.failures)},
            {"failure_ratio", or_null(trip.failure_ratio)},
            {"slow", slow},
            {"limits", to_json(trip.limits)},
            {"adaptive", trip.adaptive ? to_json(*trip.adaptive) : value(nullptr)},
            {"weights", to_json(trip.weights)},
            {"window", to_json(trip.window)},
            {"minimum_calls", trip.minimum_calls}};
}

object to_json(const recovery_rules& recovery) {
    value ramp = nullptr;
    if (recovery.ramp) {
        ramp = object{{"over", format_duration(recovery.ramp->over)},
                      {"from", recovery.ramp->from},
                      {"by", word(to_string(recovery.ramp->by))}};
    }
    return {{"open_for", format_duration(recovery.open_for)},
            {"backoff", recovery.backoff},
            {"max_open_for", format_duration(recovery.max_open_for)},
            {"jitter", recovery.jitter},
            {"jitter_seed", or_null(recovery.jitter_seed)},
            {"max_retry_after", format_duration(recovery.max_retry_after)},
            {"probes", recovery.probes},
            {"successes_to_close", recovery.successes_to_close},
            {"probe_timeout", format_duration(recovery.probe_timeout)},
            {"ramp", ramp},
            {"pacing", word(to_string(recovery.pacing))},
            {"probe_price", recovery.probe_price}};
}

}  // namespace

/// A field that others are measured by: while it cannot be read it is what none of them quarrels with.
template <class T>
struct peaceful {
    T& into;
    T most;
};
template <class T>
static void read(const value& from, const place& at, peaceful<T> field) {
    field.into = field.most;
    read(from, at, field.into);
}

static void read(const value& from, const place& at, slow_rule& into) {
    object_reader members{from, at};
    members.optional("after", into.after);
    members.optional("ratio", as_ratio<double>{into.ratio});
    members.no_others();
}

static void read(const value& from, const place& at, ramp_rule& into) {
    object_reader members{from, at};
    members.optional("over", into.over);
    members.optional("from", as_ratio<double>{into.from});
    members.optional("by", into.by);
    members.no_others();
}

static void read(const value& from, const place& at, std::chrono::hours& into) {
    std::chrono::milliseconds exact = into;
    read(from, at, exact);
    const auto whole = std::chrono::duration_cast<std::chrono::hours>(exact);
    if (whole != exact) return at.refuse(from, "whole hours such as \"720h\" or \"30d\"");
    into = whole;
}

/// True stands for the rule with its defaults, false for none.
static void read(const value& from, const place& at, std::optional<adaptive_rule>& into) {
    const bool* on = from.if_bool();
    into.reset();
    if (is_off(from) || (on != nullptr && !*on)) return;
    into.emplace();
    if (on != nullptr) return;
    if (!from.is_object()) {
        return at.refuse(from, R"(true, false, null, "off" or an object such as {"false_trip_budget": "30d"})");
    }
    object_reader members{from, at};
    if (const value* one = members.find("false_trip_budget")) {
        read(*one, members.at("false_trip_budget"), into->false_trip_budget);
    }
    members.optional("care", as_ratio<double>{into->care});
    members.optional("slow_care", as_ratio<double>{into->slow_care});
    members.optional("deadline", into->deadline);
    if (const value* one = members.find("memory")) read(*one, members.at("memory"), into->memory);
    members.no_others();
}

namespace {

constexpr std::uint32_t most_calls = 1'000'000'000;

/// Weights and limits: one member for each class, read as `as` says.
template <class ByClass, class As>
void read_classes(const value& from, const place& at, ByClass& into, As as) {
    object_reader members{from, at};
    members.optional("error", as(into.error));
    members.optional("timeout", as(into.timeout));
    members.optional("unreachable", as(into.unreachable));
    members.optional("overloaded", as(into.overloaded));
    members.optional("custom_1", as(into.custom_1));
    members.optional("custom_2", as(into.custom_2));
    members.optional("custom_3", as(into.custom_3));
    members.optional("custom_4", as(into.custom_4));
    members.no_others();
}

peaceful<double> as_weight(double& field) { return {field, 1'000}; }

as_count<std::optional<std::uint32_t>> as_limit(std::optional<std::uint32_t>& field) { return {field, 1, most_calls}; }

/// What cannot be read is replaced by a window that no other field quarrels with.
void read_window(const value& from, const place& at, window& into) {
    object_reader members{from, at};
    const value* time = members.find("last");
    const value* calls = members.find("last_calls");
    members.no_others();
    if (!from.is_object()) return;
    if ((time == nullptr) == (calls == nullptr)) {
        at.refuse(from, R"(either {"last": "10s"} or {"last_calls": 100})");
    } else if (time != nullptr) {
        last size{std::chrono::seconds{10}};
        read(*time, at.member("last"), size.span);
        into = size;
    } else {
        last_calls size{65'536};
        read(*calls, at.member("last_calls"), as_count<std::uint32_t>{size.count, 1, 65'536});
        into = size;
    }
}

void read_trip(const value& from, const place& at, trip_rules& into) {
    object_reader members{from, at};
    members.optional("consecutive_failures", as_limit(into.consecutive_failures));
    members.optional("failures", into.failures);
    members.optional("failure_ratio", as_ratio<std::optional<double>>{into.failure_ratio});
    members.optional("slow", into.slow);
    if (const value* limits = members.find("limits"))
        read_classes(*limits, members.at("limits"), into.limits, as_limit);
    if (const value* adaptive = members.find("adaptive")) read(*adaptive, members.at("adaptive"), into.adaptive);
    if (const value* weights = members.find("weights")) {
        read_classes(*weights, members.at("weights"), into.weights, as_weight);
    }
    if (const value* size = members.find("window")) read_window(*size, members.at("window"), into.window);
    members.optional("minimum_calls", as_count<std::uint32_t>{into.minimum_calls, 1, most_calls});
    // Who lets the breaker learn what is normal does not want thresholds that they never named.
    if (into.adaptive && members.find("consecutive_failures") == nullptr) into.consecutive_failures.reset();
    if (into.adaptive && members.find("failure_ratio") == nullptr) into.failure_ratio.reset();
    members.no_others();
}

void read_recovery(const value& from, const place& at, recovery_rules& into) {
    object_reader members{from, at};
    members.optional("pacing", into.pacing);
    members.optional("probe_price", into.probe_price);
    members.optional("open_for", into.open_for);
    members.optional("backoff", into.backoff);
    members.optional("max_open_for", peaceful<std::chrono::milliseconds>{into.max_open_for, std::chrono::hours{24}});
    members.optional("jitter", as_ratio<double>{into.jitter});
    members.optional("jitter_seed", into.jitter_seed);
    members.optional("max_retry_after", into.max_retry_after);
    members.optional("probes", as_count<std::uint32_t>{into.probes, 1, 1'024});
    members.optional("successes_to_close", as_count<std::uint32_t>{into.successes_to_close, 1, 10'000});
    members.optional("probe_timeout", into.probe_timeout);
    members.optional("ramp", into.ramp);
    members.no_others();
}

}  // namespace

object to_json(const settings& given) {
    return {
        {"trip", to_json(given.trip)}, {"recovery", to_json(given.recovery)}, {"mode", word(to_string(given.mode))}};
}

template <>
parsed<settings> from_json<settings>(const value& from) {
    std::vector<violation> found;
    settings given;
    object_reader members{from, {"", found}};
    if (const value* trip = members.find("trip")) read_trip(*trip, members.at("trip"), given.trip);
    if (const value* recovery = members.find("recovery")) {
        read_recovery(*recovery, members.at("recovery"), given.recovery);
    }
    members.optional("mode", given.mode);
    members.no_others();

    // A field that could not be read is told once: what stands in its place is not the user's.
    for (auto& wrong : validate(given)) {
        const auto same = [&](const violation& other) { return other.field == wrong.field; };
        if (std::ranges::none_of(found, same)) found.push_back(std::move(wrong));
    }
    if (!found.empty()) return found;
    return given;
}

}  // namespace switchgear::wire
