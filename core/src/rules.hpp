#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <switchgear/event.hpp>

#include "plan.hpp"
#include "window.hpp"

namespace switchgear::detail {

struct finding {
    switchgear::cause cause;
    switchgear::evidence evidence;
};

/// The weighted failures of a window.
inline double weight_of(const window_counts& seen, const plan& by) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < failure_class_count; ++i) sum += static_cast<double>(seen.failed[i]) * by.weights[i];
    return sum;
}

/// Judges a window by the rules, in the order in which trip_rules lists them; the first that holds is the
/// cause. Quotients are compared, not products: a division is rounded once, so 3 of 10 is just 0.3.
inline std::optional<finding> judge(const window_counts& seen, std::uint32_t in_a_row, const plan& by) noexcept {
    const trip_rules& rules = by.given.trip;
    const auto found = [&](cause why, double observed, double threshold) {
        return finding{why, {seen.calls, seen.failures(), seen.slow, observed, threshold}};
    };
    if (rules.consecutive_failures && in_a_row >= *rules.consecutive_failures) {
        return found(cause::consecutive_failures, in_a_row, *rules.consecutive_failures);
    }
    const double weight = weight_of(seen, by);
    if (rules.failures && by.reaches(weight, *rules.failures))
        return found(cause::failure_count, weight, *rules.failures);
    if (seen.calls >= rules.minimum_calls) {
        const auto calls = static_cast<double>(seen.calls);
        const double failing = std::min(1.0, weight / calls);
        if (rules.failure_ratio && by.reaches(failing, *rules.failure_ratio)) {
            return found(cause::failure_ratio, failing, *rules.failure_ratio);
        }
        const double crawling = static_cast<double>(seen.slow) / calls;
        if (rules.slow && crawling >= rules.slow->ratio) return found(cause::slow_ratio, crawling, rules.slow->ratio);
    }
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        if (by.limits[i] && seen.failed[i] >= *by.limits[i]) {
            return found(cause::class_limit, static_cast<double>(seen.failed[i]), *by.limits[i]);
        }
    }
    return {};
}

/// Whether a rule that counts failures in the window holds.
inline bool reaches_a_count(const window_counts& seen, const plan& by) noexcept {
    bool reached = by.given.trip.failures && by.reaches(weight_of(seen, by), *by.given.trip.failures);
    for (std::size_t i = 0; i < failure_class_count; ++i) reached |= by.limits[i] && seen.failed[i] >= *by.limits[i];
    return reached;
}

/// The numbers of successes in the window at which a rule could hold with the evidence that was there:
/// a success may trip (rule 4), and this tells without a lock that it cannot. Time takes evidence away
/// and never adds any, so the answer errs only towards looking again.
struct suspicion {
    std::uint64_t from = std::numeric_limits<std::uint64_t>::max();  ///< successes in the window, at least
    std::uint64_t to = 0;                                            ///< … and at most
};

inline suspicion suspect(const window_counts& seen, std::uint64_t extra_calls, const plan& by) noexcept {
    const trip_rules& rules = by.given.trip;
    const double weight = rules.failure_ratio ? weight_of(seen, by) : 0;
    double most = 0;
    if (rules.failure_ratio) most = std::max(most, weight / *rules.failure_ratio);
    if (rules.slow) most = std::max(most, static_cast<double>(seen.slow) / rules.slow->ratio);
    // A reload may lower a threshold below the evidence: then the next verdict trips, whatever it is.
    if (reaches_a_count(seen, by)) return {.from = 0, .to = std::numeric_limits<std::uint64_t>::max()};
    // A window of calls is full at its size: beyond it the number of successes says nothing any more. The same quotients
    // as in judge(): a product or a quotient the other way round may be rounded to the other side of a threshold.
    bool always = false;
    if (const auto* calls = std::get_if<last_calls>(&rules.window)) {
        const double full = calls->count;
        always = (rules.failure_ratio && by.reaches(weight / full, *rules.failure_ratio)) ||
                 (rules.slow && static_cast<double>(seen.slow) / full >= rules.slow->ratio);
    }
    return {.from = rules.minimum_calls - std::min<std::uint64_t>(rules.minimum_calls, extra_calls),
            .to = always ? std::numeric_limits<std::uint64_t>::max()
                         : static_cast<std::uint64_t>(std::ceil(std::min(most, 1e18)))};
}

}  // namespace switchgear::detail
