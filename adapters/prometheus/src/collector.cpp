#include <switchgear/prometheus/collector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <switchgear/snapshot.hpp>
#include <switchgear/utf8.hpp>

#include "transition_counts.hpp"

namespace switchgear::prometheus {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

MetricFamily family(std::string name, std::string help, MetricType type) {
    return {std::move(name), std::move(help), type, {}};
}

void add(MetricFamily& to, labels names, double value) {
    ClientMetric& sample = to.metric.emplace_back();
    sample.label = std::move(names);
    if (to.type == MetricType::Counter) {
        sample.counter.value = value;
    } else {
        sample.gauge.value = value;
    }
}

void add(MetricFamily& to, labels names, std::uint64_t count) { add(to, std::move(names), static_cast<double>(count)); }

double number_of(state current) noexcept {
    switch (current) {
        case state::closed: return 0;
        case state::open: return 1;
        case state::half_open: return 2;
    }
    return 0;
}

void add_calls(MetricFamily& calls, const std::string& name, const snapshot& seen) {
    const auto& totals = seen.totals;
    // Every series has the label `class`, so that they can be added up.
    const auto add_verdict = [&](std::string_view verdict, std::string_view failed_with, std::uint64_t count) {
        add(calls, {{"breaker", name}, {"verdict", std::string{verdict}}, {"class", std::string{failed_with}}}, count);
    };
    add_verdict("success", "", totals.successes);
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        const auto failed_with = static_cast<failure_class>(i);
        if (failed_with >= failure_class::custom_1 && totals.failures_by_class[i] == 0) continue;
        add_verdict("failure", to_string(failed_with), totals.failures_by_class[i]);
    }
    add_verdict("ignored", "", totals.ignored);
    add_verdict("late", "", totals.late);
}

void add_rejections(MetricFamily& rejections, const std::string& name, const snapshot& seen) {
    const auto& by_reason = seen.totals.rejected_by_reason;
    for (std::size_t i = 0; i < by_reason.size(); ++i) {
        const auto reason = to_string(static_cast<reject_reason>(i));
        add(rejections, {{"breaker", name}, {"reason", std::string{reason}}}, by_reason[i]);
    }
}

void add_override(MetricFamily& overrides, const std::string& name, const snapshot& seen) {
    for (const auto mode : {override_mode::forced_open, override_mode::forced_closed}) {
        add(overrides, {{"breaker", name}, {"mode", std::string{to_string(mode)}}}, seen.override == mode ? 1.0 : 0.0);
    }
}

/// What was learned, of the breakers that learn.
struct learned_families {
    MetricFamily failing = family("switchgear_normal_failure_share",
                                  "Share of calls that fails normally, by the adaptive rule.", MetricType::Gauge);
    MetricFamily slow = family("switchgear_normal_slow_share",
                               "Share of calls that is slow normally, by the adaptive rule.", MetricType::Gauge);
    MetricFamily limit = family("switchgear_normal_slow_after_seconds",
                                "Longer is slow for the adaptive rule; absent while not known.", MetricType::Gauge);
    MetricFamily evidence = family("switchgear_adaptive_evidence",
                                   "How far the adaptive rule is on its way to a trip: 1 trips.", MetricType::Gauge);
    MetricFamily penalty =
        family("switchgear_adaptive_penalty",
               "What needless trips have cost: the power of e by which more evidence is asked for.", MetricType::Gauge);
    MetricFamily outage = family("switchgear_learned_median_outage_seconds",
                                 "Median of past outages, for learned pacing.", MetricType::Gauge);
    MetricFamily rate = family("switchgear_learned_calls_per_second", "Good calls while closed, for learned pacing.",
                               MetricType::Gauge);

    void add_all(const std::string& name, const snapshot& seen) {
        const labels of{{"breaker", name}};
        const auto seconds = [](duration time) { return std::chrono::duration<double>(time).count(); };
        if (const auto& normal = seen.normal) {
            add(failing, of, normal->failure_share);
            add(slow, of, normal->slow_share);
            if (normal->slow_after) add(limit, of, seconds(*normal->slow_after));
            add(evidence, of, normal->evidence);
            add(penalty, of, normal->penalty);
        }
        if (seen.learned.median_outage > duration::zero()) add(outage, of, seconds(seen.learned.median_outage));
        if (seen.learned.calls_per_second > 0) add(rate, of, seen.learned.calls_per_second);
    }
    void move_to(std::vector<MetricFamily>& all) {
        for (MetricFamily* one : {&failing, &slow, &limit, &evidence, &penalty, &outage, &rate}) {
            if (!one->metric.empty()) all.push_back(std::move(*one));
        }
    }
};

}  // namespace

collector::collector(source breakers)
    : breakers_{std::move(breakers)}, transitions_{std::make_shared<transition_counts>()} {}

collector::collector(registry& of)
    : collector{source{[&of](const visitor& visit) { of.for_each([&](breaker& b) { visit(b.name(), b); }); }}} {
    listening_ = of.subscribe([counts = transitions_](const transition& told) { counts->add(told.name, told); });
}

collector::~collector() = default;

void collector::record(std::string_view name, const transition& told) { transitions_->add(name, told); }

std::vector<MetricFamily> collector::Collect() const {
    auto states = family("switchgear_state", "State of the breaker: 0 closed, 1 open, 2 half-open.", MetricType::Gauge);
    auto calls = family("switchgear_calls_total", "Calls that have settled, by verdict and class of failure.",
                        MetricType::Counter);
    auto rejections =
        family("switchgear_rejections_total", "Calls refused by the breaker, by reason.", MetricType::Counter);
    auto transitions =
        family("switchgear_transitions_total", "Changes of state, by what caused them.", MetricType::Counter);
    auto overrides =
        family("switchgear_override", "Whether an operator's override is in force: 1 if so.", MetricType::Gauge);

    learned_families learned;
    // Taken before the visit: a breaker that is made and moves meanwhile is then not forgotten as one that
    // is gone.
    const std::vector<std::string> counted = transitions_->names();
    std::set<std::string, std::less<>> present, shown;
    breakers_([&](std::string_view visited, const breaker& b) {
        present.emplace(visited);
        const std::string name = as_utf8(visited);
        if (!shown.insert(name).second) return;
        const snapshot seen = b.observe();
        add(states, {{"breaker", name}}, number_of(seen.current));
        add_calls(calls, name, seen);
        add_rejections(rejections, name, seen);
        for (const auto& [kind, count] : transitions_->of(visited)) {
            add(transitions,
                {{"breaker", name},
                 {"from", std::string{to_string(kind.from)}},
                 {"to", std::string{to_string(kind.to)}},
                 {"cause", std::string{to_string(kind.cause)}}},
                count);
        }
        add_override(overrides, name, seen);
        learned.add_all(name, seen);
    });
    transitions_->keep(present, counted);
    std::vector<MetricFamily> all;
    for (MetricFamily* one : {&states, &calls, &rejections, &transitions, &overrides}) all.push_back(std::move(*one));
    learned.move_to(all);
    return all;
}

}  // namespace switchgear::prometheus
