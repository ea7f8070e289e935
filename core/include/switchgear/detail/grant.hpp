#pragma once

#include <cstdint>

#include <switchgear/detail/ticks.hpp>

namespace switchgear::detail {

/// What a breaker remembers of one call: everything that its verdict will need. In whole words, and as few
/// as will do: a healthy call keeps them in registers.
struct grant {
    enum trait : std::uint64_t {
        counted = 0,     ///< admitted while closed, or on the ramp: counts in the window
        probe = 1,       ///< admitted while half-open, under a lease
        bystander = 2,   ///< let through only because the breaker observes: its verdict moves nothing
        timed = 4,       ///< it matters how long the call takes: begun is set
        answered = 8,    ///< took is set
        overdue = 16,    ///< counted as slow already
        paced = 32,      ///< admitted on the ramp by evidence: begun is set, and its verdict steers the ramp
        placed = 64,     ///< … and it holds a place there, of the generation in the bits from the 16th on
        overlong = 128,  ///< counted as slow already by the adaptive rule
        watched = 256,   ///< the adaptive rule is on: no verdict is the healthy path's alone
    };
    static constexpr unsigned generation_shift = 16;

    std::uint64_t epoch = 0;
    ticks begun = 0;  ///< when it was admitted; set for probes, on the ramp by evidence, and where timed
    ticks took = 0;   ///< how long the service took; set by answered()
    std::uint64_t place =
        0;  ///< of a probe: what is written in its slot, 0: no lease runs; overdue: where it was counted
    std::uint64_t which = 0;  ///< of a probe: the slot; overdue: the window in which it was counted
    std::uint64_t traits = 0;

    constexpr bool is(trait t) const noexcept { return (traits & t) != 0; }
    /// Neither a probe nor looked at since it was admitted: its success is the healthy path's.
    constexpr bool plain() const noexcept { return (traits & ~std::uint64_t{timed}) == 0; }
    /// The same but for the adaptive rule.
    constexpr bool plain_under_watch() const noexcept { return traits == (timed | watched); }
    /// A copy made word by word, so that what is copied can be in registers.
    constexpr grant in_words() const noexcept { return {epoch, begun, took, place, which, traits}; }
    /// A probe whose lease was not ended yet.
    constexpr bool leased() const noexcept { return is(probe) && !is(overdue) && place != 0; }
};

/// Where a grant may be written. Holds none at first, so that a refusal writes none, and that what a healthy
/// call is given need not be in memory.
union room_for_grant {
    room_for_grant() noexcept {}
    grant it;
};

}  // namespace switchgear::detail
