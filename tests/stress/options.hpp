#pragma once

#include <chrono>

namespace switchgear::stress {

/// From the command line.
struct options {
    std::chrono::milliseconds how_long{2'000};
    unsigned seed = 1;
};
inline options given;

}  // namespace switchgear::stress
