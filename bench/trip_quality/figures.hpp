#pragma once

#include <string>
#include <vector>

namespace switchgear::trip_quality {

/// One target beside its figure.
struct figure {
    std::string what;
    std::string wanted;
    std::string got;
    bool met;
};

/// What a section has to show: its targets, and a table whose first row is the head.
struct section {
    std::vector<figure> targets;
    std::vector<std::vector<std::string>> table;
};

}  // namespace switchgear::trip_quality
