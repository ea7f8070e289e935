#pragma once

#include <optional>
#include <tuple>

#include "machine.hpp"

// What operators, health checks and observers do. An order tells nobody: it returns the change, for the
// caller to tell of with who gave it and why.

namespace switchgear::detail {

template <class A, class S, class F>
void machine<A, S, F>::apply(std::shared_ptr<const plan> by, ticks now) {
    const settings& given = by->given;
    const std::uint32_t fresh = current().regime() ^ 1U;
    make_room_for_recovery(given, never);
    // seq_cst: see with_plan(). Readers of the plan to be replaced are those of the reload before this one.
    while (readers_[fresh].load(std::memory_order_seq_cst) != 0) A::wait_a_moment();

    const guard lock{evidence_};
    const plan& old = in_step(read_window());
    std::optional<sliding_window> wanted;
    if (!window_.suits(given.trip.window)) {
        const auto tally = tally_.sum();
        window_.move_to(now, tally);
        const auto judged = std::max(std::min(suspected_from() - 1, tally), window_.edge());
        wanted.emplace(given.trip.window, now, tally).adopt(window_, tally, judged);
    }
    plans_[fresh] = std::move(by);
    const plan& next = *plans_[fresh];
    follow(next, now);
    // From here on nothing throws: without memory all is as it was.
    if (wanted) window_ = std::move(*wanted);
    if (given.recovery.jitter_seed && given.recovery.jitter_seed != old.given.recovery.jitter_seed) {
        draws_.store(*given.recovery.jitter_seed, std::memory_order_relaxed);  // a counter of its own
    }
    // relaxed: each is a bound of its own, for refusals to come.
    probe_timeout_ms_.store(static_cast<std::uint32_t>(given.recovery.probe_timeout.count()),
                            std::memory_order_relaxed);
    most_probes_.store(given.recovery.probes, std::memory_order_relaxed);
    open_for_ms_.store(static_cast<std::uint32_t>(given.recovery.open_for.count()), std::memory_order_relaxed);
    for (word at = current(); !swing(at, at.with_regime(fresh)
                                             .with_timed(next.timed)
                                             .with_watched(given.trip.adaptive.has_value())
                                             .with_observes(given.mode == mode::observe));) {
        at = current();
    }
    keep_suspecting(next, tally_.sum());
}

template <class A, class S, class F>
void machine<A, S, F>::end_pause() noexcept {
    for (;;) {
        const word at = current();
        if (at.where() != state::open || swing(at, at.with_due(true))) return;
    }
}

template <class A, class S, class F>
void machine<A, S, F>::extend_pause(ticks wait, ticks now) noexcept {
    for (;;) {
        const look seen = read();
        if (seen.at.where() != state::open) return;
        period next = seen.of;
        const ticks longer = std::clamp<ticks>(wait, 0, longest_wait);
        next.deadline = seen.at.due() ? now + longer : std::max(now + longer, next.deadline);
        next.pause = std::max(next.pause, longer);
        if (swing(seen.at, seen.at.with_due(false), next)) return;
    }
}

/// What the adaptive rule has learned goes with a reset, also while it is off.
template <class A, class S, class F>
const moved& machine<A, S, F>::forget_normal(const moved& made) noexcept {
    // acquire: as in watching().
    if (auto* const watcher = watch_.load(std::memory_order_acquire)) {
        const guard lock{evidence_};
        in_step(read());  // so that the window that the reset began is not taken for the end of a trouble
        watcher->forget(made.at);
    }
    return made;
}

template <class A, class S, class F>
moved machine<A, S, F>::reset(ticks now) noexcept {
    for (;;) {
        const look seen = read();
        if (seen.at.where() != state::closed) {
            if (const auto made = close(seen, cause::operator_order, now)) return forget_normal(*made);
        } else {
            period next = with_empty_window(seen, now);
            next.learned = {};
            if (swing(seen.at, seen.at, next)) {
                return forget_normal({.from = state::closed,
                                      .to = state::closed,
                                      .epoch = seen.at.epoch(),
                                      .at = now,
                                      .cause = cause::operator_order});
            }
        }
    }
}

template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::trip(std::optional<ticks> pause, ticks now) noexcept {
    for (;;) {
        const look seen = read();
        const auto made = with_plan([&](const plan& settings) -> std::pair<bool, std::optional<moved>> {
            const recovery_rules& rules = settings.given.recovery;
            std::optional<ticks> exact = pause;
            if (exact) {
                const bool capped = rules.max_retry_after.count() > 0;
                const ticks most = capped ? plan::in_ticks(rules.max_retry_after) : longest_wait;
                exact = std::clamp<ticks>(*exact, 0, most);
            }
            if (seen.at.where() != state::open) {
                auto opened = open(seen, {cause::operator_order, {}}, settings, now, {}, exact);
                return {opened.has_value(), std::move(opened)};
            }
            // The timer starts again; that is no change of state and no further attempt.
            period next = seen.of;
            if (next.base_pause == 0) next.base_pause = plan::in_ticks(rules.open_for);
            // A reload may have lowered the cap since the pause was made.
            next.base_pause = std::min(next.base_pause, plan::in_ticks(rules.max_open_for));
            next.pause = exact ? *exact : spread(next.base_pause, rules.jitter);
            next.deadline = now + next.pause;
            return {swing(seen.at, seen.at.with_due(false), next), std::nullopt};
        });
        if (made.first) return made.second;
    }
}

template <class A, class S, class F>
moved machine<A, S, F>::force(override_mode mode, ticks until, ticks now) noexcept {
    for (;;) {
        const look seen = read();
        word to = seen.at;
        period next = seen.of;
        if (mode == override_mode::forced_open && to.where() == state::closed) {
            next.learned = after_closed(seen, {}, now);
        }
        if (mode == override_mode::forced_closed) {
            if (to.where() == state::closed) {
                next = with_empty_window(seen, now);
            } else {
                to = to.with_state(state::closed);
                next = closed_again(seen, to.epoch(), now);
            }
        }
        next.override_until = until == never ? never : std::min(until, never / 2);
        if (!swing(seen.at, to.with_override(mode), next)) continue;
        return {.from = seen.at.where(),
                .to = to.where(),
                .epoch = to.epoch(),
                .at = now,
                .cause = cause::operator_order,
                .attempt = seen.of.attempt};
    }
}

template <class A, class S, class F>
[[gnu::noinline]] std::optional<moved> machine<A, S, F>::end_override_if_over(ticks now) noexcept {
    for (;;) {
        const look seen = read();
        if (seen.at.override() == override_mode::none || now < seen.of.override_until) return {};
        if (const auto made = end_override(seen, now)) return made;
    }
}

template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::lift(ticks now) noexcept {
    for (;;) {
        const look seen = read();
        if (seen.at.override() == override_mode::none) return {};
        if (const auto made = end_override(seen, now)) return made;
    }
}

template <class A, class S, class F>
auto machine<A, S, F>::seen_at(ticks now, look seen) const noexcept -> look {
    if (seen.at.override() == override_mode::none || now < seen.of.override_until) return seen;
    // After its time an override reads as lifted, though nobody has called since.
    const bool was_open = seen.at.override() == override_mode::forced_open;
    const word epoch_kept = seen.at.with_override(override_mode::none);
    seen.at = epoch_kept.reading(was_open ? state::open : state::closed).with_due(was_open);
    if (!was_open) seen.of.attempt = 0;
    return seen;
}

template <class A, class S, class F>
saved_state machine<A, S, F>::save(ticks now) {
    const look seen = seen_at(now);
    // Without learned pacing a record is what it was before there was any, so that older versions read it.
    const bool learns = with_plan([](const plan& by) { return by.given.recovery.pacing == pacing::learned; });
    saved_state kept;
    if (learns) kept.learned = seen.of.learned;
    if (seen.at.where() != state::closed) {
        const bool waiting = seen.at.where() == state::open && !seen.at.due();
        kept.current = state::open;
        kept.remaining = waiting ? std::max<ticks>(seen.of.deadline - now, 0) : 0;
        kept.pause = seen.of.pause;
        kept.base_pause = seen.of.base_pause;
        kept.attempt = seen.of.attempt;
        kept.outage_age = learns && seen.of.since != never ? std::max<ticks>(now - seen.of.since, 0) : 0;
    }
    if (auto* const watcher = watching()) {
        const guard lock{evidence_};
        take_in_good_calls(*watcher);
        kept.normal = watcher->save();
    }
    return kept;
}

/// Under evidence_: for those who look at what was learned.
template <class A, class S, class F>
void machine<A, S, F>::take_in_good_calls(watch<A>& into) noexcept {
    const look seen = read();
    if (!seen.at.counts()) return;
    in_step(seen);
    into.take_in(seen.at.epoch());
}

/// What the adaptive rule had learned; a breaker without the rule leaves it. Returns: false if it means nothing.
template <class A, class S, class F>
bool machine<A, S, F>::restore_normal(const saved_state& from, ticks now) {
    auto* const watcher = watching();
    if (watcher == nullptr || !from.normal) return true;
    const guard lock{evidence_};
    return watcher->restore(*from.normal, from.away, now);
}

template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::restore(const saved_state& from, ticks now) {
    for (;;) {
        const look seen = read();
        // A record without lessons takes none away.
        const lessons learned = from.learned == lessons{} ? seen.of.learned : from.learned;
        std::optional<moved> made;
        if (from.current == state::closed) {
            look with = seen;
            with.of.learned = learned;
            if (seen.at.where() != state::closed) {
                made = close(with, cause::restored, now);
            } else if (learned == seen.of.learned || swing(seen.at, seen.at, with.of)) {
                return {};
            }
        } else {
            period next = seen.of;
            next.deadline = now + from.remaining;
            next.pause = from.pause;
            next.base_pause = from.base_pause;
            next.attempt = from.attempt;
            next.since = now - from.outage_age;
            next.learned = learned;
            const bool changes = seen.at.where() != state::open;
            const word to = changes ? seen.at.with_state(state::open) : seen.at.with_due(false);
            if (swing(seen.at, to, next)) {
                made = moved{.from = seen.at.where(),
                             .to = state::open,
                             .epoch = to.epoch(),
                             .at = now,
                             .cause = cause::restored,
                             .pause = from.remaining,
                             .attempt = from.attempt};
            }
        }
        if (made) return made;
    }
}

template <class A, class S, class F>
void machine<A, S, F>::observe(snapshot& into, ticks now) noexcept {
    look seen;
    word present;
    double share = 0;
    ticks wait = 0;
    do {
        into.window = {};
        into.failures_in_a_row = 0;
        const guard lock{evidence_};
        const look actual = read();
        present = actual.at;
        seen = seen_at(now, actual);
        // An override that ran out leaves an empty window.
        if (actual.at.counts() && actual.at == seen.at) {
            const plan& by = in_step(actual);
            const auto tally = tally_.sum();
            window_.move_to(now, tally);
            keep_suspecting(by, tally);
            const window_counts counts = window_.shown(tally);
            into.window = {counts.calls, counts.failures(), counts.slow};
            into.failures_in_a_row = run_at(tally);
        }
        if (auto* const watcher = watching()) {
            take_in_good_calls(*watcher);
            watcher->observe(into);
        }
        std::tie(share, wait) = with_plan([&](const plan& by) { return outlook(seen, by, now); });
        // Places and leases are those of now: after a change they say nothing of the epoch that was seen.
    } while (seen.at.where() == state::half_open && current() != present);
    into.current = seen.at.where();
    into.override = seen.at.override();
    into.epoch = seen.at.epoch();
    into.attempt = seen.of.attempt;
    const lessons& known_of = seen.of.learned;
    if (known_of.outages > 0)
        into.learned.median_outage = duration{static_cast<ticks>(known_of.median_outage() / tick)};
    if (known_of.call_gap > 0) into.learned.calls_per_second = 1 / static_cast<double>(known_of.call_gap);
    const bool open = seen.at.where() == state::open;
    into.probe_due = open && (seen.at.due() || now >= seen.of.deadline);
    into.admitted_share = share;
    into.retry_after = duration{wait};

    auto& totals = into.totals;
    totals.successes = tally_.sum() + other_successes_.load();
    totals.ignored = ignored_.load();
    totals.late = late_.load();
    const auto* known = known_trouble();
    if (known == nullptr) return;
    totals.slow = known->slow.load();
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        totals.failures += totals.failures_by_class[i] = known->failed[i].load();
    }
    for (std::size_t i = 0; i < known->rejected.size(); ++i) {
        totals.rejected += totals.rejected_by_reason[i] = known->rejected[i].load();
    }
}

/// The share admitted, and how long until a call is.
template <class A, class S, class F>
auto machine<A, S, F>::outlook(const look& seen, const plan& by, ticks now) const noexcept -> std::pair<double, ticks> {
    const recovery_rules& rules = by.given.recovery;
    if (seen.at.observes() || seen.at.override() == override_mode::forced_closed) return {1, 0};
    if (seen.at.override() == override_mode::forced_open) {
        return {0, seen.of.override_until == never ? plan::in_ticks(rules.open_for) : seen.of.override_until - now};
    }
    switch (seen.at.where()) {
        case state::closed: return {1, 0};
        case state::open: {
            const ticks left = seen.at.due() ? 0 : std::max<ticks>(seen.of.deadline - now, 0);
            return {0, std::min(left, seen.of.pause)};
        }
        case state::half_open: break;
    }
    if (seen.at.on_ramp()) {
        if (!rules.ramp) return {1, 0};
        if (rules.ramp->by == ramp_by::evidence) return {share_by_evidence(seen), 0};
        return {ramp<A>::share_at(now - seen.of.ramp_since, plan::in_ticks(rules.ramp->over), rules.ramp->from), 0};
    }
    const auto* known = known_trouble();
    if (known == nullptr || known->probes.look(seen.at.epoch()).outstanding < rules.probes) return {0, 0};
    return {0, known->leased.none_ends_for(seen.at.epoch(), now, probe_timeout(), false)};
}

template <class A, class S, class F>
std::shared_ptr<const plan> machine<A, S, F>::plan_in_force() const {
    return plans_[current().regime()];
}

}  // namespace switchgear::detail
