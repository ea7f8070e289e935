#pragma once

#include <chrono>
#include <cstdint>

#include <switchgear/verdict.hpp>

namespace switchgear::simulation {

/// Time as a recording has it: nanoseconds since its own zero, often 1970. Range: [0, 8e9 s].
using recorded_time = std::chrono::nanoseconds;

/// One call of a recording: when it began, how long it took, how it went.
struct recorded_call {
    recorded_time start{};
    std::chrono::nanoseconds lasts{};
    verdict how = verdict::success();
    /// Its key's place in `recording::keys()`; 0 is "no key".
    std::uint32_t key = 0;
};

}  // namespace switchgear::simulation
