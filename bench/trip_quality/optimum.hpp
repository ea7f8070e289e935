#pragma once

namespace switchgear::trip_quality {

/// The fastest that any detector can be: CUSUM that knows both failing shares (Moustakides 1986), with the
/// least threshold at which the mean number of healthy calls to a trip is `between_trips` or more.
/// Returns: the mean number of calls to the trip after the change, from the worst state to begin in.
double fewest_calls(double healthy, double failing, double between_trips);

}  // namespace switchgear::trip_quality
