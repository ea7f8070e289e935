#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <switchgear/detail/atomics.hpp>
#include <switchgear/detail/ticks.hpp>
#include <switchgear/detail/word.hpp>

#include "detector.hpp"

namespace switchgear::detail {

/// Good calls on their way to the detector, kept where their threads left them until somebody takes them in:
/// whoever brings a bad call, or the one who finds that enough have come together.
///
/// One lane until two threads meet in it, then several, as in the tally. Who finds another in a lane moves on to
/// the next one at once, and waits only where all are busy; who takes them in waits for a thread that is just adding
/// a call. So every call is taken in just once.
///
/// Calls carry their epoch: those of an earlier one than is asked for are forgotten, and those of a later one wait
/// for whoever asks for that.
template <class Atomics>
class good_calls {
    template <class T>
    using atom = typename Atomics::template atom<T>;

public:
    good_calls() : first_{std::make_unique<lane>()} {}
    good_calls(const good_calls&) = delete;
    good_calls& operator=(const good_calls&) = delete;
    ~good_calls() { delete more_.load(std::memory_order_relaxed); }  // nobody else is left

    /// Returns: whether enough have come together, in number or time, to be taken in.
    [[gnu::always_inline]] bool keep(std::uint64_t epoch, ticks at, ticks took) noexcept {
        lane& mine = this_threads();
        if (!mine.busy.try_lock()) [[unlikely]]
            return keep_patiently(epoch, at, took);
        const std::lock_guard lock{mine.busy, std::adopt_lock};
        return mine.add(epoch, at, took);
    }

    /// Hands over the calls of `epoch` that stand in this thread's lane, some at a time: what is in other lanes
    /// stays in other cores' caches. Requires: one thread at a time.
    template <class Consume>
    void take_own(std::uint64_t epoch, const Consume& consume) {
        this_threads().take_by_parts(epoch, consume);
    }

    /// The same of all lanes, one after the other: between two bad calls it makes no difference which good one came
    /// first.
    template <class Consume>
    void take_all(std::uint64_t epoch, const Consume& consume) {
        first_->take_by_parts(epoch, consume);
        // acquire: pairs with the publication in make_way().
        if (lanes* const more = more_.load(std::memory_order_acquire)) {
            for (lane& one : more->all) one.take_by_parts(epoch, consume);
        }
    }

    /// Requires: as take_all().
    void forget() noexcept {
        first_->forget();
        // acquire: as in take_all().
        if (lanes* const more = more_.load(std::memory_order_acquire)) {
            for (lane& one : more->all) one.forget();
        }
    }

private:
    static constexpr std::size_t enough = 256;
    static constexpr ticks long_enough = 5'000'000;

    struct call {
        ticks at, took;
    };
    struct lane {
        lane() { calls.reserve(enough); }

        bool add(std::uint64_t now, ticks at, ticks took) noexcept {
            if (is_later_epoch(epoch, now)) return false;
            if (now != epoch) calls.clear(), epoch = now;
            calls.push_back({at, took});  // grows only while nobody can take them in
            return calls.size() >= enough || at - calls.front().at >= long_enough;
        }
        template <class Consume>
        void take_by_parts(std::uint64_t of, const Consume& consume) {
            const std::lock_guard lock{busy};
            if (is_later_epoch(epoch, of)) return;  // an order came since the taker looked
            std::array<adaptive::finished, 32> part;
            for (std::size_t i = 0; epoch == of && i < calls.size();) {
                std::size_t n = 0;
                for (; n < part.size() && i < calls.size(); ++n, ++i) {
                    part[n] = {.at = time_point{duration{calls[i].at}}, .took = duration{calls[i].took}};
                }
                consume(std::span<const adaptive::finished>{part.data(), n});
            }
            calls.clear();
        }
        void forget() noexcept {
            const std::lock_guard lock{busy};
            calls.clear();
        }

        // On a line of its own, whatever stands beside it: by distance, for allocators lose more than that by alignment.
        [[maybe_unused]] std::array<std::byte, 64> apart_before;
        brief_lock<Atomics> busy;
        std::uint64_t epoch = 0;  // under busy, and so are the calls
        std::vector<call> calls;
        [[maybe_unused]] std::array<std::byte, 64> apart_behind;
    };
    struct lanes {
        lanes() : all(Atomics::lanes()) {}
        lane& mine() noexcept { return all[Atomics::lane() & (all.size() - 1)]; }
        std::vector<lane> all;
    };

    lane& this_threads() noexcept {
        // acquire: pairs with the publication in make_way().
        lanes* const more = more_.load(std::memory_order_acquire);
        return more == nullptr ? *first_ : more->mine();
    }

    /// keep() for a thread that has met another one.
    [[gnu::noinline]] bool keep_patiently(std::uint64_t epoch, ticks at, ticks took) noexcept {
        for (unsigned met = 0;; ++met) {
            make_way();
            lane& mine = this_threads();
            if (met >= Atomics::lanes()) {  // all are busy
                mine.busy.lock();
            } else if (!mine.busy.try_lock()) {
                continue;
            }
            const std::lock_guard lock{mine.busy, std::adopt_lock};
            return mine.add(epoch, at, took);
        }
    }

    /// For a thread that has met another one.
    [[gnu::noinline]] void make_way() noexcept {
        // relaxed: only whether there are any.
        if (more_.load(std::memory_order_relaxed) != nullptr) {
            Atomics::lane() = Atomics::next_lane();
            return;
        }
        auto made = std::make_unique<lanes>();
        lanes* none = nullptr;
        // release: pairs with the acquires above. relaxed: nothing is read if another thread was first.
        if (more_.compare_exchange_strong(none, made.get(), std::memory_order_release, std::memory_order_relaxed)) {
            static_cast<void>(made.release());
        }
    }

    const std::unique_ptr<lane> first_;
    atom<lanes*> more_{nullptr};
};

}  // namespace switchgear::detail
