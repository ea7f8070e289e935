#include "recovery.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "closed_loop.hpp"

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
    double lost = 0, peak = 0, sent = 0;
    int relapses = 0, runs = 0;
};

summary measure(const settings& given, std::uint32_t clients, bool cold, int runs) {
    summary sum{.runs = runs};
    for (int i = 0; i < runs; ++i) {
        const auto after = run({clients, cold, given, static_cast<std::uint64_t>(i + 1)});
        sum.lost += after.lost / runs;
        sum.sent += after.sent_into_outage / runs;
        sum.peak = std::max(sum.peak, after.peak);
        sum.relapses += after.relapsed ? 1 : 0;
    }
    return sum;
}

std::string whole(double value) { return std::to_string(std::lround(value)); }
std::string two_digits(double value) {
    const auto hundredths = std::lround(value * 100);
    return std::to_string(hundredths / 100) + '.' + std::to_string(hundredths % 100 + 100).substr(1);
}

}  // namespace

section recovery(const trip_rules& trip, bool quick) {
    const int ours_runs = quick ? 5 : 100, their_runs = quick ? 2 : 12;
    const double unavoidable = unavoidable_loss();
    const policy ours{
        "learned pacing, ramp by evidence",
        {.trip = trip, .recovery = {.ramp = ramp_rule{.by = ramp_by::evidence}, .pacing = pacing::learned}}};
    section found;
    found.table.push_back({"policy", "clients", "cold: calls lost", "relapses", "busiest second", "warm: calls lost",
                           "sent into the outage"});
    for (const std::uint32_t clients : {20U, 200U}) {
        double best_warm = std::numeric_limits<double>::infinity();
        double best_price = best_warm;
        std::string best;
        const auto row = [&](const policy& one, int runs) {
            const summary cold = measure(one.given, clients, true, runs);
            const summary warm = measure(one.given, clients, false, their_runs);
            found.table.push_back({one.name, std::to_string(clients), whole(cold.lost),
                                   std::to_string(cold.relapses) + " of " + std::to_string(cold.runs), whole(cold.peak),
                                   whole(warm.lost), whole(warm.sent)});
            return std::pair{cold, warm};
        };
        for (const auto& one : existing()) {
            const summary warm = row(one, their_runs).second;
            if (warm.lost < best_warm) best_warm = warm.lost, best = one.name;
            best_price = std::min(best_price, warm.lost + 5 * warm.sent);
        }
        const auto [cold, warm] = row(ours, ours_runs);
        const std::string of = " (" + std::to_string(clients) + " clients)";
        const double limit = clients == 20 ? 1.6 : 2;
        const double ratio = cold.lost / unavoidable;
        found.targets.push_back({"cold restart: calls lost to the unavoidable " + whole(unavoidable) + of,
                                 "<= " + two_digits(limit), two_digits(ratio), ratio <= limit});
        found.targets.push_back({"cold restart: relapses" + of, "0 of " + std::to_string(ours_runs),
                                 std::to_string(cold.relapses), cold.relapses == 0});
        found.targets.push_back(
            {"cold restart: busiest second to demand" + of, "<= 1.1", two_digits(cold.peak / 700), cold.peak <= 770});
        found.targets.push_back({"warm restart: calls lost, best fixed policy " + whole(best_warm) + ", " + best + of,
                                 "<= " + whole(best_warm), whole(warm.lost), warm.lost <= best_warm});
        const double price = warm.lost + 5 * warm.sent;
        found.targets.push_back({"warm restart: calls lost and five for each sent into the outage" + of,
                                 "<= " + whole(best_price), whole(price), price <= best_price});
    }
    return found;
}

}  // namespace switchgear::trip_quality
