#pragma once

#include "admin_message.hpp"
#include "admin_target.hpp"

namespace switchgear::gateway {

class runtime;

/// Carries out an operator's order on one breaker (override, reset, trip) and logs who gave it, why and
/// from where.
///
/// Returns: 200 with the breaker as it is now; 404 if there is none of that name; 422 with every
/// violation if the order lacks or breaks something, and then nothing is changed.
/// Requires: the target is one of the three.
admin_answer carry_out_order(runtime&, const admin_request&, const admin_target&);

}  // namespace switchgear::gateway
