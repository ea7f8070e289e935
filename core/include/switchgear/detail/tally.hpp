#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include <switchgear/detail/word.hpp>

namespace switchgear::detail {

/// Successes counted in windows since construction, and the one thing a healthy call writes.
///
/// It never goes back: a window's successes are the difference between now and its beginning, so that
/// one addition serves the window and the totals. It is a compare-and-swap: the epoch in whose window it
/// counts stands in the same word as the count (tag_of), and a thread that stalled between reading the state
/// and adding here finds another tag, and adds nothing to a window that it never saw.
///
///     open:1 | epoch's low bits:8 | count:55
///
/// One cell until two threads meet in it; then a cell for each of several lanes, on cache lines of their
/// own (as in Java's LongAdder; Dice, Lea, "Striped64"). The sum is exact: cells only grow, so a sum read
/// cell by cell is one that the tally had at some instant of the reading.
///
/// Fresh cells are not open. Who meets one opens it if the first cell still counts for its epoch, and
/// opening a window retags the first cell before it looks for others (both seq_cst). So either the window's
/// opener sees the fresh cells and retags them, or they were published after the first cell was retagged,
/// and whoever would open them for the old epoch sees that: no success of an old epoch is counted after
/// the window's beginning was summed up.
template <class Atomics>
class tally {
    template <class T>
    using atom = typename Atomics::template atom<T>;

public:
    tally() = default;
    tally(const tally&) = delete;
    tally& operator=(const tally&) = delete;
    ~tally() { delete lanes_.load(std::memory_order_relaxed); }  // nobody else is left

    /// Counts a success. `now` is the state word: read after the cell, so that what is added to is of this
    /// epoch and no other with the same low bits: a thread would have to stall just before its exchange while a multiple
    /// of 256 epochs pass, at least 128 pauses, and nobody counts in its cell.
    /// Returns: false if the window of that epoch is over.
    [[gnu::always_inline]] bool add(std::uint64_t epoch, const atom<std::uint64_t>& now) noexcept {
        // acquire: pairs with the publication in grow().
        lanes* more = lanes_.load(std::memory_order_acquire);
        atom<std::uint64_t>& cell = more == nullptr ? first_ : more->mine();
        // acquire: pairs with the retagging in open_window(), so that `now` reads no older.
        std::uint64_t seen = cell.load(std::memory_order_acquire);
        // seq_cst: this addition comes before the caller's look at the suspicion; pairs with the
        // evaluation that stores the suspicion and then reads this sum (machine::publish_suspicion). Failed, relaxed:
        // what was found is only compared, and make_way() or add_patiently() look again.
        if (seen >> count_bits == tag_of(epoch) && is_present(epoch, now)) [[likely]] {
            if (cell.compare_exchange_strong(seen, seen + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
                [[likely]] {
                return true;
            }
            make_way(seen, epoch);
        }
        return add_patiently(epoch, now);
    }

    /// Every success counted before this call, and those of other threads that end during it perhaps.
    std::uint64_t sum() const noexcept {
        std::uint64_t all = first_.load(std::memory_order_seq_cst) & count_mask;
        // acquire: pairs with the publication in grow(). Nothing was counted in cells that are not seen.
        if (lanes* more = lanes_.load(std::memory_order_seq_cst)) {
            for (unsigned i = 0; i < more->size; ++i) all += more->at(i).load(std::memory_order_seq_cst) & count_mask;
        }
        return all;
    }

    /// Opens the window of `epoch`; whoever still counts for another one is late from now on.
    /// `still_wanted` is asked after each look and before each attempt, so that a stalled thread cannot
    /// take a later window's tag away. Returns: the sum at the beginning, or what it was if not wanted.
    template <class StillWanted>
    std::uint64_t open_window(std::uint64_t epoch, const StillWanted& still_wanted) noexcept {
        std::uint64_t all = retag(first_, epoch, still_wanted);
        // seq_cst, after the first cell: see above.
        if (lanes* more = lanes_.load(std::memory_order_seq_cst)) {
            for (unsigned i = 0; i < more->size; ++i) all += retag(more->at(i), epoch, still_wanted);
        }
        return all;
    }

private:
    static constexpr unsigned count_bits = 55;
    static constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept { return 0x100 | (epoch & 0xff); }

    static bool is_present(std::uint64_t epoch, const atom<std::uint64_t>& now) noexcept {
        // relaxed: who was admitted in an epoch has seen all that began it; coherence and the cell do the rest.
        return word{now.load(std::memory_order_relaxed)}.epoch() == epoch;
    }

    struct lanes {
        struct alignas(64) cell {
            atom<std::uint64_t> count{0};
        };
        explicit lanes(unsigned n) noexcept : size{n}, cells{new(std::nothrow) cell[n]} {}

        atom<std::uint64_t>& at(unsigned i) noexcept { return cells[i].count; }
        atom<std::uint64_t>& mine() noexcept { return at(Atomics::lane() & (size - 1)); }

        const unsigned size;
        const std::unique_ptr<cell[]> cells;  ///< null: there was no memory
    };

    /// The same for whoever met another thread, or found a cell that is not open.
    [[gnu::noinline]] bool add_patiently(std::uint64_t epoch, const atom<std::uint64_t>& now) noexcept {
        for (;;) {
            // seq_cst, before the look at the first cell: see above.
            lanes* more = lanes_.load(std::memory_order_seq_cst);
            atom<std::uint64_t>& cell = more == nullptr ? first_ : more->mine();
            std::uint64_t seen = cell.load(std::memory_order_acquire);  // as in add()
            const bool fresh = seen == 0;
            const std::uint64_t tag = (fresh ? first_.load(std::memory_order_seq_cst) : seen) >> count_bits;
            if (tag != tag_of(epoch) || !is_present(epoch, now)) return false;
            const std::uint64_t next = ((tag << count_bits) | (seen & count_mask)) + 1;
            // seq_cst, and relaxed where it fails: as in add().
            if (cell.compare_exchange_strong(seen, next, std::memory_order_seq_cst, std::memory_order_relaxed)) {
                return true;
            }
            make_way(seen, epoch);
        }
    }

    /// After an exchange that found `instead`: another thread counts here too, unless the cell was retagged.
    [[gnu::noinline]] void make_way(std::uint64_t instead, std::uint64_t epoch) noexcept {
        if (instead >> count_bits != tag_of(epoch)) return;
        // relaxed: only whether there are any.
        if (lanes_.load(std::memory_order_relaxed) == nullptr) {
            grow();
        } else {
            Atomics::lane() = Atomics::next_lane();
        }
    }

    /// Without memory there is one cell, which is slower and as exact.
    [[gnu::noinline]] void grow() noexcept {
        std::unique_ptr<lanes> made{new (std::nothrow) lanes{Atomics::lanes()}};
        if (!made || !made->cells) return;
        lanes* none = nullptr;
        // seq_cst: see above. It is also the release that the loads of lanes_ pair with.
        if (lanes_.compare_exchange_strong(none, made.get(), std::memory_order_seq_cst)) made.release();
    }

    template <class StillWanted>
    static std::uint64_t retag(atom<std::uint64_t>& cell, std::uint64_t epoch,
                               const StillWanted& still_wanted) noexcept {
        for (;;) {
            std::uint64_t seen = cell.load(std::memory_order_seq_cst);
            if (seen >> count_bits == tag_of(epoch) || !still_wanted()) return seen & count_mask;
            const std::uint64_t next = (seen & count_mask) | (tag_of(epoch) << count_bits);
            if (cell.compare_exchange_strong(seen, next, std::memory_order_seq_cst)) return seen & count_mask;
        }
    }

    atom<std::uint64_t> first_{tag_of(0) << count_bits};
    atom<lanes*> lanes_{nullptr};
};

}  // namespace switchgear::detail
