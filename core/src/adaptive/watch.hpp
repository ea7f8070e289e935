#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <switchgear/snapshot.hpp>

#include "../plan.hpp"
#include "../rules.hpp"
#include "detector.hpp"
#include "good_calls.hpp"

namespace switchgear::detail {

/// The adaptive rule of one breaker: its detector, the calls on their way there, and what the breaker's own
/// changes mean to it.
///
/// Thread safety: what is not said to be under the lock of evidence may be called from any thread.
template <class Atomics>
class watch {
    template <class T>
    using atom = typename Atomics::template atom<T>;

public:
    watch(const plan& by, ticks now)
        : detector_{adaptive::aims{*by.given.trip.adaptive, by.given.trip.weights}, at(now)} {
        follow(by);
    }

    /// Whether the settings in force have the rule.
    bool on() const noexcept { return on_.load(std::memory_order_relaxed); }
    /// The threshold of the slow rule beside this one; `never`: there is none.
    ticks slow_after() const noexcept { return slow_after_.load(std::memory_order_relaxed); }
    /// Longer than this is slow here; `never`: nothing is yet.
    ticks limit() const noexcept { return limit_.load(std::memory_order_relaxed); }

    /// Returns: whether it is time for take_in().
    bool keep(std::uint64_t epoch, ticks ended, ticks took) noexcept { return good_.keep(epoch, ended, took); }

    // Probes tell whether there was an outage. relaxed: marks of their own, and the window that looks at them
    // begins after them.
    void probe_failed() noexcept { failed_probes_.fetch_add(1, std::memory_order_relaxed); }
    /// One that is slow as never in health is no sign of it, though it may close the breaker.
    void probe_succeeded(ticks now, ticks took) noexcept {
        if (took > limit()) return probe_failed();
        auto none = undecided;
        const auto how = adaptive::what_it_was(failed_probes_.load(std::memory_order_relaxed),
                                               duration{now - opened_at_.load(std::memory_order_relaxed)});
        said_.compare_exchange_strong(none, static_cast<std::uint8_t>(how), std::memory_order_relaxed);
    }

    // All that follows: under the lock of evidence.

    /// New settings. Those without the rule leave what was learned as it is.
    void follow(const plan& by) noexcept {
        const auto& rule = by.given.trip.adaptive;
        if (rule) detector_.change(adaptive::aims{*rule, by.given.trip.weights});
        const auto& ramp = by.given.recovery.ramp;
        ramps_by_evidence_ = ramp && ramp->by == ramp_by::evidence;
        slow_after_.store(by.slow_after, std::memory_order_relaxed);
        on_.store(rule.has_value(), std::memory_order_relaxed);
        publish();
    }
    void take_in(std::uint64_t epoch) noexcept {
        good_.take(epoch, taken_);
        observe();
    }
    /// A bad call, after the good ones that ended before it.
    void add(std::uint64_t epoch, const adaptive::finished& one) noexcept {
        good_.take(epoch, taken_);
        taken_.push_back(one);
        if (one.at < warms_until_) taken_.back().took = {};
        observe();
    }
    /// A call in flight is longer than limit().
    void overdue(std::uint64_t epoch, ticks now) noexcept {
        take_in(epoch);
        begin(at(now));
        if (!found_ && at(now) >= warms_until_) found_ = detector_.overdue(at(now));
    }

    /// Why to open. What an order kept from opening is looked at anew after a while.
    std::optional<finding> found(ticks now) noexcept {
        if (found_ && kept_closed_since_ && now - *kept_closed_since_ >= patience) {
            detector_.opened(at(now));
            detector_.judged(adaptive::trip_was::outage, at(now));
            forget_finding();
        }
        if (!found_) return {};
        return finding{cause::adaptive, told(*found_)};
    }
    void kept_closed(ticks now) noexcept {
        if (found_ && !kept_closed_since_) kept_closed_since_ = now;
    }

    /// The breaker has opened, whyever.
    void opened(ticks now) noexcept {
        detector_.opened(at(now));
        opened_at_.store(now, std::memory_order_relaxed);
        failed_probes_.store(0, std::memory_order_relaxed);
        said_.store(undecided, std::memory_order_relaxed);
        waits_ = true;
    }
    /// A window has begun since the last evidence.
    void new_window() noexcept {
        forget_finding();
        begins_ = true;
    }
    void forget(ticks now) noexcept {
        detector_.forget(at(now));
        forget_finding();
        begins_ = waits_ = false;
        publish();
    }

    adaptive::learned save() { return detector_.save(); }
    bool restore(const adaptive::learned& from, ticks away, ticks now) {
        const bool taken = detector_.restore(from, duration{away}, at(now));
        if (taken) forget_finding(), begins_ = waits_ = false;
        publish();
        return taken;
    }
    void observe(snapshot& into) noexcept {
        detector_.bring_up_to_date();
        auto& shown = into.normal.emplace();
        shown.failure_share = detector_.normal_failure_share();
        shown.slow_share = detector_.normal_slow_share();
        shown.slow_after = detector_.limit();
        shown.evidence = detector_.evidence();
        shown.penalty = detector_.penalty();
    }

private:
    static constexpr std::uint8_t undecided = 0xff;
    static constexpr ticks patience = 60'000'000'000;
    static constexpr std::chrono::seconds warming{30};

    static time_point at(ticks now) noexcept { return time_point{duration{now}}; }

    void observe() noexcept {
        if (!taken_.empty()) {
            begin(taken_.front().at);
            if (!found_) found_ = detector_.observe(taken_);
            taken_.clear();
        }
        publish();
    }
    /// The first call of a window: what came before has been judged by now, or an order ended it.
    void begin(time_point now) noexcept {
        if (!begins_) return;
        begins_ = false;
        const bool was_open = std::exchange(waits_, false);
        if (!was_open) detector_.opened(now);
        const bool needless =
            said_.load(std::memory_order_relaxed) == static_cast<std::uint8_t>(adaptive::trip_was::needless);
        detector_.judged(needless ? adaptive::trip_was::needless : adaptive::trip_was::outage, now);
        // What came back by evidence keeps up with its traffic, if still slower than in health: other clients are on
        // their way back too, and caches are cold. To shut it for that would keep it cold.
        if (ramps_by_evidence_ && was_open && !needless) warms_until_ = now + warming;
    }
    void forget_finding() noexcept {
        found_.reset();
        kept_closed_since_.reset();
    }
    void publish() noexcept {
        const auto known = detector_.limit();
        limit_.store(known ? known->count() : never, std::memory_order_relaxed);
    }
    static evidence told(const adaptive::finding& why) noexcept {
        const bool slow = why.what == adaptive::suspicion_of::slowness;
        return {.calls = why.of,
                .failures = slow ? 0 : why.bad,
                .slow = slow ? why.bad : 0,
                .observed = why.of == 0 ? 1 : static_cast<double>(why.bad) / static_cast<double>(why.of),
                .threshold = why.normal,
                .by_chance_once_in = why.by_chance_once_in};
    }

    atom<bool> on_{false};
    atom<ticks> slow_after_{never}, limit_{never};
    atom<ticks> opened_at_{0};
    atom<std::uint32_t> failed_probes_{0};
    atom<std::uint8_t> said_{undecided};
    good_calls<Atomics> good_;

    // Under the lock of evidence.
    adaptive::detector detector_;
    std::vector<adaptive::finished> taken_;
    std::optional<adaptive::finding> found_;
    std::optional<ticks> kept_closed_since_;
    bool begins_ = false;  ///< a window, and nothing of it was seen yet
    bool waits_ = false;   ///< the detector, for what the probes say
    bool ramps_by_evidence_ = false;
    time_point warms_until_ = time_point::min();  ///< until then nothing is slow
};

}  // namespace switchgear::detail
