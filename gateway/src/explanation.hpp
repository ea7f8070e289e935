#pragma once

#include <boost/json/object.hpp>

#include <switchgear/settings.hpp>
#include <switchgear/wire/views.hpp>

#include "transition_history.hpp"

namespace switchgear::gateway {

/// Why a breaker is as it is, and what would change that, in words and in fields:
///
///     {"why": "open since …: 3 failures in a row, threshold 3",
///      "changes": [{"to": "half_open", "cause": "pause_over", "in_ms": 3200, "words": "…"}, …]}
///
/// Where a rule is under way a change has `observed` and `threshold` too. Under an override the state
/// goes on underneath; the first change is then the end of the override, without `to`.
boost::json::object explain(const wire::breaker_view&, const settings&, const transition_history::transitions&);

}  // namespace switchgear::gateway
