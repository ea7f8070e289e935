#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <switchgear/simulation/timeline.hpp>

namespace switchgear::simulation {

/// What a service is like when nothing is wrong with it: of the whole recording, less its outages.
struct normal {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    double failing_share = 0;
    /// Calls a second: in the mean over the time in which there were calls, and in the quietest tenth of it.
    double rate = 0;
    double quiet_rate = 0;
    std::optional<std::chrono::nanoseconds> median{}, p90{}, p99{};
};

/// A stretch of time in which far more calls than normal failed, or were far slower.
struct outage {
    recorded_time begin{};
    recorded_time end{};
    /// What happened in it.
    slice total{};
    bool failing = false;
    bool slow = false;
    /// Whether the recording ends in it.
    bool unfinished = false;
};

struct history {
    simulation::normal normal{};
    std::vector<outage> outages{};
};

/// Finds outages afterwards, by looking at the whole recording at once; for advice, not for tripping.
///
/// Slices are put together until each group has 20 calls. Normal is the median over the groups: of the failing
/// share, of the median latency, and of the share of calls slower than three times that. A group is in trouble if
/// at least 10 % of its calls failed and three times the normal share, or if half of them were slower than three
/// times the normal median; and if such a group would come by chance less than once in a hundred recordings (by
/// the bound of Chernoff, with a normal of at least 1 % failing and 5 % slow). Where three times normal is no share,
/// halfway from normal to all calls is meant. Groups in trouble are one outage if those between them have at least
/// half as much of it, all but single ones or all together, or if the gap is at most a tenth of the whole. It begins
/// and ends where the slices speak for that most: where the bad calls above halfway between normal and the outage add
/// up to the most (the change point of Page's CUSUM, Biometrika 41, 1954).
///
/// What it cannot see: an outage much shorter than a slice, and normal in a recording that is an outage for
/// more than half of its groups.
history find_outages(const timeline&);

}  // namespace switchgear::simulation
