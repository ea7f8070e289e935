// What the engine costs by itself: no threads, no clock, no permit around it.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "adaptive/detector.hpp"

#include "chance.hpp"
#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

/// Nanoseconds a call: the best of some rounds, for what disturbs only adds.
double cost_of(std::size_t batch, double failing) {
    std::vector<adaptive::finished> calls(1U << 16U);
    chance random{11};
    for (auto& one : calls) {
        one.took = duration{static_cast<duration::rep>(random.lognormal(0.02, 0.5) * 1e9)};
        one.failed = random.happens(failing);
    }
    adaptive::detector subject{adaptive::aims{}, time_point{}};
    time_point now{};
    double best = 1e9;
    for (int round = 0; round < 40; ++round) {
        for (auto& one : calls) one.at = now += std::chrono::milliseconds{1};
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < calls.size(); i += batch) {
            if (subject.observe({&calls[i], batch})) {
                subject.opened(calls[i].at);
                subject.judged(adaptive::trip_was::needless, calls[i].at);
            }
        }
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        if (round >= 10) best = std::min(best, took.count() / static_cast<double>(calls.size()));
    }
    return best;
}

}  // namespace

void cost(const options&, report& out) {
    std::vector<std::vector<std::string>> table{{"failing", "one call at a time", "in batches of 64"}};
    for (const double failing : {0.0, 0.001, 0.01, 0.05}) {
        table.push_back({shown(100 * failing) + " %", shown(cost_of(1, failing)), shown(cost_of(64, failing))});
    }
    out.target("engine alone, ns a call (0.1 % failing), singly", "≤ 40", table[2][1],
               cost_of(1, 0.001) <= 40 ? outcome::met : outcome::missed);
    out.table("**Cost.** Nanoseconds a call of the engine alone, errors and slowness together.", table);
}

}  // namespace switchgear::trip_quality
