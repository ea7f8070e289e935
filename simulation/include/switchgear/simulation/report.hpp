#pragma once

#include <string>
#include <vector>

#include <switchgear/simulation/outages.hpp>
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
    /// Of `advise`, with the text of its settings.
    std::vector<outage> outages{};
    std::string settings_text{};
    std::vector<std::string> keys{};
};

/// One HTML page without dependencies: rate, failing share and latency over time with the open periods of each
/// settings, or the outages, marked in it; and the same in tables, for those who cannot see the charts.
std::string report_html(const report_content&);

}  // namespace switchgear::simulation
