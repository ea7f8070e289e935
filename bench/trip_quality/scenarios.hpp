#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chance.hpp"

namespace switchgear::trip_quality {

/// How calls begin in a scenario, and what becomes of them. Times in seconds.
struct call_in_a_world {
    double begins;
    double takes;
    bool fails;
};

/// One kind of trouble (or none): the calls in order of their begin.
struct scenario {
    std::string name;
    double onset;   ///< when the trouble begins; before it the service is healthy
    double length;  ///< of the whole
    std::function<std::vector<call_in_a_world>(chance&, double onset, double length)> calls;
};

std::vector<scenario> troubles();

}  // namespace switchgear::trip_quality
