#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include <switchgear/detail/ticks.hpp>

#include "pacing.hpp"

namespace switchgear::detail {

/// What belongs to the present stretch of the breaker's life and does not fit into the word.
struct period {
    ticks deadline = 0;    ///< open: when a probe is due
    ticks pause = 0;       ///< open: how long from the trip to the deadline
    ticks base_pause = 0;  ///< what back-off starts from: the pause without jitter and hint; 0: none yet
    ticks ramp_since = 0;  ///< on the ramp: when it began
    ticks override_until = never;
    std::uint64_t window_base = 0;   ///< successes tallied before the window began
    std::uint32_t window = 0;        ///< grows with every window that begins
    std::uint32_t attempt = 0;       ///< trips in a row without a close
    std::uint32_t ramp_latency = 0;  ///< on the ramp: how long the probe took that began it, in microseconds
    std::uint32_t ramp_lease = 0;    ///< on the ramp by evidence: how long a call keeps its place, in milliseconds
    ticks since = never;             ///< closed: when the window began; else when the outage did; `never`: not known
    lessons learned{};
};

inline constexpr std::uint32_t period_records = 3;

/// The part of the periods that only learned pacing and the ramp by evidence need: kept apart, so that a breaker
/// without them is no larger. Orders as in period_pool.
template <class Atomics>
class learned_records {
public:
    /// `since` and `ramp_lease` are those of the present period.
    learned_records(ticks since, std::uint32_t ramp_lease) noexcept {
        for (record& one : records_) {  // relaxed: published as a whole
            one.since.store(since, std::memory_order_relaxed);
            one.ramp_lease.store(ramp_lease, std::memory_order_relaxed);
        }
    }

    // release and acquire: as in period_pool.
    void write(std::uint32_t index, const period& from) noexcept {
        auto& to = records_[index];
        to.since.store(from.since, std::memory_order_release);
        to.learned.store(from.learned, std::memory_order_release);
        to.ramp_latency.store(from.ramp_latency, std::memory_order_release);
        to.ramp_lease.store(from.ramp_lease, std::memory_order_release);
    }
    void read(std::uint32_t index, period& into) const noexcept {  // acquire: as in period_pool
        const auto& from = records_[index];
        into.since = from.since.load(std::memory_order_acquire);
        into.learned = from.learned.load(std::memory_order_acquire);
        into.ramp_latency = from.ramp_latency.load(std::memory_order_acquire);
        into.ramp_lease = from.ramp_lease.load(std::memory_order_acquire);
    }

private:
    template <class T>
    using atom = typename Atomics::template atom<T>;
    struct record {
        atom<ticks> since{never};
        atom<lessons> learned{lessons{}};
        atom<std::uint32_t> ramp_latency{0}, ramp_lease{0};
    };

    std::array<record, period_records> records_{};
};

/// A few period records, so that a new one can be written while the old one is read.
///
/// A change of the breaker claims a free record, fills it, and swings the word to it; the record that
/// the word pointed to is free from then on. Readers load the word, the fields, and the word again: an
/// unchanged word means that nothing was replaced meanwhile. So no reader waits, and a writer waits only
/// if two others are stalled between claiming and swinging.
///
/// A word points to record 0 from the beginning, which reads as period{}.
///
/// Ordering. Fields are stored with release and loaded with acquire: a reader that sees a field of a
/// later owner also sees that the word had left this record before it was claimed, and reads again.
template <class Atomics>
class period_pool {
public:
    static constexpr std::uint32_t size = period_records;

    /// Keeps what is learned from now on, where the settings ask for it; whose it is, and once only.
    // release: pairs with the acquire in learned().
    void learn(learned_records<Atomics>* in) noexcept { learned_.store(in, std::memory_order_release); }
    // acquire: pairs with learn().
    learned_records<Atomics>* learned() const noexcept { return learned_.load(std::memory_order_acquire); }

    /// A record that nobody else writes until it is given back or replaced.
    std::uint32_t claim() noexcept {
        for (;;) {
            std::uint32_t free = free_.load(std::memory_order_relaxed);  // the exchange looks again
            if (free == 0) {
                Atomics::wait_a_moment();
                continue;
            }
            const auto lowest = static_cast<std::uint32_t>(__builtin_ctz(free));
            // acquire: pairs with the release in give_back(). Failed, relaxed: it looks again.
            if (free_.compare_exchange_strong(free, free & ~(1U << lowest), std::memory_order_acquire,
                                              std::memory_order_relaxed)) {
                return lowest;
            }
        }
    }
    // release: pairs with the acquire in claim().
    void give_back(std::uint32_t index) noexcept { free_.fetch_or(1U << index, std::memory_order_release); }

    // release and acquire: see above.
    void write(std::uint32_t index, const period& from) noexcept {
        auto& to = records_[index];
        to.deadline.store(from.deadline, std::memory_order_release);
        to.pause.store(from.pause, std::memory_order_release);
        to.base_pause.store(from.base_pause, std::memory_order_release);
        to.ramp_since.store(from.ramp_since, std::memory_order_release);
        to.override_until.store(from.override_until, std::memory_order_release);
        to.window_base.store(from.window_base, std::memory_order_release);
        to.window.store(from.window, std::memory_order_release);
        to.attempt.store(from.attempt, std::memory_order_release);
        if (auto* const more = learned()) more->write(index, from);
    }
    // acquire, in all that reads: see above.
    /// Deadline and pause alone: what a refusal needs.
    std::pair<ticks, ticks> deadline_and_pause(std::uint32_t index) const noexcept {
        const auto& from = records_[index];
        return {from.deadline.load(std::memory_order_acquire), from.pause.load(std::memory_order_acquire)};
    }
    /// The window and where it began: what a failure needs.
    std::pair<std::uint32_t, std::uint64_t> window(std::uint32_t index) const noexcept {
        const auto& from = records_[index];
        // acquire: see above.
        return {from.window.load(std::memory_order_acquire), from.window_base.load(std::memory_order_acquire)};
    }
    ticks ramp_since(std::uint32_t index) const noexcept {
        return records_[index].ramp_since.load(std::memory_order_acquire);
    }
    /// All that who is overridden has to know.
    ticks override_until(std::uint32_t index) const noexcept {  // acquire: see above
        return records_[index].override_until.load(std::memory_order_acquire);
    }
    period read(std::uint32_t index) const noexcept {
        const auto& from = records_[index];
        // acquire, all of them: see above.
        period at{.deadline = from.deadline.load(std::memory_order_acquire),
                  .pause = from.pause.load(std::memory_order_acquire),
                  .base_pause = from.base_pause.load(std::memory_order_acquire),
                  .ramp_since = from.ramp_since.load(std::memory_order_acquire),
                  .override_until = from.override_until.load(std::memory_order_acquire),
                  .window_base = from.window_base.load(std::memory_order_acquire),
                  .window = from.window.load(std::memory_order_acquire),
                  .attempt = from.attempt.load(std::memory_order_acquire)};
        if (const auto* const more = learned()) more->read(index, at);
        return at;
    }

private:
    template <class T>
    using atom = typename Atomics::template atom<T>;
    struct record {
        atom<ticks> deadline, pause, base_pause, ramp_since, override_until{never};
        atom<std::uint64_t> window_base;
        atom<std::uint32_t> window, attempt;
    };

    std::array<record, size> records_{};
    atom<std::uint32_t> free_{((1U << size) - 1) & ~1U};
    atom<learned_records<Atomics>*> learned_{nullptr};
};

}  // namespace switchgear::detail
