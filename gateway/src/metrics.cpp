#include "metrics.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <switchgear/gateway/runtime.hpp>

#include "access_log.hpp"
#include "shown_breaker.hpp"

namespace switchgear::gateway {

namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

void add_counter(MetricFamily& family, labels of, std::uint64_t count) {
    ClientMetric sample;
    sample.label = std::move(of);
    sample.counter.value = static_cast<double>(count);
    family.metric.push_back(std::move(sample));
}

void add_gauge(MetricFamily& family, labels of, double value) {
    ClientMetric sample;
    sample.label = std::move(of);
    sample.gauge.value = value;
    family.metric.push_back(std::move(sample));
}

MetricFamily call_durations(const runtime& state) {
    MetricFamily family{"switchgear_call_duration_seconds",
                        "How long calls took, from the permit to the first byte of the answer or the error.",
                        MetricType::Histogram,
                        {}};
    state.for_each_breaker([&](const breaker_view& seen) {
        ClientMetric sample;
        sample.label = {{"breaker", shown_name(seen)}};
        auto& histogram = sample.histogram;
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < duration_histogram::bounds.size(); ++i) {
            below += seen.durations.buckets[i];
            histogram.bucket.push_back({below, duration_histogram::bounds[i]});
        }
        histogram.sample_count = below + seen.durations.buckets.back();
        histogram.sample_sum = seen.durations.sum_seconds;
        family.metric.push_back(std::move(sample));
    });
    return family;
}

std::vector<MetricFamily> of_services(const runtime& state) {
    MetricFamily requests{"switchgear_requests_total",
                          "Requests by the status their client was answered; 499: it was gone.",
                          MetricType::Counter,
                          {}};
    MetricFamily connections{"switchgear_upstream_connections",
                             "Connections to endpoints, by whether a request is on them.",
                             MetricType::Gauge,
                             {}};
    MetricFamily fallbacks{"switchgear_fallbacks_total", "Fallback answers given.", MetricType::Counter, {}};
    MetricFamily everywhere{"switchgear_all_endpoints_refused_total",
                            "Requests that the breakers of all endpoints refused.",
                            MetricType::Counter,
                            {}};
    state.for_each_service([&](const service_view& seen) {
        const std::string& name = seen.settings->name;
        const service_counters& counted = *seen.counters;
        for (unsigned code = service_counters::first_code; code <= service_counters::last_code; ++code) {
            const std::uint64_t count = counted.answers(code);
            if (count > 0) add_counter(requests, {{"service", name}, {"code", std::to_string(code)}}, count);
        }
        add_gauge(connections, {{"service", name}, {"state", "active"}},
                  static_cast<double>(counted.connections_active.load()));
        add_gauge(connections, {{"service", name}, {"state", "idle"}},
                  static_cast<double>(counted.connections_idle.load()));
        add_counter(fallbacks, {{"service", name}, {"kind", "static"}},
                    counted.fallbacks_refused.load() + counted.fallbacks_failed.load());
        if (seen.settings->breaker.scope == breaker_scope::endpoint) {
            add_counter(everywhere, {{"service", name}}, counted.all_endpoints_refused.load());
        }
    });
    return {std::move(requests), std::move(connections), std::move(fallbacks), std::move(everywhere)};
}

std::vector<MetricFamily> of_the_process(const runtime& state, const control_counters& control) {
    MetricFamily reloads{"switchgear_config_reloads_total",
                         "Times the configuration was read again, by how it went.",
                         MetricType::Counter,
                         {}};
    add_counter(reloads, {{"result", "success"}}, control.reloads_succeeded);
    add_counter(reloads, {{"result", "failure"}}, control.reloads_failed);
    MetricFamily lines{"switchgear_log_lines_dropped_total",
                       "Lines of the log and the access log lost because the sink was too slow, or took no more.",
                       MetricType::Counter,
                       {}};
    add_counter(lines, {}, state.log().dropped() + state.access().dropped());
    MetricFamily clients{"switchgear_event_clients_dropped_total",
                         "Clients of /v1/events that were too slow and were cut.",
                         MetricType::Counter,
                         {}};
    add_counter(clients, {}, control.event_clients_dropped);
    MetricFamily open{
        "switchgear_client_connections", "Connections of clients that are served at present.", MetricType::Gauge, {}};
    add_gauge(open, {}, static_cast<double>(state.connections.load()));
    return {std::move(reloads), std::move(lines), std::move(clients), std::move(open)};
}

}  // namespace

metrics::metrics(runtime& state)
    : state_(state), breakers_([&state](const prometheus::collector::visitor& visit) {
          state.for_each_breaker([&](const breaker_view& seen) { visit(shown_name(seen), *seen.what); });
      }) {
    transitions_ = state.subscribe([this](const transition& seen) { breakers_.record(seen.name, seen); });
}

std::string metrics::text(const control_counters& control) const {
    std::vector<MetricFamily> families = breakers_.Collect();
    families.push_back(call_durations(state_));
    for (auto& family : of_services(state_)) {
        families.push_back(std::move(family));
    }
    for (auto& family : of_the_process(state_, control)) {
        families.push_back(std::move(family));
    }
    return ::prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace switchgear::gateway
