#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <switchgear/event.hpp>
#include <switchgear/permit.hpp>
#include <switchgear/result.hpp>
#include <switchgear/snapshot.hpp>
#include <switchgear/state.hpp>
#include <switchgear/verdict.hpp>

#include "atomics.hpp"
#include "leases.hpp"
#include "period.hpp"
#include "plan.hpp"
#include "probing.hpp"
#include "ramp.hpp"
#include "rules.hpp"
#include "tally.hpp"
#include "window.hpp"
#include "word.hpp"

namespace switchgear::detail {

// How it works, and why it is safe.
//
// The word (word.hpp) is the breaker: state, epoch, override. Whoever changes the breaker swings the
// word by one compare-and-swap, and whoever wins it is the one that caused the change and tells of it.
// So a storm of failures opens once, and half-open begins once, without anybody waiting.
//
// try_acquire() never locks and never allocates, in any state. Closed it reads the word and nothing
// else. Open it reads the deadline of the period (period.hpp) and a cheap clock. Half-open it takes a
// place in the ledger of probing (probing.hpp) and writes its lease (leases.hpp). On the ramp it draws
// from an account (ramp.hpp).
//
// A success is one addition to the tally (tally.hpp), and never waits for a lock either. Evidence –
// a failure, a slow call – is filed under a brief lock, because it needs a place in the order of
// verdicts; the verdict that trips swings the word before it lets go of the lock. Nobody else's
// admission or success waits for that lock, no user code runs under it, and listeners are told after it.
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
};

/// The machine behind a breaker, over the atomics it uses and whom it tells of changes.
///
/// `Sink` has `void told(const moved&) noexcept`, called without any lock held.
/// Thread safety: every member may be called from any thread at any time, from the sink too, but for the
/// two that say so.
template <class Atomics, class Sink>
class machine {
public:
    machine(Sink& sink, std::shared_ptr<const plan> by, std::uint64_t seed, ticks now);
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    // machine_admission.hpp
    template <class Time>
    result<grant> acquire(const Time& time) noexcept;

    // machine_verdicts.hpp
    template <class Time>
    void settle(grant& of, verdict how, const Time& time) noexcept;
    template <class Time>
    void overdue(grant& of, const Time& time) noexcept;
    template <class Time>
    void answered(grant& of, const Time& time) noexcept;

    // machine_orders.hpp. apply() and plan_in_force() are for one thread at a time (the caller's lock).
    void apply(std::shared_ptr<const plan> by, ticks now);
    std::shared_ptr<const plan> plan_in_force() const;
    void end_pause() noexcept;
    void extend_pause(ticks wait, ticks now) noexcept;
    std::optional<moved> reset(ticks now) noexcept;
    std::optional<moved> trip(std::optional<ticks> pause, ticks now) noexcept;
    moved force(override_mode mode, ticks until, ticks now) noexcept;
    std::optional<moved> lift(ticks now) noexcept;
    std::optional<moved> restore(const saved_state& from, ticks now) noexcept;
    saved_state save(ticks now) const noexcept;
    void observe(snapshot& into, ticks now) noexcept;

    /// Whether anything would be lost with this breaker: it is not closed, or overridden.
    bool worth_keeping() const noexcept { return !current().plainly_closed(); }

private:
    template <class T>
    using atom = typename Atomics::template atom<T>;
    using guard = std::lock_guard<brief_lock<Atomics>>;

    /// The word and the period it points to, of one instant.
    struct look {
        word at;
        period of;
    };
    /// Settings in force and the window that they ask for. Two of them take turns: a reload fills the one
    /// that nobody reads, and swings the word.
    struct regime {
        std::shared_ptr<const plan> by;
        std::shared_ptr<sliding_window> window;
    };
    /// Reads the settings in force while a reload is kept from replacing them; never around user code,
    /// and never while waiting for evidence_.
    template <class Read>
    auto with_plan(const Read& read_plan) const noexcept;

    // acquire: pairs with the release of every swing: who sees an epoch sees all that began it.
    word current() const noexcept { return word{word_.load(std::memory_order_acquire)}; }
    look read() const noexcept;
    bool swing(word from, word to) noexcept;
    bool swing(word from, word to, const period& with) noexcept;

    // Moves. Each returns whether this thread made it; none tells of it.
    std::optional<moved> open(const look& from, const finding& why, const plan& by, ticks now,
                              std::optional<ticks> hint, std::optional<ticks> exact = {}) noexcept;
    std::optional<moved> half_open(word from, ticks now) noexcept;
    std::optional<moved> close(const look& from, cause why, ticks now) noexcept;
    bool begin_ramp(const look& from, ticks now) noexcept;
    period with_empty_window(const look& from) const noexcept;
    std::optional<moved> end_override(const look& from, ticks now) noexcept;
    std::uint64_t open_window(word while_at, std::uint64_t epoch) noexcept;
    ticks spread(ticks pause, double jitter) noexcept;
    static ticks capped(std::optional<ticks> hint, const plan& by) noexcept;
    look seen_at(ticks now) const noexcept;
    std::pair<double, ticks> outlook(const look& seen, const plan& by, ticks now) const noexcept;
    void tell(const std::optional<moved>& what) noexcept {
        if (what) sink_.told(*what);
    }

    // Admission, by state; nothing: the word has changed, look again.
    template <class Time>
    static grant admit(word at, grant::role part, const Time& time) noexcept;
    rejection refuse(reject_reason why, ticks retry_after) noexcept;
    template <class Time>
    std::optional<result<grant>> acquire_overridden(word at, const Time& time) noexcept;
    template <class Time>
    std::optional<result<grant>> acquire_open(word at, const Time& time) noexcept;
    template <class Time>
    std::optional<result<grant>> acquire_probe(word at, const Time& time) noexcept;
    template <class Time>
    std::optional<result<grant>> acquire_ramp(word at, const Time& time) noexcept;
    template <class Time>
    result<grant> refuse_or_observe(word at, reject_reason why, ticks retry_after, const Time& time) noexcept;
    void finish_probing(std::uint64_t epoch, ticks now) noexcept;

    // Verdicts. Each settle_… returns false if the verdict was late.
    bool was_slow(const grant& of, ticks now, ticks resumed_at) const noexcept;
    template <class Time>
    bool settle_counted(const grant& of, verdict how, bool slow, const Time& time) noexcept;
    template <class Time>
    bool settle_success(const grant& of, const Time& time) noexcept;
    bool settle_evidence(const grant& of, verdict how, bool slow, ticks now) noexcept;
    template <class Time>
    bool settle_probe(const grant& of, verdict how, bool slow, const Time& time) noexcept;
    bool reopen(std::uint64_t epoch, verdict how, bool slow, ticks now) noexcept;
    void give_back(const grant& of) noexcept;
    void total(verdict how, bool slow) noexcept;
    void end_run(std::uint64_t epoch) noexcept;
    void move_window(ticks now) noexcept;
    void look_again(std::uint64_t epoch, ticks now) noexcept;

    // Under evidence_.
    regime& in_step(const look& with) noexcept;
    /// A run of failures as it was when a verdict lengthened it.
    struct lengthened {
        std::uint32_t window = 0, run = 0;
    };
    std::optional<moved> judge_window(std::uint64_t epoch, std::optional<verdict> by, ticks now,
                                      lengthened mine = {}) noexcept;
    lengthened lengthen_run(std::uint32_t of_window) noexcept;
    window_counts note_suspicion(const regime& of) noexcept;
    std::uint32_t run_of(std::uint32_t of_window) const noexcept;

    Sink& sink_;
    atom<std::uint64_t> word_{0};
    tally<Atomics> tally_;
    atom<std::uint64_t> run_{0};  ///< window:32 | failures in a row:32

    // What a success reads to know that it changes nothing more. Written under evidence_.
    atom<std::uint64_t> suspect_from_{~std::uint64_t{0}}, suspect_to_{0};
    atom<std::uint64_t> edge_{0};   ///< the tally at the window's edge
    atom<ticks> next_move_{never};  ///< when the window's present bucket ends
    atom<ticks> slow_after_{never};

    period_pool<Atomics> periods_;
    probing<Atomics> probing_;
    leases<Atomics> leases_;
    ramp<Atomics> ramp_;
    atom<std::uint64_t> draws_;  ///< state of the jitter's generator

    std::array<regime, 2> regimes_;
    mutable std::array<atom<std::uint32_t>, 2> readers_{};

    brief_lock<Atomics> evidence_;
    std::uint32_t evidence_window_ = 0;  // under evidence_: the window that the marks are of
    bool would_have_opened_ = false;     // under evidence_: told already in this episode

    atom<std::uint64_t> other_successes_{0}, slow_{0}, ignored_{0}, late_{0};
    std::array<atom<std::uint64_t>, failure_class_count> failed_{};
    std::array<atom<std::uint64_t>, 4> rejected_{};
};

template <class A, class S>
machine<A, S>::machine(S& sink, std::shared_ptr<const plan> by, std::uint64_t seed, ticks now)
    : sink_{sink}, leases_{by->given.recovery.probes}, draws_{seed} {
    const settings& given = by->given;
    regimes_[0].window = std::make_shared<sliding_window>(given.trip.window, given.trip.slow.has_value(), now, 0);
    regimes_[0].by = std::move(by);
    slow_after_.store(regimes_[0].by->slow_after);
    next_move_.store(regimes_[0].window->next_move());
    word_.store(word{}
                    .with_period(periods_.claim())
                    .with_observes(given.mode == mode::observe)
                    .with_timed(given.trip.slow.has_value())
                    .bits());
}

template <class A, class S>
template <class Read>
auto machine<A, S>::with_plan(const Read& read_plan) const noexcept {
    for (;;) {
        const auto index = current().regime();
        auto& readers = readers_[index];
        // seq_cst, with apply()'s swing and its look at the readers: either it sees this reader, or this
        // reader sees the swing and tries the other one.
        readers.fetch_add(1, std::memory_order_seq_cst);
        if (word{word_.load(std::memory_order_seq_cst)}.regime() != index) {
            readers.fetch_sub(1, std::memory_order_release);
            continue;
        }
        const auto answer = read_plan(*regimes_[index].by);
        readers.fetch_sub(1, std::memory_order_release);  // pairs with apply()'s look at the readers
        return answer;
    }
}

template <class A, class S>
auto machine<A, S>::read() const noexcept -> look {
    for (;;) {
        const word at = current();
        const period of = periods_.read(at.period());
        if (current() == at) return {at, of};
    }
}

template <class A, class S>
bool machine<A, S>::swing(word from, word to) noexcept {
    std::uint64_t expected = from.bits();
    // seq_cst: see with_plan(). It is also the release that current() pairs with.
    return word_.compare_exchange_strong(expected, to.revised().bits(), std::memory_order_seq_cst);
}

template <class A, class S>
bool machine<A, S>::swing(word from, word to, const period& with) noexcept {
    const auto index = periods_.claim();
    periods_.write(index, with);
    const bool made = swing(from, to.with_period(index));
    periods_.give_back(made ? from.period() : index);
    return made;
}

}  // namespace switchgear::detail

#include "machine_admission.hpp"
#include "machine_moves.hpp"
#include "machine_orders.hpp"
#include "machine_verdicts.hpp"
