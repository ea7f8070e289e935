#pragma once

#include <chrono>
#include <cstdint>

#include "bench.hpp"

// One rule and no other.

namespace switchgear::rules {

inline trip_rules only_run(std::uint32_t n) { return {.consecutive_failures = n, .failure_ratio = {}}; }

inline trip_rules only_ratio(double ratio, std::uint32_t minimum, window over = last{10s}) {
    return {.consecutive_failures = {}, .failure_ratio = ratio, .window = over, .minimum_calls = minimum};
}

inline trip_rules only_slow(duration after, double ratio, std::uint32_t minimum, window over = last{10s}) {
    return {.consecutive_failures = {},
            .failure_ratio = {},
            .slow = slow_rule{.after = std::chrono::duration_cast<std::chrono::milliseconds>(after), .ratio = ratio},
            .window = over,
            .minimum_calls = minimum};
}

}  // namespace switchgear::rules
