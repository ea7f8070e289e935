// What a breaker's own changes mean to its adaptive rule.
#include <gtest/gtest.h>

#include <chrono>

#include <switchgear/detail/atomics.hpp>

#include "adaptive/watch.hpp"

namespace switchgear::detail {
namespace {

constexpr ticks ms = 1'000'000, second = 1'000 * ms;

/// The rule of a breaker that has been well for so long that it knows, at ten calls a second.
struct watched {
    watch<std_atomics> it{plan{settings{.trip = {.adaptive = adaptive_rule{}}}}, 0};
    ticks now = 0;

    watched() { healthy(3'000); }
    void call(std::uint64_t epoch, bool failed) {
        now += 100 * ms;
        it.add(epoch, {.at = time_point{duration{now}}, .took = std::chrono::milliseconds{10}, .failed = failed});
    }
    void healthy(int calls, std::uint64_t epoch = 0) {
        for (int i = 0; i < calls; ++i) call(epoch, false);
    }
    normal_calls normal() {
        snapshot seen;
        it.observe(seen);
        return *seen.normal;
    }
    /// Opens by its own finding.
    void trips(std::uint64_t epoch) {
        for (int i = 0; i < 50 && !it.found(now); ++i) call(epoch, true);
        ASSERT_TRUE(it.found(now));
        it.opened(epoch + 1, now);
    }
};

TEST(adaptive_watch, a_good_first_probe_makes_a_trip_needless) {
    watched w;
    const double before = w.normal().penalty;
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.call(3, false);
    EXPECT_NEAR(w.normal().penalty, before + 1, 0.01);
}

TEST(adaptive_watch, two_failed_probes_are_needless_where_a_good_one_follows_at_once_and_three_make_it_an_outage) {
    for (const std::uint64_t failed : {2U, 3U}) {
        watched w;
        const double before = w.normal().penalty;
        w.trips(0);
        for (std::uint64_t probe = 1; probe <= failed; ++probe) w.it.probe_failed(2 * probe);
        w.it.probe_succeeded(2 * failed + 2, w.now + second, 10 * ms);
        w.it.new_window();
        w.call(2 * failed + 3, false);
        if (failed == 2) {
            EXPECT_NEAR(w.normal().penalty, before + 1, 0.01);
        } else {
            EXPECT_LE(w.normal().penalty, before);
        }
    }
}

TEST(adaptive_watch, slow_probes_count_as_failed_ones) {
    for (const std::uint64_t slow : {2U, 3U}) {
        watched w;
        const double before = w.normal().penalty;
        w.trips(0);
        for (std::uint64_t probe = 1; probe <= slow; ++probe) w.it.probe_succeeded(2 * probe, w.now, 10 * second);
        w.it.probe_succeeded(2 * slow + 2, w.now + second, 10 * ms);
        w.it.new_window();
        w.call(2 * slow + 3, false);
        EXPECT_EQ(w.normal().penalty > before + 0.5, slow == 2);
    }
}

/// Comes back slow from a trip so long after the last time.
struct slow_for_long : watched {
    std::uint64_t epoch = 0;
    ticks last = 0;

    void comes_back(ticks after, ticks took = 10 * second) {
        it.opened(epoch + 1, now);
        epoch += 3;
        now = last = last + after;
        it.probe_succeeded(epoch - 1, now, took);
        it.new_window();
        it.add(epoch, {.at = time_point{duration{now}}, .took = duration{took}});
    }
    void learns(duration took) {
        for (int i = 0; i < 400; ++i) {
            now += 100 * ms;
            it.add(epoch, {.at = time_point{duration{now}}, .took = took});
        }
        ASSERT_NE(it.limit(), never);
    }
};
constexpr ticks quarter = 900 * second;

TEST(adaptive_watch, slowness_is_for_good_after_eight_quarters_of_an_hour) {
    slow_for_long w;
    w.last = w.now;
    w.comes_back(quarter);
    for (int i = 0; i < 7; ++i) w.comes_back(quarter);
    w.comes_back(quarter - 1);
    EXPECT_NE(w.it.limit(), never);
    w.comes_back(1);
    EXPECT_EQ(w.it.limit(), never) << "just two hours after the first time";
}

TEST(adaptive_watch, slowness_is_for_good_by_the_quarter_though_nobody_came_for_longer) {
    slow_for_long w;
    w.last = w.now;
    for (int i = 0; i < 8; ++i) w.comes_back(10 * quarter);
    EXPECT_NE(w.it.limit(), never);
    w.comes_back(10 * quarter);
    EXPECT_EQ(w.it.limit(), never);
}

TEST(adaptive_watch, what_was_slow_for_good_may_be_slower_for_good_after_as_long_again) {
    slow_for_long w;
    w.last = w.now;
    for (int i = 0; i < 9; ++i) w.comes_back(quarter);
    ASSERT_EQ(w.it.limit(), never);
    w.learns(std::chrono::seconds{10});
    w.last = w.now;
    for (int i = 0; i < 8; ++i) w.comes_back(quarter, 60 * second);
    EXPECT_NE(w.it.limit(), never);
    w.comes_back(quarter, 60 * second);
    EXPECT_EQ(w.it.limit(), never);
}

TEST(adaptive_watch, slowness_is_not_for_good_where_what_was_learned_is_restored_meanwhile) {
    slow_for_long w;
    w.last = w.now;
    const auto kept = w.it.save();
    for (int i = 0; i < 8; ++i) w.comes_back(quarter);
    ASSERT_TRUE(w.it.restore(kept, 0, w.now));
    w.comes_back(quarter);
    EXPECT_NE(w.it.limit(), never);
}

TEST(adaptive_watch, a_relapse_before_any_call_counted_is_an_outage) {
    watched w;
    const double before = w.normal().penalty;
    w.trips(0);
    w.it.probe_failed(2), w.it.probe_failed(4), w.it.probe_failed(6);
    w.it.opened(9, w.now += second);  // the ramp by evidence relapsed: its calls are none of the rule's business
    w.it.probe_succeeded(10, w.now + second / 2, 10 * ms);
    w.it.new_window();
    w.call(11, false);
    EXPECT_LE(w.normal().penalty, before);
}

TEST(adaptive_watch, a_limit_that_a_bad_call_completes_is_known_at_once) {
    watched w;
    bool moved = false;
    for (int i = 0; i < 10'000 && !moved; ++i) {
        w.now += 100 * ms;
        w.it.add(0, {.at = time_point{duration{w.now}}, .took = std::chrono::milliseconds{19}});
        EXPECT_EQ(duration{w.it.limit()}, w.normal().slow_after);
        moved = duration{w.it.limit()} > std::chrono::milliseconds{30};
    }
    EXPECT_TRUE(moved);
}

TEST(adaptive_watch, what_is_kept_closed_is_no_news_while_it_goes_on) {
    watched w;
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(0, true);
    ASSERT_TRUE(w.it.found(w.now));
    w.it.kept_closed(w.now);
    EXPECT_FALSE(w.it.looks_anew(w.now));
    w.now += 60 * second;
    EXPECT_FALSE(w.it.found(w.now));
    EXPECT_TRUE(w.it.looks_anew(w.now));
    w.now += 60 * second;
    EXPECT_FALSE(w.it.looks_anew(w.now)) << "a minute without a finding: it was over";
}

TEST(adaptive_watch, a_probe_that_stalled_over_the_next_trip_says_nothing_of_it) {
    watched w;
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.healthy(1'000, 3);
    const double before = w.normal().penalty;
    w.trips(3);
    w.it.probe_succeeded(2, w.now, 10 * ms);  // of the trip before
    for (const std::uint64_t probe : {5U, 7U, 9U}) w.it.probe_failed(probe);
    w.it.probe_succeeded(11, w.now + second, 10 * ms);
    w.it.new_window();
    w.call(12, false);
    EXPECT_LE(w.normal().penalty, before);
}

TEST(adaptive_watch, what_an_order_ended_is_not_judged_by_the_probes_of_an_earlier_trip) {
    watched w;
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.healthy(1'000, 3);
    const normal_calls before = w.normal();
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(3, true);
    w.it.new_window();  // by an order: nobody has probed
    w.call(4, false);
    EXPECT_LE(w.normal().penalty, before.penalty);
    EXPECT_LE(w.normal().failure_share, before.failure_share);
}

TEST(adaptive_watch, a_finding_goes_with_its_window) {
    watched w;
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(0, true);
    ASSERT_TRUE(w.it.found(w.now));
    w.it.new_window();
    EXPECT_FALSE(w.it.found(w.now));
}

TEST(adaptive_watch, hundreds_of_failed_probes_are_as_many_as_three) {
    for (const int failed : {255, 256, 257, 1'024}) {
        watched w;
        const double before = w.normal().penalty;
        w.trips(0);
        for (int i = 0; i < failed; ++i) w.it.probe_failed(static_cast<std::uint64_t>(2 + 2 * i));
        w.it.probe_succeeded(4'000, w.now + second, 10 * ms);
        w.it.new_window();
        w.call(4'001, false);
        EXPECT_LE(w.normal().penalty, before) << failed;
    }
}

TEST(adaptive_watch, a_probe_as_slow_as_the_slowest_in_health_is_a_good_one) {
    for (const ticks more : {0, 1}) {
        watched w;
        const double before = w.normal().penalty;
        w.trips(0);
        w.it.probe_succeeded(2, w.now + 10 * second, w.it.limit() + more);
        w.it.probe_succeeded(4, w.now + 20 * second, 10 * ms);
        w.it.new_window();
        w.call(5, false);
        EXPECT_EQ(w.normal().penalty > before + 0.5, more == 0);
    }
}

TEST(adaptive_watch, a_call_that_hangs_may_be_the_first_after_a_needless_trip_and_the_limit_is_known) {
    watched w;
    for (int i = 0; i < 127; ++i) w.it.add(0, {.at = time_point{duration{w.now}}, .took = std::chrono::seconds{1}});
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.it.overdue(3, w.now + 2 * second);
    EXPECT_EQ(duration{w.it.limit()}, w.normal().slow_after);
}

TEST(adaptive_watch, a_new_one_learns_from_the_first_call_on) {
    watch<std_atomics> it{plan{settings{.trip = {.adaptive = adaptive_rule{}}}}, 0};
    for (ticks now = ms; now <= 500 * ms; now += ms) {
        it.add(0, {.at = time_point{duration{now}}, .took = std::chrono::milliseconds{10}});
    }
    snapshot seen;
    it.observe(seen);
    EXPECT_LT(seen.normal->failure_share, 0.002);
    EXPECT_LT(it.limit(), never);
}

struct watched_on_the_ramp : watched {
    ticks back = 0;  ///< when the first call of the window ended

    /// After an outage, by a ramp that goes by evidence.
    watched_on_the_ramp() {
        settings given{.trip = {.adaptive = adaptive_rule{}}};
        given.recovery.ramp = ramp_rule{.by = ramp_by::evidence};
        it.follow(plan{given});
        trips(0);
        for (const std::uint64_t probe : {2U, 4U, 6U}) it.probe_failed(probe);
        now += 5 * second;
        it.probe_succeeded(8, now, 10 * ms);
        it.new_window();
        back = now + second;
    }
    void slow_one(ticks when) { it.add(9, {.at = time_point{duration{when}}, .took = std::chrono::seconds{9}}); }
};

TEST(adaptive_watch, nothing_is_slow_for_half_a_minute_after_a_ramp_by_evidence) {
    watched_on_the_ramp w;
    for (int i = 0; i < 40; ++i) w.slow_one(w.back + i * 500 * ms);
    w.slow_one(w.back + 30 * second - 1);
    EXPECT_FALSE(w.it.overdue(9, w.back + 30 * second - 1));
    EXPECT_LT(w.normal().evidence, 0.01);
    const auto evidence_of_a_slow_one = [](ticks when) {
        watched_on_the_ramp one;
        one.slow_one(one.back);
        one.slow_one(one.back + when);
        return one.normal().evidence;
    };
    EXPECT_GT(evidence_of_a_slow_one(30 * second), evidence_of_a_slow_one(30 * second - 1) + 0.05)
        << "from then on it is";
    watched_on_the_ramp hung;
    hung.slow_one(hung.back);
    EXPECT_TRUE(hung.it.overdue(9, hung.back + 30 * second));
    EXPECT_GT(hung.normal().evidence, 0.02);
}

TEST(adaptive_watch, that_forgets_begins_like_a_new_one) {
    // Calls that are still on their way are forgotten too.
    watched on_their_way;
    for (int i = 0; i < 50; ++i) on_their_way.it.keep(0, on_their_way.now, 10 * ms);
    on_their_way.it.forget(on_their_way.now);
    const double fresh = on_their_way.normal().failure_share;
    on_their_way.it.take_in(0);
    EXPECT_EQ(on_their_way.normal().failure_share, fresh);

    // It learns from the first call on, whatever window began before.
    watched in_a_new_window;
    in_a_new_window.it.new_window();
    in_a_new_window.it.forget(in_a_new_window.now);
    in_a_new_window.healthy(300);
    EXPECT_LT(in_a_new_window.normal().failure_share, 0.003);

    // Nothing is warming up.
    watched_on_the_ramp warm;
    warm.slow_one(warm.back);
    EXPECT_FALSE(warm.it.overdue(9, warm.back + second));
    warm.it.forget(warm.back + second);
    EXPECT_TRUE(warm.it.overdue(9, warm.back + 2 * second));

    // No trip waits for its probes.
    watched_on_the_ramp tripped;
    tripped.slow_one(tripped.back);
    tripped.it.opened(11, tripped.back + 40 * second);
    tripped.it.forget(tripped.back + 41 * second);
    tripped.it.new_window();
    EXPECT_TRUE(tripped.it.overdue(13, tripped.back + 42 * second)) << "none that was an outage";
}

TEST(adaptive_watch, half_a_minute_after_a_ramp_begins_with_the_first_call_whatever_it_is) {
    watched_on_the_ramp hung;
    EXPECT_FALSE(hung.it.overdue(9, hung.back)) << "the first of the window";
    watched_on_the_ramp kept;
    kept.it.keep(9, kept.back, 10 * ms);
    kept.it.take_in_own(9);
    EXPECT_FALSE(kept.it.overdue(9, kept.back + 30 * second - 1));
    EXPECT_TRUE(kept.it.overdue(9, kept.back + 30 * second));
}

TEST(adaptive_watch, what_is_kept_closed_is_looked_at_anew_after_just_a_minute) {
    watched w;
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(0, true);
    w.it.kept_closed(w.now);
    const ticks since = w.now;
    w.it.kept_closed(since + second);  // goes on
    EXPECT_TRUE(w.it.found(since + 60 * second - 1));
    EXPECT_FALSE(w.it.looks_anew(since + 60 * second - 1));
    EXPECT_FALSE(w.it.found(since + 60 * second));
    EXPECT_TRUE(w.it.looks_anew(since + 120 * second - 1));
    EXPECT_FALSE(w.it.looks_anew(since + 120 * second));
}

TEST(adaptive_watch, what_was_not_found_was_not_kept_closed) {
    watched w;
    w.it.kept_closed(w.now);
    w.now += 60 * second;
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(0, true);
    EXPECT_TRUE(w.it.found(w.now));
}

TEST(adaptive_watch, calls_that_hang_are_told_of_as_slow_ones) {
    settings given{.trip = {.adaptive = adaptive_rule{.deadline = std::chrono::milliseconds{100}}}};
    watch<std_atomics> it{plan{given}, 0};
    ticks now = 0;
    while (!it.found(now)) ASSERT_TRUE(it.overdue(0, now += 100 * ms));
    const evidence why = it.found(now)->evidence;
    EXPECT_GE(why.slow, 2U);
    EXPECT_EQ(why.slow, why.calls);
    EXPECT_EQ(why.failures, 0U);
    EXPECT_EQ(why.observed, 1);
}

}  // namespace
}  // namespace switchgear::detail
