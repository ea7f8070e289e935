#pragma once

#include <algorithm>

#include "machine.hpp"

// Changes of state. Each is one swing of the word, made by whoever gets there first.

namespace switchgear::detail {

/// A number in [-1, 1) from a counter: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014).
inline double symmetric_draw(std::uint64_t counter) noexcept {
    std::uint64_t z = counter;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) * 0x1p-52 - 1.0;
}

template <class A, class S, class F>
ticks machine<A, S, F>::spread(ticks pause, double jitter) noexcept {
    // relaxed: a counter of its own.
    const auto drawn = draws_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed) + 0x9e3779b97f4a7c15;
    const double factor = 1.0 + jitter * symmetric_draw(drawn);
    return std::max<ticks>(static_cast<ticks>(static_cast<double>(pause) * factor), 1);
}

/// A server's or an operator's wish as far as it is honoured: not above 0 if it is none (rule 12).
template <class A, class S, class F>
ticks machine<A, S, F>::capped(std::optional<ticks> hint, const plan& by) noexcept {
    return std::min(hint.value_or(ticks{}), plan::in_ticks(by.given.recovery.max_retry_after));
}

/// What a closed breaker that trips has learned of its service's traffic. The tally stands for all that was well;
/// of what was not, for what tripped it.
template <class A, class S, class F>
lessons machine<A, S, F>::after_closed(const look& from, const finding& why, ticks now) const noexcept {
    // What was refused by order is no health, and no traffic either: force() has learned what came before.
    if (from.of.since == never || from.at.override() == override_mode::forced_open) return from.of.learned;
    return after_health(from.of.learned, tally_.sum() - from.of.window_base + why.evidence.failures,
                        now - from.of.since);
}

/// The pause to come, without jitter: learned, or the first one, or the one before times back-off.
template <class A, class S, class F>
void machine<A, S, F>::pace(period& next, const look& from, const recovery_rules& rules, ticks now) const noexcept {
    const ticks cap = plan::in_ticks(rules.max_open_for);
    const bool again = from.at.where() == state::half_open && from.of.base_pause != 0;
    if (rules.pacing == pacing::learned) {
        const ticks age = now - std::min(next.since, now);  // none where that is not known
        next.base_pause = std::min(learned_gap(next.learned, rules.probe_price, age, !again), cap);
        return;
    }
    const ticks first = plan::in_ticks(rules.open_for);
    const double grown = again ? static_cast<double>(from.of.base_pause) * rules.backoff : static_cast<double>(first);
    next.base_pause = static_cast<ticks>(std::min(grown, static_cast<double>(cap)));
}

/// To open, from any state. `exact` is an operator's pause; else as pace() says, with jitter, and at least
/// the hint (rule 12). A server that says when to come back knows better than what was learned: then it is the hint.
template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::open(const look& from, const finding& why, const plan& by, ticks now,
                                            std::optional<ticks> hint, std::optional<ticks> exact) noexcept {
    const recovery_rules& rules = by.given.recovery;
    period next = from.of;
    if (from.at.where() == state::closed) {
        next.learned = after_closed(from, why, now);
        next.since = now;
    }
    pace(next, from, rules, now);
    const ticks wish = capped(hint, by);
    const bool as_wished = rules.pacing == pacing::learned && wish > 0;
    next.pause = exact ? *exact : std::max(as_wished ? shortest_gap : spread(next.base_pause, rules.jitter), wish);
    next.deadline = now + next.pause;
    next.attempt = from.of.attempt + (from.of.attempt != ~std::uint32_t{0} ? 1 : 0);
    const word to = from.at.with_state(state::open);
    if (!swing(from.at, to, next)) return {};
    return moved{from.at.where(), state::open, to.epoch(), now, why.cause, why.evidence, next.pause, next.attempt};
}

template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::half_open(word from, ticks now) noexcept {
    // The attempt goes with the period: one reading of it while the word is still `from`.
    const auto attempt = in_trouble().periods.read(from.period()).attempt;
    const word to = from.with_state(state::half_open);
    // For the ramp, which stays in this epoch. Windows are so only ever opened for the epoch after the
    // present one: whoever begins the ramp cannot take the tally back from whoever closes meanwhile.
    open_window(from, to.epoch());
    trouble<A>& known = in_trouble();
    const auto not_yet = [&] { return current() == from; };
    known.leased.forget(to.epoch(), not_yet);
    if (auto* const back = known.back()) back->ramp.forget(to.epoch(), not_yet);
    if (!swing(from, to)) return {};
    return moved{.from = state::open,
                 .to = state::half_open,
                 .epoch = to.epoch(),
                 .at = now,
                 .cause = cause::pause_over,
                 .attempt = attempt};
}

/// The period of a breaker that closes: an empty window, and what was learned.
template <class A, class S, class F>
period machine<A, S, F>::closed_again(const look& from, std::uint64_t epoch, ticks now) noexcept {
    return {.override_until = from.of.override_until,
            .window_base = open_window(from.at, epoch),
            .window = from.of.window + 1,
            .since = now,
            .learned = from.of.learned};
}

/// To closed, with empty windows and the back-off at its beginning.
template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::close(const look& from, cause why, ticks now) noexcept {
    const word to = from.at.with_state(state::closed);
    // The window is opened before the word swings: whoever sees the new epoch may count in it at once,
    // and whoever still counts for the old one is late.
    period next = closed_again(from, to.epoch(), now);
    if (why == cause::probes_succeeded || why == cause::ramp_finished) {
        // The outage was over when the service answered, not when the last caller was let in.
        const ticks ended = from.at.on_ramp() ? from.of.ramp_since : now;
        if (from.of.since != never) next.learned = after_outage(next.learned, ended - from.of.since);
    }
    if (why == cause::operator_order) next.learned = {};
    if (!swing(from.at, to, next)) return {};
    return moved{.from = from.at.where(),
                 .to = state::closed,
                 .epoch = to.epoch(),
                 .at = now,
                 .cause = why,
                 .attempt = from.of.attempt};
}

/// From probing to the ramp, in the same epoch: the window of the ramp is its own.
template <class A, class S, class F>
bool machine<A, S, F>::begin_ramp(const look& from, ticks now) noexcept {
    period next = from.of;
    next.ramp_since = now;
    if (auto* const back = in_trouble().back()) {
        // relaxed: by now it is that of some good probe of this epoch, unless the process slept over them, or a probe
        // of an earlier epoch stalled until now.
        const std::uint64_t took = back->probe_took.load(std::memory_order_relaxed);
        const bool is_ours = took >> 32 == static_cast<std::uint32_t>(from.at.epoch());
        next.ramp_latency = is_ours ? static_cast<std::uint32_t>(took) : 0;
    }
    // Once for all of the ramp: places are numbered by it. relaxed: as in probe_timeout().
    next.ramp_lease = probe_timeout_ms_.load(std::memory_order_relaxed);
    next.window_base = tally_.sum();  // exact: until the word says ramp nobody counts in this epoch
    ++next.window;
    return swing(from.at, from.at.with_ramp(true), next);
}

/// An empty window for a closed breaker, in the same epoch: calls that run will count in it.
template <class A, class S, class F>
period machine<A, S, F>::with_empty_window(const look& from, ticks now) const noexcept {
    period next = from.of;
    next.since = now;
    next.window_base = tally_.sum();
    ++next.window;
    return next;
}

/// What becomes of the breaker when an override ends (rule 24): forced_open leads to open with a probe
/// due, forced_closed to closed with empty windows.
template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::end_override(const look& from, ticks now) noexcept {
    word to = from.at;
    period next = from.of;
    if (from.at.override() == override_mode::forced_open) {
        if (from.at.where() != state::open) to = to.with_state(state::open);
        if (from.at.where() == state::closed) next.since = now;
        to = to.with_due(true);
    } else if (from.at.where() == state::closed) {
        next = with_empty_window(from, now);
    } else {
        to = to.with_state(state::closed);
        next = closed_again(from, to.epoch(), now);
    }
    if (!swing(from.at, to.with_override(override_mode::none), next)) return {};
    return moved{.from = from.at.where(),
                 .to = to.where(),
                 .epoch = to.epoch(),
                 .at = now,
                 .cause = cause::operator_order,
                 .attempt = from.of.attempt};
}

template <class A, class S, class F>
std::uint64_t machine<A, S, F>::open_window(word while_at, std::uint64_t epoch) noexcept {
    return tally_.open_window(epoch, [&] { return current() == while_at; });
}

}  // namespace switchgear::detail
