#pragma once

#include "report.hpp"

namespace switchgear::trip_quality {

// Each measures one subject, adds its targets and shows its figures.

/// Calls from a change of the failing share to the trip, beside the exact optimum.
void steps(const options&, report&);
/// Seconds from the onset of a trouble to the trip, beside other designs.
void scenarios(const options&, report&);
/// Needless trips in years without an outage.
void years(const options&, report&);
/// Trips a day without an outage, beside other designs.
void days(const options&, report&);
/// What probing costs: good calls refused after the service is back, and five for each probe that failed, at ten
/// calls a second; learned pacing beside the best constant interval in hindsight and the schedules of existing
/// designs. On three synthetic sets of outages, and on every source of `outages` (a CSV with the columns source,
/// service, start_s, duration_s).
/// Throws: std::runtime_error if the file is not what it says.
void probing(const options&, report&);
/// Recovery in a closed loop (closed_loop.hpp): calls lost after a cold and a warm restart, with 20 clients and with
/// 200; the adaptive rule with learned pacing and the ramp by evidence, beside the published defaults of existing
/// designs as settings of the same core.
void recovery(const options&, report&);
/// Recorded intervals of real components.
void petshop(const options&, report&);
/// Nanoseconds a call: of a breaker, from what bench_core measured, and of the engine alone.
void cost(const options&, report&);

}  // namespace switchgear::trip_quality
