#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "period.hpp"

namespace switchgear::detail {

/// When each outstanding probe began, for the probes of one breaker (rules 17 and 20).
///
/// A slot is one word: a bit that is set, the low 11 bits of the epoch and the start modulo 2^52 ticks. That is 52 days,
/// and half of it is how long nobody may ask for a lease to be found over: a process may sleep for days. A slot of
/// another epoch is free, whatever it holds. A thread that stalled over a change of epoch never writes over a lease of
/// the later one (`still_wanted`).
///
/// A lease that ran out is marked before it is scored: its own verdict finds the mark and is late, and
/// whoever else asks finds it and completes the scoring if the marking thread was stalled.
///
/// Slots are only ever added (by a reload that allows more probes), under the caller's lock.
template <class Atomics>
class leases {
public:
    struct held {
        std::uint64_t slot;
        std::uint64_t value;
    };
    struct survey {
        bool expired = false;                  ///< one has run out, and is marked
        std::optional<ticks> earliest_expiry;  ///< what is left of the oldest lease
    };

    leases() = default;
    leases(const leases&) = delete;
    leases& operator=(const leases&) = delete;
    ~leases() {
        // relaxed, here: nobody else is left.
        for (auto* extra = first_.next.load(std::memory_order_relaxed); extra != nullptr;) {
            auto* next = extra->next.load(std::memory_order_relaxed);
            delete extra;
            extra = next;
        }
    }

    /// How many slots there are without grow().
    static constexpr std::uint32_t slots_to_begin_with = 4;

    void grow(std::uint32_t slots) {
        chunk* end = &first_;
        for (std::uint32_t have = chunk::size;; have += chunk::size) {
            // relaxed: growers take turns, under the caller's lock.
            chunk* next = end->next.load(std::memory_order_relaxed);
            if (next == nullptr) {
                if (have >= slots) return;
                next = new chunk;
                end->next.store(next, std::memory_order_release);  // pairs with the acquire in for_each()
            }
            end = next;
        }
    }

    /// Writes a lease into a free slot; nothing if the epoch is over: `still_wanted` is asked after each
    /// look and before each attempt. Requires: fewer leases of that epoch than slots.
    template <class StillWanted>
    std::optional<held> take(std::uint64_t epoch, ticks now, const StillWanted& still_wanted) noexcept {
        const std::uint64_t mine = tag_of(epoch) | start_of(now);
        for (;;) {
            std::optional<held> got;
            bool wanted = true;
            for_each([&](std::uint32_t index, atom<std::uint64_t>& slot) {
                // acquire: pairs with the exchange of a later epoch's lease, so that still_wanted() sees that epoch.
                std::uint64_t seen = slot.load(std::memory_order_acquire);
                if ((seen & tag_mask) == tag_of(epoch)) return true;
                wanted = still_wanted();
                if (!wanted) return false;
                // acq_rel: pairs with the acquire in look(): a lease is seen after the admission it is for.
                if (!slot.compare_exchange_strong(seen, mine, std::memory_order_acq_rel)) return true;
                got = held{index, mine};
                return false;
            });
            if (got || !wanted) return got;
        }
    }

    /// Clears what is left of an epoch 2,048 ago, of permits that were never settled, before this one begins:
    /// the tags are the same. `still_wanted` as in take().
    template <class StillWanted>
    void forget(std::uint64_t epoch, const StillWanted& still_wanted) noexcept {
        for_each([&](std::uint32_t, atom<std::uint64_t>& slot) {
            // acquire: as in take().
            std::uint64_t seen = slot.load(std::memory_order_acquire);
            if ((seen & tag_mask) != tag_of(epoch)) return true;
            if (!still_wanted()) return false;
            // relaxed: a free slot says nothing. Failed: the epoch has begun, and this is a lease of it.
            slot.compare_exchange_strong(seen, of_nobody, std::memory_order_relaxed);
            return true;
        });
    }

    /// Ends a lease. Returns: false if it ran out and was marked.
    bool end(const held& lease) noexcept {
        std::uint64_t expected = lease.value;
        // release: pairs with the acquire in first_to_end(): who sees that it is gone sees the places given back before.
        // Of this and the mark in look() one succeeds.
        return at(lease.slot).compare_exchange_strong(expected, of_nobody, std::memory_order_release);
    }

    /// Looks at the leases of one epoch; marks one that has run out.
    survey look(std::uint64_t epoch, ticks now, ticks length) noexcept {
        survey found;
        for_each([&](std::uint32_t, atom<std::uint64_t>& slot) {
            // acquire: pairs with the exchange of take(), whose release end() and the mark below carry on.
            std::uint64_t seen = slot.load(std::memory_order_acquire);
            if ((seen & tag_mask) != tag_of(epoch)) return true;
            if ((seen & start_mask) == marked) {
                found.expired = true;
                return false;
            }
            const ticks age = age_of(seen, now);
            if (age < length) {
                found.earliest_expiry = std::min(found.earliest_expiry.value_or(length), length - age);
                return true;
            }
            // relaxed: it tells of nothing else. A failed exchange: somebody else marked it this moment, or it was settled
            // in time; acquire, as above.
            const bool marked_here = slot.compare_exchange_strong(seen, tag_of(epoch) | marked,
                                                                  std::memory_order_relaxed, std::memory_order_acquire);
            if (!marked_here && seen != (tag_of(epoch) | marked)) return true;
            found.expired = true;
            return false;
        });
        return found;
    }
    /// How long until a lease of that epoch runs out, by this clock and without a side effect: 0 if one has, `length`
    /// if there is none. `single`: there is one at the most, so that none is looked for beside it.
    ticks none_ends_for(std::uint64_t epoch, ticks now, ticks length, bool single) const noexcept {
        // acquire: as in look(). One alone is where the first was taken, but for one that outlived others.
        const std::uint64_t first = first_.slots.front().load(std::memory_order_acquire);
        if (!single || (first & tag_mask) != tag_of(epoch)) [[unlikely]]
            return first_to_end(epoch, now, length);
        return left_of(first, now, length);
    }

private:
    template <class T>
    using atom = typename Atomics::template atom<T>;
    struct chunk {
        static constexpr std::uint32_t size = slots_to_begin_with;
        std::array<atom<std::uint64_t>, size> slots{};
        atom<chunk*> next{nullptr};
    };

    static constexpr unsigned start_bits = 52;
    static constexpr std::uint64_t start_mask = (std::uint64_t{1} << start_bits) - 1;
    static constexpr std::uint64_t tag_mask = ~start_mask;
    static constexpr std::uint64_t marked = start_mask;
    static constexpr std::uint64_t of_nobody{};

    // Never 0, so that an empty slot belongs to no epoch.
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept {
        return (epoch << start_bits) | std::uint64_t{1} << 63;
    }
    // One tick less than the mark at the most.
    static constexpr std::uint64_t start_of(ticks now) noexcept {
        const std::uint64_t start = static_cast<std::uint64_t>(now) & start_mask;
        return start == marked ? marked - 1 : start;
    }
    static constexpr ticks age_of(std::uint64_t slot, ticks now) noexcept {
        const std::uint64_t age = (start_of(now) - slot) & start_mask;
        // Half the circle and more: the reader's clock is a little behind the writer's.
        return age >> (start_bits - 1) != 0 ? 0 : static_cast<ticks>(age);
    }

    static constexpr ticks left_of(std::uint64_t slot, ticks now, ticks length) noexcept {
        return (slot & start_mask) == marked ? 0 : std::max<ticks>(length - age_of(slot, now), 0);
    }
    /// Of all of that epoch; `length` if there is none.
    [[gnu::noinline]] ticks first_to_end(std::uint64_t epoch, ticks now, ticks length) const noexcept {
        ticks left = length;
        const_cast<leases&>(*this).for_each([&](std::uint32_t, const atom<std::uint64_t>& slot) {
            const std::uint64_t seen = slot.load(std::memory_order_acquire);  // as in look()
            if ((seen & tag_mask) == tag_of(epoch)) left = std::min(left, left_of(seen, now, length));
            return true;
        });
        return left;
    }

    /// Requires: a lease was taken there.
    atom<std::uint64_t>& at(std::uint64_t index) noexcept {
        chunk* part = &first_;
        // relaxed: whoever has the lease saw its chunk when it was taken.
        for (; index >= chunk::size; index -= chunk::size) part = part->next.load(std::memory_order_relaxed);
        return part->slots[index];
    }

    /// `visit(index, slot)` until it returns false.
    template <class Visit>
    void for_each(const Visit& visit) noexcept {
        std::uint32_t index = 0;
        // acquire: pairs with the release in grow().
        for (chunk* part = &first_; part != nullptr; part = part->next.load(std::memory_order_acquire)) {
            for (auto& slot : part->slots) {
                if (!visit(index++, slot)) return;
            }
        }
    }

    chunk first_;
};

}  // namespace switchgear::detail
