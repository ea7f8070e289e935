#pragma once

#include <string>
#include <vector>

#include <switchgear/simulation/output.hpp>
#include <switchgear/simulation/replay.hpp>
#include <switchgear/simulation/timeline.hpp>

namespace switchgear::simulation {

/// What a report shows beside the timeline; what is empty is left out.
struct report_content {
    std::string title;
    const timeline& seen;
    /// Of `simulate`.
    std::vector<candidate> candidates{};
    std::vector<outcome> outcomes{};
    /// Of `advise`.
    const advice_told* advised = nullptr;
};

/// One HTML page without dependencies: rate, failing share and latency over time with the open periods of each
/// settings, or the outages, marked in it; and the same in tables, for those who cannot see the charts. On a phone
/// each row of a table stands as a list.
std::string report_html(const report_content&);

}  // namespace switchgear::simulation
