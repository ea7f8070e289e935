#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <switchgear/detail/atomics.hpp>
#include <switchgear/detail/hot_path.hpp>
#include <switchgear/event.hpp>
#include <switchgear/snapshot.hpp>
#include <switchgear/state.hpp>
#include <switchgear/verdict.hpp>

#include "adaptive/watch.hpp"
#include "period.hpp"
#include "plan.hpp"
#include "rules.hpp"
#include "trouble.hpp"
#include "window.hpp"

namespace switchgear::detail {

// How it works, and why it is safe.
//
// The word (word.hpp) is the breaker: state, epoch, override. Whoever changes the breaker swings the
// word by one compare-and-swap, and whoever wins it is the one that caused the change and tells of it.
// So a storm of failures opens once, and half-open begins once, without anybody waiting.
//
// What a healthy call does is in hot_path.hpp, and compiled into its caller; this is the rest.
//
// try_acquire() never locks and never allocates, in any state. Closed it reads the word, the clock where it
// matters how long a call takes, and nothing else. Open it reads the deadline of the period (period.hpp) and a cheap
// clock. Half-open it takes a place in the ledger of probing (probing.hpp) and writes its lease (leases.hpp); while all
// places are taken and no lease ends soon, the cheap clock will do. On the ramp it draws from an account (ramp.hpp), or
// takes one of the places that the ramp by evidence allows (evidence_ramp.hpp).
//
// A success is one exchange in the tally (tally.hpp). Evidence – a failure, a slow call – is filed under a brief lock,
// because it needs a place in the order of verdicts; the verdict that trips swings the word before it lets go of the
// lock. Nobody's admission waits for that lock, and a success only where it may trip (look_again()), and after a silence, in
// which the window of time was not moved (move_window()). No user code runs under it, and listeners are told after it.
// On the ramp by evidence every verdict is evidence, for how much it lets in: few calls, and not healthy ones.
//
// Under the adaptive rule (adaptive/watch.hpp) no verdict is the hot path's alone. A good call is put down in a lane that
// threads find free (adaptive/good_calls.hpp); one in some hundreds takes what stands in its lane to the detector, if
// nobody is at the evidence just then. A call that failed or was slow is evidence, and takes all lanes in. Locks are
// taken in this order: orders, evidence, a lane.
//
// Memory. What only a failing breaker needs (trouble.hpp, the columns of window.hpp) is allocated at the
// first failure of a kind, and cells for the tally when threads first meet in it: a few times in a
// breaker's life, never again, and never in try_acquire(). A breaker of its own, outside a registry, has
// the first of it from the beginning. What the adaptive rule, learned pacing and the ramp by evidence need is made
// with the settings that ask for it.
//
// A stalled thread changes nothing in a later epoch: every place that counts carries the epoch (the tag
// of the tally, the ledger, the leases, the run; evidence is filed only while the word shows the
// permit's epoch, under the lock, and is forgotten by the first evidence of a later one).
//
// Time is an argument: every member that needs it takes a `Time` with the members of time_source.

/// A change to be told of.
struct moved {
    state from, to;
    std::uint64_t epoch;
    ticks at;
    switchgear::cause cause;
    switchgear::evidence evidence{};
    ticks pause = 0;
    std::uint32_t attempt = 0;
    bool kept_closed = false;  ///< it would have opened, but for an order in force
};

/// What a breaker has to survive a restart with (rule 36).
struct saved_state {
    state current = state::closed;
    ticks remaining = 0;
    ticks pause = 0;
    ticks base_pause = 0;
    std::uint32_t attempt = 0;
    ticks outage_age = 0;
    lessons learned{};
    std::optional<adaptive::learned> normal{};
    ticks away = 0;  ///< how long ago it was saved
};

/// The machine behind a breaker, over the atomics it uses and whom it tells of changes. `Front` is the
/// hot path, or what its user made of it.
///
/// `Sink` has `void told(const moved&) noexcept`, called without any lock held.
/// Thread safety: every member may be called from any thread at any time, from the sink too, but for the
/// two that say so.
template <class Atomics, class Sink, class Front = hot_path<Atomics>>
class machine : public Front {
public:
    template <class... OfFront>
    machine(Sink& sink, std::shared_ptr<const plan> by, std::uint64_t seed, ticks now, OfFront&&... of_front);
    ~machine() = default;
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    /// Makes room for a first failure now, so that it need not when it comes: for a breaker that is not one
    /// of a million. To be called before any other thread knows of the machine.
    void expect_failures();
    /// Makes room for an order or a restore, which else would end the program where there is no memory.
    void expect_orders() { in_trouble(); }

    // machine_admission.hpp
    template <class Time>
    answer acquire(const Time& time, grant& to) noexcept;

    // machine_verdicts.hpp
    template <class Time>
    void settle(grant of, verdict how, const Time& time) noexcept;
    /// The success of a grant that is plain but for the adaptive rule.
    template <class Time>
    void success_under_watch(std::uint64_t epoch, ticks begun, const Time& time) noexcept;
    /// The rest of what a success does that count_success() found more to do for, and of one that was late.
    template <class Time>
    void success_counted(std::uint64_t epoch, const Time& time) noexcept;
    template <class Time>
    void success_late(std::uint64_t epoch, const Time& time) noexcept;
    template <class Time>
    void overdue(grant& of, const Time& time) noexcept;
    template <class Time>
    void answered(grant& of, const Time& time) noexcept;

    // machine_evidence.hpp
    /// The call of a permit has been answered, or ends: its place on the ramp is free.
    void leave_ramp(grant& of) noexcept;

    // machine_orders.hpp. apply() and plan_in_force() are for one thread at a time (the caller's lock).
    void apply(std::shared_ptr<const plan> by, ticks now);
    std::shared_ptr<const plan> plan_in_force() const;
    void end_pause() noexcept;
    void extend_pause(ticks wait, ticks now) noexcept;
    moved reset(ticks now) noexcept;
    std::optional<moved> trip(std::optional<ticks> pause, ticks now) noexcept;
    moved force(override_mode mode, ticks until, ticks now) noexcept;
    std::optional<moved> lift(ticks now) noexcept;
    /// After its time an override is as if lifted (rule 24). It ends when somebody comes who reads the clock or gives an
    /// order: a caller, a verdict that is more than one addition, an order, a failed health check, a restore.
    void expire_override(ticks now) noexcept {
        if (current().override() != override_mode::none) [[unlikely]]
            tell(end_override_if_over(now));
    }
    bool restore_normal(const saved_state& from, ticks now);
    std::optional<moved> restore(const saved_state& from, ticks now);
    saved_state save(ticks now);
    void observe(snapshot& into, ticks now) noexcept;
    ticks slow_limit(ticks age) const noexcept;

    /// Whether anything would be lost with this breaker: it is not closed, or overridden.
    bool worth_keeping(ticks now) const noexcept { return !seen_at(now).at.plainly_closed(); }

    using progress = typename Front::progress;
    using Front::count_success;
    using Front::current;

private:
    template <class T>
    using atom = typename Atomics::template atom<T>;
    template <class T>
    using plain = typename Atomics::template plain<T>;
    using Front::granted;
    using Front::next_move_;
    using Front::slow_after_;
    using Front::suspect_from_;
    using Front::suspect_to_;
    using Front::tally_;
    using Front::word_;
    using guard = std::lock_guard<brief_lock<Atomics>>;

    /// The word and the period it points to, of one instant.
    struct look {
        word at;
        period of;
    };
    /// Reads the settings in force while a reload is kept from replacing them; never around user code,
    /// and never while waiting for evidence_.
    template <class Read>
    auto with_plan(const Read& read_plan) const noexcept;

    // relaxed: a reload moves it; either plan will do for a caller that comes just then.
    ticks probe_timeout() const noexcept {
        return probe_timeout_ms_.load(std::memory_order_relaxed) * ticks{1'000'000};
    }

    look read() const noexcept;
    /// The word and its window, of one instant: all that most evidence needs.
    struct glance {
        word at;
        std::uint32_t window = 0;
        std::uint64_t window_base = 0;
    };
    glance read_window() const noexcept;
    // acquire: pairs with the publication in make_trouble().
    trouble<Atomics>* known_trouble() const noexcept { return trouble_.load(std::memory_order_acquire); }
    /// Made if there is none yet. May throw: where a verdict or a caller asks, which must not be forgotten, that ends
    /// the program.
    trouble<Atomics>& in_trouble() {
        auto* const known = known_trouble();
        return known != nullptr ? *known : make_trouble();
    }
    trouble<Atomics>& make_trouble();
    bool swing(word from, word to) noexcept;
    bool swing(word from, word to, const period& with) noexcept;

    void make_room_for_recovery(const settings& given, ticks since);
    void follow(const plan& by, ticks now);

    // Moves. Each returns whether this thread made it; none tells of it.
    std::optional<moved> open(const look& from, const finding& why, const plan& by, ticks now,
                              std::optional<ticks> hint, std::optional<ticks> exact = {}) noexcept;
    std::optional<moved> half_open(word from, ticks now) noexcept;
    std::optional<moved> close(const look& from, cause why, ticks now) noexcept;
    bool begin_ramp(const look& from, ticks now) noexcept;
    period with_empty_window(const look& from, ticks now) const noexcept;
    period closed_again(const look& from, std::uint64_t epoch, ticks now) noexcept;
    lessons after_closed(const look& from, const finding& why, ticks now) const noexcept;
    void pace(period& next, const look& from, const recovery_rules& rules, ticks now) const noexcept;
    std::optional<moved> end_override(const look& from, ticks now) noexcept;
    std::optional<moved> end_override_if_over(ticks now) noexcept;
    std::uint64_t open_window(word while_at, std::uint64_t epoch) noexcept;
    ticks spread(ticks pause, double jitter) noexcept;
    static ticks capped(std::optional<ticks> hint, const plan& by) noexcept;
    look seen_at(ticks now) const noexcept { return seen_at(now, read()); }
    look seen_at(ticks now, look seen) const noexcept;
    std::pair<double, ticks> outlook(const look& seen, const plan& by, ticks now) const noexcept;
    void tell(const std::optional<moved>& what) noexcept {
        if (what) sink_.told(*what);
    }

    // Admission, by state. A grant is filled in where the call is admitted.
    template <class Time>
    answer refuse_open(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer refuse_busy(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer acquire_exactly(const Time& time, grant& to) noexcept;
    template <class Time>
    answer acquire_overridden(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer acquire_open(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer acquire_probe(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer acquire_ramp(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer refuse_or_observe(word at, reject_reason why, ticks retry_after, const Time& time, grant& to) noexcept;
    template <class Time>
    answer let_by(word at, const Time& time, grant& to) noexcept;
    template <class Time>
    answer acquire_by_evidence(word at, const Time& time, grant& to) noexcept;
    static steering ramp_of(const period& of) noexcept;
    double share_by_evidence(const look& seen) const noexcept;
    void finish_probing(std::uint64_t epoch, ticks now) noexcept;
    void end_ramp(std::uint64_t epoch, ticks now) noexcept;

    // Verdicts. What returns a bool returns false for a verdict that was late and is to be counted so.
    /// How a call went in time. Zero where that is not measured, or not fair to say.
    struct course {
        ticks ended = 0, took = 0;
        bool slow = false;  ///< by the slow rule
    };
    template <class Time>
    course course_of(const grant& of, const Time& time) const noexcept;
    // relaxed: a bound of its own.
    ticks slow_after() const noexcept { return slow_after_.load(std::memory_order_relaxed); }
    watch<Atomics>* watching() const noexcept;
    watch<Atomics>* watching(const grant& of) const noexcept;
    template <class Time>
    bool settle_counted(const grant& of, verdict how, const course& went, const Time& time) noexcept;
    template <class Time>
    void settle_success(std::uint64_t epoch, ticks ended, const Time& time) noexcept;
    bool settle_evidence(const grant& of, verdict how, const course& went, ticks now) noexcept;
    void watch_success(watch<Atomics>& by, const grant& of, const course& went) noexcept;
    void take_in_kept(watch<Atomics>& by, std::uint64_t epoch, ticks now) noexcept;
    std::optional<moved> watch_overdue(watch<Atomics>& by, grant& of, ticks now) noexcept;
    std::optional<moved> file_overdue(grant& of, ticks now) noexcept;
    void take_in_good_calls(watch<Atomics>& into) noexcept;
    const moved& forget_normal(const moved& made) noexcept;
    template <class Time>
    bool settle_probe(const grant& of, verdict how, const course& went, const Time& time) noexcept;
    bool reopen(std::uint64_t epoch, verdict how, bool slow, ticks now) noexcept;
    template <class Time>
    void score_expired_lease(std::uint64_t epoch, const Time& time) noexcept;
    template <class Time>
    void give_back(const grant& of, const Time& time) noexcept;
    void total(verdict how, bool slow) noexcept;
    template <class Time>
    void steer(grant& of, verdict how, const Time& time) noexcept;
    /// Under evidence_.
    template <class Learn>
    std::optional<moved> steer_with(std::uint64_t epoch, ticks now, std::optional<ticks> hint,
                                    const Learn& learn) noexcept;
    void move_window(ticks now, ticks late) noexcept;
    void look_again(std::uint64_t epoch, ticks now) noexcept;

    // Under evidence_.
    const plan& in_step(const glance& with) noexcept;
    const plan& in_step(const look& with) noexcept {
        return in_step(glance{with.at, with.of.window, with.of.window_base});
    }
    bool still_in_step(std::uint64_t epoch) noexcept;
    std::optional<moved> judge_window(std::uint64_t epoch, std::optional<verdict> by, ticks now, std::uint64_t tally,
                                      bool new_call = false) noexcept;
    void lengthen_run(std::uint64_t tally) noexcept;
    static constexpr std::uint64_t nobody = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t suspected_from() const noexcept;
    std::uint64_t publish_suspicion(const suspicion& of, std::uint64_t edge, std::uint64_t waiting,
                                    std::uint64_t tally) noexcept;
    void suspect_nothing() noexcept;
    window_counts window_to_judge(const plan& by, std::uint64_t tally, bool new_call) noexcept;
    void keep_suspecting(const plan& by, std::uint64_t tally) noexcept;
    std::uint32_t run_at(std::uint64_t tally) const noexcept;

    /// What is made once and then kept until the machine goes, also where its constructor finds no memory for the rest.
    template <class T>
    struct made_once : atom<T*> {
        made_once() : atom<T*>{nullptr} {}
        ~made_once() { delete this->load(std::memory_order_relaxed); }  // relaxed: nobody else is left
    };

    Sink& sink_;
    made_once<trouble<Atomics>> trouble_;
    made_once<watch<Atomics>> watch_;  ///< made with the first settings that have the adaptive rule
    atom<std::uint64_t> draws_;        ///< state of the jitter's generator

    // Settings in force: two take turns. A reload fills the one that nobody reads, and swings the word.
    std::array<plain<std::shared_ptr<const plan>>, 2> plans_;
    mutable std::array<atom<std::uint32_t>, 2> readers_{};
    // Of the plan in force, for those who refuse.
    atom<std::uint32_t> probe_timeout_ms_;
    atom<std::uint32_t> open_for_ms_;
    atom<std::uint32_t> most_probes_;

    brief_lock<Atomics> evidence_;
    plain<std::uint32_t> evidence_window_ = 0;  // under evidence_: the window that the marks are of
    std::uint32_t run_ = 0;                     // under evidence_: failures in a row
    std::uint64_t run_tally_ = 0;               // under evidence_: the successes before the last of them
    ticks kept_closed_at_ = long_ago;           // under evidence_: when it last would have opened, in this episode
    sliding_window window_;                     // under evidence_

    atom<std::uint64_t> other_successes_{0}, ignored_{0}, late_{0};
};

template <class A, class S, class F>
template <class... OfFront>
machine<A, S, F>::machine(S& sink, std::shared_ptr<const plan> by, std::uint64_t seed, ticks now, OfFront&&... of_front)
    : F{std::forward<OfFront>(of_front)...},
      sink_{sink},
      draws_{seed},
      plans_{std::move(by)},
      probe_timeout_ms_{static_cast<std::uint32_t>(plans_[0]->given.recovery.probe_timeout.count())},
      open_for_ms_{static_cast<std::uint32_t>(plans_[0]->given.recovery.open_for.count())},
      most_probes_{plans_[0]->given.recovery.probes},
      window_{plans_[0]->given.trip.window, now, 0} {
    const settings& given = plans_[0]->given;
    make_room_for_recovery(given, now);
    follow(*plans_[0], now);
    next_move_.store(window_.next_move());
    word_.store(word{}
                    .with_observes(given.mode == mode::observe)
                    .with_timed(plans_[0]->timed)
                    .with_watched(given.trip.adaptive.has_value())
                    .bits());
}

template <class A, class S, class F>
void machine<A, S, F>::expect_failures() {
    in_trouble();
    window_.expect_failures();
}

/// May allocate. Requires: nobody else does this just now.
template <class A, class S, class F>
void machine<A, S, F>::make_room_for_recovery(const settings& given, ticks since) {
    if (given.recovery.probes > leases<A>::slots_to_begin_with) in_trouble().leased.grow(given.recovery.probes);
    const bool by_evidence = given.recovery.ramp && given.recovery.ramp->by == ramp_by::evidence;
    if (!by_evidence && given.recovery.pacing != pacing::learned) return;
    if (in_trouble().back() != nullptr) return;
    in_trouble().periods.learn(
        new comeback<A>{since, static_cast<std::uint32_t>(given.recovery.probe_timeout.count())});
}

/// Has the verdicts to come judged by the time rules of these settings. Requires: as make_room_for_recovery().
template <class A, class S, class F>
void machine<A, S, F>::follow(const plan& by, ticks now) {
    watch<A>* known = watch_.load(std::memory_order_relaxed);  // written here alone
    const bool adaptive = by.given.trip.adaptive.has_value();
    if (known != nullptr) known->follow(by);
    // release: pairs with the acquire in watching().
    if (known == nullptr && adaptive) watch_.store(known = new watch<A>(by, now), std::memory_order_release);
    slow_after_.store(by.slow_after, std::memory_order_relaxed);  // a bound of its own, for verdicts to come
}

template <class A, class S, class F>
[[gnu::noinline]] auto machine<A, S, F>::make_trouble() -> trouble<A>& {
    auto made = std::make_unique<trouble<A>>();
    trouble<A>* known = nullptr;
    // acq_rel: the release pairs with known_trouble(), and so does the acquire where another thread was first.
    if (!trouble_.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
        return *known;
    }
    return *made.release();
}

template <class A, class S, class F>
template <class Read>
auto machine<A, S, F>::with_plan(const Read& read_plan) const noexcept {
    for (;;) {
        const auto index = current().regime();
        auto& readers = readers_[index];
        // seq_cst, with apply()'s swing and its look at the readers: either it sees this reader, or this
        // reader sees the swing and tries the other one.
        readers.fetch_add(1, std::memory_order_seq_cst);
        if (word{word_.load(std::memory_order_seq_cst)}.regime() != index) {
            readers.fetch_sub(1, std::memory_order_relaxed);  // nothing was read
            continue;
        }
        const auto answer = read_plan(*plans_[index]);
        readers.fetch_sub(1, std::memory_order_release);  // pairs with apply()'s look at the readers
        return answer;
    }
}

template <class A, class S, class F>
auto machine<A, S, F>::read() const noexcept -> look {
    for (;;) {
        const word at = current();
        const auto* known = known_trouble();
        const period of = known == nullptr ? period{} : known->periods.read(at.period());
        if (current() == at) return {at, of};
    }
}

template <class A, class S, class F>
auto machine<A, S, F>::read_window() const noexcept -> glance {
    for (;;) {
        const word at = current();
        const auto* known = known_trouble();
        const auto [window, base] =
            known == nullptr ? std::pair{0U, std::uint64_t{0}} : known->periods.window(at.period());
        if (current() == at) return {at, window, base};
    }
}

template <class A, class S, class F>
bool machine<A, S, F>::swing(word from, word to) noexcept {
    std::uint64_t expected = from.bits();
    // seq_cst: see with_plan(). It is also the release that current() pairs with.
    return word_.compare_exchange_strong(expected, to.revised().bits(), std::memory_order_seq_cst);
}

template <class A, class S, class F>
bool machine<A, S, F>::swing(word from, word to, const period& with) noexcept {
    auto& periods = in_trouble().periods;
    const auto index = periods.claim();
    periods.write(index, with);
    const bool made = swing(from, to.with_period(index));
    periods.give_back(made ? from.period() : index);
    return made;
}

}  // namespace switchgear::detail

#include "machine_admission.hpp"
#include "machine_evidence.hpp"
#include "machine_judging.hpp"
#include "machine_moves.hpp"
#include "machine_orders.hpp"
#include "machine_verdicts.hpp"
