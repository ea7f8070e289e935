#pragma once

#include "machine.hpp"

// What verdicts do.

namespace switchgear::detail {

template <class A, class S>
template <class Time>
void machine<A, S>::settle(grant& of, verdict how, const Time& time) noexcept {
    // Counts are relaxed: each is read when it is read.
    if (how.is_ignored()) {
        if (of.part == grant::role::probe) give_back(of);
        ignored_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const word at = current();
    const bool late = at.epoch() != of.epoch;
    const bool slow = !late && of.timed && was_slow(of, in_ticks(time.now()), in_ticks(time.resumed_at()));
    bool counted = false;
    if (!late) {
        switch (of.part) {
            case grant::role::bystander:
                if (how.is_success()) other_successes_.fetch_add(1, std::memory_order_relaxed);
                counted = true;
                break;
            case grant::role::counted: counted = settle_counted(of, how, slow, time); break;
            case grant::role::probe:
                counted = at.on_ramp() ? settle_counted(of, how, slow, time) : settle_probe(of, how, slow, time);
                break;
        }
    }
    if (counted) {
        total(how, slow || of.overdue);
    } else {
        late_.fetch_add(1, std::memory_order_relaxed);
    }
}

/// All but the successes: those are tallied, or counted apart, where it is known which.
template <class A, class S>
void machine<A, S>::total(verdict how, bool slow) noexcept {
    if (how.is_failure()) {
        failed_[static_cast<std::size_t>(how.failed_with())].fetch_add(1, std::memory_order_relaxed);
    }
    if (slow) slow_.fetch_add(1, std::memory_order_relaxed);
}

template <class A, class S>
bool machine<A, S>::was_slow(const grant& of, ticks now, ticks resumed_at) const noexcept {
    if (of.overdue || resumed_at > in_ticks(of.begun)) return false;
    const ticks took = of.answered ? of.took.count() : now - in_ticks(of.begun);
    return took > slow_after_.load(std::memory_order_relaxed);
}

template <class A, class S>
template <class Time>
bool machine<A, S>::settle_counted(const grant& of, verdict how, bool slow, const Time& time) noexcept {
    if (how.is_success() && !slow && !of.overdue) return settle_success(of, time);
    return settle_evidence(of, how, slow, in_ticks(time.now()));
}

/// The healthy path: one addition, and a look at what might make it matter. Never waits.
template <class A, class S>
template <class Time>
bool machine<A, S>::settle_success(const grant& of, const Time& time) noexcept {
    // A window of time moves on before the success that arrives in its new bucket is counted.
    const ticks next_move = next_move_.load(std::memory_order_relaxed);
    if (next_move != never) {
        const ticks now = in_ticks(time.coarse());
        if (now >= next_move) move_window(now);
    }
    if (!tally_.add(of.epoch)) return false;
    if ((run_.load(std::memory_order_acquire) & 0xffff'ffff) != 0) end_run(of.epoch);
    // seq_cst, after the addition: see note_suspicion(). `to` before `from`: they are written the other
    // way round, so a new `to` comes with a `from` at least as new.
    const auto to = suspect_to_.load(std::memory_order_seq_cst);
    if (to == 0) return true;
    const auto from = suspect_from_.load(std::memory_order_seq_cst);
    const auto successes = tally_.sum() - edge_.load(std::memory_order_acquire);
    if (successes >= from && successes <= to) look_again(of.epoch, in_ticks(time.now()));
    return true;
}

/// A failure, a slow call, or the verdict on one that was overdue.
template <class A, class S>
bool machine<A, S>::settle_evidence(const grant& of, verdict how, bool slow, ticks now) noexcept {
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        const look seen = read();
        if (seen.at.epoch() != of.epoch || !seen.at.counts()) return false;
        regime& r = in_step(seen);
        r.window->move_to(now, tally_.sum());
        // An overdue call was counted when it was found so: not again, unless that has left the window.
        const bool counted_before =
            of.overdue && of.overdue_window == r.window->generation() && r.window->holds(of.overdue_at, tally_.sum());
        mark what{.slow = slow, .counts_call = how.is_failure() && !counted_before};
        lengthened mine;
        if (how.is_success()) {
            if (counted_before) {
                other_successes_.fetch_add(1, std::memory_order_relaxed);
            } else if (!tally_.add(of.epoch)) {
                return false;
            }
        } else {
            what.failed = static_cast<std::uint8_t>(how.failed_with());
            if (r.by->weight(how.failed_with()) > 0) mine = lengthen_run(seen.of.window);
        }
        if (how.is_failure() || slow) r.window->file(what, now, tally_.sum());
        if (how.is_success()) end_run(of.epoch);
        made = judge_window(of.epoch, how, now, mine);
    }
    tell(made);
    return true;
}

/// The rules, on the window as it is. Under evidence_; the swing too, so that no reload comes between.
/// A success may end the run before it is looked at here: a run that reached its limit has reached it (rule 7),
/// so the verdict's own place in it counts.
template <class A, class S>
std::optional<moved> machine<A, S>::judge_window(std::uint64_t epoch, std::optional<verdict> by, ticks now,
                                                 lengthened mine) noexcept {
    for (;;) {
        const look seen = read();
        if (seen.at.epoch() != epoch || !seen.at.counts()) return {};
        regime& r = in_step(seen);
        r.window->move_to(now, tally_.sum());
        const window_counts counts = note_suspicion(r);
        std::uint32_t run = run_of(seen.of.window);
        if (mine.window == seen.of.window) run = std::max(run, mine.run);
        std::optional<finding> found = judge(counts, run, *r.by);
        if (by && by->is_trip()) {
            found = {cause::trip_verdict, {counts.calls, counts.failures(), counts.slow, 1, 1}};
        }
        if (!found) {
            would_have_opened_ = false;
            return {};
        }
        if (seen.at.override() == override_mode::forced_closed) {
            if (std::exchange(would_have_opened_, true)) return {};
            return moved{.from = state::closed,
                         .to = state::closed,
                         .epoch = epoch,
                         .at = now,
                         .cause = found->cause,
                         .evidence = found->evidence,
                         .kept_closed = true};
        }
        std::optional<ticks> hint;
        if (by && by->retry_after()) hint = by->retry_after()->count();
        if (const auto made = open(seen, *found, *r.by, now, hint)) return made;
    }
}

/// Takes notice of a window that began since the last evidence: its marks are none, and the old ones mean
/// nothing any more.
template <class A, class S>
auto machine<A, S>::in_step(const look& with) noexcept -> regime& {
    regime& r = regimes_[with.at.regime()];
    if (evidence_window_ != with.of.window) {
        evidence_window_ = with.of.window;
        would_have_opened_ = false;
        r.window->begin(with.of.window_base);
    }
    return r;
}

/// Publishes when a success has to look again, and what the window holds after that.
///
/// A success adds to the tally and then reads the suspicion; this writes the suspicion and then reads the
/// tally, all seq_cst: of a success and a piece of evidence that race, at least one sees the other, so
/// the call that brings the window to its minimum is not missed.
template <class A, class S>
window_counts machine<A, S>::note_suspicion(const regime& of) noexcept {
    sliding_window& window = *of.window;
    const suspicion now = suspect(window.counts(tally_.sum()), window.extra_calls(), *of.by);
    edge_.store(window.edge(), std::memory_order_release);
    next_move_.store(window.next_move(), std::memory_order_release);
    suspect_from_.store(now.from, std::memory_order_seq_cst);
    suspect_to_.store(now.to, std::memory_order_seq_cst);
    return window.counts(tally_.sum());
}

template <class A, class S>
void machine<A, S>::look_again(std::uint64_t epoch, ticks now) noexcept {
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        made = judge_window(epoch, {}, now);
    }
    tell(made);
}

/// Lets the window's edge follow the time. If somebody is at the evidence just now, they move it, or the
/// next success does: this one is dated a few instructions early then, into the bucket before.
template <class A, class S>
void machine<A, S>::move_window(ticks now) noexcept {
    if (!evidence_.try_lock()) return;
    const guard lock{evidence_, std::adopt_lock};
    regime& r = in_step(read());
    r.window->move_to(now, tally_.sum());
    note_suspicion(r);
}

/// Under evidence_; successes end the run at any time without it.
template <class A, class S>
auto machine<A, S>::lengthen_run(std::uint32_t of_window) noexcept -> lengthened {
    auto seen = run_.load(std::memory_order_relaxed);
    for (;;) {
        const std::uint64_t run = seen >> 32 == of_window ? seen & 0xffff'ffff : 0;
        const std::uint64_t longer = run == 0xffff'ffff ? run : run + 1;
        const std::uint64_t next = (std::uint64_t{of_window} << 32) | longer;
        // acq_rel: pairs with the acquire of the success that ends it.
        if (run_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed)) {
            return {of_window, static_cast<std::uint32_t>(longer)};
        }
    }
}

template <class A, class S>
void machine<A, S>::end_run(std::uint64_t epoch) noexcept {
    auto seen = run_.load(std::memory_order_acquire);
    while ((seen & 0xffff'ffff) != 0) {
        // After the load: if the window is still ours now, then what was loaded is of no later one, and
        // what comes later makes the exchange fail.
        if (current().epoch() != epoch) return;
        if (run_.compare_exchange_weak(seen, seen & ~std::uint64_t{0xffff'ffff}, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
            return;
        }
    }
}

template <class A, class S>
std::uint32_t machine<A, S>::run_of(std::uint32_t of_window) const noexcept {
    const auto seen = run_.load(std::memory_order_acquire);
    return seen >> 32 == of_window ? static_cast<std::uint32_t>(seen) : 0;
}

/// A probe that says nothing gives its slot back (rule 19).
template <class A, class S>
void machine<A, S>::give_back(const grant& of) noexcept {
    if (of.lease != 0 && !leases_.end({of.slot, of.lease})) return;
    probing_.end(of.epoch, probing<A>::ending::given_back, 0);
}

template <class A, class S>
template <class Time>
bool machine<A, S>::settle_probe(const grant& of, verdict how, bool slow, const Time& time) noexcept {
    // The lease decides whether this verdict came in time: it was scored, or it is ended here.
    if (of.lease != 0 && !leases_.end({of.slot, of.lease})) return false;
    const ticks now = in_ticks(time.now());
    const auto [weight, needed] = with_plan([&](const plan& by) {
        return std::pair{how.is_failure() ? by.weight(how.failed_with()) : 0.0, by.given.recovery.successes_to_close};
    });
    if (slow || how.is_trip() || weight > 0) {
        if (reopen(of.epoch, how, slow, now)) return true;
        // The ramp has begun meanwhile, or the epoch is over.
        const word at = current();
        return at.epoch() == of.epoch && at.on_ramp() && settle_counted(of, how, slow, time);
    }
    const auto ending = how.is_success() ? probing<A>::ending::success : probing<A>::ending::given_back;
    if (!probing_.end(of.epoch, ending, needed)) return false;
    const bool enough = probing_.look(of.epoch).enough;
    if (enough) finish_probing(of.epoch, now);
    if (!enough && current().epoch() != of.epoch) return false;
    if (how.is_success()) other_successes_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

/// A failed or slow probe. Returns: whether this thread re-opened the breaker.
template <class A, class S>
bool machine<A, S>::reopen(std::uint64_t epoch, verdict how, bool slow, ticks now) noexcept {
    std::optional<ticks> hint;
    if (how.retry_after()) hint = how.retry_after()->count();
    const finding failed{cause::probe_failed, {1, how.is_failure() ? 1U : 0U, slow ? 1U : 0U, 1, 1}};
    for (;;) {
        const look seen = read();
        if (seen.at.epoch() != epoch || seen.at.on_ramp()) return false;
        const auto made = with_plan([&](const plan& by) { return open(seen, failed, by, now, hint); });
        if (!made) continue;
        if (how.is_success()) other_successes_.fetch_add(1, std::memory_order_relaxed);
        tell(made);
        return true;
    }
}

template <class A, class S>
template <class Time>
void machine<A, S>::overdue(grant& of, const Time& time) noexcept {
    const word at = current();
    if (!of.timed || of.overdue || of.answered || of.part == grant::role::bystander) return;
    if (at.epoch() != of.epoch || slow_after_.load(std::memory_order_relaxed) == never) return;
    if (in_ticks(time.resumed_at()) > in_ticks(of.begun)) return;
    const ticks now = in_ticks(time.now());
    if (of.part == grant::role::probe && !at.on_ramp()) {
        if (of.lease == 0 || leases_.end({of.slot, of.lease})) reopen(of.epoch, verdict::ignored(), true, now);
        of.lease = 0;
        return;
    }
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        const look seen = read();
        if (seen.at.epoch() != of.epoch || !seen.at.counts()) return;
        sliding_window& window = *in_step(seen).window;
        of.overdue_at = window.file({.slow = true}, now, tally_.sum());
        of.overdue_window = window.generation();
        of.overdue = true;
        made = judge_window(of.epoch, {}, now);
    }
    tell(made);
}

template <class A, class S>
template <class Time>
void machine<A, S>::answered(grant& of, const Time& time) noexcept {
    if (of.answered) return;
    of.answered = true;
    if (of.timed) of.took = time.now() - of.begun;
    // A lease that was scored stays, and makes the verdict late.
    if (of.lease != 0 && leases_.end({of.slot, of.lease})) of.lease = 0;
}

}  // namespace switchgear::detail
