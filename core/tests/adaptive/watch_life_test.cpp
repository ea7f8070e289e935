// What a watch tells its detector, through a life at random beside the same written plainly.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include <switchgear/detail/atomics.hpp>

#include "adaptive/watch.hpp"

namespace switchgear::detail {
namespace {

using adaptive::finished;
using adaptive::trip_was;

constexpr ticks ms = 1'000'000, second = 1'000 * ms;

time_point at(ticks now) { return time_point{duration{now}}; }

/// For one thread, whose good calls are all in one lane.
struct plain_watch {
    adaptive::detector it;
    bool on = true, ramps_by_evidence = false;
    std::optional<adaptive::finding> suspicion{};
    std::optional<ticks> kept_closed_since{};
    ticks looks_anew_until = std::numeric_limits<ticks>::min();
    ticks warm_until = std::numeric_limits<ticks>::min();
    bool window_begins = false, trip_waits = false;
    std::uint64_t trip = 0;
    ticks trip_at = 0;
    unsigned failed_probes = 0;
    std::optional<trip_was> verdict{};
    bool slow_probe = false;
    std::uint64_t quick = 0, slow = 0;
    std::vector<ticks> slow_returns{};
    std::uint64_t kept_epoch = 0;
    std::vector<finished> kept{};

    ticks limit() const { return it.limit() ? it.limit()->count() : never; }
    bool keep(std::uint64_t epoch, ticks ended, ticks took) {
        if (epoch < kept_epoch) return false;
        if (epoch > kept_epoch) kept.clear();
        kept_epoch = epoch;
        kept.push_back({.at = at(ended), .took = duration{took}});
        return kept.size() >= 256 || kept.back().at - kept.front().at >= duration{5 * ms};
    }
    void take_in(std::uint64_t epoch) {
        if (kept_epoch > epoch) return;
        if (kept_epoch == epoch) {
            for (const finished& one : kept) see_good(one);
        }
        kept.clear();
    }
    void see(const finished& one) {
        begin(in_ticks(one.at));
        if (!suspicion) suspicion = it.observe({&one, 1});
    }
    void see_good(const finished& one) { see(one), ++quick; }
    void begin(ticks now) {
        if (!window_begins) return;
        window_begins = false;
        if (!trip_waits) it.opened(at(now));
        const trip_was what = trip_waits ? verdict.value_or(trip_was::outage) : trip_was::outage;
        it.judged(what, at(now));
        if (trip_waits) came_back(slow_probe, now);
        if (ramps_by_evidence && trip_waits && what == trip_was::outage) warm_until = now + 30 * second;
        trip_waits = false;
    }
    void came_back(bool slowly, ticks now) {
        quick = slow = 0;
        slow_returns.push_back(now);
        if (!slowly) slow_returns.clear();
        ticks slow_for = 0;
        for (std::size_t i = 1; i < slow_returns.size(); ++i) {
            slow_for += std::min(slow_returns[i] - slow_returns[i - 1], 900 * second);
        }
        if (slow_for < 7'200 * second) return;
        it.forget_latency(at(now));
        slow_returns.clear();
    }
    void add(std::uint64_t epoch, finished one) {
        take_in(epoch);
        begin(in_ticks(one.at));
        if (!one.failed && (in_ticks(time_point{one.took}) > limit() || one.slow_already)) ++slow;
        if (in_ticks(one.at) < warm_until) one.took = {};
        see(one);
    }
    bool overdue(std::uint64_t epoch, ticks now) {
        take_in(epoch);
        begin(now);
        if (now < warm_until) return false;
        if (!suspicion) suspicion = it.overdue(at(now));
        return true;
    }
    const std::optional<adaptive::finding>& found(ticks now) {
        if (suspicion && kept_closed_since && now >= *kept_closed_since + 60 * second) {
            it.opened(at(now));
            it.judged(trip_was::outage, at(now));
            came_back(suspicion->slow && slow > quick, now);
            forget_suspicion();
            looks_anew_until = now + 60 * second;
        }
        return suspicion;
    }
    void forget_suspicion() { suspicion.reset(), kept_closed_since.reset(); }
    void kept_closed(ticks now) {
        if (suspicion && !kept_closed_since) kept_closed_since = now;
    }
    void opened(std::uint64_t epoch, ticks now) {
        if (quick > slow) slow_returns.clear();
        it.opened(at(now));
        trip = epoch, trip_at = now, failed_probes = 0, slow_probe = false;
        verdict.reset();
        if (trip_waits) verdict = trip_was::outage;
        trip_waits = true;
    }
    void new_window() { forget_suspicion(), window_begins = true; }
    void probe_failed(std::uint64_t epoch) {
        if (epoch > trip) ++failed_probes;
    }
    void probe_succeeded(std::uint64_t epoch, ticks now, ticks took) {
        if (epoch > trip && took > limit() && !verdict) slow_probe = true;
        if (took > limit()) return probe_failed(epoch);
        if (epoch > trip && !verdict) slow_probe = false;
        if (epoch > trip && !verdict) verdict = adaptive::what_it_was(failed_probes, duration{now - trip_at});
    }
    void follow(const settings& by) {
        const auto& rule = by.trip.adaptive;
        if (rule) it.change(adaptive::aims{*rule, by.trip.weights});
        if (rule && !on) new_window();
        on = rule.has_value();
        ramps_by_evidence = by.recovery.ramp && by.recovery.ramp->by == ramp_by::evidence;
    }
    void begin_again() {
        forget_suspicion();
        window_begins = trip_waits = false;
        slow_returns.clear();
        warm_until = std::numeric_limits<ticks>::min();
    }
    void forget(ticks now) {
        kept.clear();
        it.forget(at(now));
        begin_again();
    }
    bool restore(const adaptive::learned& from, ticks away, ticks now) {
        if (!it.restore(from, duration{away}, at(now))) return false;
        begin_again();
        return true;
    }
};

settings with_the_rule() { return {.trip = {.adaptive = adaptive_rule{}}}; }
settings of_the_ramp(bool by_evidence) {
    settings given = with_the_rule();
    if (by_evidence) given.recovery.ramp = ramp_rule{.by = ramp_by::evidence};
    return given;
}

struct both_lives {
    explicit both_lives(std::uint64_t seed) : random{seed} {}

    std::mt19937_64 random;
    ticks now = 0;
    std::uint64_t epoch = 0;
    watch<std_atomics> it{plan{with_the_rule()}, 0};
    plain_watch plain{.it = adaptive::detector{adaptive::aims{adaptive_rule{}}, time_point{}}};
    int trips = 0;

    bool one_in(std::uint64_t n) { return random() % n == 0; }
    ticks up_to(ticks most) { return static_cast<ticks>(random() % static_cast<std::uint64_t>(most)); }

    void expect_same() {
        ASSERT_EQ(it.limit(), plain.limit());
        ASSERT_EQ(it.on(), plain.on);
        ASSERT_EQ(it.looks_anew(now), now < plain.looks_anew_until);
        const auto found = it.found(now);
        const auto& wanted = plain.found(now);
        ASSERT_EQ(found.has_value(), wanted.has_value());
        if (found) {
            EXPECT_EQ(found->cause, cause::adaptive);
            EXPECT_EQ(found->evidence.calls, wanted->of);
            EXPECT_EQ(found->evidence.failures, wanted->slow ? 0 : wanted->bad);
            EXPECT_EQ(found->evidence.slow, wanted->slow ? wanted->bad : 0);
            EXPECT_EQ(found->evidence.observed, static_cast<double>(wanted->bad) / static_cast<double>(wanted->of));
            EXPECT_EQ(found->evidence.threshold, wanted->normal);
            EXPECT_EQ(found->evidence.by_chance_once_in, wanted->by_chance_once_in);
        }
        if (one_in(40)) {
            ASSERT_EQ(it.save(), plain.it.save());
        }
    }
    void expect_same_view() {
        snapshot seen;
        it.observe(seen);
        plain.it.bring_up_to_date();
        ASSERT_TRUE(seen.normal);
        EXPECT_EQ(seen.normal->failure_share, plain.it.normal_failure_share());
        EXPECT_EQ(seen.normal->slow_share, plain.it.normal_slow_share());
        EXPECT_EQ(seen.normal->slow_after, plain.it.limit());
        EXPECT_EQ(seen.normal->evidence, plain.it.evidence());
        EXPECT_EQ(seen.normal->penalty, plain.it.penalty());
    }

    void keep(std::uint64_t of) {
        const ticks took = 10 * ms + up_to(30 * ms);
        if (const bool due = it.keep(of, now, took); due || one_in(50)) {
            ASSERT_EQ(due, plain.keep(of, now, took));
            one_in(2) ? it.take_in_own(of) : it.take_in(of);
            plain.take_in(of);
        } else {
            ASSERT_FALSE(plain.keep(of, now, took));
        }
    }
    void add(bool failed, ticks took) {
        const finished one{.at = at(now),
                           .took = duration{took},
                           .of = static_cast<failure_class>(random() % 4),
                           .failed = failed,
                           .slow_already = one_in(20)};
        it.add(epoch, one);
        plain.add(epoch, one);
    }
    void call(double bad) {
        now += up_to(20 * ms);
        if (std::bernoulli_distribution{bad}(random)) {
            switch (random() % 4) {
                case 0: add(false, 10 * second); break;
                case 1: ASSERT_EQ(it.overdue(epoch, now), plain.overdue(epoch, now)); break;
                default: add(true, one_in(2) ? 10 * second : 10 * ms);
            }
        } else {
            keep(one_in(100) && epoch > 2 ? epoch - 2 : epoch);
        }
    }
    void open() {
        ++trips;
        ++epoch;
        it.opened(epoch, now), plain.opened(epoch, now);
    }
    /// From a trip to the next window.
    void recover() {
        for (const std::uint64_t trip = epoch; !one_in(4) || epoch == trip;) {
            now += up_to(2 * second);
            ++epoch;
            const std::uint64_t of = one_in(8) ? trip - 1 : epoch;
            switch (random() % 3) {
                case 0: it.probe_failed(of), plain.probe_failed(of); break;
                case 1: {
                    const ticks took = one_in(4) ? plain.limit() + (one_in(2) ? 0 : 1) : 10 * ms;
                    it.probe_succeeded(of, now, took), plain.probe_succeeded(of, now, took);
                    break;
                }
                default:
                    if (one_in(4)) open();
            }
            ++epoch;
        }
        close();
    }
    void close() {
        ++epoch;
        it.new_window(), plain.new_window();
    }
    void act_on_what_is_found() {
        if (!plain.found(now)) return;
        if (one_in(4)) {
            it.kept_closed(now), plain.kept_closed(now);
            for (int i = 0; i < 8; ++i) now += up_to(20 * second), call(0.5), expect_same();
        }
        if (!plain.found(now) || one_in(6)) return close();  // by an order
        open();
        recover();
    }
    void live(int calls, double bad) {
        for (int i = 0; i < calls; ++i) {
            call(bad);
            expect_same();
            act_on_what_is_found();
            expect_same();
            if (::testing::Test::HasFatalFailure()) return;
        }
        expect_same_view();
    }
    /// A trip, good probes and a few calls, slow ones mostly; perhaps one more window, as at the end of a ramp, or a
    /// stretch in which it is kept closed.
    void come_back_slow() {
        open();
        now += up_to(1'200 * second);
        for (int probes = one_in(4) ? 2 : 1; probes > 0; --probes) {
            ++epoch;
            const ticks took = one_in(40) ? 10 * ms : slow_call;
            it.probe_succeeded(epoch, now, took), plain.probe_succeeded(epoch, now, took);
            expect_same();
        }
        close();
        slow_calls(one_in(12) ? 2 : 8);
        if (one_in(3)) close(), slow_calls(8);
        if (one_in(4)) {
            for (int i = 0; i < 30 && !plain.found(now); ++i) slow_calls(8);
            it.kept_closed(now), plain.kept_closed(now);
            now += 61 * second;
            expect_same();
        }
    }
    /// Of so many one is quick.
    void slow_calls(std::uint64_t quick_one_in) {
        for (int i = 0; i < 4; ++i) {
            now += 10 * ms;
            switch (random() % 8) {
                case 0: add(true, slow_call); break;
                default: one_in(quick_one_in) ? keep(epoch) : add(false, slow_call);
            }
            expect_same();
        }
        it.take_in(epoch), plain.take_in(epoch);
        expect_same();
    }
    static constexpr ticks slow_call = 10 * second;
    void follow(const settings& by) { it.follow(plan{by}), plain.follow(by), expect_same(); }
    void forget() { it.forget(now), plain.forget(now), expect_same(); }
    void restore(const adaptive::learned& from, ticks away) {
        ASSERT_EQ(it.restore(from, away, now), plain.restore(from, away, now));
        expect_same();
    }
};

TEST(watch_life, is_the_plain_one_through_health_and_outages) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        both_lives b{seed};
        b.live(400, 0.01);
        for (int i = 0; i < 6; ++i) {
            b.follow(of_the_ramp(i % 2 == 0));
            b.live(40, 0.9);
            b.live(150, 0.01);
        }
        EXPECT_GE(b.trips, 2);
    }
}

TEST(watch_life, is_the_plain_one_through_slowness_that_stays) {
    int forgot = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        both_lives b{seed};
        b.follow(of_the_ramp(seed % 2 == 0));
        for (int round = 0; round < 6; ++round) {
            b.live(400, 0.01);
            for (int i = 0; i < 80 && b.it.limit() != never; ++i) b.come_back_slow();
            forgot += b.it.limit() == never ? 1 : 0;
        }
    }
    EXPECT_GE(forgot, 4);
}

TEST(watch_life, is_the_plain_one_through_changes_of_the_settings) {
    settings other = with_the_rule();
    other.trip.adaptive->deadline = std::chrono::milliseconds{25};
    other.trip.adaptive->care = 0.3;
    other.trip.weights.overloaded = 0;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        both_lives b{seed};
        b.live(500, 0.01);
        for (const auto& next : {settings{}, with_the_rule(), other, settings{}, other, of_the_ramp(true)}) {
            b.live(4, 0.9);
            b.follow(next);
            b.live(200, 0.02);
        }
    }
}

TEST(watch_life, is_the_plain_one_through_forgetting_and_coming_back) {
    both_lives b{1};
    b.follow(of_the_ramp(true));
    b.live(500, 0.01);
    const adaptive::learned kept = b.it.save();
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 60 && !b.plain.found(b.now); ++i) b.call(0.9);
        switch (round) {
            case 0: b.forget(); break;
            case 1: b.restore(kept, 60 * second); break;
            case 2: b.open(), b.forget(); break;
            case 3: b.open(), b.restore(kept, 0); break;
            case 4: b.close(), b.restore(kept, 5 * second); break;
            default: b.restore({}, 0);
        }
        b.live(300, 0.02);
    }
}

}  // namespace
}  // namespace switchgear::detail
