#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <switchgear/detail/word.hpp>
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
        begins_ = false;  // nothing came before
    }

    /// Whether the settings in force have the rule.
    bool on() const noexcept { return on_.load(std::memory_order_relaxed); }  // a flag of its own: either will do
    /// Longer than this is slow here; `never`: nothing is yet.
    ticks limit() const noexcept { return limit_.load(std::memory_order_relaxed); }  // a bound of its own

    /// Returns: whether it is time for take_in_own().
    bool keep(std::uint64_t epoch, ticks ended, ticks took) noexcept { return good_.keep(epoch, ended, took); }

    // Probes tell whether there was an outage, each of the last trip before it: one whose thread stalls over the
    // next trip says nothing of that.
    void probe_failed(std::uint64_t epoch) noexcept {
        heard(epoch, [](said& so_far) { so_far.count_failed(); });
    }
    /// One that is slow as never in health is no sign of health, though it may close the breaker.
    void probe_succeeded(std::uint64_t epoch, ticks now, ticks took) noexcept {
        if (took > limit()) {
            return heard(epoch, [](said& so_far) {
                so_far.count_failed();
                so_far.slowly = !so_far.decided;
            });
        }
        heard(epoch, [&](said& so_far) {
            if (so_far.decided) return;
            so_far.decided = true;
            so_far.slowly = false;
            // relaxed: of this trip, or of the next one, which begins with a word of its own.
            const duration since{now - opened_at_.load(std::memory_order_relaxed)};
            so_far.needless = adaptive::what_it_was(so_far.failed, since) == adaptive::trip_was::needless;
        });
    }

    // All that follows: under the lock of evidence.

    /// New settings. Those without the rule leave what was learned as it is.
    void follow(const plan& by) noexcept {
        const auto& rule = by.given.trip.adaptive;
        if (rule) detector_.change(adaptive::aims{*rule, by.given.trip.weights});
        // What changed while it was off, nobody told it: what it suspected then is of another time.
        if (rule && !on()) new_window();
        const auto& ramp = by.given.recovery.ramp;
        ramps_by_evidence_ = ramp && ramp->by == ramp_by::evidence;
        on_.store(rule.has_value(), std::memory_order_relaxed);  // as in on()
        publish();
    }
    /// What this thread has kept.
    void take_in_own(std::uint64_t epoch) noexcept {
        good_.take_own(epoch, [this](std::span<const adaptive::finished> some) { observe_good(some); });
        publish();
    }
    void take_in(std::uint64_t epoch) noexcept {
        good_.take_all(epoch, [this](std::span<const adaptive::finished> some) { observe_good(some); });
        publish();
    }
    /// A bad call, after the good ones that ended before it.
    void add(std::uint64_t epoch, const adaptive::finished& one) noexcept {
        take_in(epoch);
        begin(one.at);
        if (!one.failed && (one.slow_already || one.took.count() > limit())) ++slow_calls_;
        adaptive::finished judged = one;
        if (one.at < warms_until_) judged.took = {};
        observe({&judged, 1});
        publish();
    }
    /// A call in flight is longer than limit(). Returns: whether that counts now.
    bool overdue(std::uint64_t epoch, ticks now) noexcept {
        take_in(epoch);
        begin(at(now));
        if (at(now) < warms_until_) return false;
        if (!found_) found_ = detector_.overdue(at(now));
        return true;
    }

    /// Why to open. What an order kept from opening is looked at anew after a while.
    std::optional<finding> found(ticks now) noexcept {
        if (found_ && kept_closed_since_ && now - *kept_closed_since_ >= patience) {
            detector_.opened(at(now));
            detector_.judged(adaptive::trip_was::outage, at(now));
            came_back(found_->slow && slow_calls_ > quick_calls_, at(now));
            forget_finding();
            looks_anew_until_ = now + patience;
        }
        if (!found_) return {};
        return finding{cause::adaptive, told(*found_)};
    }
    /// It was kept from opening, and what went wrong then may go on: no news yet.
    bool looks_anew(ticks now) const noexcept { return now < looks_anew_until_; }
    void kept_closed(ticks now) noexcept {
        if (found_ && !kept_closed_since_) kept_closed_since_ = now;
    }

    /// The breaker has opened by a verdict, whyever; that epoch is the open one.
    void opened(std::uint64_t epoch, ticks now) noexcept {
        if (quick_calls_ > slow_calls_) came_back_slow_.reset();
        detector_.opened(at(now));
        // relaxed: see probe_succeeded().
        opened_at_.store(now, std::memory_order_relaxed);
        // Where it still waits, the ramp relapsed: that was an outage, whatever the next probe says.
        said_.store(said{.trip = epoch, .decided = waits_}.bits(), std::memory_order_release);  // pairs with heard()
        waits_ = true;
    }
    /// A window has begun since the last evidence.
    void new_window() noexcept {
        forget_finding();
        begins_ = true;
    }
    void forget(ticks now) noexcept {
        good_.forget();
        detector_.forget(at(now));
        begin_again();
        publish();
    }

    adaptive::learned save() { return detector_.save(); }
    bool restore(const adaptive::learned& from, ticks away, ticks now) {
        const bool taken = detector_.restore(from, duration{away}, at(now));
        if (taken) begin_again();
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
    static constexpr ticks patience = 60'000'000'000;
    static constexpr std::chrono::seconds warming{30};
    static constexpr std::uint32_t most_failed = 255;  // more say no more

    // Slowness that stays. A service whose every good answer is slow, return after return, is a slow service by now, and
    // to open for it again and again helps nobody. After eight half-lives nothing would be left of the latency that was
    // normal, had it been let fade.
    static constexpr std::chrono::hours slow_for_good{2};
    static constexpr std::chrono::minutes longest_silence{15};  // what was in a longer one nobody knows

    /// What the probes have said since a trip, in one word:
    /// trip:40 | unused:13 | failed:8 | slowly:1 | needless:1 | decided:1
    struct said {
        std::uint64_t trip = 0;
        std::uint32_t failed = 0;
        bool slowly = false;  ///< a good one was slow, and none was quick
        bool needless = false, decided = false;

        constexpr void count_failed() noexcept { failed += failed < most_failed ? 1U : 0U; }
        static constexpr said of(std::uint64_t bits) noexcept {
            return {bits >> 24, static_cast<std::uint32_t>(bits >> 3) & most_failed, (bits & 4) != 0, (bits & 2) != 0,
                    (bits & 1) != 0};
        }
        constexpr std::uint64_t bits() const noexcept {
            return (trip << 24) | (std::uint64_t{failed} << 3) | (slowly ? 4U : 0U) | (needless ? 2U : 0U) |
                   (decided ? 1U : 0U);
        }
    };
    /// What a probe of that epoch says changes what is known.
    template <class Change>
    void heard(std::uint64_t epoch, const Change& change) noexcept {
        std::uint64_t seen = said_.load(std::memory_order_acquire);  // pairs with opened(): its time too
        for (;;) {
            said now = said::of(seen);
            if (!is_later_epoch(epoch, now.trip)) return;  // stalled over another trip
            change(now);
            // acquire: as above. No release: nothing else is told with it, and begin() reads what is there.
            if (said_.compare_exchange_weak(seen, now.bits(), std::memory_order_acquire)) return;
        }
    }

    static time_point at(ticks now) noexcept { return time_point{duration{now}}; }

    void observe_good(std::span<const adaptive::finished> some) noexcept {
        observe(some);
        quick_calls_ += some.size();
    }
    void observe(std::span<const adaptive::finished> some) noexcept {
        begin(some.front().at);
        if (!found_) found_ = detector_.observe(some);
    }
    /// The first call of a window: what came before has been judged by now, or an order ended it.
    void begin(time_point now) noexcept {
        if (!begins_) return;
        begins_ = false;
        const bool was_open = std::exchange(waits_, false);
        if (!was_open) detector_.opened(now);
        // What an order ended, no probe has told of. relaxed: the window began after what the deciding probe said, which
        // says it before its place is given back.
        const said last = said::of(said_.load(std::memory_order_relaxed));
        const bool needless = was_open && last.needless;
        detector_.judged(needless ? adaptive::trip_was::needless : adaptive::trip_was::outage, now);
        if (was_open) came_back(last.slowly, now);
        // What came back by evidence keeps up with its traffic, if still slower than in health: other clients are on
        // their way back too, and caches are cold. To shut it for that would keep it cold.
        if (ramps_by_evidence_ && was_open && !needless) warms_until_ = now + warming;
        publish();  // what a needless trip taught
    }
    void came_back(bool slowly, time_point now) noexcept {
        quick_calls_ = slow_calls_ = 0;
        if (slowly && came_back_slow_) slow_for_ += std::min<duration>(now - *came_back_slow_, longest_silence);
        if (!slowly || !came_back_slow_) slow_for_ = {};
        came_back_slow_ = slowly ? std::optional{now} : std::nullopt;
        if (slow_for_ < slow_for_good) return;
        detector_.forget_latency(now);
        came_back_slow_.reset();
    }
    void begin_again() noexcept {
        forget_finding();
        begins_ = waits_ = false;
        warms_until_ = time_point::min();
        came_back_slow_.reset();
    }
    void forget_finding() noexcept {
        found_.reset();
        kept_closed_since_.reset();
    }
    void publish() noexcept {
        const auto known = detector_.limit();
        const ticks now = known ? known->count() : never;
        // Written only where it changes: every call reads it.
        if (limit() != now) limit_.store(now, std::memory_order_relaxed);  // as in limit()
    }
    static evidence told(const adaptive::finding& why) noexcept {
        return {.calls = why.of,
                .failures = why.slow ? 0 : why.bad,
                .slow = why.slow ? why.bad : 0,
                .observed = static_cast<double>(why.bad) / static_cast<double>(why.of),
                .threshold = why.normal,
                .by_chance_once_in = why.by_chance_once_in};
    }

    // Lines of their own for each of the two: by distance, for allocators lose more than that by alignment.
    [[maybe_unused]] std::array<std::byte, 64> apart_from_others_;
    // What every call reads, and the breaker's changes write.
    atom<bool> on_{false};
    atom<ticks> limit_{never};
    atom<ticks> opened_at_{0};
    atom<std::uint64_t> said_{0};
    good_calls<Atomics> good_;

    [[maybe_unused]] std::array<std::byte, 64> apart_;
    // Under the lock of evidence.
    adaptive::detector detector_;
    std::optional<adaptive::finding> found_;
    std::optional<ticks> kept_closed_since_;
    ticks looks_anew_until_ = std::numeric_limits<ticks>::min();
    bool begins_ = false;  ///< a window, and nothing of it was seen yet
    bool waits_ = false;   ///< the detector, for what the probes say
    bool ramps_by_evidence_ = false;
    time_point warms_until_ = time_point::min();      ///< until then nothing is slow
    std::uint64_t quick_calls_ = 0, slow_calls_ = 0;  ///< good ones, since the window began
    std::optional<time_point> came_back_slow_{};      ///< when it last did; and each time for …
    duration slow_for_{};                             ///< … so long
};

}  // namespace switchgear::detail
