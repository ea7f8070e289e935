#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <switchgear/detail/word.hpp>

#include "period.hpp"

namespace switchgear::detail {

// The ramp by evidence lets in so many calls at a time: by Little's law a service that answers slowly is then asked
// slowly, without anybody knowing how slow it is. It is judged by its own quickest answers: a cold service is slow
// at any load and needs traffic to become warm, so that comparing it with its health would starve it.
//
// steering decides how many, from verdicts, under the lock of evidence. places lets callers in, without a lock.

/// The ramp may end when nobody was refused for so long.
inline constexpr ticks quiet_before_closing = 1'000'000'000;

/// How much the ramp lets in, for those who come: at most `calls` at a time, and `spacing` between them.
struct allowance {
    std::uint32_t calls = 1;
    ticks spacing = 0;
    bool steady = false;  ///< its calls go well: it may end where nobody is refused
};

/// Decides from the verdicts of one ramp how many of its calls may run at a time.
class steering {
public:
    /// What a ramp begins with. `latency`: of the probe that began it, 0: not known; `call_gap`: between calls while
    /// closed, 0: not known. Both in seconds.
    /// Little: latency / call_gap calls run at a time in health, and a quarter of them is a gentle beginning.
    static steering begun(double latency, double call_gap) noexcept {
        steering fresh;
        if (latency > 0) fresh.learn(latency);
        fresh.call_gap_ = call_gap > 0 ? call_gap : 1.0;
        if (latency > 0 && call_gap > 0) fresh.width_ = std::clamp(0.25 * latency / call_gap, narrowest, 4.0);
        fresh.first_width_ = fresh.width_;
        return fresh;
    }

    /// Slow start: one more at a time for each answer, so twice as many in a round trip, while answers come about as
    /// quickly as they ever did on this ramp; fewer when they take several times as long, but never fewer than a quarter of what it
    /// began with.
    void succeeded(double latency, double now) noexcept {
        remember(false);
        learn(latency);
        if (now - forgot_at_ >= latency_) {
            forgot_at_ = now;
            lowest_ += (latency_ - lowest_) * forgotten_in_a_round_trip;
        }
        if (answers_quickly()) {
            width_ = std::min(width_ + std::min(1.0, width_), widest);
        } else if (latency_ > 4 * lowest_) {
            cut(0.7, now, first_width_ / 4);
        }
    }
    /// A success whose time says nothing.
    void succeeded() noexcept { remember(false); }
    void failed(double now) noexcept {
        remember(true);
        cut(0.5, now);
    }

    /// Seven of the last ten failed.
    bool relapsed() const noexcept { return failures_of_last(relapse_calls) >= relapse_failures; }
    std::uint32_t failures_of_last(std::uint32_t calls) const noexcept {
        const auto those = (std::uint32_t{1} << calls) - 1;
        return static_cast<std::uint32_t>(std::popcount(outcomes_ & those));
    }
    double width() const noexcept { return width_; }
    double latency() const noexcept { return latency_; }

    allowance allowed() const noexcept {
        allowance now{.calls = static_cast<std::uint32_t>(std::max(width_, 1.0)), .steady = steady()};
        if (width_ < 1) now.spacing = static_cast<ticks>(std::min(latency_ / width_, 10 * call_gap_) * 1e9);
        return now;
    }

    static constexpr std::uint32_t relapse_calls = 10, relapse_failures = 7;
    static constexpr std::uint32_t steady_calls = 20, steady_failures = 4;

private:
    bool answers_quickly() const noexcept { return latency_ <= 2 * lowest_; }
    /// Slow answers are a queue: nobody is refused while it grows, and the ramp is what keeps it from growing further.
    bool steady() const noexcept {
        return calls_ >= steady_calls && failures_of_last(steady_calls) <= steady_failures && answers_quickly();
    }

    static constexpr double shortest_latency = 1e-6, narrowest = 0.01, widest = 60'000;
    static constexpr std::uint32_t averaged_calls = 8;
    static constexpr double forgotten_in_a_round_trip = 1.0 / 64;

    void remember(bool failure) noexcept {
        outcomes_ = (outcomes_ << 1) | (failure ? 1U : 0U);
        calls_ = std::min(calls_ + 1, steady_calls);
    }
    /// Healthy latencies are spread over decades: one says little, and the lowest of means of a few is far below the
    /// mean of all. So the mean is over several, and the lowest gives way, slowly: a service that answers well is never
    /// held to one lucky stretch for ever, and an overloaded one takes the longer over it the slower it answers.
    void learn(double latency) noexcept {
        answers_ = std::min(answers_ + 1, std::max(averaged_calls, static_cast<std::uint32_t>(width_)));
        latency_ += (std::max(latency, shortest_latency) - latency_) / answers_;
        lowest_ = std::min(lowest_, latency_);
    }
    /// Once a round trip: the calls that run now were let in before anybody knew.
    void cut(double to, double now, double least = narrowest) noexcept {
        if (now - cut_at_ < latency_) return;
        cut_at_ = now;
        width_ = std::max(width_ * to, std::min(width_, least));
    }

    double width_ = 1;
    double first_width_{}, call_gap_{};                        ///< as begun
    double latency_ = 0;                                       ///< mean of about the last averaged_calls
    double lowest_ = std::numeric_limits<double>::infinity();  ///< of these means
    double cut_at_ = -1e300, forgot_at_ = -1e300;
    std::uint32_t answers_ = 0;   ///< in the mean, up to averaged_calls
    std::uint32_t outcomes_ = 0;  ///< newest in the lowest bit; 1: failed
    std::uint32_t calls_ = 0;     ///< up to steady_calls
};

/// Who is in: the calls of one ramp that run, counted in one word.
///
///     tag of the epoch:16 | generation:16 | of the generation before:16 | of this one:16
///
/// A place belongs to the generation in which it was taken, one lasts as long as a lease, and places of the last
/// two count: so a call that never ends – forgotten, or hung – loses its place after one to two leases, and no
/// list of calls is kept. A word of another epoch reads as nobody in; a thread that stalled over a change of epoch
/// never writes over a later one (`still_wanted`, asked after each look and before each attempt).
template <class Atomics>
class places {
public:
    struct answer {
        bool taken = false;
        std::uint32_t lost = 0;        ///< places of calls that never ended, given up by this thread
        std::uint16_t generation = 0;  ///< of the place that was taken, for give_back()
    };

    static constexpr std::uint16_t generation_at(ticks since_begin, ticks length) noexcept {
        return static_cast<std::uint16_t>(since_begin / std::max<ticks>(length, 1));
    }

    template <class StillWanted>
    answer take(std::uint64_t epoch, std::uint16_t generation, std::uint32_t most,
                const StillWanted& still_wanted) noexcept {
        // acquire: pairs with the exchange of a later epoch, so that still_wanted() sees that epoch.
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        for (;;) {
            if (!still_wanted()) return {};
            inside now = unpack(seen, epoch, generation);
            const std::uint32_t lost = now.move_to(generation);
            if (std::uint32_t{now.before} + now.present >= most || now.present == 0xffff) return {};
            ++now.present;
            // acq_rel: the exchanges on this word are one order of those who come and go. Failed, acquire: as above.
            if (word_.compare_exchange_weak(seen, pack(epoch, now), std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
                return {.taken = true, .lost = lost, .generation = now.generation};
            }
        }
    }

    /// Gives a place back, unless it was lost.
    template <class StillWanted>
    void give_back(std::uint64_t epoch, std::uint16_t generation, const StillWanted& still_wanted) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);  // as in take()
        for (;;) {
            if (seen >> 48 != tag_of(epoch) || !still_wanted()) return;
            inside now = unpack(seen, epoch, generation);
            const auto age = static_cast<std::uint16_t>(now.generation - generation);
            std::uint16_t* const mine = age == 0 ? &now.present : age == 1 ? &now.before : nullptr;
            if (mine == nullptr || *mine == 0) return;
            --*mine;
            // acq_rel: as in take().
            if (word_.compare_exchange_weak(seen, pack(epoch, now), std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
                return;
            }
        }
    }

    /// As in evidence_ramp.
    template <class StillWanted>
    void forget(std::uint64_t epoch, const StillWanted& still_wanted) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);  // as in take()
        while (seen >> 48 == tag_of(epoch) && still_wanted()) {
            if (word_.compare_exchange_weak(seen, 0, std::memory_order_acq_rel, std::memory_order_acquire)) return;
        }
    }

private:
    static constexpr std::uint16_t most_behind = 16;

    struct inside {
        std::uint16_t generation, before, present;

        /// Returns: how many places were lost. A thread that read its clock before others, or one that is behind, stays
        /// in the generation that is. Generations wrap, so that after a long silence the present one may look as if it
        /// were behind, too: then places that should be lost are kept, for no more than `most_behind` leases.
        std::uint32_t move_to(std::uint16_t to) noexcept {
            const auto behind = static_cast<std::uint16_t>(generation - to);
            if (behind <= most_behind) return 0;
            const bool next = to == static_cast<std::uint16_t>(generation + 1);
            const std::uint32_t lost = next ? before : std::uint32_t{before} + present;
            before = next ? present : std::uint16_t{0};
            present = 0;
            generation = to;
            return lost;
        }
    };

    // Never 0, so that a fresh word belongs to no epoch.
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept { return epoch % 0xffff + 1; }
    static constexpr inside unpack(std::uint64_t bits, std::uint64_t epoch, std::uint16_t generation) noexcept {
        if (bits >> 48 != tag_of(epoch)) return {generation, 0, 0};
        return {static_cast<std::uint16_t>(bits >> 32), static_cast<std::uint16_t>(bits >> 16),
                static_cast<std::uint16_t>(bits)};
    }
    static constexpr std::uint64_t pack(std::uint64_t epoch, const inside& now) noexcept {
        return (tag_of(epoch) << 48) | (std::uint64_t{now.generation} << 32) | (std::uint64_t{now.before} << 16) |
               now.present;
    }

    typename Atomics::template atom<std::uint64_t> word_{};
};

/// What a breaker whose ramp goes by evidence needs beside the rest: made with the settings that ask for it.
template <class Atomics>
class evidence_ramp {
public:
    template <class T>
    using atom = typename Atomics::template atom<T>;

    /// What is allowed now; `at_first` until a verdict of this ramp has come.
    allowance allowed(std::uint64_t epoch, const allowance& at_first) const noexcept {
        // acquire: pairs with publish().
        const std::uint64_t bits = allowed_.load(std::memory_order_acquire);
        if (bits >> 48 != tag_of(epoch)) return at_first;
        const bool steady = ((bits >> 47) & 1) != 0;
        const std::uint64_t value = bits & value_mask;
        if (((bits >> 46) & 1) != 0) return {.calls = 1, .spacing = static_cast<ticks>(value), .steady = steady};
        return {.calls = static_cast<std::uint32_t>(value), .steady = steady};
    }
    /// Under the lock of evidence, as whoever reads `steer` and writes it.
    void publish(std::uint64_t epoch, const allowance& now) noexcept {
        const bool spaced = now.spacing > 0;
        const std::uint64_t value =
            spaced ? std::min(static_cast<std::uint64_t>(now.spacing), value_mask) : std::uint64_t{now.calls};
        // release: pairs with allowed().
        allowed_.store(
            (tag_of(epoch) << 48) | (std::uint64_t{now.steady} << 47) | (std::uint64_t{spaced} << 46) | value,
            std::memory_order_release);
    }

    /// Clears what is left of a ramp 65,535 epochs ago, before this one begins: the tags are the same. Wanted until it
    /// may begin.
    template <class StillWanted>
    void forget(std::uint64_t epoch, const StillWanted& still_wanted) noexcept {
        in.forget(epoch, still_wanted);
        std::uint64_t seen = allowed_.load(std::memory_order_acquire);  // as in allowed()
        if (seen >> 48 != tag_of(epoch) || !still_wanted()) return;
        // release: as in publish(). Failed: that ramp has begun, and this is of it.
        allowed_.compare_exchange_strong(seen, 0, std::memory_order_release, std::memory_order_relaxed);
    }

    /// Raises a time that is read without a lock.
    static void raise(atom<ticks>& to, ticks now) noexcept {
        ticks seen = to.load(std::memory_order_relaxed);  // relaxed, here and below: a bound of its own
        while (seen < now && !to.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
        }
    }

    /// Calls of that ramp never ended: for take_lost(). Whoever stalled over a later ramp says nothing.
    void lose(std::uint64_t epoch, std::uint32_t calls) noexcept {
        std::uint64_t seen = lost_.load(std::memory_order_relaxed);  // relaxed, here and below: nothing goes with it
        for (;;) {
            if (is_later_epoch(seen >> 24, epoch)) return;
            const std::uint64_t so_far = seen >> 24 == epoch ? seen & most_lost : 0;
            const std::uint64_t now = (epoch << 24) | std::min(so_far + calls, most_lost);
            if (lost_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) return;
        }
    }
    /// How many were lost since they were last taken. Under the lock of evidence.
    std::uint32_t take_lost(std::uint64_t epoch) noexcept {
        std::uint64_t seen = lost_.load(std::memory_order_relaxed);  // relaxed: as in lose()
        while (seen >> 24 == epoch && (seen & most_lost) != 0) {
            if (lost_.compare_exchange_weak(seen, epoch << 24, std::memory_order_relaxed)) {
                return static_cast<std::uint32_t>(seen & most_lost);
            }
        }
        return 0;
    }

    places<Atomics> in;
    // A clock may begin below 0.
    atom<ticks> refused_at{std::numeric_limits<ticks>::min()};   ///< when a call was last refused
    atom<ticks> admitted_at{std::numeric_limits<ticks>::min()};  ///< when one was last let in

    steering steer;                                                           // under the lock of evidence
    std::uint64_t steered_epoch = std::numeric_limits<std::uint64_t>::max();  // the same: the ramp that it is of

private:
    static constexpr std::uint64_t value_mask = (std::uint64_t{1} << 46) - 1;
    static constexpr std::uint64_t tag_of(std::uint64_t epoch) noexcept { return epoch % 0xffff + 1; }

    static constexpr std::uint64_t most_lost = (std::uint64_t{1} << 24) - 1;

    atom<std::uint64_t> allowed_{};
    atom<std::uint64_t> lost_{};  ///< epoch of the ramp:40 | calls:24
};

}  // namespace switchgear::detail
