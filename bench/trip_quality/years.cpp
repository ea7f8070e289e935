// A year without an outage in each of four worlds, at the default budget of one needless trip in 30 days.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "adaptive/detector.hpp"

#include "chance.hpp"
#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

constexpr double day = 86'400, year = 364 * day;

/// Healthy traffic: how dense it is and how much of it fails, as it goes along.
struct world {
    std::string name;
    std::function<double(double now)> rate;
    std::function<double(double now, chance&)> failing;
};

std::vector<world> worlds() {
    const auto steady = [](double) { return 5.0; };
    // Between 0 at night and 1 by day.
    const auto by_day = [](double now) { return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * now / day); };
    return {
        {"independent, 1 %", steady, [](double, chance&) { return 0.01; }},
        {"daily cycle, 0.5 to 10 calls/s, 0.5 to 2 %", [=](double now) { return 0.5 * std::pow(20.0, by_day(now)); },
         [=](double now, chance&) { return 0.005 * std::pow(4.0, by_day(now)); }},
        {"bursts of 15 calls at 60 %, every 5,000 calls", steady,
         [left = 0](double, chance& random) mutable {
             if (left == 0 && random.happens(1.0 / 5'000)) left = 15;
             return left > 0 ? (--left, 0.6) : 0.002;
         }},
        {"each minute its own share, exponential, mean 1 %", steady,
         [minute = -1.0, share = 0.0](double now, chance& random) mutable {
             if (std::floor(now / 60) != minute) {
                 minute = std::floor(now / 60);
                 share = std::min(1.0, 0.01 * random.exponential());
             }
             return share;
         }},
    };
}

/// Latencies drawn once: their logarithms are normal, and a table of them is as good as new ones.
std::array<duration, 4'096> latencies() {
    chance random{3};
    std::array<duration, 4'096> out{};
    for (auto& one : out) one = duration{static_cast<duration::rep>(random.lognormal(0.02, 0.5) * 1e9)};
    return out;
}

std::array<std::uint64_t, 4> trips_by_quarter(world in, std::uint64_t seed, double length) {
    static const auto took = latencies();
    chance random{seed};
    adaptive::detector subject{adaptive::aims{}, time_point{}};
    std::array<std::uint64_t, 4> out{};
    bool open = false;
    std::uint32_t failed_probes = 0;
    double opened_at = 0;
    for (double now = 0; now < length;) {
        now += random.exponential() / in.rate(now);
        const time_point at{duration{static_cast<duration::rep>(now * 1e9)}};
        const bool failed = random.happens(in.failing(now, random));
        if (open) {
            // One probe at a time; the first good one closes.
            if (failed) {
                ++failed_probes;
            } else {
                const duration until{static_cast<duration::rep>((now - opened_at) * 1e9)};
                subject.judged(adaptive::what_it_was(failed_probes, until), at);
                open = false;
            }
            continue;
        }
        const adaptive::finished call{
            .at = at, .took = took[static_cast<std::size_t>(random.share() * 4'096)], .failed = failed};
        if (!subject.observe({&call, 1})) continue;
        ++out[std::min<std::size_t>(3, static_cast<std::size_t>(4 * now / length))];
        subject.opened(at);
        open = true;
        failed_probes = 0;
        opened_at = now;
    }
    return out;
}

}  // namespace

void years(const options& asked, report& out) {
    std::vector<std::vector<std::string>> table{{"world", "1st quarter", "2nd", "3rd", "4th"}};
    std::uint64_t first = 0, later = 0;
    const double length = asked.quick ? year / 10 : year;
    for (const world& one : worlds()) {
        const auto trips = trips_by_quarter(one, 2'026, length);
        std::vector<std::string> row{one.name};
        for (const auto n : trips) row.push_back(std::to_string(n));
        table.push_back(row);
        first = std::max(first, trips[0]);
        later = std::max({later, trips[1], trips[2], trips[3]});
    }
    const auto met = [](bool holds) { return holds ? outcome::met : outcome::missed; };
    out.target("needless trips in the first quarter, worst of four years", "≤ 6", std::to_string(first),
               met(first <= 6));
    out.target("… in any later quarter", "≤ 4", std::to_string(later), met(later <= 4));
    out.table("**Years.** Needless trips by quarter at a budget of one in 30 days, calls at 5/s.", table);
}

}  // namespace switchgear::trip_quality
