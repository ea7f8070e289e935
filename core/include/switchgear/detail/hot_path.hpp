#pragma once

#include <cstdint>

#include <switchgear/detail/grant.hpp>
#include <switchgear/detail/tally.hpp>
#include <switchgear/detail/ticks.hpp>
#include <switchgear/detail/word.hpp>
#include <switchgear/state.hpp>

namespace switchgear::detail {

/// What became of asking, in two registers.
struct answer {
    reject_reason why{};
    ticks wait = 0;  ///< how long a refused caller had better wait, more than zero; zero: admitted

    constexpr bool admitted() const noexcept { return wait == 0; }
    /// The breaker changed while it was looked at: nothing was decided.
    static constexpr answer look_again() noexcept { return {.wait = -1}; }
    constexpr bool decided() const noexcept { return wait >= 0; }
};

/// All that a healthy call touches, and what it does: the part of the machine that is compiled into its
/// caller. Everything else is behind calls, in machine.hpp, which tells how it works and why it is safe.
///
/// Thread safety: every member may be called from any thread at any time.
template <class Atomics>
class hot_path {
public:
    // acquire: pairs with the release of every swing: who sees an epoch sees all that began it.
    word current() const noexcept { return word{word_.load(std::memory_order_acquire)}; }

    /// A call of that epoch. Reads the clock only where slowness is judged.
    template <class Time>
    static grant granted(word at, std::uint64_t traits, const Time& time) noexcept {
        if (!at.timed()) return {.epoch = at.epoch(), .traits = traits};
        if (at.watched()) traits |= grant::watched;
        return {.epoch = at.epoch(), .begun = in_ticks(time.now()), .traits = traits | grant::timed};
    }

    /// How far the healthy path got with a success.
    enum class progress {
        counted,       ///< all is done
        look_further,  ///< counted, and it may matter to a rule
        late,          ///< its window is over; nothing was counted
        not_yet,       ///< nothing was counted: the window moves first, or it may have been slow
    };

    /// The success of a plain grant. Never waits.
    template <class Time>
    [[gnu::always_inline]] progress count_success(const grant& of, const Time& time) noexcept {
        // relaxed: of a window that moves just now the old edge or the new one will do (rule 8 has room).
        const ticks next_move = next_move_.load(std::memory_order_relaxed);
        if (of.is(grant::timed)) {
            // relaxed: a bound of its own.
            const ticks slow_after = slow_after_.load(std::memory_order_relaxed);
            const bool exactly = slow_after <= coarse_lag;
            const ticks now = in_ticks(exactly ? time.now() : time.coarse());
            // The exact end of the call is later than the coarse clock by its lag at the most.
            const ticks surely = exactly ? slow_after : slow_after - coarse_lag;
            if (now >= next_move || now - of.begun > surely) return progress::not_yet;
        } else if (next_move != never && in_ticks(time.coarse()) >= next_move) {
            return progress::not_yet;
        }
        return count_success(of.epoch);
    }

protected:
    [[gnu::always_inline]] progress count_success(std::uint64_t epoch) noexcept {
        if (!tally_.add(epoch, word_)) return progress::late;
        // seq_cst, after the addition: see machine_judging.hpp.
        return suspect_to_.load(std::memory_order_seq_cst) != 0 ? progress::look_further : progress::counted;
    }

    template <class T>
    using atom = typename Atomics::template atom<T>;

    atom<std::uint64_t> word_{};
    tally<Atomics> tally_;

    // What a success reads to know that it changes nothing more. Written under the lock of evidence.
    atom<std::uint64_t> suspect_from_{}, suspect_to_{};  ///< points of the tally; `to` 0: none is suspected
    atom<ticks> next_move_{never};                       ///< when the window's present bucket ends
    atom<ticks> slow_after_{never};
};

}  // namespace switchgear::detail
