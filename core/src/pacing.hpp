#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <switchgear/detail/ticks.hpp>

namespace switchgear::detail {

/// What a breaker has learned about its service, as far as pauses go by it. In one word, aligned as one, so that it changes with
/// the rest of a period.
struct alignas(8) lessons {
    std::int16_t log_median = 0;  ///< of the lengths of outages in seconds: the natural logarithm, in hundredths
    std::uint16_t outages = 0;    ///< that have ended, up to 65,535
    float call_gap = 0;           ///< seconds between good calls while closed; 0: not known yet
    friend bool operator==(const lessons&, const lessons&) = default;

    /// In seconds; what is taken for it where no outage has ended yet.
    double median_outage() const noexcept { return outages == 0 ? 30 : std::exp(log_median / 100.0); }
};

// Learned pacing: how long to wait for the next probe.
//
// Waiting costs good calls refused after the service is back, probing costs a failed call each time it is not.
// Where outages end at the rate h(t) at age t, the density of checks that costs least is sqrt(wait * h(t) / (2 *
// check)) (J. B. Keller, "Optimum checking schedules for systems subject to random failure", Management Science 21,
// 1974). Outages whose rates of recovery differ from one to the next (gamma) have lengths after Lomax, and h falls as
// a / (b + t), with the median b * (2^(1/a) - 1). So the gap between probes grows with the root of the outage's age:
// longer waits in long outages, but never the doubling that overtakes them. At a = 1 the mean length is infinite; a is
// the least, in halves, at which outages have a mean, as those of every service do.

inline constexpr double tick = 1e-9;  ///< seconds

inline constexpr double tail = 1.5;                      ///< a: how fast the lengths of outages thin out
inline constexpr double scale_of_median = 1.7024143839;  ///< b / median: 1 / (2^(1/a) - 1)

/// No probe comes sooner after another.
inline constexpr ticks shortest_gap = 100'000'000;
/// The first probe comes soon: a trip may have been needless, and most blips are over by then.
inline constexpr ticks longest_first_gap = 300'000'000;

/// The pause before the next probe of an outage of that age, without jitter. `price`: a failed probe in good calls.
/// `first`: no probe of it has failed yet.
inline ticks learned_gap(const lessons& from, double price, ticks age, bool first) noexcept {
    const double wait_per_call = from.call_gap > 0 ? static_cast<double>(from.call_gap) : 1.0;
    const double seconds = std::sqrt(2 * price * wait_per_call *
                                     (scale_of_median * from.median_outage() + static_cast<double>(age) * tick) / tail);
    // A year is more than any cap on a pause.
    const auto gap = static_cast<ticks>(std::min(seconds, 3e7) / tick);
    return std::clamp(gap, shortest_gap, first ? longest_first_gap : never);
}

/// The median follows each outage by a share, up or down, but never past it: as often up as down, it stands at the
/// median, and one outage of a week moves it no further than one that is a little too long. The first few move it
/// further, as a mean moves: what was taken for it before may be a hundred times off.
inline lessons after_outage(lessons known, ticks lasted) noexcept {
    constexpr double first_step = 2, step = 0.2;
    constexpr double shortest = 0.01, longest = 1e7;  // seconds
    const double was = std::log(known.median_outage());
    const double seen = std::log(std::clamp(static_cast<double>(lasted) * tick, shortest, longest));
    const double far = std::max(first_step / (known.outages + 1), step);
    known.log_median = static_cast<std::int16_t>(std::lround(100 * std::clamp(seen, was - far, was + far)));
    if (known.outages != 0xffff) ++known.outages;
    return known;
}

/// The rate of calls from a stretch of health: so many of them in so long. What was known before counts like a minute
/// of it; where nothing was, like one call in a second. So a breaker that flaps does not forget its traffic.
inline lessons after_health(lessons known, std::uint64_t calls, ticks lasted) noexcept {
    const bool fresh = !(known.call_gap > 0);
    const double before = fresh ? 1 : 60;  // seconds
    const double calls_before = fresh ? 1 : before / static_cast<double>(known.call_gap);
    const double seconds = std::max(static_cast<double>(lasted) * tick, 0.0);
    known.call_gap = static_cast<float>((seconds + before) / (static_cast<double>(calls) + calls_before));
    return known;
}

}  // namespace switchgear::detail
