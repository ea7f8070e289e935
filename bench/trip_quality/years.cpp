// A year without an outage in each of four worlds, at the default budget of one needless trip in 30 days.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "healthy_worlds.hpp"
#include "sections.hpp"
#include "watched.hpp"

namespace switchgear::trip_quality {
namespace {

constexpr double year = 364 * 86'400.0;
/// The targets go by the first, as they are meant for four years; the others show how much is chance.
constexpr std::array<std::uint64_t, 4> seeds{2'026, 1, 2, 3};

std::array<std::uint64_t, 4> trips_by_quarter(const world& in, std::uint64_t seed, double length) {
    chance random{seed};
    watched subject{time_point{}};
    std::array<std::uint64_t, 4> out{};
    for (double now = 0; now < length;) {
        now += random.exponential() / in.rate(now);
        const bool failed = random.happens(in.failing(now, random));
        const double took = in.slower(now) * usual_latency(random);
        if (!subject.feed({.at = time_point{duration{static_cast<duration::rep>(now * 1e9)}},
                           .took = duration{static_cast<duration::rep>(took * 1e9)},
                           .failed = failed})) {
            continue;
        }
        ++out[std::min<std::size_t>(3, static_cast<std::size_t>(4 * now / length))];
    }
    return out;
}

}  // namespace

void years(const options& asked, report& out) {
    std::vector<std::vector<std::string>> table{{"world", "seed", "1st quarter", "2nd", "3rd", "4th"}};
    struct {
        std::uint64_t first = 0, later = 0;
    } four, all;
    const double length = asked.quick ? year / 20 : year;
    for (const auto& make : {+[] { return independent(5); }, +[] { return daily_cycle(); }, +[] { return bursts(5); },
                             +[] { return uneven_minutes(5); }}) {
        for (const std::uint64_t seed : seeds) {
            const world one = make();
            const auto trips = trips_by_quarter(one, seed, length);
            std::vector<std::string> row{one.name, std::to_string(seed)};
            for (const auto n : trips) row.push_back(std::to_string(n));
            table.push_back(row);
            for (auto* const worst : {&all, seed == seeds.front() ? &four : &all}) {
                worst->first = std::max(worst->first, trips[0]);
                worst->later = std::max({worst->later, trips[1], trips[2], trips[3]});
            }
        }
    }
    out.target("needless trips in the first quarter, worst of four years", "≤ 6", std::to_string(four.first),
               met_if(four.first <= 6));
    out.target("… in any later quarter", "≤ 4", std::to_string(four.later), met_if(four.later <= 4));
    const std::string many = std::to_string(4 * seeds.size()) + " years (" + std::to_string(seeds.size()) + " seeds)";
    out.also("needless trips in the first quarter, worst of " + many, "≤ 6", std::to_string(all.first),
             met_if(all.first <= 6));
    out.also("… in any later quarter", "≤ 4", std::to_string(all.later), met_if(all.later <= 4));
    out.table("**Years.** Needless trips by quarter at a budget of one in 30 days, calls at 5/s.", table);
}

}  // namespace switchgear::trip_quality
