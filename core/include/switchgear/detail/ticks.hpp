#pragma once

#include <cstdint>
#include <limits>

#include <switchgear/time.hpp>

namespace switchgear::detail {

/// Ticks of switchgear::duration since the clock's zero: what fits into an atomic.
using ticks = std::int64_t;
inline constexpr ticks never = std::numeric_limits<ticks>::max();
inline constexpr ticks long_ago = std::numeric_limits<ticks>::min();
/// A wait that is longer is cut to this, 73 years: so that no sum or difference of times leaves its type.
inline constexpr ticks longest_wait = never / 4;

/// How far a coarse clock may be behind the exact one (time_source::coarse()).
inline constexpr ticks coarse_lag = 10'000'000;
static_assert(duration::period::num == 1 && duration::period::den == 1'000'000'000, "a tick is a nanosecond");

constexpr ticks in_ticks(time_point at) noexcept { return at.time_since_epoch().count(); }

}  // namespace switchgear::detail
