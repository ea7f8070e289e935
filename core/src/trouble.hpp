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
    ~trouble() { delete by_evidence.load(std::memory_order_relaxed); }  // nobody else is left

    period_pool<Atomics> periods;
    probing<Atomics> probes;
    leases<Atomics> leased;
    ramp<Atomics> admission;
    atom<evidence_ramp<Atomics>*> by_evidence{nullptr};  ///< where the settings ask for it
    atom<std::uint32_t> probe_took{
        0};  ///< the last good probe, in microseconds; written before its place is given back
    std::array<atom<std::uint64_t>, 4> rejected{};
    std::array<atom<std::uint64_t>, failure_class_count> failed{};
    atom<std::uint64_t> slow{0};
};

}  // namespace switchgear::detail
