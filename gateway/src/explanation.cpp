#include "explanation.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <switchgear/wire/evidence_words.hpp>
#include <switchgear/wire/units.hpp>

namespace switchgear::gateway {

namespace json = boost::json;

namespace {

std::string percent(double ratio) { return fmt::format("{:.4g}%", 100 * ratio); }

/// To the second where milliseconds say nothing to a reader; rounded up, so that it is over by then.
std::string wait_words(std::chrono::milliseconds wait) {
    using namespace std::chrono;
    return wire::format_duration(wait < seconds{10} ? wait : ceil<seconds>(wait));
}

double ratio_of(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Collects changes; each is a state, a cause, words, and what else there is to say.
class change_list {
public:
    json::object& add(std::optional<state> to, cause why, std::string words) {
        json::object change;
        if (to) change["to"] = to_string(*to);
        change["cause"] = to_string(why);
        change["words"] = std::move(words);
        changes_.push_back(std::move(change));
        return changes_.back().get_object();
    }
    void add_rule(cause why, double observed, double threshold, std::string words) {
        json::object& change = add(state::open, why, std::move(words));
        change["observed"] = observed;
        change["threshold"] = threshold;
    }
    json::array take() { return std::move(changes_); }

private:
    json::array changes_;
};

void add_class_limits(change_list& out, const class_limits& limits) {
    const std::array<std::pair<failure_class, std::optional<std::uint32_t>>, failure_class_count> all{{
        {failure_class::error, limits.error},
        {failure_class::timeout, limits.timeout},
        {failure_class::unreachable, limits.unreachable},
        {failure_class::overloaded, limits.overloaded},
        {failure_class::custom_1, limits.custom_1},
        {failure_class::custom_2, limits.custom_2},
        {failure_class::custom_3, limits.custom_3},
        {failure_class::custom_4, limits.custom_4},
    }};
    for (const auto& [failed, limit] : all) {
        if (!limit) continue;
        json::object& change =
            out.add(state::open, cause::class_limit,
                    fmt::format("opens at {} failures of class {} within the window", *limit, to_string(failed)));
        change["class"] = to_string(failed);
        change["threshold"] = *limit;
    }
}

std::string ratio_words(std::string_view what, std::uint64_t part, std::uint64_t calls, double threshold,
                        std::uint32_t minimum) {
    std::string out =
        fmt::format("opens when {} of the calls in the window {}; now {} of {}", percent(threshold), what, part, calls);
    if (calls < minimum) out += fmt::format(", and nothing is judged below {} calls", minimum);
    return out;
}

std::string adaptive_words(const wire::normal_view& normal, const adaptive_rule& rule) {
    std::string out = fmt::format(
        "opens when calls fail or are slow as would happen by chance less than once in {}; the evidence for that is "
        "now at "
        "{}; normal is {} failed",
        wire::format_duration(rule.false_trip_budget), percent(normal.evidence), percent(normal.failure_share));
    out += normal.slow_after ? fmt::format(", and {} slower than {}", percent(normal.slow_share),
                                           wire::format_duration(*normal.slow_after))
                             : std::string(", and how long calls take is not known yet");
    if (normal.penalty >= 0.01) {
        out += fmt::format("; it takes {:.2g} times the evidence, because the breaker is new or has tripped needlessly",
                           std::exp(normal.penalty));
    }
    return out;
}

/// The rules of `closed`, which hold on the ramp too.
void add_trip_rules(change_list& out, const wire::breaker_view& now, const trip_rules& rules) {
    if (const auto limit = rules.consecutive_failures) {
        out.add_rule(cause::consecutive_failures, now.failures_in_a_row, *limit,
                     fmt::format("opens at {} failures in a row; now {}", *limit, now.failures_in_a_row));
    }
    const auto& window = now.window;
    if (const auto limit = rules.failures) {
        out.add_rule(cause::failure_count, static_cast<double>(window.failures), *limit,
                     fmt::format("opens at {} failures within the window, by weight; now {}", *limit, window.failures));
    }
    if (const auto limit = rules.failure_ratio) {
        out.add_rule(cause::failure_ratio, ratio_of(window.failures, window.calls), *limit,
                     ratio_words("failed", window.failures, window.calls, *limit, rules.minimum_calls));
    }
    if (const auto& slow = rules.slow) {
        const std::string what = "took longer than " + wire::format_duration(slow->after);
        out.add_rule(cause::slow_ratio, ratio_of(window.slow, window.calls), slow->ratio,
                     ratio_words(what, window.slow, window.calls, slow->ratio, rules.minimum_calls));
    }
    add_class_limits(out, rules.limits);
    if (rules.adaptive && now.normal) {
        const double evidence = now.normal->evidence;
        out.add_rule(cause::adaptive, evidence, 1, adaptive_words(*now.normal, *rules.adaptive));
    }
    out.add(state::open, cause::trip_verdict, "opens at once when an answer is classified as `trip`");
}

void add_for_open(change_list& out, const wire::breaker_view& now) {
    json::object& change = out.add(
        state::half_open, cause::pause_over,
        now.probe_due ? std::string("the pause is over: the next call is let through as a probe")
                      : fmt::format("in {} the pause is over, and the next call after that is let through as a probe",
                                    wait_words(now.retry_after)));
    change["in_ms"] = now.probe_due ? 0 : now.retry_after.count();
    out.add(state::closed, cause::operator_order, "an operator's reset closes it at once");
}

std::string ramp_words(const ramp_rule& ramp, double share) {
    if (ramp.by == ramp_by::evidence) {
        return fmt::format("closes when calls go well and none was refused for a second; now about {} of all calls",
                           percent(share));
    }
    return fmt::format("closes when the ramp of {} has reached all calls; now {}", wire::format_duration(ramp.over),
                       percent(share));
}

void add_for_half_open(change_list& out, const wire::breaker_view& now, const settings& in_force) {
    const recovery_rules& recovery = in_force.recovery;
    // Without a ramp a share is an observing breaker's, which lets all calls by while it probes.
    if (now.admitted_share > 0 && recovery.ramp) {
        out.add(state::closed, cause::ramp_finished, ramp_words(*recovery.ramp, now.admitted_share));
        trip_rules rules = in_force.trip;
        if (recovery.ramp->by == ramp_by::evidence) {
            out.add(state::open, cause::failure_ratio, "opens again when seven of the last ten calls failed");
            rules.adaptive.reset();  // it waits for the ramp's end
        }
        add_trip_rules(out, now, rules);
        return;
    }
    json::object& enough = out.add(recovery.ramp ? state::half_open : state::closed, cause::probes_succeeded,
                                   fmt::format("{} after {} successful probe(s), {} at a time",
                                               recovery.ramp ? "lets traffic back in by a growing share" : "closes",
                                               recovery.successes_to_close, recovery.probes));
    enough["threshold"] = recovery.successes_to_close;
    out.add(state::open, cause::probe_failed, "opens again, for longer, when a probe fails");
    out.add(state::open, cause::probe_expired,
            "opens again when a probe is not answered within " + wire::format_duration(recovery.probe_timeout));
}

std::string until_words(const std::optional<wire::order_view>& order) {
    if (!order || !order->until) return "until it is lifted";
    const json::object fields = to_json(*order);
    return fmt::format("until {} or until it is lifted", std::string_view{fields.at("until").as_string()});
}

std::string cause_words(const wire::transition_view& last) {
    const auto& seen = last.evidence;
    const std::string counts =
        fmt::format(" ({} calls, {} failures, {} slow in the window)", seen.calls, seen.failures, seen.slow);
    switch (last.cause) {
        case cause::consecutive_failures:
            return fmt::format("{:g} failures in a row, threshold {:g}", seen.observed, seen.threshold);
        case cause::failure_count:
            return fmt::format("{:g} failures by weight, threshold {:g}", seen.observed, seen.threshold) + counts;
        case cause::failure_ratio:
            return fmt::format("{} failed, threshold {}", percent(seen.observed), percent(seen.threshold)) + counts;
        case cause::slow_ratio:
            return fmt::format("{} were slow, threshold {}", percent(seen.observed), percent(seen.threshold)) + counts;
        case cause::class_limit:
            return fmt::format("{:g} failures of one class, threshold {:g}", seen.observed, seen.threshold) + counts;
        case cause::trip_verdict: return "an answer said not to come back for a while";
        case cause::adaptive: return wire::evidence_words(seen);
        case cause::probe_failed: return "the probe failed";
        case cause::probe_expired: return "the probe was not answered in time";
        case cause::pause_over: return "the pause was over";
        case cause::probes_succeeded: return "the probes succeeded";
        case cause::ramp_finished: return "the ramp reached all calls";
        case cause::operator_order: return "an operator ordered it";
        case cause::restored: return "it was restored from a saved state";
    }
    return {};
}

std::string why_words(const wire::breaker_view& now, const transition_history::transitions& past) {
    const auto began = std::find_if(past.rbegin(), past.rend(), [&](const wire::transition_view& t) {
        return t.epoch == now.epoch && t.from != t.to;
    });
    std::string out{to_string(now.state)};
    if (began != past.rend()) {
        const json::object fields = to_json(*began);
        out += fmt::format(" since {}: {}", std::string_view{fields.at("at").as_string()}, cause_words(*began));
        if (began->order) out += fmt::format(" ({}: {})", began->order->actor, began->order->reason);
        if (began->to == state::open && began->attempt > 1) out += fmt::format("; trip {} in a row", began->attempt);
    } else if (past.empty() && now.epoch <= 1) {
        out += " since it was made";
    }
    if (now.override != override_mode::none) {
        out += fmt::format("; {} {}", to_string(now.override), until_words(now.order));
        if (now.order) out += fmt::format(" ({}: {})", now.order->actor, now.order->reason);
    }
    return out;
}

}  // namespace

json::object explain(const wire::breaker_view& now, const settings& in_force,
                     const transition_history::transitions& past) {
    change_list changes;
    if (now.override != override_mode::none) {
        changes.add(
            {}, cause::operator_order,
            fmt::format("{} {}: until then nothing else decides", to_string(now.override), until_words(now.order)));
    }
    switch (now.state) {
        case state::closed: add_trip_rules(changes, now, in_force.trip); break;
        case state::open: add_for_open(changes, now); break;
        case state::half_open: add_for_half_open(changes, now, in_force); break;
    }
    std::string why = why_words(now, past);
    if (in_force.mode == mode::observe) why += "; mode is observe, so every call is admitted";
    return {{"why", std::move(why)}, {"changes", changes.take()}};
}

}  // namespace switchgear::gateway
