#pragma once

#include <string>

#include "figures.hpp"

namespace switchgear::trip_quality {

/// What probing costs: good calls refused after the service is back, and five for each probe that failed, at ten
/// calls a second; learned pacing beside the best constant interval in hindsight and the schedules of existing
/// designs. On three synthetic sets of outages, and on every source of `outages` (a CSV with the columns source,
/// service, start_s, duration_s); empty: not run.
/// Throws: std::runtime_error if the file is not what it says.
section probing(const std::string& outages, bool quick);

}  // namespace switchgear::trip_quality
