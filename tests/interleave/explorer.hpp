#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fiber.hpp"
#include "limits.hpp"
#include "memory.hpp"
#include "trace.hpp"

namespace switchgear::interleave {

// How all schedules are tried.
//
// The threads of a play are fibers on one real thread. Before every operation on an atom a thread says what
// it will do and lets the explorer choose who runs. An execution is a sequence of such choices; the next
// execution repeats them up to the last one with an alternative left, takes that, and goes on freely.
//
// Not every order needs a try: operations on different atoms, or loads of the same, give the same result in
// either order. Two rules use this (source sets with sleep sets: Abdulla, Aronis, Jonsson, Sagonas, "Optimal
// dynamic partial order reduction", POPL 2014):
//
// - An alternative is planned only where it matters: when an operation is run that depends on an earlier one of
//   another thread, and nothing in between orders the two, the other order is planned at the earlier one.
// - A thread whose next operation has been tried at a choice sleeps in the alternatives after it, until an
//   operation is run that its own depends on. An execution in which only sleepers could go on is a repetition: it
//   is run to its end, so that stacks are unwound and its result is checked, but nothing is planned in it.
//
// wait_a_moment() blocks the thread until the atom that it loaded last is written by another one, so that loops
// that wait are finite. Where nobody can go on is a deadlock; an execution that does not end, a livelock.

/// What is run: threads, and what has to hold after all of them.
class play {
public:
    void thread(std::function<void()> body) { bodies_.push_back(std::move(body)); }
    void afterwards(std::function<void()> check) { checks_.push_back(std::move(check)); }

private:
    friend class explorer;
    std::vector<std::function<void()>> bodies_, checks_;
};

/// Tries the schedules of plays. One at a time in a process: atoms find it by current().
class explorer {
public:
    /// `coarse`: atoms are no choices, only boundary() is, and a write to the atom that is watched, and having to
    /// wait: each stretch between two of them is run at once.
    explicit explorer(const limits& within, bool coarse = false) : limits_{within}, coarse_{coarse} {}
    explorer(const explorer&) = delete;
    explorer& operator=(const explorer&) = delete;

    /// `setup` is called before every execution, and has to do the same each time.
    report explore(const std::function<void(play&)>& setup);

    /// Of this thread: several threads may explore, each for itself.
    static explorer& current() noexcept { return *current_; }
    static bool exploring() noexcept { return current_ != nullptr; }

    // For atoms.
    std::uint32_t new_location(std::uint64_t value);
    std::uint64_t load(std::uint32_t where, std::memory_order with);
    void store(std::uint32_t where, std::uint64_t value, std::memory_order with);
    /// `next(old)` is the new value, or nothing to leave it (a comparison that failed). Returns: the old one.
    template <class Next>
    std::uint64_t modify(std::uint32_t where, const Next& next, std::memory_order with, std::memory_order failed);
    void wait_for_change() noexcept;
    unsigned& lane() noexcept { return in_thread() ? threads_[running_].lane : lane_outside_; }

    // For plays.
    void boundary();
    void fail(std::string why);
    /// A line for the schedule that a failure shows.
    void note(const char* text) {
        if (in_thread()) notes_.push_back({trace_.size(), running_, text});
    }
    bool in_thread() const noexcept { return phase_ != phase::outside; }
    std::uint32_t running() const noexcept { return running_; }
    std::uint32_t locations() const noexcept { return used_; }
    std::uint64_t peek(std::uint32_t where) const noexcept { return locations_[where].newest(); }
    /// The oldest value that a load of that thread may still return.
    std::uint64_t surely_seen(std::uint32_t where, std::uint32_t thread) const noexcept {
        const location& at = locations_[where];
        if (direct() || limits_.memory == memory::sequential) return at.newest();
        return at.at(at.oldest_visible(threads_[thread].seen, std::memory_order_acquire)).value;
    }
    /// A thread between two of its operations. It gets there when it has run the earlier one, and may stay for long.
    struct place {
        std::uint32_t thread, operations;
    };
    /// Where the running thread is. Nothing: operations are no choices here, so that nobody stays anywhere.
    std::optional<place> here() const noexcept {
        if (direct()) return {};
        return place{running_, seen()[running_]};
    }
    bool is_still_at(const place& at) const noexcept {
        return in_thread() && threads_[at.thread].seen[at.thread] == at.operations;
    }
    /// Called after every write to that location, with its new value.
    void watch(std::uint32_t where, std::function<void(std::uint64_t)> watcher) {
        watched_ = where;
        watcher_ = std::move(watcher);
    }
    /// Whether data races are looked for: in the threads, if their operations are choices.
    bool watches_data() const noexcept { return in_thread() && !coarse_; }
    /// This thread's happens-before, for data that is no atom.
    const clock& seen() const noexcept { return threads_[running_].seen; }

private:
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};
    enum class phase : std::uint8_t { outside, starting, exploring };

    struct intent {
        std::uint32_t where = 0;
        bool writes = false;
    };
    struct actor {
        std::unique_ptr<fiber> stack;
        intent next;
        bool finished = true;
        bool waits = false;
        std::uint32_t touched = 0, index = 0;  ///< the location that it used last, and the store found there
        std::uint32_t woken_by = 0;            ///< the store that ended the wait before this operation; 0: none did
        clock seen{};
        unsigned lane = 0;
    };
    /// A choice: who ran, who might have, and what is planned and done.
    struct choice {
        threads able, planned, asleep;
        std::uint32_t thread;
        std::uint32_t before;    ///< who ran before
        std::uint32_t switches;  ///< before this choice
        std::uint32_t older = 0, olders = 0;
    };

    void perform(const std::function<void(play&)>& setup);
    bool plan_next();
    void run_body(std::uint32_t thread);
    void announce(const intent& next);
    location& reach(std::uint32_t where);
    void hand_over();
    std::uint32_t pick();
    std::uint32_t pick_freely(threads able);
    threads affordable(threads from, threads able, std::uint32_t before, std::uint32_t switches) const noexcept;
    bool may_go_on(const actor& of) const noexcept;
    std::uint32_t choose_older(std::uint32_t olders);
    void executed(event what);
    location& touch(std::uint32_t where) noexcept;
    void write_directly(std::uint32_t where, std::uint64_t value);
    bool direct() const noexcept { return coarse_ || phase_ == phase::outside; }

    static inline constinit thread_local explorer* current_ = nullptr;

    limits limits_;
    bool coarse_;
    report report_;
    std::vector<choice> choices_;
    std::uint32_t first_new_ = 0;

    // Of one execution.
    phase phase_ = phase::outside;
    fiber outside_;
    std::array<actor, most_threads> threads_{};
    std::vector<std::function<void()>> bodies_;
    std::uint32_t running_ = 0, before_ = nobody;
    std::uint32_t switches_ = 0, stale_ = 0;
    threads asleep_ = 0;
    bool repeats_ = false, stopped_ = false;
    interleave::trace trace_;
    struct remark {
        std::uint32_t before, thread;
        const char* text;
    };
    std::vector<remark> notes_;
    std::vector<location> locations_ = std::vector<location>(1);  // the first one: the boundaries
    std::uint32_t used_ = 1;
    std::uint32_t watched_ = 0;
    std::function<void(std::uint64_t)> watcher_;
    unsigned lane_outside_ = 0;
};

inline report explorer::explore(const std::function<void(play&)>& setup) {
    explorer* const outer = std::exchange(current_, this);
    do {
        perform(setup);
        ++report_.executions;
        report_.longest = std::max(report_.longest, trace_.size());
        if (!report_.failure.empty()) break;
        report_.complete = !plan_next();
    } while (!report_.complete && report_.executions < limits_.executions);
    current_ = outer;
    return report_;
}

inline void explorer::perform(const std::function<void(play&)>& setup) {
    used_ = 1;
    locations_[0].begin(0);
    watched_ = 0;
    watcher_ = {};
    lane_outside_ = 0;
    play of;
    setup(of);
    bodies_ = std::move(of.bodies_);
    trace_.begin(used_);
    notes_.clear();
    running_ = 0, before_ = nobody, switches_ = 0, stale_ = 0, asleep_ = 0;
    repeats_ = stopped_ = false;
    phase_ = phase::starting;
    for (std::uint32_t t = 0; t < bodies_.size(); ++t) {
        actor& one = threads_[t];
        if (!one.stack) one.stack = std::make_unique<fiber>([this, t] { run_body(t); });
        one.finished = one.waits = false;
        one.seen = {};
        one.lane = 0;
        running_ = t;
        fiber::change(outside_, *one.stack);
    }
    phase_ = phase::exploring;
    if (const auto first = pick(); first != nobody) {
        running_ = first;
        fiber::change(outside_, *threads_[first].stack);
    }
    phase_ = phase::outside;
    bodies_.clear();
    if (!stopped_) {
        for (const auto& check : of.checks_) check();
    }
}

/// Runs on the thread's own stack.
inline void explorer::run_body(std::uint32_t thread) {
    bodies_[thread]();
    threads_[thread].finished = true;
    if (phase_ == phase::starting) {
        fiber::change(*threads_[thread].stack, outside_);
    } else {
        hand_over();
    }
}

/// Says what this thread will do next, and returns when it is to do it.
inline void explorer::announce(const intent& next) {
    const auto self = running_;
    threads_[self].next = next;
    if (phase_ == phase::starting) {
        fiber::change(*threads_[self].stack, outside_);
    } else {
        hand_over();
    }
    actor& me = threads_[self];
    me.woken_by = me.waits ? me.index + 1 : 0;
    if (std::exchange(me.waits, false) && next.where != me.touched && !coarse_) {
        fail("waits for another atom than the one that it looks at next");
    }
}

inline void explorer::hand_over() {
    const auto self = running_;
    const auto next = pick();
    if (next == self) return;
    if (next != nobody) running_ = next;
    fiber::change(*threads_[self].stack, next == nobody ? outside_ : *threads_[next].stack);
}

inline bool explorer::may_go_on(const actor& of) const noexcept {
    return !of.finished && (!of.waits || locations_[of.touched].last() > of.index);
}

inline std::uint32_t explorer::pick() {
    threads able = 0;
    bool left = false;
    for (std::uint32_t t = 0; t < bodies_.size(); ++t) {
        left |= !threads_[t].finished;
        if (may_go_on(threads_[t])) able |= only(t);
    }
    if (!left || stopped_) return nobody;
    if (able == 0) fail("deadlock: every thread that has not finished waits");
    if (trace_.size() >= limits_.steps) fail("livelock: " + std::to_string(limits_.steps) + " steps and no end");
    if (stopped_) return nobody;
    const auto chosen = pick_freely(able);
    if (before_ != nobody && before_ != chosen && (able & only(before_)) != 0) ++switches_;
    return before_ = chosen;
}

inline std::uint32_t explorer::pick_freely(threads able) {
    if (!repeats_ && trace_.size() < choices_.size()) return choices_[trace_.size()].thread;
    const bool keep = before_ != nobody && (able & only(before_)) != 0;
    if (!repeats_) {
        const threads from = affordable(able & ~asleep_, able, before_, switches_);
        if (from != 0) {
            const auto chosen =
                keep && (from & only(before_)) != 0 ? before_ : static_cast<std::uint32_t>(__builtin_ctz(from));
            choices_.push_back({able, only(chosen), asleep_, chosen, before_, switches_});
            return chosen;
        }
        repeats_ = true;
        ++report_.repetitions;
    }
    // To the end, somehow; in turns, so that nobody who waits is waited for in vain.
    if (keep && trace_.size() % 64 != 0) return before_;
    const threads others = keep && able != only(before_) ? able & ~only(before_) : able;
    return static_cast<std::uint32_t>(__builtin_ctz(others));
}

/// Those of `from` that can run without one switch too many.
inline threads explorer::affordable(threads from, threads able, std::uint32_t before,
                                    std::uint32_t switches) const noexcept {
    const bool spent = limits_.switches && switches >= *limits_.switches;
    return spent && before != nobody && (able & only(before)) != 0 ? from & only(before) : from;
}

/// Sets the choices up to the next one to try. Returns: false if none is left.
inline bool explorer::plan_next() {
    for (; !choices_.empty(); choices_.pop_back()) {
        choice& last = choices_.back();
        first_new_ = static_cast<std::uint32_t>(choices_.size() - 1);
        if (last.older < last.olders) {
            ++last.older;
            return true;
        }
        last.asleep |= only(last.thread);
        const threads left = affordable(last.planned & last.able & ~last.asleep, last.able, last.before, last.switches);
        if (left == 0) continue;
        last.thread = static_cast<std::uint32_t>(__builtin_ctz(left));
        last.older = last.olders = 0;
        return true;
    }
    return false;
}

/// Which of the stores a load returns: 0 the newest.
inline std::uint32_t explorer::choose_older(std::uint32_t olders) {
    if (repeats_ || olders == 0) return 0;
    choice& now = choices_[trace_.size()];
    now.olders = olders;
    if (now.older != 0) ++stale_;
    return now.older;
}

inline void explorer::executed(event what) {
    what.thread = running_;
    const auto at = trace_.size();
    const bool plan = !repeats_ && at >= first_new_;
    const actor& me = threads_[running_];
    if (!limits_.reduce) what = {.thread = what.thread, .what = event::kind::boundary, .index = what.index};
    trace_.add(what, [&](std::uint32_t earlier, threads first) {
        if (!plan) return;
        // What ended a wait could not have come after it.
        if (me.woken_by != 0 && trace_[earlier].writes() && trace_[earlier].index == me.woken_by) return;
        choice& there = choices_[earlier];
        if ((first & (there.planned | there.asleep)) != 0) return;
        there.planned |= (first & only(running_)) != 0 ? only(running_) : first & (~first + 1);
    });
    if (repeats_) return;
    asleep_ = 0;
    for (std::uint32_t t = 0; t < bodies_.size(); ++t) {
        const bool sleeps = (choices_[at].asleep & only(t)) != 0 && t != running_;
        const intent& next = threads_[t].next;
        const bool depends = !limits_.reduce || (next.where == what.where && (next.writes || what.writes()));
        if (sleeps && !depends) asleep_ |= only(t);
    }
}

inline std::uint32_t explorer::new_location(std::uint64_t value) {
    if (used_ == locations_.size()) locations_.emplace_back();
    locations_[used_].begin(value, running_, watches_data() ? seen()[running_] + 1 : 0);
    return used_++;
}

/// The location of the operation that this thread has announced.
inline location& explorer::reach(std::uint32_t where) {
    location& at = locations_[where];
    actor& me = threads_[running_];
    ++me.seen[running_];
    if (!at.is_there(me.seen)) fail("data race: uses an atom that another thread makes, and nothing orders the two");
    return at;
}

inline std::uint64_t explorer::load(std::uint32_t where, std::memory_order with) {
    if (direct()) return touch(where).newest();
    announce({where, false});
    location& at = reach(where);
    actor& me = threads_[running_];
    const bool weak = limits_.memory == memory::weak;
    std::uint32_t index = at.last();
    if (weak && stale_ < limits_.stale_reads) {
        const std::uint32_t oldest = std::max(at.oldest_visible(me.seen, with), me.woken_by);
        index -= choose_older(std::min(index - oldest, limits_.older));
    }
    const std::uint64_t value = at.read(index, running_, me.seen, with, weak);
    executed({.where = where, .what = event::kind::load, .with = with, .index = index, .value = value});
    me.touched = where, me.index = index;
    return value;
}

inline void explorer::store(std::uint32_t where, std::uint64_t value, std::memory_order with) {
    if (direct()) {
        write_directly(where, value);
    } else {
        announce({where, true});
        location& at = reach(where);
        actor& me = threads_[running_];
        at.write(value, running_, me.seen, with, false);
        executed({.where = where, .what = event::kind::store, .with = with, .index = at.last(), .value = value});
        me.touched = where, me.index = at.last();
        if (where == watched_) watcher_(value);
    }
}

template <class Next>
std::uint64_t explorer::modify(std::uint32_t where, const Next& next, std::memory_order with,
                               std::memory_order failed) {
    if (direct()) {
        const std::uint64_t old = touch(where).newest();
        const std::optional<std::uint64_t> value = next(old);
        if (value) write_directly(where, *value);
        return old;
    }
    announce({where, true});
    location& at = reach(where);
    actor& me = threads_[running_];
    const bool weak = limits_.memory == memory::weak;
    std::uint32_t index = at.last();
    if (weak && stale_ < limits_.stale_reads) {
        // A comparison may fail with an older value, as a load may return one.
        const std::uint32_t oldest = std::max(at.oldest_visible(me.seen, failed), me.woken_by);
        std::uint32_t olders = 0;
        while (olders < std::min(index - oldest, limits_.older) && !next(at.at(index - olders - 1).value)) ++olders;
        index -= choose_older(olders);
    }
    const std::uint64_t old = at.at(index).value;
    const std::optional<std::uint64_t> value = next(old);
    at.read(index, running_, me.seen, value ? with : failed, weak);
    if (value) at.write(*value, running_, me.seen, with, true);
    executed({.where = where,
              .what = value ? event::kind::modified : event::kind::compare_failed,
              .with = value ? with : failed,
              .index = value ? at.last() : index,
              .value = value ? *value : old});
    me.touched = where, me.index = value ? at.last() : index;
    if (value && where == watched_) watcher_(*value);
    return old;
}

inline void explorer::wait_for_change() noexcept {
    if (!in_thread()) {
        std::fputs("interleave: waits, and there is nobody to wait for\n", stderr);
        std::abort();
    }
    threads_[running_].waits = true;
    if (coarse_) boundary();
}

inline location& explorer::touch(std::uint32_t where) noexcept {
    location& at = locations_[where];
    if (in_thread()) threads_[running_].touched = where, threads_[running_].index = at.last();
    return at;
}

inline void explorer::write_directly(std::uint32_t where, std::uint64_t value) {
    location& at = locations_[where];
    if (in_thread()) {
        at.write(value, running_, threads_[running_].seen, std::memory_order_relaxed, false);
    } else {
        at.set(value);
    }
    touch(where);
    if (where != watched_) return;
    watcher_(value);
    boundary();
}

inline void explorer::boundary() {
    if (!coarse_ || phase_ == phase::outside) return;
    announce({0, true});
    executed({.where = 0, .what = event::kind::boundary});
}

inline void explorer::fail(std::string why) {
    stopped_ = true;
    if (!report_.failure.empty()) return;
    report_.failure = std::move(why);
    for (std::uint32_t i = 0; i < trace_.size(); ++i) {
        for (const auto& [before, thread, text] : notes_) {
            if (before == i) report_.schedule += "thread " + std::to_string(thread) + "  " + text + '\n';
        }
        report_.schedule += "    " + to_string(trace_[i]) + '\n';
    }
}

}  // namespace switchgear::interleave
