#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include <switchgear/wire/units.hpp>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

using std::chrono::milliseconds;

/// Reads `off` or a value that needs no range of its own: switchgear::validate knows the ranges.
template <class T>
auto plain(config_reader& in) {
    return [&in](merged value, T& out) { return in.read(value, out); };
}

void read_slow(config_reader& in, merged from, std::optional<slow_rule>& out) {
    in.read_optional(from, out, [&in](merged value, slow_rule& rule) {
        if (!in.section(value, {"after", "ratio"})) return false;
        in.read(value.child("after"), rule.after);
        in.read_ratio(value.child("ratio"), rule.ratio);
        return true;
    });
}

void read_hours(config_reader& in, merged from, std::string_view range, std::chrono::hours& out) {
    milliseconds exact{};
    if (!in.read(from, exact, "24h or 30d")) return;
    const auto whole = std::chrono::duration_cast<std::chrono::hours>(exact);
    if (whole == exact) {
        out = whole;
    } else {
        in.refuse(*from.node(), fmt::format("{}: must be whole hours within {}, such as 720h or 30d",
                                            wire::format_duration(exact), range));
    }
}

/// True stands for the rule with its defaults, false for none.
void read_adaptive(config_reader& in, merged from, std::optional<adaptive_rule>& out) {
    if (from && from.node()->is == yaml_node::kind::scalar && !from.is_off()) {
        bool on = false;
        if (in.read(from, on, "true, false or a map such as {false_trip_budget: 30d}"))
            out = on ? std::optional{adaptive_rule{}} : std::nullopt;
        return;
    }
    in.read_optional(from, out, [&in](merged value, adaptive_rule& rule) {
        if (!in.section(value, {"false_trip_budget", "care", "slow_care", "deadline", "memory"})) return false;
        read_hours(in, value.child("false_trip_budget"), "[1h, 87600h]", rule.false_trip_budget);
        in.read_ratio(value.child("care"), rule.care);
        in.read_ratio(value.child("slow_care"), rule.slow_care);
        in.read_optional(value.child("deadline"), rule.deadline, plain<milliseconds>(in));
        read_hours(in, value.child("memory"), "[1h, 8760h]", rule.memory);
        return true;
    });
}

void read_window(config_reader& in, merged from, window& out) {
    if (!from || !in.section(from, {"last", "last_calls"})) {
        // A window is always there: nothing stands for no window.
        if (from && from.node()->is == yaml_node::kind::null)
            in.refuse(*from.node(), "expected {last: 10s} or {last_calls: 100}");
        return;
    }
    const merged span = from.child("last");
    const merged calls = from.child("last_calls");
    if (span && calls) return in.refuse_key(*calls.node(), "is given beside last: a window is of one kind");
    if (!span && !calls) return in.refuse(*from.node(), "expected {last: 10s} or {last_calls: 100}");
    last time{};
    last_calls count{};
    if (span && in.read(span, time.span)) out = time;
    if (calls && in.read(calls, count.count)) out = count;
}

void read_classes(config_reader& in, merged from, class_weights& out) {
    if (!in.section(from,
                    {"error", "timeout", "unreachable", "overloaded", "custom_1", "custom_2", "custom_3", "custom_4"}))
        return;
    in.read_number(from.child("error"), out.error);
    in.read_number(from.child("timeout"), out.timeout);
    in.read_number(from.child("unreachable"), out.unreachable);
    in.read_number(from.child("overloaded"), out.overloaded);
    in.read_number(from.child("custom_1"), out.custom_1);
    in.read_number(from.child("custom_2"), out.custom_2);
    in.read_number(from.child("custom_3"), out.custom_3);
    in.read_number(from.child("custom_4"), out.custom_4);
}

void read_classes(config_reader& in, merged from, class_limits& out) {
    if (!in.section(from,
                    {"error", "timeout", "unreachable", "overloaded", "custom_1", "custom_2", "custom_3", "custom_4"}))
        return;
    const auto number = plain<std::uint32_t>(in);
    in.read_optional(from.child("error"), out.error, number);
    in.read_optional(from.child("timeout"), out.timeout, number);
    in.read_optional(from.child("unreachable"), out.unreachable, number);
    in.read_optional(from.child("overloaded"), out.overloaded, number);
    in.read_optional(from.child("custom_1"), out.custom_1, number);
    in.read_optional(from.child("custom_2"), out.custom_2, number);
    in.read_optional(from.child("custom_3"), out.custom_3, number);
    in.read_optional(from.child("custom_4"), out.custom_4, number);
}

void read_trip(config_reader& in, merged from, trip_rules& out) {
    if (!in.section(from, {"consecutive_failures", "failures", "failure_ratio", "slow", "limits", "adaptive", "weights",
                           "window", "minimum_calls"})) {
        return;
    }
    in.read_optional(from.child("consecutive_failures"), out.consecutive_failures, plain<std::uint32_t>(in));
    in.read_optional(from.child("failures"), out.failures,
                     [&in](merged value, double& number) { return in.read_number(value, number); });
    in.read_optional(from.child("failure_ratio"), out.failure_ratio,
                     [&in](merged value, double& ratio) { return in.read_ratio(value, ratio); });
    read_slow(in, from.child("slow"), out.slow);
    read_classes(in, from.section("limits"), out.limits);
    read_adaptive(in, from.child("adaptive"), out.adaptive);
    // Who lets the breaker learn what is normal does not want thresholds that they never named.
    if (out.adaptive && !from.child("consecutive_failures")) out.consecutive_failures.reset();
    if (out.adaptive && !from.child("failure_ratio")) out.failure_ratio.reset();
    read_classes(in, from.section("weights"), out.weights);
    read_window(in, from.replaced("window"), out.window);
    in.read(from.child("minimum_calls"), out.minimum_calls);
}

void read_recovery(config_reader& in, merged from, recovery_rules& out) {
    if (!in.section(from, {"pacing", "probe_price", "open_for", "backoff", "max_open_for", "jitter", "jitter_seed",
                           "max_retry_after", "probes", "successes_to_close", "probe_timeout", "ramp"})) {
        return;
    }
    in.read_word(from.child("pacing"), pacing_words, out.pacing);
    in.read_number(from.child("probe_price"), out.probe_price);
    in.read(from.child("open_for"), out.open_for);
    in.read_number(from.child("backoff"), out.backoff);
    in.read(from.child("max_open_for"), out.max_open_for);
    in.read_ratio(from.child("jitter"), out.jitter);
    in.read_optional(from.child("jitter_seed"), out.jitter_seed, plain<std::uint64_t>(in));
    in.read(from.child("max_retry_after"), out.max_retry_after);
    in.read(from.child("probes"), out.probes);
    in.read(from.child("successes_to_close"), out.successes_to_close);
    in.read(from.child("probe_timeout"), out.probe_timeout);
    in.read_optional(from.child("ramp"), out.ramp, [&in](merged value, ramp_rule& rule) {
        if (!in.section(value, {"over", "from", "by"})) return false;
        in.read(value.child("over"), rule.over);
        in.read_ratio(value.child("from"), rule.from);
        in.read_word(value.child("by"), ramp_by_words, rule.by);
        return true;
    });
}

/// Where in the file a field of switchgear::settings was written, and what is left of its name if only
/// a section around it was.
struct origin {
    const yaml_node* node;
    std::string_view rest;
};

origin find_origin(const yaml_node* from, std::string_view field) {
    while (!field.empty()) {
        const std::size_t dot = field.find('.');
        const yaml_node* next = from->find(field.substr(0, dot));
        if (next == nullptr) break;
        from = next;
        field = dot == std::string_view::npos ? std::string_view{} : field.substr(dot + 1);
    }
    // The core has one field for a window; here it is a map of one value, and that value is what is wrong.
    if (field.empty() && from->name == "window" && from->children.size() == 1) from = from->children.front();
    return {from, field};
}

/// Puts what the core says about settings where they were written: in the service if it wrote the field,
/// else in the defaults if they did and the service changed nothing, else at the service's section.
void report(config_reader& in, merged breaker, reading what, const violation& wrong) {
    const origin fallback = breaker.by_default != nullptr ? find_origin(breaker.by_default, wrong.field) : origin{};
    origin at = breaker.own != nullptr ? find_origin(breaker.own, wrong.field) : fallback;
    const bool written_here = at.rest.empty();
    // Whether defaults that leave a field open are in order, only the services can tell.
    if (what == reading::defaults && !written_here) return;
    if (!written_here && fallback.node != nullptr && fallback.rest.empty() && in.has_refused(fallback.node->at)) return;
    if (in.has_refused(at.node->at) && written_here) return;
    const std::string above = path_of(*at.node);
    in.refuse(at.node->at, at.rest.empty() ? above : fmt::format("{}.{}", above, at.rest), wrong.message);
}

void read_scope(config_reader& in, merged from, reading what, breaker_rules& out) {
    const merged scope = from.child("scope");
    const merged key = from.child("key");
    in.read_word(scope, breaker_scope_words, out.scope);
    in.read_count(from.child("max_keys"), out.max_keys, {1, 1'000'000});
    if (in.section(key, {"header"})) {
        const merged header = key.child("header");
        if (!header) in.missing(*key.node(), "header", "the name of the request header that holds the key");
        if (in.read(header, out.key_header) && !is_token(out.key_header)) {
            in.refuse(*header.node(), fmt::format("\"{}\" is no name of a header", excerpt(out.key_header)));
        }
    }
    if (what == reading::defaults) return;
    if (out.scope == breaker_scope::key && !key.is_map()) {
        in.refuse(scope.node()->at, path_of(*from.node()) + ".key",
                  "is missing: scope key needs the header that holds it, such as {header: X-Tenant}");
    }
    if (out.scope == breaker_scope::key) return;
    out.key_header.clear();
    for (const std::string_view name : {"key", "max_keys"}) {
        const merged unused = from.child(name);
        if (unused.own == nullptr) continue;
        in.refuse_key(*unused.own,
                      fmt::format("has no effect with scope {}: only scope key has keys", to_string(out.scope)));
    }
}

}  // namespace

void read_breaker(config_reader& in, merged from, reading what, breaker_rules& out) {
    if (!in.section(from, {"scope", "key", "max_keys", "trip", "recovery", "mode"})) return;
    read_scope(in, from, what, out);
    read_trip(in, from.section("trip"), out.settings.trip);
    read_recovery(in, from.section("recovery"), out.settings.recovery);
    in.read_word(from.child("mode"), mode_words, out.settings.mode);
    for (const violation& wrong : validate(out.settings)) report(in, from, what, wrong);
}

}  // namespace switchgear::gateway
