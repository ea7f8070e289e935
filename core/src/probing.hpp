#pragma once

#include <cstdint>
#include <limits>

namespace switchgear::detail {

/// How far probing has come in one half-open epoch: permits out, successes so far, and whether they are
/// enough; one word, so that the limit is exact and a success ends its own permit in the same step.
///
///     epoch:38 | enough:1 | outstanding:11 | successes:14
///
/// A word of another epoch reads as nothing done: nobody has to clear it. A thread that stalled over a
/// change of epoch finds that its expected value is gone, or that its epoch is over (`still_wanted`).
template <class Atomics>
class probing {
public:
    struct progress {
        std::uint32_t outstanding;
        std::uint32_t successes;
        bool enough;
    };
    enum class ending { success, given_back };

    // seq_cst, the looks and the exchange in end(): a probe gives its place back and then reads what the settings are, and
    // a caller may bring others and then look at the places. One of the two sees the other.
    progress look(std::uint64_t epoch) const noexcept { return unpack(word_.load(std::memory_order_seq_cst), epoch); }

    /// Takes a permit if fewer than `most` are out and success is not certain yet. `still_wanted` is asked
    /// after each look and before each attempt, so that a stalled thread cannot wipe a later epoch's word.
    template <class StillWanted>
    bool take(std::uint64_t epoch, std::uint32_t most, const StillWanted& still_wanted) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_seq_cst);  // as in look()
        for (;;) {
            progress now = unpack(seen, epoch);
            if (now.outstanding >= most || now.enough || !still_wanted()) return false;
            ++now.outstanding;
            // acq_rel: the exchanges on this word are one order of admissions and endings. acquire: as in look().
            if (word_.compare_exchange_weak(seen, pack(epoch, now), std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
                return true;
            }
        }
    }

    /// Ends a permit; a success may make it `enough`. `still_wanted` as in take().
    /// Returns: whether the epoch was still the one probed.
    template <class StillWanted>
    bool end(std::uint64_t epoch, ending how, std::uint32_t successes_needed,
             const StillWanted& still_wanted) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);  // pairs with the exchanges
        for (;;) {
            progress now = unpack(seen, epoch);  // of another epoch: none is out
            if (now.outstanding == 0 || !still_wanted()) return false;
            --now.outstanding;
            if (how == ending::success) {
                if (now.successes < successes_mask) ++now.successes;
                now.enough = now.enough || now.successes >= successes_needed;
            }
            // seq_cst: as in look(), and as in take(). acquire: as there.
            if (word_.compare_exchange_weak(seen, pack(epoch, now), std::memory_order_seq_cst,
                                            std::memory_order_acquire)) {
                return true;
            }
        }
    }

private:
    static constexpr unsigned outstanding_shift = 14, enough_shift = 25, epoch_shift = 26;
    static constexpr std::uint64_t successes_mask = (1U << 14) - 1, outstanding_mask = (1U << 11) - 1;
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept { return epoch << epoch_shift >> epoch_shift; }
    static constexpr progress unpack(std::uint64_t bits, std::uint64_t epoch) noexcept {
        if (bits >> epoch_shift != tag_of(epoch)) return {0, 0, false};
        return {static_cast<std::uint32_t>((bits >> outstanding_shift) & outstanding_mask),
                static_cast<std::uint32_t>(bits & successes_mask), ((bits >> enough_shift) & 1) != 0};
    }
    static constexpr std::uint64_t pack(std::uint64_t epoch, progress p) noexcept {
        return (epoch << epoch_shift) | (std::uint64_t{p.enough} << enough_shift) |
               (std::uint64_t{p.outstanding} << outstanding_shift) | p.successes;
    }

    // All ones is no epoch that a breaker starts with, so that epoch 0 reads as nothing done too.
    typename Atomics::template atom<std::uint64_t> word_{std::numeric_limits<std::uint64_t>::max()};
};

}  // namespace switchgear::detail
