#pragma once

#include <array>
#include <cstdint>

#include <switchgear/verdict.hpp>

#include "evidence_ramp.hpp"
#include "leases.hpp"
#include "period.hpp"
#include "probing.hpp"
#include "ramp.hpp"

namespace switchgear::detail {

/// What learned pacing and the ramp by evidence need: made with the settings that ask for it, and kept.
template <class Atomics>
struct comeback : learned_records<Atomics> {
    using learned_records<Atomics>::learned_records;

    evidence_ramp<Atomics> ramp;
    /// The last good probe: low bits of its epoch:32 | microseconds:32. Written before its place is given back.
    typename Atomics::template atom<std::uint64_t> probe_took{};
};

/// What a breaker needs only once something went wrong or was ordered: made with the first failure or the
/// first change of the word that has a period, and kept. A breaker that is healthy and left alone, as most
/// of a million keys are, does without.
template <class Atomics>
struct trouble {
    template <class T>
    using atom = typename Atomics::template atom<T>;

    trouble() = default;
    trouble(const trouble&) = delete;
    trouble& operator=(const trouble&) = delete;
    ~trouble() { delete back(); }  // nobody else is left

    /// Null unless the settings ask for it.
    comeback<Atomics>* back() const noexcept { return static_cast<comeback<Atomics>*>(periods.learned()); }

    answer refuse(reject_reason why, ticks retry_after) noexcept {
        // relaxed: a count, read when it is read.
        rejected[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
        return {why, std::max<ticks>(retry_after, 1)};
    }

    period_pool<Atomics> periods;
    probing<Atomics> probes;
    leases<Atomics> leased;
    ramp<Atomics> admission;
    std::array<atom<std::uint64_t>, 4> rejected{};
    std::array<atom<std::uint64_t>, failure_class_count> failed{};
    atom<std::uint64_t> slow{0};
};

}  // namespace switchgear::detail
