// Service that comes back: what is lost until all calls are answered again.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "closed_loop.hpp"
#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

using namespace std::chrono_literals;

struct policy {
    std::string name;
    settings given;
};

/// What these designs do by default, as far as it is settings: from their documentation.
std::vector<policy> existing() {
    const auto ratio = [](double share, window of, std::uint32_t minimum) {
        return trip_rules{.consecutive_failures = {}, .failure_ratio = share, .window = of, .minimum_calls = minimum};
    };
    const auto in_a_row = [](std::uint32_t n) { return trip_rules{.consecutive_failures = n, .failure_ratio = {}}; };
    const auto every = [](std::chrono::milliseconds pause, double backoff = 1, std::chrono::milliseconds most = 0ms) {
        return recovery_rules{
            .open_for = pause, .backoff = backoff, .max_open_for = std::max(pause, most), .jitter = 0};
    };
    recovery_rules ten_probes = every(60s);
    ten_probes.probes = ten_probes.successes_to_close = 10;
    recovery_rules equal_jitter = every(3'750ms, 2, 225s);
    equal_jitter.jitter = 1.0 / 3;
    return {
        {"resilience4j (100/50 %, 60 s, 10 probes)", {ratio(0.5, last_calls{100}, 100), ten_probes}},
        {"gobreaker (6 in a row, 60 s)", {in_a_row(6), every(60s)}},
        {"Hystrix (10 s/50 %/20, 5 s)", {ratio(0.5, last{10s}, 20), every(5s)}},
        {"Polly (30 s/10 %/100, 5 s)", {ratio(0.1, last{30s}, 100), every(5s)}},
        {"Finagle (5 in a row, 5 to 300 s)", {in_a_row(5), equal_jitter}},
        {"Envoy (5 in a row, 30 s)", {in_a_row(5), every(30s)}},
    };
}

struct summary {
    double lost = 0, peak = 0, demand_peak = 0, sent = 0;
    int relapses = 0, runs = 0;
};

summary measure(const settings& given, std::uint32_t clients, bool cold, int runs) {
    summary sum{.runs = runs};
    for (int i = 0; i < runs; ++i) {
        const auto after = run({clients, cold, given, static_cast<std::uint64_t>(i + 1)});
        sum.lost += after.lost / runs;
        sum.sent += after.sent_into_outage / runs;
        sum.peak = std::max(sum.peak, after.peak);
        sum.demand_peak = std::max(sum.demand_peak, after.demand_peak);
        sum.relapses += after.relapsed ? 1 : 0;
    }
    return sum;
}

/// One configuration for all: what the other sections trip by, and both halves of learned recovery.
settings adaptive(double probe_price) {
    return {.trip = {.consecutive_failures = {}, .failure_ratio = {}, .adaptive = adaptive_rule{}},
            .recovery = {
                .ramp = ramp_rule{.by = ramp_by::evidence}, .pacing = pacing::learned, .probe_price = probe_price}};
}

struct of_both {
    summary cold, warm;
    /// Calls lost after a warm restart, and five for each one sent into the outage: what pacing weighs.
    double price() const { return warm.lost + 5 * warm.sent; }
};

of_both measure_both(const policy& one, std::uint32_t clients, int runs, int warm_runs,
                     std::vector<std::vector<std::string>>& table) {
    const of_both got{measure(one.given, clients, true, runs), measure(one.given, clients, false, warm_runs)};
    table.push_back({one.name, std::to_string(clients), whole(got.cold.lost),
                     std::to_string(got.cold.relapses) + " of " + std::to_string(runs), whole(got.cold.peak),
                     whole(got.warm.lost), whole(got.warm.sent)});
    return got;
}

void show_targets(const of_both& ours, std::uint32_t clients, double best_lost, const std::string& best,
                  double best_price, report& out) {
    const std::string who = std::to_string(clients) + " clients";
    const double unavoidable = unavoidable_loss();
    const double limit = clients == 20 ? 1.6 : 2;
    const double ratio = ours.cold.lost / unavoidable;
    out.target("cold restart, " + who + ": calls lost / the unavoidable " + whole(unavoidable), "≤ " + shown(limit),
               shown(ratio), met_if(ratio <= limit));
    out.target("… relapses in " + std::to_string(ours.cold.runs) + " runs", "0", std::to_string(ours.cold.relapses),
               met_if(ours.cold.relapses == 0));
    out.target("warm restart, " + who + ": calls lost, beside the best fixed policy (" + best + ")",
               "≤ " + whole(best_lost), whole(ours.warm.lost), met_if(ours.warm.lost <= best_lost));
    out.also("warm restart, " + who + ": calls lost, and five for each sent into the outage", "≤ " + whole(best_price),
             whole(ours.price()), met_if(ours.price() <= best_price));
    // Calls arrive at random: the busiest second of demand alone is above its mean by chance.
    const double most = 1.1 * ours.cold.demand_peak;
    out.also("cold restart, " + who +
                 ": attempts in the busiest second; calls in demand's own: " + whole(ours.cold.demand_peak),
             "≤ 1.1 × that", whole(ours.cold.peak), met_if(ours.cold.peak <= most));
}

}  // namespace

void recovery(const options& asked, report& out) {
    const int our_runs = asked.quick ? 5 : 100, their_runs = asked.quick ? 2 : 12;
    std::vector<std::vector<std::string>> table{{"policy", "clients", "cold: calls lost", "relapses", "busiest second",
                                                 "warm: calls lost", "sent into the outage"}};
    for (const std::uint32_t clients : {20U, 200U}) {
        double best_lost = std::numeric_limits<double>::infinity(), best_price = best_lost;
        std::string best;
        for (const auto& one : existing()) {
            const of_both got = measure_both(one, clients, their_runs, their_runs, table);
            if (got.warm.lost < best_lost) best_lost = got.warm.lost, best = one.name;
            best_price = std::min(best_price, got.price());
        }
        // The warm runs are those of the others: the same outages.
        const of_both ours = measure_both({"**adaptive, learned pacing, ramp by evidence**", adaptive(5)}, clients,
                                          our_runs, their_runs, table);
        measure_both({"the same with a probe_price of 0.5", adaptive(0.5)}, clients, their_runs, their_runs, table);
        show_targets(ours, clients, best_lost, best, best_price, out);
    }
    out.table("**Recovery.** 700 calls a second to a service that is gone for a minute; means of the runs.", table);
    out.text(
        "Warm, 200 clients: pacing weighs refused calls against failed probes, and each client has 3.5 calls a second "
        "only and knows of no other. At five calls a probe and the age of a minute its cheapest gap is sqrt(2 · 5 · "
        "(1.70 · 30 + 60) / (1.5 · 3.5)) = 14.5 s, half of which passes after the service is back: 7.3 s, or 5,100 of "
        "700 calls a second. A fixed 5 s loses less and sends more than twice as many calls into the outage; with "
        "those "
        "weighed at five each, learned pacing costs less (above). No price has both: at 0.5 more calls are still lost "
        "than by a fixed 5 s, and the outages of the section `probing` cost far more than they may. Who wants shorter "
        "gaps says so by `probe_price`.");
}

}  // namespace switchgear::trip_quality
