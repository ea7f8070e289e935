#pragma once

#include "bench.hpp"

namespace switchgear::rules {

/// Only the adaptive rule, and a pause of a second.
inline settings adaptive_only(adaptive_rule with = {}) {
    settings s;
    s.trip = no_rules();
    s.trip.adaptive = with;
    s.recovery = {.open_for = 1s, .jitter = 0};
    return s;
}

/// Calls ten times a second.
struct service : bench {
    using bench::bench;

    void healthy(int calls, duration took = 10ms) {
        for (int i = 0; i < calls; ++i) {
            take(took);
            advance(100ms - took);
        }
    }
    /// Returns: how many calls failed until it opened.
    int until_it_opens(int at_most, failure_class with = failure_class::error) {
        for (int i = 1; i <= at_most; ++i) {
            permit p = acquire();
            advance(10ms);
            p.failure(with);
            if (it.observe().current == state::open) return i;
            advance(90ms);
        }
        return at_most + 1;
    }
    /// Opened by failures; then its probe says so.
    void recovers(bool at_once) {
        for (int probes = at_once ? 0 : 3; probes > 0; --probes) {
            wait_for_pause();
            probe().failure();
        }
        wait_for_pause();
        succeed();
        EXPECT_EQ(it.observe().current, state::closed);
    }
};

}  // namespace switchgear::rules
