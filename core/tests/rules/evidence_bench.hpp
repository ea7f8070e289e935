#pragma once

#include <utility>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {

inline settings by_evidence() {
    return {.trip = no_rules(),
            .recovery = {.open_for = 1s, .probe_timeout = 10s, .ramp = ramp_rule{.by = ramp_by::evidence}}};
}

/// So many good calls a second for a minute, then a trip, and a probe that takes so long.
inline void begin_ramp(bench& b, int per_second, duration latency) {
    for (int i = 0; i < 60 * per_second; ++i) b.advance(duration{1s} / per_second), b.succeed();
    b.break_down();
    permit probe = b.probe();
    b.advance(latency);
    probe.success();
    b.expect_half_open();
}

/// Lets in what is let in just now.
inline std::vector<permit> fill(bench& b, int at_most = 1'000) {
    std::vector<permit> in;
    while (static_cast<int>(in.size()) < at_most) {
        auto p = b.it.try_acquire();
        if (!p) break;
        in.push_back(std::move(*p));
    }
    return in;
}

}  // namespace switchgear::rules
