#pragma once

#include <functional>
#include <string>

#include "chance.hpp"

namespace switchgear::trip_quality {

/// Healthy traffic: how dense it is, how much of it fails and how much slower than usual it is, as it goes along.
/// Times in seconds.
struct world {
    std::string name;
    std::function<double(double now)> rate;
    std::function<double(double now, chance&)> failing;
    std::function<double(double now)> slower;
};

world independent(double rate);
world daily_cycle();
world bursts(double rate);
world uneven_minutes(double rate);
world drifting(double rate);
world slowing(double rate);
world spreading_widely(double rate);
world seldom();

/// Seconds of a call as usual: their logarithms are normal, the median 20 ms.
double usual_latency(chance&);

}  // namespace switchgear::trip_quality
