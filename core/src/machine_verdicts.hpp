#pragma once

#include "machine.hpp"

// What verdicts do; how the window is judged is in machine_judging.hpp.

namespace switchgear::detail {

template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::settle(grant of, verdict how, const Time& time) noexcept {
    // Counts are relaxed: each is read when it is read.
    if (how.is_ignored()) {
        if (of.is(grant::probe)) give_back(of, time);
        leave_ramp(of);
        ignored_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (current().override() != override_mode::none) [[unlikely]]
        expire_override(in_ticks(time.now()));
    const word at = current();
    const bool late = at.epoch() != of.epoch;
    const course went = !late && of.is(grant::timed) ? course_of(of, time) : course{};
    bool counted = false;
    if (!late) {
        if (of.is(grant::bystander)) {
            if (how.is_success()) other_successes_.fetch_add(1, std::memory_order_relaxed);  // a count
            counted = true;
        } else if (of.is(grant::probe) && !at.on_ramp()) {
            counted = settle_probe(of, how, went, time);
        } else {
            counted = settle_counted(of, how, went, time);
            if (of.is(grant::paced)) steer(of, how, time);
        }
    }
    if (counted) {
        total(how, went.slow || of.is(grant::overdue));
    } else {
        late_.fetch_add(1, std::memory_order_relaxed);  // a count
    }
}

/// The success of a grant that is plain but for the adaptive rule: what settle() does with it, the short way, unless it
/// was slow, was in flight while the process was suspended, or has to move the window.
template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::success_under_watch(std::uint64_t epoch, ticks begun, const Time& time) noexcept {
    const ticks now = in_ticks(time.now());
    auto* const watcher = watching();
    // relaxed: as in count_success().
    if (watcher == nullptr || now - begun > std::min(watcher->limit(), slow_after()) ||
        now >= next_move_.load(std::memory_order_relaxed) || in_ticks(time.resumed_at()) > begun) {
        return settle({.epoch = epoch, .begun = begun, .traits = grant::timed | grant::watched}, verdict::success(),
                      time);
    }
    const progress got = F::count_success(epoch);
    if (got == progress::late) return success_late(epoch, time);
    if (got == progress::look_further) success_counted(epoch, time);
    if (watcher->keep(epoch, now, now - begun)) take_in_kept(*watcher, epoch, now);
}

/// All but the successes: those are tallied, or counted apart, where it is known which.
template <class A, class S, class F>
void machine<A, S, F>::total(verdict how, bool slow) noexcept {
    if (how.is_failure()) {  // relaxed: counts
        in_trouble().failed[static_cast<std::size_t>(how.failed_with())].fetch_add(1, std::memory_order_relaxed);
    }
    if (slow) in_trouble().slow.fetch_add(1, std::memory_order_relaxed);
}

template <class A, class S, class F>
template <class Time>
auto machine<A, S, F>::course_of(const grant& of, const Time& time) const noexcept -> course {
    const ticks now = in_ticks(time.now());
    if (in_ticks(time.resumed_at()) > of.begun) return {.ended = now};
    const ticks took = of.is(grant::answered) ? of.took : now - of.begun;
    // A reload that comes just now is one that came before or after this verdict.
    return {.ended = now, .took = took, .slow = !of.is(grant::overdue) && took > slow_after()};
}

/// The shortest limit beyond that age; `never`: there is none.
template <class A, class S, class F>
ticks machine<A, S, F>::slow_limit(ticks age) const noexcept {
    const auto* const watcher = watching();
    const ticks learned = watcher != nullptr ? watcher->limit() : never;
    const ticks by_rule = slow_after();
    return std::min(learned > age ? learned : never, by_rule > age ? by_rule : never);
}

/// The adaptive rule, if it is in force.
template <class A, class S, class F>
watch<A>* machine<A, S, F>::watching() const noexcept {
    // acquire: pairs with the release in follow().
    watch<A>* const known = watch_.load(std::memory_order_acquire);
    return known != nullptr && known->on() ? known : nullptr;
}

/// The same, if that call is its business. Calls begun before the rule was there are not: of those whose start is not
/// known the good ones are not seen, and the bad ones alone would tell of an outage. Calls of the ramp by evidence are
/// not: a cold service is slow at any load, stumbles, and warms with what it serves, so that by the latency of health
/// it would be shut again and again. The ramp is judged by its own lowest latency, and has a rule for relapses.
template <class A, class S, class F>
watch<A>* machine<A, S, F>::watching(const grant& of) const noexcept {
    return of.is(grant::watched) && !of.is(grant::paced) ? watching() : nullptr;
}

template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::settle_counted(const grant& of, verdict how, const course& went, const Time& time) noexcept {
    if (how.is_success() && !went.slow && !of.is(grant::overdue)) {
        settle_success(of.epoch, went.ended, time);
        if (auto* const watcher = watching(of)) watch_success(*watcher, of, went);
        return true;  // counted, if only among the late
    }
    return settle_evidence(of, how, went, in_ticks(time.now()));
}

/// For the adaptive rule: kept where the thread is, unless it was slow.
template <class A, class S, class F>
void machine<A, S, F>::watch_success(watch<A>& by, const grant& of, const course& went) noexcept {
    if (went.took <= by.limit() && !of.is(grant::overlong)) {
        if (by.keep(of.epoch, went.ended, went.took)) take_in_kept(by, of.epoch, went.ended);
        return;
    }
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        if (!still_in_step(of.epoch)) return;
        by.add(of.epoch, {.at = time_point{duration{went.ended}},
                          .took = duration{went.took},
                          .slow_already = of.is(grant::overlong)});
        if (by.found(went.ended)) made = judge_window(of.epoch, {}, went.ended, tally_.sum());
    }
    tell(made);
}

/// One success in 256 looks at what came together, if nobody else is at the evidence just now.
template <class A, class S, class F>
void machine<A, S, F>::take_in_kept(watch<A>& by, std::uint64_t epoch, ticks now) noexcept {
    expire_override(now);
    if (!evidence_.try_lock()) return;
    std::optional<moved> made;
    {
        const guard lock{evidence_, std::adopt_lock};
        if (!still_in_step(epoch)) return;
        by.take_in_own(epoch);
        if (by.found(now)) made = judge_window(epoch, {}, now, tally_.sum());
    }
    tell(made);
}

/// As hot_path::count_success(), for a success that has to move the window first. `ended`: 0 if that was not read.
template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::settle_success(std::uint64_t epoch, ticks ended, const Time& time) noexcept {
    // relaxed: as in count_success().
    const ticks next_move = next_move_.load(std::memory_order_relaxed);
    if (next_move != never) {
        const ticks now = ended != 0 ? ended : in_ticks(time.coarse());
        if (now >= next_move) move_window(now, now - next_move);
    }
    const progress got = F::count_success(epoch);
    if (got == progress::late) success_late(epoch, time);
    if (got == progress::look_further) success_counted(epoch, time);
}

template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::success_counted(std::uint64_t epoch, const Time& time) noexcept {
    // seq_cst, after the addition: see machine_judging.hpp.
    const auto to = suspect_to_.load(std::memory_order_seq_cst);
    if (to == 0) return;
    // relaxed: it is written before `to`, so it is of its suspicion or of a later one.
    const auto from = suspect_from_.load(std::memory_order_relaxed);
    const auto tally = tally_.sum();
    // Beyond `to` as well: of several that were counted together none may have been at a count that matters.
    if (tally >= from || tally > to) look_again(epoch, in_ticks(time.now()));
}

/// A success that the tally takes no more. Where its epoch is still on, somebody has opened the next window and is about
/// to swing the word. Until then the rules hold in the old window, and in it this is a call like any other (rule 1).
template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::success_late(std::uint64_t epoch, const Time& time) noexcept {
    const bool in_time =
        current().epoch() == epoch && settle_evidence({.epoch = epoch}, verdict::success(), {}, in_ticks(time.now()));
    if (!in_time) late_.fetch_add(1, std::memory_order_relaxed);  // a count
}

/// A failure, a slow call, the verdict on one that was overdue, or a success that the tally takes no more. Returns: false
/// if it was late.
template <class A, class S, class F>
bool machine<A, S, F>::settle_evidence(const grant& of, verdict how, const course& went, ticks now) noexcept {
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        const glance seen = read_window();
        if (seen.at.epoch() != of.epoch || !seen.at.counts()) return false;
        const plan& by = in_step(seen);
        // After in_step(), and once for a failure: adding up the lanes takes their lines from whoever counts there.
        auto tally = tally_.sum();
        window_.move_to(now, tally);
        mark what{.slow = went.slow, .counts_call = how.is_failure()};
        if (how.is_failure()) {
            what.failed = static_cast<std::uint8_t>(how.failed_with());
            if (by.weight(how.failed_with()) > 0) lengthen_run(tally);
        }
        // An overdue call was counted when it was found so: not again, unless that has left the window.
        const bool counted_before =
            of.is(grant::overdue) && window_.settle(of.place, of.which, what.failed, now, tally);
        if (how.is_success()) {
            if (counted_before) {
                other_successes_.fetch_add(1, std::memory_order_relaxed);  // a count
            } else if (!tally_.add(of.epoch, word_)) {
                if (current().epoch() != of.epoch) return false;
                other_successes_.fetch_add(1, std::memory_order_relaxed);  // a count
                what.counts_call = true;                                   // as in success_late()
            }
            tally = tally_.sum();
        }
        if (!counted_before && (what.counts_call || went.slow)) window_.file(what, now, tally);
        if (how.is_success()) run_ = 0;  // the tally tells of those it has, and not of those counted apart
        if (auto* const watcher = watching(of)) {
            watcher->add(of.epoch, {.at = time_point{duration{now}},
                                    .took = duration{went.took},
                                    .of = how.is_failure() ? how.failed_with() : failure_class::error,
                                    .failed = how.is_failure(),
                                    .slow_already = of.is(grant::overlong)});
        }
        made = judge_window(of.epoch, how, now, tally, what.counts_call && !counted_before);
    }
    tell(made);
    return true;
}

/// A lease was found to be marked: the breaker re-opens (rule 20), whatever else swings the word meanwhile. Whoever finds
/// the mark does it: nobody waits for the thread that made it, the lease's own verdict is late, and under an override
/// that comes just then nobody else looks at leases.
template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::score_expired_lease(std::uint64_t epoch, const Time& time) noexcept {
    const finding timed_out{cause::probe_expired, {1, 1, 0, 1, 1}};
    for (;;) {
        const look seen = read();
        if (seen.at.epoch() != epoch || seen.at.on_ramp()) return;
        // Here: who marked it may have read a later time than this thread has before, and the pause begins no earlier.
        const ticks now = in_ticks(time.now());
        const auto made = with_plan([&](const plan& by) { return open(seen, timed_out, by, now, {}); });
        if (!made) continue;
        if (auto* const watcher = watching()) watcher->probe_failed(epoch);
        return tell(made);
    }
}

/// A probe that says nothing gives its slot back (rule 19).
template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::give_back(const grant& of, const Time& time) noexcept {
    trouble<A>& known = in_trouble();
    if (of.leased() && !known.leased.end({of.which, of.place})) return score_expired_lease(of.epoch, time);
    known.probes.end(of.epoch, probing<A>::ending::given_back, {}, [&] { return current().epoch() == of.epoch; });
}

template <class A, class S, class F>
template <class Time>
bool machine<A, S, F>::settle_probe(const grant& of, verdict how, const course& went, const Time& time) noexcept {
    trouble<A>& known = in_trouble();
    // The lease decides whether this verdict came in time: it was scored, or it is ended here.
    if (of.leased() && !known.leased.end({of.which, of.place})) {
        score_expired_lease(of.epoch, time);
        // Marked, and not scored, for the ramp had begun: as a probe that did not answer before that, it counts there.
        return current().epoch() == of.epoch && settle_counted(of, how, went, time);
    }
    const ticks now = in_ticks(time.now());
    const auto [weight, needed] = with_plan([&](const plan& by) {
        return std::pair{how.is_failure() ? by.weight(how.failed_with()) : 0.0, by.given.recovery.successes_to_close};
    });
    if (went.slow || how.is_trip() || weight > 0) {
        if (reopen(of.epoch, how, went.slow, now)) return true;
        // The ramp has begun meanwhile, or the epoch is over.
        return settle_counted(of, how, went, time);
    }
    const auto ending = how.is_success() ? probing<A>::ending::success : probing<A>::ending::given_back;
    if (auto* const back = known.back(); back != nullptr && how.is_success()) {
        const ticks took = of.is(grant::answered) ? of.took : now - of.begun;
        const bool suspended = in_ticks(time.resumed_at()) > of.begun;
        // relaxed: end() publishes it, and whoever finds that it is enough reads it after that.
        if (!suspended) back->probe_took.store(of.epoch << 32 | in_microseconds(took), std::memory_order_relaxed);
    }
    // Before the place is given back: with it anybody may find that the probes are enough, and close.
    if (auto* const watcher = watching(); watcher != nullptr && how.is_success()) {
        watcher->probe_succeeded(of.epoch, now, went.took);
    }
    if (!known.probes.end(of.epoch, ending, needed, [&] { return current().epoch() == of.epoch; })) return false;
    // From here it counts: when the place was given back the epoch was the present one, whatever came then.
    if (known.probes.look(of.epoch).enough) finish_probing(of.epoch, now);
    if (how.is_success()) other_successes_.fetch_add(1, std::memory_order_relaxed);  // a count
    return true;
}

/// A failed or slow probe. Returns: whether this thread re-opened the breaker.
template <class A, class S, class F>
bool machine<A, S, F>::reopen(std::uint64_t epoch, verdict how, bool slow, ticks now) noexcept {
    std::optional<ticks> hint;
    if (how.retry_after()) hint = how.retry_after()->count();
    const finding failed{cause::probe_failed, {1, how.is_failure() ? 1U : 0U, slow ? 1U : 0U, 1, 1}};
    for (;;) {
        const look seen = read();
        if (seen.at.epoch() != epoch || seen.at.on_ramp()) return false;
        const auto made = with_plan([&](const plan& by) { return open(seen, failed, by, now, hint); });
        if (!made) continue;
        if (auto* const watcher = watching()) watcher->probe_failed(epoch);
        if (how.is_success()) other_successes_.fetch_add(1, std::memory_order_relaxed);  // a count
        tell(made);
        return true;
    }
}

template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::overdue(grant& of, const Time& time) noexcept {
    const word at = current();
    constexpr auto settled_otherwise = grant::answered | grant::bystander;
    if (!of.is(grant::timed) || (of.traits & settled_otherwise) != 0) return;
    // The time first: a suspension that it has in it is told of by then.
    const ticks now = in_ticks(time.now());
    if (at.epoch() != of.epoch || in_ticks(time.resumed_at()) > of.begun) return;
    // Listeners are told when all is done: one of them may end the call, and `of` with it.
    const auto expired = current().override() == override_mode::none ? std::nullopt : end_override_if_over(now);
    const bool probes = of.is(grant::probe) && !at.on_ramp();
    std::optional<moved> by_watch, by_slow_rule;
    auto* const watcher = probes ? nullptr : watching(of);
    if (watcher != nullptr && now - of.begun >= watcher->limit()) by_watch = watch_overdue(*watcher, of, now);
    // With both rules the timer may have been the adaptive one's.
    const bool slow = slow_after() != never && (watching() == nullptr || now - of.begun >= slow_after());
    if (slow) {
        // Whoever re-opens has told of it, and there is nothing else to tell: an override that ended just now has ended
        // the probe's epoch too. Else the ramp has begun meanwhile, or the epoch is over.
        if (probes && reopen(of.epoch, verdict::ignored(), true, now)) return;
        if (!of.is(grant::overdue)) by_slow_rule = file_overdue(of, now);
    }
    tell(expired);
    tell(by_watch);
    tell(by_slow_rule);
}

/// A call that runs longer than is normal counts as slow for the adaptive rule, once.
template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::watch_overdue(watch<A>& by, grant& of, ticks now) noexcept {
    if (of.is(grant::overlong)) return {};
    const guard lock{evidence_};
    if (!still_in_step(of.epoch)) return {};
    if (by.overdue(of.epoch, now)) of.traits |= grant::overlong;
    if (!by.found(now)) return {};
    return judge_window(of.epoch, {}, now, tally_.sum());
}

/// A call that runs longer than the slow rule allows takes its place in the window.
template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::file_overdue(grant& of, ticks now) noexcept {
    const guard lock{evidence_};
    if (!still_in_step(of.epoch)) return {};
    const auto tally = tally_.sum();
    of.place = window_.file({.slow = true}, now, tally);
    of.which = window_.generation();
    of.traits |= grant::overdue;
    return judge_window(of.epoch, {}, now, tally, true);
}

template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::answered(grant& of, const Time& time) noexcept {
    if (of.is(grant::answered)) return;
    of.traits |= grant::answered;
    if (of.is(grant::timed) || of.is(grant::paced) || of.is(grant::probe)) {
        of.took = in_ticks(time.now()) - of.begun;
    }
    leave_ramp(of);
    // A lease that was scored stays, and makes the verdict late.
    if (of.leased() && in_trouble().leased.end({of.which, of.place})) of.place = 0;
}

}  // namespace switchgear::detail
