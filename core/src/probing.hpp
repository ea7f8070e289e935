#pragma once

#include <cstdint>

namespace switchgear::detail {

/// How far probing has come in one half-open epoch: permits out, successes so far, and whether they are
/// enough; one word, so that the limit is exact and a success ends its own permit in the same step.
///
///     epoch:38 | enough:1 | outstanding:11 | successes:14
///
/// A word of another epoch reads as nothing done: nobody has to clear it, and a thread that stalled over
/// a change of epoch finds that its expected value is gone, or writes what the new epoch reads as zero
/// before anyone has taken a permit in it.
template <class Atomics>
class probing {
public:
    struct progress {
        std::uint32_t outstanding;
        std::uint32_t successes;
        bool enough;
    };
    enum class ending { success, given_back };

    progress look(std::uint64_t epoch) const noexcept { return unpack(word_.load(std::memory_order_acquire), epoch); }

    /// Takes a permit if fewer than `most` are out and success is not certain yet. `still_wanted` is asked
    /// between each look and the attempt that follows it, so that a stalled thread cannot overwrite the
    /// ledger of a later epoch: whoever wrote that had seen that epoch, and by the acquire so does the asker.
    template <class StillWanted>
    bool take(std::uint64_t epoch, std::uint32_t most, const StillWanted& still_wanted) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        while (still_wanted()) {
            progress now = unpack(seen, epoch);
            if (now.outstanding >= most || now.enough) return false;
            ++now.outstanding;
            // acq_rel: the exchanges on this word are one order of admissions and endings.
            if (word_.compare_exchange_weak(seen, pack(epoch, now), std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
                return true;
            }
        }
        return false;
    }

    /// Ends a permit; a success may make it `enough`.
    /// Returns: whether the epoch was still the one probed.
    bool end(std::uint64_t epoch, ending how, std::uint32_t successes_needed) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        for (;;) {
            if (seen >> epoch_shift != tag_of(epoch)) return false;
            progress now = unpack(seen, epoch);
            if (now.outstanding == 0) return false;
            --now.outstanding;
            if (how == ending::success) {
                if (now.successes < successes_mask) ++now.successes;
                now.enough = now.enough || now.successes >= successes_needed;
            }
            if (word_.compare_exchange_weak(seen, pack(epoch, now), std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
                return true;
            }
        }
    }

private:
    static constexpr unsigned outstanding_shift = 14, enough_shift = 25, epoch_shift = 26;
    static constexpr std::uint64_t successes_mask = (1U << 14) - 1, outstanding_mask = (1U << 11) - 1;
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept {
        return epoch & ((std::uint64_t{1} << 38) - 1);
    }
    static constexpr progress unpack(std::uint64_t bits, std::uint64_t epoch) noexcept {
        if (bits >> epoch_shift != tag_of(epoch)) return {0, 0, false};
        return {static_cast<std::uint32_t>((bits >> outstanding_shift) & outstanding_mask),
                static_cast<std::uint32_t>(bits & successes_mask), ((bits >> enough_shift) & 1) != 0};
    }
    static constexpr std::uint64_t pack(std::uint64_t epoch, progress p) noexcept {
        return (tag_of(epoch) << epoch_shift) | (std::uint64_t{p.enough} << enough_shift) |
               (std::uint64_t{p.outstanding} << outstanding_shift) | p.successes;
    }

    // All ones is no epoch that a breaker starts with, so that epoch 0 reads as nothing done too.
    typename Atomics::template atom<std::uint64_t> word_{~std::uint64_t{0}};
};

}  // namespace switchgear::detail
