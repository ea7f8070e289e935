#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "machine.hpp"

// The window of a closed breaker and of the ramp: how it keeps up with time and orders, when successes have to look at
// it, and what the rules say of it.

namespace switchgear::detail {

/// The rules, on the window as it is. Under evidence_; the swing too, so that no reload comes between.
template <class A, class S, class F>
std::optional<moved> machine<A, S, F>::judge_window(std::uint64_t epoch, std::optional<verdict> by, ticks now,
                                                    std::uint64_t tally, bool new_call) noexcept {
    for (;; tally = tally_.sum()) {
        const glance seen = read_window();
        if (seen.at.epoch() != epoch) return {};  // an epoch that counts does so to its end
        const plan& settings = in_step(seen);
        // An order may have begun a window since the tally was added up, at a later sum.
        tally = std::max(tally, seen.window_base);
        window_.move_to(now, tally);
        const window_counts counts = window_to_judge(settings, tally, new_call);
        std::optional<finding> found = judge(counts, run_at(tally), settings);
        if (by && by->is_trip()) {
            found = {cause::trip_verdict, {counts.calls, counts.failures(), counts.slow, 1, 1}};
        }
        watch<A>* const watcher = watching();
        if (!found && watcher != nullptr) found = watcher->found(now);
        if (!found) {
            const bool goes_on = watcher != nullptr && watcher->looks_anew(now);
            kept_closed_at_ = goes_on ? std::max(kept_closed_at_, now) : long_ago;
            return {};
        }
        std::optional<ticks> hint;
        if (by && by->retry_after()) hint = by->retry_after()->count();
        // An order that swings the word meanwhile and leaves the window takes nothing back: what was found there is judged,
        // and nobody judges it again.
        for (look from = read(); from.at.epoch() == epoch && from.of.window == seen.window; from = read()) {
            if (from.at.override() == override_mode::forced_closed) {
                if (watcher != nullptr) watcher->kept_closed(now);
                // One episode, where an open breaker would not have asked again yet. Threads come here in any order of
                // time.
                const ticks before = std::exchange(kept_closed_at_, std::max(kept_closed_at_, now));
                if (now < before + plan::in_ticks(settings.given.recovery.open_for)) return {};
                return moved{.from = state::closed,
                             .to = state::closed,
                             .epoch = epoch,
                             .at = now,
                             .cause = found->cause,
                             .evidence = found->evidence,
                             .kept_closed = true};
            }
            if (const auto made = open(from, *found, settings, now, hint)) {
                if (watcher != nullptr) watcher->opened(made->epoch, now);
                return made;
            }
        }
    }
}

/// Takes notice of a window that began since the last evidence: its marks are none, and the old ones mean
/// nothing any more.
template <class A, class S, class F>
auto machine<A, S, F>::in_step(const glance& with) noexcept -> const plan& {
    if (evidence_window_ != with.window) {
        evidence_window_ = with.window;
        kept_closed_at_ = long_ago;
        run_ = 0;
        window_.begin(with.window_base);
        if (auto* const watcher = watching()) watcher->new_window();
    }
    return *plans_[with.at.regime()];
}

/// in_step() with the window in which verdicts of that epoch count. Returns: false if there is none any more.
template <class A, class S, class F>
bool machine<A, S, F>::still_in_step(std::uint64_t epoch) noexcept {
    const glance seen = read_window();
    if (seen.at.epoch() != epoch || !seen.at.counts()) return false;
    in_step(seen);
    return true;
}

// When a success has to look again: from one point of the tally to another, where a rule could hold with the evidence that
// is there; whoever finds that they are beyond the last ends it.
//
// A success adds to the tally and then reads the suspicion; evidence writes a suspicion and then reads the tally, all
// seq_cst: of a success and a piece of evidence that race, at least one sees the other. Where there is no suspicion no
// number of successes makes a rule hold, so it does not matter who sees whom.
//
// Several successes may be counted before any of them looks. One after the other, each would have been judged; and more of
// them make every ratio smaller, so it is enough to judge the first of them that brings the window to its minimum. That is
// why a suspicion begins at the first success that nobody has judged, and is judged there.

/// Where the tally stands at the first success that nobody has judged, and that will look again. Returns: `nobody`, if
/// nothing is suspected.
template <class A, class S, class F>
std::uint64_t machine<A, S, F>::suspected_from() const noexcept {
    // relaxed, both: nobody writes these who is not under evidence_.
    const bool any = suspect_to_.load(std::memory_order_relaxed) != 0;
    return any ? suspect_from_.load(std::memory_order_relaxed) : nobody;
}

/// Successes look again that come from now on, and those from `waiting` on: the tally at the first that is about to.
/// Returns: the tally thereafter. Who came until then may have seen no suspicion and not look: they came before.
template <class A, class S, class F>
std::uint64_t machine<A, S, F>::publish_suspicion(const suspicion& of, std::uint64_t edge, std::uint64_t waiting,
                                                  std::uint64_t tally) noexcept {
    const auto first_to_look = [&](std::uint64_t counted) {
        return std::max(edge + of.from, std::min(waiting, counted + 1));
    };
    const std::uint64_t last = of.to > nobody - edge ? nobody : edge + of.to;
    // relaxed: `to` publishes what is written before it.
    suspect_from_.store(first_to_look(tally), std::memory_order_relaxed);
    // seq_cst, as the sum after it: see above.
    suspect_to_.store(last, std::memory_order_seq_cst);
    tally = tally_.sum();
    // relaxed: who sees the older one looks for nothing.
    suspect_from_.store(first_to_look(tally), std::memory_order_relaxed);
    return tally;
}

template <class A, class S, class F>
void machine<A, S, F>::suspect_nothing() noexcept {
    // Every success reads this line: written only where it changes. relaxed: who still suspects looks for nothing.
    if (suspect_to_.load(std::memory_order_relaxed) != 0) suspect_to_.store(0, std::memory_order_relaxed);
}

/// For who judges. Returns: the window as it was at the first success that nobody has judged and at which a ratio may
/// count; where there is none, as it is. Evidence that is a call of its own, `new_call`, takes the place of that
/// success, which comes after it. With this all are judged that have come by now.
template <class A, class S, class F>
window_counts machine<A, S, F>::window_to_judge(const plan& by, std::uint64_t tally, bool new_call) noexcept {
    const std::uint64_t edge = window_.edge();
    const std::uint64_t before = new_call ? 1 : 0;
    const std::uint64_t first = std::max(std::min(suspected_from(), tally + before), edge + before) - before;
    const window_counts counts = window_.counts(first);
    const suspicion now = suspect(counts, window_.extra_calls(), by);
    // Successes only become more, and whoever moves the window's edge comes here or below.
    if (now.to == 0 || tally - edge > now.to) {
        suspect_nothing();
    } else {
        tally = publish_suspicion(now, edge, nobody, tally);
    }
    const std::uint64_t at = std::max(first, edge + std::min(now.from, tally - edge));
    return at == first ? counts : window_.counts(at);
}

/// For who changes the window or the rules and judges nothing: whoever was about to look again still does.
template <class A, class S, class F>
void machine<A, S, F>::keep_suspecting(const plan& by, std::uint64_t tally) noexcept {
    // Every success reads this line, too. relaxed: see count_success().
    if (const ticks next = window_.next_move(); next_move_.load(std::memory_order_relaxed) != next) {
        next_move_.store(next, std::memory_order_relaxed);
    }
    const std::uint64_t edge = window_.edge();
    const std::uint64_t waiting = suspected_from();
    const window_counts counts = window_.counts(std::max(std::min(waiting, tally), edge));
    const suspicion now = suspect(counts, window_.extra_calls(), by);
    if (now.to == 0) {
        suspect_nothing();
    } else {
        publish_suspicion(now, edge, waiting, tally);
    }
}

template <class A, class S, class F>
void machine<A, S, F>::look_again(std::uint64_t epoch, ticks now) noexcept {
    expire_override(now);
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        made = judge_window(epoch, {}, now, tally_.sum());
    }
    tell(made);
}

/// Lets the window's edge follow the time, `late` after that was due. If somebody is at the evidence just now, they move
/// it, or the next success does: this one is dated into the bucket before then, and leaves the window that much too
/// soon. Rule 8 has room for `soon` in the shortest window; after a longer silence the window has to move first.
template <class A, class S, class F>
void machine<A, S, F>::move_window(ticks now, ticks late) noexcept {
    // Of a second fifteen buckets, less this and the lag of the clock that `now` is from, are more than 0.9.
    constexpr ticks soon = coarse_lag;
    if (late > soon) {
        evidence_.lock();
    } else if (!evidence_.try_lock()) {
        return;
    }
    const guard lock{evidence_, std::adopt_lock};
    const plan& by = in_step(read_window());
    const auto tally = tally_.sum();
    window_.move_to(now, tally);
    keep_suspecting(by, tally);
}

/// Failures are in a row if no success was counted between them (rule 7): the tally tells, and in the order in which the
/// window has them.
template <class A, class S, class F>
void machine<A, S, F>::lengthen_run(std::uint64_t tally) noexcept {
    run_ = run_at(tally);
    if (run_ != std::numeric_limits<std::uint32_t>::max()) ++run_;
    run_tally_ = tally;
}

/// Returns: how many failures in a row there were at that point of the tally, since the window began.
template <class A, class S, class F>
std::uint32_t machine<A, S, F>::run_at(std::uint64_t tally) const noexcept {
    return tally == run_tally_ ? run_ : 0;
}

}  // namespace switchgear::detail
