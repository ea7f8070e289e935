#pragma once

#include <algorithm>
#include <utility>

#include "machine.hpp"

// Who may make a call. No lock and no allocation in any state (rule 40).

namespace switchgear::detail {

inline ticks in_ticks(time_point at) noexcept { return at.time_since_epoch().count(); }

template <class A, class S>
template <class Time>
grant machine<A, S>::admit(word at, grant::role part, const Time& time) noexcept {
    grant given{.epoch = at.epoch(), .part = part, .timed = at.timed()};
    if (at.timed()) given.begun = time.now();
    return given;
}

template <class A, class S>
rejection machine<A, S>::refuse(reject_reason why, ticks retry_after) noexcept {
    // relaxed: a count, read when it is read.
    rejected_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
    return {why, duration{std::max<ticks>(retry_after, 1)}};
}

/// Where enforcing would refuse, observing lets the call through and counts its verdict in totals only.
template <class A, class S>
template <class Time>
result<grant> machine<A, S>::refuse_or_observe(word at, reject_reason why, ticks retry_after,
                                               const Time& time) noexcept {
    if (at.observes()) return admit(at, grant::role::bystander, time);
    return refuse(why, retry_after);
}

template <class A, class S>
template <class Time>
result<grant> machine<A, S>::acquire(const Time& time) noexcept {
    for (;;) {
        const word at = current();
        if (at.plainly_closed()) return admit(at, grant::role::counted, time);
        std::optional<result<grant>> answer;
        if (at.override() != override_mode::none) {
            answer = acquire_overridden(at, time);
        } else if (at.where() == state::open) {
            answer = acquire_open(at, time);
        } else if (at.on_ramp()) {
            answer = acquire_ramp(at, time);
        } else {
            answer = acquire_probe(at, time);
        }
        if (answer) return std::move(*answer);
    }
}

template <class A, class S>
template <class Time>
std::optional<result<grant>> machine<A, S>::acquire_overridden(word at, const Time& time) noexcept {
    const look seen = read();
    if (seen.at != at) return {};
    const ticks now = in_ticks(time.now());
    if (now >= seen.of.override_until) {
        tell(end_override(seen, now));
        return {};
    }
    if (at.override() == override_mode::forced_open) {
        ticks wait = seen.of.override_until - now;
        if (seen.of.override_until == never) {
            wait = with_plan([](const plan& by) { return plan::in_ticks(by.given.recovery.open_for); });
        }
        return refuse_or_observe(at, reject_reason::forced_open, wait, time);
    }
    // Under forced_closed an order may have moved the state underneath: such calls are admitted, and
    // only those of a closed breaker have a window to count in.
    return admit(at, at.where() == state::closed ? grant::role::counted : grant::role::bystander, time);
}

template <class A, class S>
template <class Time>
std::optional<result<grant>> machine<A, S>::acquire_open(word at, const Time& time) noexcept {
    constexpr ticks coarse_lag = 10'000'000;
    const look seen = read();
    if (seen.at != at) return {};
    ticks now = in_ticks(time.coarse());
    // The cheap clock is at most that far behind: near the deadline ask the exact one.
    if (!at.due() && now < seen.of.deadline && seen.of.deadline - now <= coarse_lag) now = in_ticks(time.now());
    if (!at.due() && now < seen.of.deadline) {
        return refuse_or_observe(at, reject_reason::open, std::min(seen.of.deadline - now, seen.of.pause), time);
    }
    tell(half_open(at, in_ticks(time.now())));
    return {};
}

template <class A, class S>
template <class Time>
std::optional<result<grant>> machine<A, S>::acquire_probe(word at, const Time& time) noexcept {
    const auto [probes, length] =
        with_plan([](const plan& by) { return std::pair{by.given.recovery.probes, by.probe_timeout}; });
    const ticks now = in_ticks(time.now());
    if (probing_.look(at.epoch()).enough) {
        finish_probing(at.epoch(), now);
        return {};
    }
    const auto out = leases_.look(at.epoch(), now, length);
    if (out.expired) {
        const look seen = read();
        if (seen.at.epoch() != at.epoch() || seen.at.on_ramp()) return {};
        const finding timed_out{cause::probe_expired, {1, 1, 0, 1, 1}};
        tell(with_plan([&](const plan& by) { return open(seen, timed_out, by, now, {}); }));
        return {};  // whoever made it: this caller is refused as any caller of an open breaker
    }
    const auto still_probing = [&] { return current().epoch() == at.epoch(); };
    if (!probing_.take(at.epoch(), probes, still_probing)) {
        if (current() != at || probing_.look(at.epoch()).enough) return {};
        return refuse_or_observe(at, reject_reason::probes_busy, out.earliest_expiry.value_or(length), time);
    }
    // A thread that stalls just here holds a place without a lease: no call of its own is running yet, and
    // the place is free when it goes on.
    const auto lease = leases_.take(at.epoch(), now, still_probing);
    if (!lease) return {};  // a place in a ledger that is closed
    grant given = admit(at, grant::role::probe, time);
    given.begun = time_point{duration{now}};
    given.slot = lease->slot;
    given.lease = lease->value;
    return result<grant>{given};
}

template <class A, class S>
template <class Time>
std::optional<result<grant>> machine<A, S>::acquire_ramp(word at, const Time& time) noexcept {
    const look seen = read();
    if (seen.at != at) return {};
    const auto rule = with_plan([](const plan& by) { return by.given.recovery.ramp; });
    const ticks now = in_ticks(time.now());
    const ticks elapsed = std::max<ticks>(now - seen.of.ramp_since, 0);
    // A reload may have taken the ramp away: then it is over.
    if (!rule || elapsed >= plan::in_ticks(rule->over)) {
        tell(close(seen, cause::ramp_finished, now));
        return {};
    }
    const double share = ramp<A>::share_at(elapsed, plan::in_ticks(rule->over), rule->from);
    const auto answer = ramp_.arrive(at.epoch(), share, elapsed, [&] { return current().epoch() == at.epoch(); });
    if (!answer) return {};
    if (answer->admitted) return admit(at, grant::role::counted, time);
    return refuse_or_observe(at, reject_reason::ramping, answer->next_admission, time);
}

/// Ends probing with success: called by the deciding verdict, and by whoever comes while it is stalled.
template <class A, class S>
void machine<A, S>::finish_probing(std::uint64_t epoch, ticks now) noexcept {
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
