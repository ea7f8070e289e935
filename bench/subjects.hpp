#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include <switchgear/settings.hpp>

namespace switchgear::bench {

/// Settings that are measured, and the name that stands in the row's.
struct subject {
    std::string_view name;
    switchgear::settings settings;
};

inline trip_rules only_ratio(switchgear::window window) {
    return {.consecutive_failures = std::nullopt, .failure_ratio = 0.5, .window = window};
}

inline trip_rules ratio_and_slow(std::chrono::milliseconds after) {
    trip_rules rules = only_ratio(last{std::chrono::seconds{10}});
    rules.slow = slow_rule{.after = after};
    return rules;
}

inline trip_rules only_adaptive() {
    trip_rules rules;
    rules.consecutive_failures.reset();
    rules.failure_ratio.reset();
    rules.adaptive.emplace();
    return rules;
}

/// One rule each, so that a row shows what that rule costs; then the defaults, which have two. Failures in a
/// row look at no window, so theirs is one of calls, which is kept without a clock. The slow rule
/// comes with a threshold that a coarse clock can judge (1 s) and with one that only an exact clock can (5 ms).
inline const std::array<subject, 7>& subjects() {
    using namespace std::chrono_literals;
    static const std::array<subject, 7> all{{
        {"in_a_row", {.trip = {.consecutive_failures = 5, .failure_ratio = std::nullopt, .window = last_calls{100}}}},
        {"last_100", {.trip = only_ratio(last_calls{100})}},
        {"last_10s", {.trip = only_ratio(last{10s})}},
        {"slow_1s", {.trip = ratio_and_slow(1s)}},
        {"slow_5ms", {.trip = ratio_and_slow(5ms)}},
        {"adaptive", {.trip = only_adaptive()}},
        {"defaults", {}},
    }};
    return all;
}

/// The same rules with thresholds that the failures of a measurement do not reach: the breaker stays closed.
inline settings tolerant(settings from) {
    if (from.trip.consecutive_failures) from.trip.consecutive_failures = 1'000;
    if (from.trip.failure_ratio) from.trip.failure_ratio = 0.9;
    if (from.trip.adaptive) from.trip.adaptive->care = 0.5, from.trip.adaptive->slow_care = 0.9;
    return from;
}

}  // namespace switchgear::bench
