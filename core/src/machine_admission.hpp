#pragma once

#include <algorithm>
#include <utility>

#include "machine.hpp"

// Who may make a call. No lock and no allocation in any state (rule 40).

namespace switchgear::detail {

/// Where enforcing would refuse, observing lets the call through and counts its verdict in totals only.
template <class A, class S, class F>
template <class Time>
inline answer machine<A, S, F>::refuse_or_observe(word at, reject_reason why, ticks retry_after, const Time& time,
                                                  grant& to) noexcept {
    if (at.observes()) return let_by(at, time, to);
    return in_trouble().refuse(why, retry_after);
}

template <class A, class S, class F>
template <class Time>
[[gnu::noinline]] answer machine<A, S, F>::let_by(word at, const Time& time, grant& to) noexcept {
    to = granted(at, grant::bystander, time);
    return {};
}

/// The refusals that most callers of a broken service get go first, each in a function of its own that needs few
/// registers.
template <class A, class S, class F>
template <class Time>
answer machine<A, S, F>::acquire(const Time& time, grant& to) noexcept {
    const word at = current();
    if (at.override() == override_mode::none) [[likely]] {
        if (at.where() == state::open) return refuse_open(at, time, to);
        if (at.where() == state::half_open && !at.on_ramp()) return refuse_busy(at, time, to);
    }
    return acquire_exactly(time, to);
}

/// By the cheap clock, where that cannot tell the wrong side of the deadline.
template <class A, class S, class F>
template <class Time>
[[gnu::noinline]] answer machine<A, S, F>::refuse_open(word at, const Time& time, grant& to) noexcept {
    const ticks now = in_ticks(time.coarse());
    if (at.due() || at.observes()) [[unlikely]]
        return acquire_exactly(time, to);
    trouble<A>& known = *known_trouble();  // made before the first word with a period
    const auto [deadline, pause] = known.periods.deadline_and_pause(at.period());
    if (deadline - now <= coarse_lag || current() != at) [[unlikely]]
        return acquire_exactly(time, to);
    return known.refuse(reject_reason::open, std::min(deadline - now, pause));
}

/// By the cheap clock, where every place is taken and no lease ends soon.
template <class A, class S, class F>
template <class Time>
[[gnu::noinline]] answer machine<A, S, F>::refuse_busy(word at, const Time& time, grant& to) noexcept {
    const ticks now = in_ticks(time.coarse());
    if (at.observes()) [[unlikely]]
        return acquire_exactly(time, to);
    trouble<A>& known = *known_trouble();  // as in refuse_open()
    const auto so_far = known.probes.look(at.epoch());
    // relaxed: as in probe_timeout().
    const auto most = most_probes_.load(std::memory_order_relaxed);
    if (so_far.enough || so_far.outstanding < most) [[unlikely]]
        return acquire_exactly(time, to);
    // Leases are no more than places: where one place was out and no second allowed, the one that is found is all.
    const ticks busy_for = known.leased.none_ends_for(at.epoch(), now, probe_timeout(), so_far.outstanding == 1);
    // The leases were looked at while as many places were out: else it may be that none of both was so at any time.
    if (known.probes.look(at.epoch()).outstanding != so_far.outstanding) [[unlikely]]
        return acquire_exactly(time, to);
    // relaxed: who took a lease beside it had seen a higher limit, and who has seen that lease (acquire) sees it too.
    if (busy_for <= coarse_lag || current() != at || most_probes_.load(std::memory_order_relaxed) != most) [[unlikely]]
        return acquire_exactly(time, to);
    return known.refuse(reject_reason::probes_busy, busy_for);
}

/// By the exact clock, whatever the state.
template <class A, class S, class F>
template <class Time>
[[gnu::noinline]] answer machine<A, S, F>::acquire_exactly(const Time& time, grant& to) noexcept {
    for (;;) {
        const word at = current();
        if (at.plainly_closed()) {
            to = granted(at, grant::counted, time);
            return {};
        }
        const answer got = at.override() != override_mode::none ? acquire_overridden(at, time, to)
                           : at.where() == state::open          ? acquire_open(at, time, to)
                           : at.on_ramp()                       ? acquire_ramp(at, time, to)
                                                                : acquire_probe(at, time, to);
        if (got.decided()) return got;
    }
}

template <class A, class S, class F>
template <class Time>
answer machine<A, S, F>::acquire_overridden(word at, const Time& time, grant& to) noexcept {
    const ticks until = in_trouble().periods.override_until(at.period());
    if (current() != at) return answer::look_again();
    const bool ends = until != never;
    const ticks now = ends ? in_ticks(time.now()) : ticks{};
    if (ends && now >= until) {
        tell(end_override_if_over(now));
        return answer::look_again();
    }
    if (at.override() == override_mode::forced_open) {
        // relaxed: a reload moves it; either plan will do for a caller that comes just then.
        const ticks wait = ends ? until - now : open_for_ms_.load(std::memory_order_relaxed) * ticks{1'000'000};
        return refuse_or_observe(at, reject_reason::forced_open, wait, time, to);
    }
    // Under forced_closed an order may have moved the state underneath: such calls are admitted, and
    // only those of a closed breaker have a window to count in.
    to = granted(at, at.where() == state::closed ? grant::counted : grant::bystander, time);
    return {};
}

template <class A, class S, class F>
template <class Time>
answer machine<A, S, F>::acquire_open(word at, const Time& time, grant& to) noexcept {
    const auto [deadline, pause] = in_trouble().periods.deadline_and_pause(at.period());
    if (current() != at) return answer::look_again();
    const ticks now = in_ticks(time.now());
    if (!at.due() && now < deadline) {
        return refuse_or_observe(at, reject_reason::open, std::min(deadline - now, pause), time, to);
    }
    tell(half_open(at, now));
    return answer::look_again();
}

template <class A, class S, class F>
template <class Time>
answer machine<A, S, F>::acquire_probe(word at, const Time& time, grant& to) noexcept {
    trouble<A>& known = in_trouble();
    auto& probes = known.probes;
    auto& leased = known.leased;
    const auto length = probe_timeout();
    // relaxed: a reload moves it; who comes just then goes by the old number or the new one.
    const auto most = most_probes_.load(std::memory_order_relaxed);
    const ticks now = in_ticks(time.now());
    if (probes.look(at.epoch()).enough) {
        finish_probing(at.epoch(), now);
        return answer::look_again();
    }
    const auto still_probing = [&] { return current().epoch() == at.epoch(); };
    auto out = leased.look(at.epoch(), now, length);
    const bool placed = !out.expired && probes.take(at.epoch(), most, still_probing);
    // Once more with the place: nobody is let in beside a lease that is over, however late its owner wrote it.
    if (placed) out = leased.look(at.epoch(), now, length);
    if (out.expired) {
        // A place stays taken, and nobody misses it: with this the epoch ends, or the ramp has begun.
        score_expired_lease(at.epoch(), time);
        return answer::look_again();  // whoever did it: this caller is refused as any caller of an open breaker
    }
    if (!placed) {
        if (current() != at || probes.look(at.epoch()).enough) return answer::look_again();
        return refuse_or_observe(at, reject_reason::probes_busy, out.earliest_expiry.value_or(length), time, to);
    }
    // A thread that stalls just here holds a place without a lease: no call of its own is running yet, and
    // the place is free when it goes on. A place in a ledger that is closed gets no lease.
    const auto lease = leased.take(at.epoch(), now, still_probing);
    if (!lease) return answer::look_again();
    to = {.epoch = at.epoch(),
          .begun = now,
          .place = lease->value,
          .which = lease->slot,
          .traits = at.timed() ? grant::probe | grant::timed : std::uint64_t{grant::probe}};
    return {};
}

template <class A, class S, class F>
template <class Time>
answer machine<A, S, F>::acquire_ramp(word at, const Time& time, grant& to) noexcept {
    const auto rule = with_plan([](const plan& by) { return by.given.recovery.ramp; });
    if (rule && rule->by == ramp_by::evidence) return acquire_by_evidence(at, time, to);
    const ticks since = in_trouble().periods.ramp_since(at.period());
    if (current() != at) return answer::look_again();
    const ticks now = in_ticks(time.now());
    const ticks elapsed = std::max(now, since) - since;
    // A reload may have taken the ramp away: then it is over.
    if (!rule || elapsed >= plan::in_ticks(rule->over)) {
        end_ramp(at.epoch(), now);
        return answer::look_again();
    }
    const double share = ramp<A>::share_at(elapsed, plan::in_ticks(rule->over), rule->from);
    const auto drawn =
        in_trouble().admission.arrive(at.epoch(), share, elapsed, [&] { return current().epoch() == at.epoch(); });
    if (drawn.over) return answer::look_again();
    if (!drawn.admitted) return refuse_or_observe(at, reject_reason::ramping, drawn.next_admission, time, to);
    to = granted(at, grant::counted, time);
    return {};
}

/// Closes the breaker whose ramp was found to be over, even if a reload makes it longer just then: the tally
/// may be another window's already (open_window()), so there is no way back.
template <class A, class S, class F>
void machine<A, S, F>::end_ramp(std::uint64_t epoch, ticks now) noexcept {
    for (;;) {
        const look seen = read();
        if (seen.at.epoch() != epoch) return;
        if (const auto made = close(seen, cause::ramp_finished, now)) return tell(made);
    }
}

/// Ends probing with success: called by the deciding verdict, and by whoever comes while it is stalled. Who has tried to
/// close goes on to do so, though a reload adds a ramp just then and somebody begins it: as in end_ramp().
template <class A, class S, class F>
void machine<A, S, F>::finish_probing(std::uint64_t epoch, ticks now) noexcept {
    const bool ramps = with_plan([](const plan& by) { return by.given.recovery.ramp.has_value(); });
    for (bool has_tried = false;; has_tried = true) {
        const look seen = read();
        if (seen.at.epoch() != epoch || (seen.at.on_ramp() && (ramps || !has_tried))) return;
        if (ramps) {
            if (begin_ramp(seen, now)) return;
        } else if (const auto made = close(seen, cause::probes_succeeded, now)) {
            return tell(made);
        }
    }
}

}  // namespace switchgear::detail
