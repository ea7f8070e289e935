// Where probes are placed, and what that costs.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>

#include <switchgear/breaker.hpp>
#include <switchgear/testing/manual_time.hpp>

#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

constexpr duration call_gap = 100ms;  // ten calls a second
constexpr double probe_price = 5;
constexpr int calls_between_outages = 6'000;

duration in_duration(double s) { return std::chrono::duration_cast<duration>(seconds{s}); }

/// The outages of one service after another, each service with a breaker of its own.
struct outage_set {
    std::string name;
    std::vector<std::vector<double>> services;  ///< lengths in seconds, in order
};

/// A way to space probes: settings, and where those cannot express it, how long to wait after the n-th failed
/// probe, said as a server's Retry-After would be.
struct schedule {
    std::string name;
    recovery_rules rules;
    std::function<double(int failed, double before, std::mt19937_64&)> wait{};
};

/// Plays outages on a breaker: calls every tenth of a second, of which only those are made that matter.
class player {
public:
    player(const schedule& by, std::uint64_t seed) : by_{by}, random_{seed} {
        settings given{.trip = {.consecutive_failures = 5, .failure_ratio = {}}, .recovery = by.rules};
        given.recovery.jitter_seed = seed;
        given.recovery.max_retry_after = 24h;
        breaker_.emplace("probing", given, clock_);
    }

    /// Returns: the cost in good calls.
    double outage(double length) {
        for (int i = 0; i < calls_between_outages; ++i) {
            clock_.advance(call_gap);
            breaker_->try_acquire()->success();
        }
        const time_point end = clock_.now() + in_duration(length);
        // What it takes to trip is the same for all: the outage begins with the trip.
        for (int i = 0; i < 5; ++i) fail(by_.wait ? wait_after(0) : 0);
        double cost = 0;
        for (int failed = 1;; ++failed) {
            const duration wait = breaker_->observe().retry_after;
            clock_.advance((wait + call_gap - 1ns) / call_gap * call_gap);
            if (clock_.now() >= end) break;
            fail(by_.wait ? wait_after(failed) : 0);
            cost += probe_price;
        }
        breaker_->try_acquire()->success();
        return cost + std::floor(seconds{clock_.now() - end} / seconds{call_gap});
    }

private:
    void fail(double wait) {
        auto permit = breaker_->try_acquire();
        if (!permit) throw std::logic_error{"a call was refused that was to be a probe"};
        if (wait > 0) {
            permit->failure(failure_class::error, in_duration(wait));
        } else {
            permit->failure();
        }
    }
    double wait_after(int failed) { return before_ = by_.wait(failed, failed == 0 ? 0 : before_, random_); }

    const schedule& by_;
    std::mt19937_64 random_;
    double before_ = 0;
    testing::manual_time clock_;
    std::optional<breaker> breaker_;
};

double mean_cost(const outage_set& set, const schedule& by) {
    double sum = 0;
    std::size_t outages = 0;
    std::uint64_t seed = 0;
    for (const auto& service : set.services) {
        player one{by, ++seed};
        for (const double length : service) sum += one.outage(length), ++outages;
    }
    return sum / static_cast<double>(outages);
}

recovery_rules every(double s, double backoff = 1, double most = 0, double jitter = 0) {
    const auto in_ms = [](double x) { return std::chrono::milliseconds{static_cast<long>(std::lround(1e3 * x))}; };
    return {.open_for = in_ms(s), .backoff = backoff, .max_open_for = in_ms(std::max(s, most)), .jitter = jitter};
}

/// From their documentation.
std::vector<schedule> existing() {
    return {
        {"Hystrix, Polly: 5 s", every(5)},
        {"resilience4j, gobreaker: 60 s", every(60)},
        {"Envoy: 30 s x n", every(0.001),
         [](int failed, double, std::mt19937_64&) { return std::min(300.0, 30.0 * (failed + 1)); }},
        {"brpc: 0.1 s doubling to 30 s", every(0.1, 2, 30)},
        // Half of it fixed and half at random: three quarters, give or take a third of that.
        {"Finagle: 5 to 300 s, equal jitter", every(3.75, 2, 225, 1.0 / 3)},
        {"1 s doubling to 60 s", every(1, 2, 60)},
        {"decorrelated jitter, 1 to 60 s", every(0.001),
         [](int, double before, std::mt19937_64& random) {
             return std::min(60.0, std::uniform_real_distribution<double>{1, 3 * std::max(before, 1.0)}(random));
         }},
    };
}

std::pair<double, double> best_constant(const outage_set& set) {
    double interval = 0, least = std::numeric_limits<double>::infinity();
    for (double s = 0.1; s < 2'000; s *= std::pow(2.0, 0.25)) {
        const double cost = mean_cost(set, {"constant", every(s)});
        if (cost < least) least = cost, interval = s;
    }
    return {interval, least};
}

std::vector<outage_set> synthetic(bool quick) {
    const std::size_t outages = quick ? 300 : 3'000;
    std::mt19937_64 random{4'8};
    const auto make = [&](std::string name, const auto& draw) {
        outage_set set{std::move(name), {{}}};
        for (std::size_t i = 0; i < outages; ++i) set.services[0].push_back(draw());
        return set;
    };
    std::lognormal_distribution<double> blips{std::log(2.0), 1.5}, half_minutes{std::log(30.0), 1.5};
    std::lognormal_distribution<double> seconds_long{std::log(1.0), 1.0}, long_ones{std::log(300.0), 1.0};
    std::bernoulli_distribution is_blip{0.7};
    return {make("lognormal, median 2 s, sigma 1.5", [&] { return blips(random); }),
            make("lognormal, median 30 s, sigma 1.5", [&] { return half_minutes(random); }),
            make("70 % of 1 s, 30 % of 300 s in the median",
                 [&] { return is_blip(random) ? seconds_long(random) : long_ones(random); })};
}

std::vector<outage_set> recorded(const std::string& path) {
    std::ifstream file{path};
    std::string line;
    if (!std::getline(file, line) || !line.starts_with("source,service,start_s,duration_s")) {
        throw std::runtime_error{path + ": not a file with the columns source,service,start_s,duration_s"};
    }
    // By source, by service, by start; a service's name may hold commas.
    std::map<std::string, std::map<std::string, std::map<double, double>>> all;
    while (std::getline(file, line)) {
        const auto first = line.find(','), last = line.rfind(','), before = line.rfind(',', last - 1);
        if (first == line.npos || before <= first) throw std::runtime_error{path + ": cannot read \"" + line + '"'};
        all[line.substr(0, first)][line.substr(first + 1, before - first - 1)]
           [std::stod(line.substr(before + 1, last - before - 1))] = std::stod(line.substr(last + 1));
    }
    std::vector<outage_set> sets;
    for (const auto& [source, services] : all) {
        outage_set set{"recorded: " + source, {}};
        for (const auto& [service, outages] : services) {
            set.services.emplace_back();
            for (const auto& [start, length] : outages) set.services.back().push_back(length);
        }
        sets.push_back(std::move(set));
    }
    return sets;
}

}  // namespace

void probing(const options& asked, report& out) {
    std::vector<outage_set> sets = synthetic(asked.quick);
    if (!asked.outages.empty()) {
        for (auto& set : recorded(asked.outages)) sets.push_back(std::move(set));
    }
    const schedule learned{"learned", {.pacing = pacing::learned}};
    const schedule keener{"the same with a probe_price of 0.5", {.pacing = pacing::learned, .probe_price = 0.5}};
    std::vector<std::vector<std::string>> table{{"outages", "**learned**", keener.name, "best constant, in hindsight"}};
    for (const auto& by : existing()) table[0].push_back(by.name);
    double logs = 0;
    for (const auto& set : sets) {
        const double ours = mean_cost(set, learned);
        const auto [interval, least] = best_constant(set);
        table.push_back({set.name, "**" + shown(ours) + "**", shown(mean_cost(set, keener)),
                         shown(least) + " (" + shown(interval) + " s)"});
        for (const auto& by : existing()) table.back().push_back(shown(mean_cost(set, by)));
        const double ratio = ours / least;
        logs += std::log(ratio);
        out.target("probing cost / best constant interval in hindsight: " + set.name, "≤ 1.2", shown(ratio),
                   met_if(ratio <= 1.2));
    }
    if (asked.outages.empty()) out.target("… on recorded outages", "≤ 1.2", "no data given", outcome::not_run);
    const double mean = std::exp(logs / static_cast<double>(sets.size()));
    out.target("… in the geometric mean of them", "≤ 1.0", shown(mean), met_if(mean <= 1.0));
    out.table("**Probing.** Mean cost of an outage in good calls, at ten calls a second.", table);
}

}  // namespace switchgear::trip_quality
