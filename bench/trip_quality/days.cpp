// Days without an outage: how often each design opens for nothing.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "designs.hpp"
#include "healthy_worlds.hpp"
#include "sections.hpp"
#include "watched.hpp"

namespace switchgear::trip_quality {
namespace {

constexpr double day = 86'400;
constexpr double stays_open = 10;  // seconds without calls, for the other designs

std::vector<world> worlds() {
    return {bursts(10), daily_cycle(), drifting(10), uneven_minutes(10), slowing(10), spreading_widely(10), seldom()};
}

struct contender {
    std::unique_ptr<design> subject;
    double closed_from = 0;
    std::uint64_t trips = 0;
};

/// Trips a day of each design, and of the adaptive mode at the end.
std::vector<double> trips_a_day(const world& in, double length) {
    std::vector<contender> others;
    for (const auto& one : designs()) others.push_back({one.make()});
    for (auto& one : others) one.subject->reset();
    watched adaptive_mode{time_point{}};
    std::uint64_t of_adaptive = 0;
    chance random{77};
    for (double now = 0; now < length;) {
        now += random.exponential() / in.rate(now);
        const bool failed = random.happens(in.failing(now, random));
        const double took = in.slower(now) * usual_latency(random);
        of_adaptive += adaptive_mode.feed({.at = time_point{duration{static_cast<duration::rep>(now * 1e9)}},
                                           .took = duration{static_cast<duration::rep>(took * 1e9)},
                                           .failed = failed})
                           ? 1
                           : 0;
        for (contender& one : others) {
            if (now < one.closed_from || !one.subject->feed({now, failed})) continue;
            ++one.trips;
            one.subject->reset();
            one.closed_from = now + stays_open;
        }
    }
    std::vector<double> out;
    for (const contender& one : others) out.push_back(static_cast<double>(one.trips) / (length / day));
    out.push_back(static_cast<double>(of_adaptive) / (length / day));
    return out;
}

}  // namespace

void days(const options& asked, report& out) {
    std::vector<std::vector<std::string>> table{{"design"}};
    for (const auto& one : designs()) table.push_back({one.name});
    table.push_back({"**adaptive, one needless trip in 30 days**"});
    const double length = asked.quick ? day / 4 : 4 * day;
    for (const world& in : worlds()) {
        table[0].push_back(in.name);
        const auto found = trips_a_day(in, length);
        for (std::size_t i = 0; i < found.size(); ++i) table[i + 1].push_back(shown(found[i]));
    }
    out.table("**Days.** Trips a day without any outage, over " + shown(length / day) +
                  " days from the first call; calls at 10/s where the world does not say.",
              table);
}

}  // namespace switchgear::trip_quality
