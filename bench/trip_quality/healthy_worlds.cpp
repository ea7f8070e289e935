#include "healthy_worlds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace switchgear::trip_quality {
namespace {

constexpr double day = 86'400;

/// Between 0 at night and 1 by day.
double by_day(double now) { return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * now / day); }

auto steady(double rate) {
    return [rate](double) { return rate; };
}
auto as_usual() { return steady(1); }
auto always(double share) {
    return [share](double, chance&) { return share; };
}

}  // namespace

world independent(double rate) { return {"independent, 1 %", steady(rate), always(0.01), as_usual()}; }

world daily_cycle() {
    return {"daily cycle, 0.5 to 10 calls/s, 0.5 to 2 %", [](double now) { return 0.5 * std::pow(20.0, by_day(now)); },
            [](double now, chance&) { return 0.005 * std::pow(4.0, by_day(now)); }, as_usual()};
}

world bursts(double rate) {
    return {"bursts of 15 calls at 60 %, every 5,000 calls", steady(rate),
            [left = 0](double, chance& random) mutable {
                if (left == 0 && random.happens(1.0 / 5'000)) left = 15;
                return left > 0 ? (--left, 0.6) : 0.002;
            },
            as_usual()};
}

world uneven_minutes(double rate) {
    return {"each minute its own share, exponential, mean 1 %", steady(rate),
            [minute = -1.0, share = 0.0](double now, chance& random) mutable {
                if (std::floor(now / 60) != minute) {
                    minute = std::floor(now / 60);
                    share = std::min(1.0, 0.01 * random.exponential());
                }
                return share;
            },
            as_usual()};
}

world drifting(double rate) {
    return {"share drifts, 0.2 to 3 % in a day", steady(rate),
            [](double now, chance&) { return 0.002 * std::pow(15.0, by_day(now)); }, as_usual()};
}

world slowing(double rate) {
    return {"latency drifts, × 1 to × 3 in a day", steady(rate), always(0.005),
            [](double now) { return std::pow(3.0, by_day(now)); }};
}

world spreading_widely(double rate) {
    return {"some calls take × 12, 0 to 10 % by the minute", steady(rate), always(0.005),
            [minute = -1.0, share = 0.0, random = chance{9}](double now) mutable {
                if (std::floor(now / 60) != minute) {
                    minute = std::floor(now / 60);
                    share = 0.1 * random.share();
                }
                return random.happens(share) ? 12.0 : 1.0;
            }};
}

world seldom() { return {"1 call in 20 s, 0.5 %", steady(0.05), always(0.005), as_usual()}; }

double usual_latency(chance& random) {
    // Drawn once: a table of them is as good as new ones, and quicker.
    static const auto drawn = [] {
        chance from{3};
        std::array<double, 4'096> out{};
        for (double& one : out) one = from.lognormal(0.02, 0.5);
        return out;
    }();
    return drawn[static_cast<std::size_t>(random.share() * 4'096)];
}

}  // namespace switchgear::trip_quality
