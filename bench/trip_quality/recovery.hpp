#pragma once

#include <switchgear/settings.hpp>

#include "figures.hpp"

namespace switchgear::trip_quality {

/// Recovery in a closed loop (closed_loop.hpp): calls lost after a cold and a warm restart, with 20 clients and with
/// 200; learned pacing and the ramp by evidence, tripped by `trip`, beside the published defaults of existing
/// designs as settings of the same core.
section recovery(const trip_rules& trip, bool quick);

}  // namespace switchgear::trip_quality
