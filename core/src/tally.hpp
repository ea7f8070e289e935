#pragma once

#include <cstdint>

namespace switchgear::detail {

/// Successes counted in windows since construction, and the one thing a healthy call writes.
///
/// It never goes back: a window's successes are the difference between now and its beginning, so that
/// one addition serves the window and the totals. The epoch in whose window it counts stands in the same
/// word (its low eight bits): a thread that stalled between reading the state and adding here finds
/// another tag, and adds nothing to a window that it never saw.
template <class Atomics>
class tally {
public:
    /// Returns: false if the window of that epoch is over.
    bool add(std::uint64_t epoch) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_relaxed);
        do {
            if (seen >> count_bits != tag_of(epoch)) return false;
            // seq_cst: this addition comes before the caller's look at the suspicion; pairs with the
            // evaluation that stores the suspicion and then reads this sum (evidence.hpp).
        } while (!word_.compare_exchange_weak(seen, seen + 1, std::memory_order_seq_cst, std::memory_order_relaxed));
        return true;
    }

    std::uint64_t sum() const noexcept { return word_.load(std::memory_order_seq_cst) & count_mask; }

    /// Opens the window of `epoch`; whoever still counts for another one is late from now on.
    /// `still_wanted` is asked after each look and before each attempt, so that a stalled thread cannot
    /// take a later window's tag away. Returns: the sum at the beginning, or what it was if not wanted.
    template <class StillWanted>
    std::uint64_t open_window(std::uint64_t epoch, const StillWanted& still_wanted) noexcept {
        for (;;) {
            std::uint64_t seen = word_.load(std::memory_order_seq_cst);
            if (seen >> count_bits == tag_of(epoch) || !still_wanted()) return seen & count_mask;
            const std::uint64_t next = (seen & count_mask) | (tag_of(epoch) << count_bits);
            if (word_.compare_exchange_strong(seen, next, std::memory_order_seq_cst)) return seen & count_mask;
        }
    }

private:
    static constexpr unsigned count_bits = 56;
    static constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept { return epoch & 0xff; }

    typename Atomics::template atom<std::uint64_t> word_{0};
};

}  // namespace switchgear::detail
