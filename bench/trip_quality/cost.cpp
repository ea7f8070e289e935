// What a call costs: through a breaker as bench_core measured it, and what the engine costs by itself, with no threads,
// no clock, no permit around it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
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

/// Medians of bench_core in nanoseconds as one thread sees a call, by the row's name up to the threads.
std::map<std::string, double> measured(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error{path + ": cannot be read"};
    std::map<std::string, double> out;
    for (std::string line; std::getline(file, line);) {
        const auto name_ends = line.find("/real_time"), fields = line.find("_median\",");
        if (name_ends == line.npos || fields == line.npos) continue;
        std::istringstream rest{line.substr(fields + 9)};
        std::string iterations, wall;
        std::getline(std::getline(rest, iterations, ','), wall, ',');
        // Google Benchmark divides the time by the calls of all threads together.
        const bool two = line.find("threads:2") != line.npos;
        out[line.substr(1, name_ends - 1)] = std::stod(wall) * (two ? 2 : 1);
    }
    if (out.empty()) throw std::runtime_error{path + ": no medians in it; is it what bench_core writes as CSV?"};
    return out;
}

void cost_of_breaker(const std::string& path, report& out) {
    const auto of = measured(path);
    const auto row = [&](const std::string& name) {
        const auto found = of.find(name);
        return found == of.end() ? std::nan("") : found->second;
    };
    const double clock = row("floor/clock_steady/1"), one = row("admitted/adaptive/system/healthy/1");
    const double two = row("admitted/adaptive/system/healthy/2on1");
    const double told = row("admitted/adaptive/ticking/healthy/1"), reading = row("floor/clock_told/1");
    out.target("ns a call, both streams, one thread, with `ticking_time`, of which two exact readings of it: " +
                   shown(2 * reading),
               "≤ 60", shown(told), met_if(told <= 60));
    out.target("… with the system's clock, of which two exact readings of it: " + shown(2 * clock), "≤ 60", shown(one),
               met_if(one <= 60));
    out.target("… on two threads and one breaker, to one thread", "≤ 1.5", shown(two / one), met_if(two / one <= 1.5));
    const double bare = row("admitted/adaptive/callers/healthy/1");
    out.also("ns a call with the caller's own clock (an event loop's), one thread", "≤ 60", shown(bare),
             met_if(bare <= 60));
    std::vector<std::vector<std::string>> table{{"clock", "one thread", "two on one breaker", "two, a breaker each"}};
    for (const std::string clock_name : {"system", "ticking", "callers"}) {
        const std::string name = "admitted/adaptive/" + clock_name + "/healthy/";
        table.push_back({clock_name, shown(row(name + "1")), shown(row(name + "2on1")), shown(row(name + "2on2"))});
    }
    out.table(
        "**Cost.** Nanoseconds of a call through a breaker with the adaptive rule, as its thread sees it (median "
        "of the repetitions of `bench_core`); reading the steady clock once: " +
            shown(clock) + ", the same told from the processor's counter by `ticking_time`: " + shown(reading) + ".",
        table);
}

void cost_of_engine(report& out) {
    std::vector<std::vector<std::string>> table{{"failing", "one call at a time", "in batches of 64"}};
    for (const double failing : {0.0, 0.001, 0.01, 0.05}) {
        table.push_back({shown(100 * failing) + " %", shown(cost_of(1, failing)), shown(cost_of(64, failing))});
    }
    out.table("**Cost of the engine.** Nanoseconds a call of the engine alone, errors and slowness together.", table);
}

}  // namespace

void cost(const options& asked, report& out) {
    if (asked.core.empty()) {
        out.target("ns a call, both streams, one thread", "≤ 60", "bench_core was not run", outcome::not_run);
    } else {
        cost_of_breaker(asked.core, out);
    }
    cost_of_engine(out);
}

}  // namespace switchgear::trip_quality
