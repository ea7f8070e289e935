#pragma once

#include <array>
#include <cstdint>

#include <switchgear/verdict.hpp>

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

    period_pool<Atomics> periods;
    probing<Atomics> probes;
    leases<Atomics> leased;
    ramp<Atomics> admission;
    std::array<atom<std::uint64_t>, 4> rejected{};
    std::array<atom<std::uint64_t>, failure_class_count> failed{};
    atom<std::uint64_t> slow{0};
};

}  // namespace switchgear::detail
