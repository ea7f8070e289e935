#pragma once

#include <algorithm>
#include <utility>

#include "machine.hpp"

// Who may make a call. No lock and no allocation in any state (rule 40).

namespace switchgear::detail {

/// Always true: an answer was given.
template <class A, class S, class F>
bool machine<A, S, F>::refuse(reject_reason why, ticks retry_after, answer& to) noexcept {
    // relaxed: a count, read when it is read.
    in_trouble().rejected[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
    to.refuse({why, duration{std::max<ticks>(retry_after, 1)}});
    return true;
}

/// Where enforcing would refuse, observing lets the call through and counts its verdict in totals only.
template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::refuse_or_observe(word at, reject_reason why, ticks retry_after, const Time& time,
                                         answer& to) noexcept {
    if (!at.observes()) return refuse(why, retry_after, to);
    to.admit(granted(at, grant::bystander, time));
    return true;
}

template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::acquire(const Time& time, answer& to) noexcept {
    for (bool answered = false; !answered;) {
        const word at = current();
        if (at.plainly_closed()) return to.admit(granted(at, 0, time));
        if (at.override() != override_mode::none) {
            answered = acquire_overridden(at, time, to);
        } else if (at.where() == state::open) {
            answered = acquire_open(at, time, to);
        } else if (at.on_ramp()) {
            answered = acquire_ramp(at, time, to);
        } else {
            answered = acquire_probe(at, time, to);
        }
    }
}

template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::acquire_overridden(word at, const Time& time, answer& to) noexcept {
    const look seen = read();
    if (seen.at != at) return false;
    const bool ends = seen.of.override_until != never;
    const ticks now = ends ? in_ticks(time.now()) : 0;
    if (ends && now >= seen.of.override_until) {
        tell(end_override(seen, now));
        return false;
    }
    if (at.override() == override_mode::forced_open) {
        ticks wait = seen.of.override_until - now;
        if (!ends) {
            wait = with_plan([](const plan& by) { return plan::in_ticks(by.given.recovery.open_for); });
        }
        return refuse_or_observe(at, reject_reason::forced_open, wait, time, to);
    }
    // Under forced_closed an order may have moved the state underneath: such calls are admitted, and
    // only those of a closed breaker have a window to count in.
    to.admit(granted(at, at.where() == state::closed ? std::uint64_t{0} : grant::bystander, time));
    return true;
}

template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::acquire_open(word at, const Time& time, answer& to) noexcept {
    const auto [deadline, pause] = in_trouble().periods.deadline_and_pause(at.period());
    if (current() != at) return false;
    const ticks now = coarse_unless_near(deadline, time);
    if (!at.due() && now < deadline) {
        return refuse_or_observe(at, reject_reason::open, std::min(deadline - now, pause), time, to);
    }
    tell(half_open(at, in_ticks(time.now())));
    return false;
}

/// The present by the cheap clock where that cannot tell the wrong side of the deadline, else exactly.
template <class A, class S, class F>
template <class Time>
ticks machine<A, S, F>::coarse_unless_near(ticks deadline, const Time& time) noexcept {
    const ticks now = in_ticks(time.coarse());
    return now < deadline && deadline - now <= coarse_lag ? in_ticks(time.now()) : now;
}

template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::acquire_probe(word at, const Time& time, answer& to) noexcept {
    trouble<A>& known = in_trouble();
    auto& probes = known.probes;
    auto& leased = known.leased;
    // relaxed: a reload moves them both; either plan will do for a caller that comes just then.
    const auto length = probe_timeout_.load(std::memory_order_relaxed);
    const auto most = most_probes_.load(std::memory_order_relaxed);
    const auto so_far = probes.look(at.epoch());
    if (so_far.enough) {
        finish_probing(at.epoch(), in_ticks(time.now()));
        return false;
    }
    ticks now = in_ticks(time.coarse());
    auto out = leased.peek(at.epoch(), now, length);
    const bool far = !out.expired && out.earliest_expiry && *out.earliest_expiry > coarse_lag;
    if (far && so_far.outstanding >= most) {
        if (current() != at) return false;
        return refuse_or_observe(at, reject_reason::probes_busy, *out.earliest_expiry, time, to);
    }
    now = in_ticks(time.now());
    out = leased.look(at.epoch(), now, length);
    if (out.expired) {
        const look seen = read();
        if (seen.at.epoch() != at.epoch() || seen.at.on_ramp()) return false;
        // Anew: who marked it may have read a later time than this thread did, and the pause begins no earlier.
        now = in_ticks(time.now());
        const finding timed_out{cause::probe_expired, {1, 1, 0, 1, 1}};
        tell(with_plan([&](const plan& by) { return open(seen, timed_out, by, now, {}); }));
        return false;  // whoever made it: this caller is refused as any caller of an open breaker
    }
    const auto still_probing = [&] { return current().epoch() == at.epoch(); };
    if (!probes.take(at.epoch(), most, still_probing)) {
        if (current() != at || probes.look(at.epoch()).enough) return false;
        return refuse_or_observe(at, reject_reason::probes_busy, out.earliest_expiry.value_or(length), time, to);
    }
    if (!still_probing()) return false;  // a place in a ledger that is closed
    // A thread that stalls just here holds a place without a lease: no call of its own is running yet, and
    // the place is free when it goes on.
    const auto lease = leased.take(at.epoch(), now, still_probing);
    if (!lease) return false;
    grant given = granted(at, grant::probe, time);
    given.begun = now;
    given.which = lease->slot;
    given.place = lease->value;
    to.admit(given);
    return true;
}

template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::acquire_ramp(word at, const Time& time, answer& to) noexcept {
    const look seen = read();
    if (seen.at != at) return false;
    const auto rule = with_plan([](const plan& by) { return by.given.recovery.ramp; });
    if (rule && rule->by == ramp_by::evidence) return acquire_by_evidence(seen, time, to);
    const ticks now = in_ticks(time.now());
    const ticks elapsed = std::max<ticks>(now - seen.of.ramp_since, 0);
    // A reload may have taken the ramp away: then it is over.
    if (!rule || elapsed >= plan::in_ticks(rule->over)) {
        end_ramp(at.epoch(), now);
        return false;
    }
    const double share = ramp<A>::share_at(elapsed, plan::in_ticks(rule->over), rule->from);
    const auto drawn =
        in_trouble().admission.arrive(at.epoch(), share, elapsed, [&] { return current().epoch() == at.epoch(); });
    if (drawn.over) return false;
    if (!drawn.admitted) return refuse_or_observe(at, reject_reason::ramping, drawn.next_admission, time, to);
    to.admit(granted(at, 0, time));
    return true;
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

/// Ends probing with success: called by the deciding verdict, and by whoever comes while it is stalled.
template <class A, class S, class F>
void machine<A, S, F>::finish_probing(std::uint64_t epoch, ticks now) noexcept {
    const bool ramps = with_plan([](const plan& by) { return by.given.recovery.ramp.has_value(); });
    for (;;) {
        const look seen = read();
        if (seen.at.epoch() != epoch || seen.at.where() != state::half_open || seen.at.on_ramp()) return;
        if (ramps) {
            if (begin_ramp(seen, now)) return;
        } else if (const auto made = close(seen, cause::probes_succeeded, now)) {
            return tell(made);
        }
    }
}

}  // namespace switchgear::detail
