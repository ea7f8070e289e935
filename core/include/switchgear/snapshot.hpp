#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <switchgear/event.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

/// What the adaptive rule takes for normal.
struct normal_calls {
    double failure_share = 0, slow_share = 0;  ///< of all calls, as observed; in [0, 0.5]
    std::optional<duration> slow_after;        ///< longer is slow; empty: not known yet
    double evidence = 0;                       ///< how far it is on its way to a trip: 0 none, 1 trips
    /// What needless trips have cost: the evidence asked for has grown by this power of e. Falls by 1 in
    /// two `false_trip_budget`s.
    double penalty = 0;
};

/// A view of one breaker for metrics and people. State, override, epoch, retry_after, admitted_share and
/// attempt belong to one instant; each counter is exact, and all agree to the unit when no call is
/// running (rule 31).
struct snapshot {
    state current = state::closed;
    /// The word beside `state`: what an operator ordered, and the order.
    override_mode override = override_mode::none;
    std::optional<order> order_in_force;
    std::uint64_t epoch = 0;
    bool probe_due = false;     ///< open, and the pause is over
    duration retry_after{};     ///< zero when calls are admitted
    double admitted_share = 1;  ///< 1 closed, 0 open or probing, the ramp's share on the ramp (by evidence: about)
    std::uint32_t attempt = 0;  ///< trips in a row without a close
    std::uint32_t failures_in_a_row = 0;
    struct {
        std::uint64_t calls = 0, failures = 0, slow = 0;
    } window;
    std::optional<normal_calls> normal;  ///< empty without the rule
    /// What learned pacing goes by; zero: not known yet.
    struct {
        duration median_outage{};     ///< the running median of past outages
        double calls_per_second = 0;  ///< good calls, while closed
    } learned{};
    /// Since construction; a call appears when it settles. Permits given out = successes + failures +
    /// ignored + late + those not yet settled.
    struct {
        std::uint64_t successes = 0, failures = 0, slow = 0, ignored = 0, late = 0, rejected = 0;
        std::array<std::uint64_t, failure_class_count> failures_by_class{};
        std::array<std::uint64_t, 4> rejected_by_reason{};
    } totals;
};

}  // namespace switchgear
