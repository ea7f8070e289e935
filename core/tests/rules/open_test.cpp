// Rules 11 to 15: the pause, and what cannot change it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

// ---- rule 11

TEST(rule_11_pause, begins_a_new_epoch_with_empty_windows) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.succeed(10);
    b.fail(4);
    const std::uint64_t before = b.epoch();
    b.fail();
    b.expect_open();
    EXPECT_EQ(b.epoch(), before + 1);
    EXPECT_EQ(b.now().window.calls, 0U);
    EXPECT_EQ(b.now().window.failures, 0U);
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
    EXPECT_EQ(b.retry_after(), 5s);
}

TEST(rule_11_pause, grows_by_backoff_up_to_its_cap) {
    auto b = bench_of({.recovery = {.open_for = 1s, .backoff = 2, .max_open_for = 5s}});
    b.break_down();
    std::uint32_t attempt = 0;
    for (const duration pause : {1s, 2s, 4s, 5s, 5s}) {
        EXPECT_EQ(b.retry_after(), pause);
        EXPECT_EQ(b.log.last().pause, pause);
        EXPECT_EQ(b.now().attempt, ++attempt);
        EXPECT_EQ(b.log.last().attempt, attempt);
        b.probe().failure();
        b.expect_open();
    }
}

TEST(rule_11_pause, stays_the_same_with_a_backoff_of_one) {
    auto b = bench_of({.recovery = {.open_for = 1s, .backoff = 1}});
    b.break_down();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(b.retry_after(), 1s);
        b.probe().failure();
    }
}

TEST(rule_11_pause, grows_by_a_fractional_backoff_too) {
    auto b = bench_of({.recovery = {.open_for = 1s, .backoff = 1.5}});
    b.break_down();
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 1'500ms);
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 2'250ms);
}

TEST(rule_11_pause, is_the_first_again_after_a_close) {
    auto b = bench_of({.recovery = {.open_for = 1s}});
    b.break_down();
    b.probe().failure();
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 4s);
    b.probe().success();
    b.expect_closed();
    EXPECT_EQ(b.now().attempt, 0U);
    b.break_down();
    EXPECT_EQ(b.retry_after(), 1s);
    EXPECT_EQ(b.now().attempt, 1U);
}

TEST(rule_11_pause, survives_thousands_of_trips_at_its_cap) {
    auto b = bench_of({.recovery = {.open_for = 1ms, .backoff = 10, .max_open_for = 24h}});
    b.break_down();
    for (int i = 0; i < 3'000; ++i) b.probe().failure();
    EXPECT_EQ(b.retry_after(), 24h);
    EXPECT_EQ(b.now().attempt, 3'001U);
}

std::vector<duration> pauses(std::optional<std::uint64_t> seed, int how_many) {
    testing::manual_time clock;
    breaker it{"jittery",
               {.recovery = {.open_for = 10s, .backoff = 1, .max_open_for = 10s, .jitter = 0.2, .jitter_seed = seed}},
               clock};
    std::vector<duration> seen;
    for (int i = 0; i < how_many; ++i) {
        clock.advance(it.observe().retry_after);
        (*it.try_acquire()).settle(verdict::trip(0ns));
        seen.push_back(it.observe().retry_after);
    }
    return seen;
}

TEST(rule_11_jitter, stays_within_its_share_on_both_sides_of_the_cap) {
    duration least = 10s, most = 10s;
    for (const duration pause : pauses(42, 500)) {
        EXPECT_GE(pause, 8s);
        EXPECT_LE(pause, 12s);
        least = std::min(least, pause);
        most = std::max(most, pause);
    }
    EXPECT_LT(least, 9s);
    EXPECT_GT(most, 11s);
}

TEST(rule_11_jitter, repeats_with_the_same_seed_and_differs_with_another) {
    EXPECT_EQ(pauses(7, 20), pauses(7, 20));
    EXPECT_NE(pauses(7, 20), pauses(8, 20));
}

TEST(rule_11_jitter, differs_in_every_breaker_without_a_seed) {
    std::set<duration> first_pauses;
    for (int i = 0; i < 20; ++i) first_pauses.insert(pauses({}, 1).front());
    EXPECT_GT(first_pauses.size(), 10U);
}

TEST(rule_11_jitter, is_not_fed_back_into_the_backoff) {
    auto b =
        bench_of({.recovery = {.open_for = 1s, .backoff = 2, .max_open_for = 1h, .jitter = 0.1, .jitter_seed = 3}});
    b.break_down();
    for (int i = 0; i < 10; ++i) {
        const duration plain = 1s * (1 << i);
        EXPECT_GE(b.retry_after(), plain * 9 / 10);
        EXPECT_LE(b.retry_after(), plain * 11 / 10);
        b.probe().failure();
    }
}

// ---- rule 12

settings one_failure(recovery_rules recovery) {
    return {.trip = {.consecutive_failures = 1, .failure_ratio = {}}, .recovery = recovery};
}

TEST(rule_12_hint, makes_the_pause_exactly_that_long) {
    bench b{one_failure({.open_for = 1s, .jitter = 0.5, .jitter_seed = 1})};
    b.settle(verdict::failure(failure_class::overloaded, 30s));
    EXPECT_EQ(b.retry_after(), 30s);
    EXPECT_EQ(b.log.last().pause, 30s);
}

TEST(rule_12_hint, never_shortens_the_pause) {
    auto b = bench_of(one_failure({.open_for = 20s}));
    b.settle(verdict::failure(failure_class::overloaded, 3s));
    EXPECT_EQ(b.retry_after(), 20s);
}

TEST(rule_12_hint, may_pass_the_cap_of_the_pause_but_not_its_own) {
    auto b = bench_of(one_failure({.open_for = 1s, .max_open_for = 10s, .max_retry_after = 60s}));
    b.settle(verdict::failure(failure_class::overloaded, 45s));
    EXPECT_EQ(b.retry_after(), 45s);

    auto c = bench_of(one_failure({.open_for = 1s, .max_open_for = 10s, .max_retry_after = 60s}));
    c.settle(verdict::failure(failure_class::overloaded, 61s));
    EXPECT_EQ(c.retry_after(), 60s);
}

TEST(rule_12_hint, that_is_negative_or_absurd_is_ignored) {
    for (const duration hint : {duration{-1s}, duration{0}, duration::min()}) {
        auto b = bench_of(one_failure({.open_for = 2s}));
        b.settle(verdict::failure(failure_class::overloaded, hint));
        EXPECT_EQ(b.retry_after(), 2s);
    }
    auto b = bench_of(one_failure({.open_for = 2s, .max_retry_after = 60s}));
    b.settle(verdict::failure(failure_class::overloaded, duration::max()));
    EXPECT_GE(b.retry_after(), 2s);
    EXPECT_LE(b.retry_after(), 60s);
}

TEST(rule_12_hint, is_ignored_where_the_settings_say_so) {
    for (const verdict v : {verdict::failure(failure_class::overloaded, 30s), verdict::trip(30s)}) {
        auto b = bench_of(one_failure({.open_for = 1s, .max_retry_after = 0ms}));
        b.settle(v);
        EXPECT_EQ(b.retry_after(), 1s);
    }
}

TEST(rule_12_hint, clamped_below_the_pause_changes_nothing) {
    auto b = bench_of(one_failure({.open_for = 20s, .max_retry_after = 10s}));
    b.settle(verdict::failure(failure_class::overloaded, 1h));
    EXPECT_EQ(b.retry_after(), 20s);
}

TEST(rule_12_hint, counts_only_on_the_verdict_that_trips) {
    auto b = bench_of({.trip = {.consecutive_failures = 2, .failure_ratio = {}}, .recovery = {.open_for = 1s}});
    b.settle(verdict::failure(failure_class::overloaded, 30s));
    b.fail();
    EXPECT_EQ(b.retry_after(), 1s);
}

TEST(rule_12_hint, does_not_feed_the_backoff) {
    auto b = bench_of(one_failure({.open_for = 1s, .backoff = 2}));
    b.settle(verdict::failure(failure_class::overloaded, 30s));
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 2s);
}

TEST(rule_12_hint, of_a_failed_probe_counts) {
    auto b = bench_of(one_failure({.open_for = 1s}));
    b.fail();
    b.probe().failure(failure_class::overloaded, 30s);
    EXPECT_EQ(b.retry_after(), 30s);
}

TEST(rule_12_hint, of_a_trip_verdict_obeys_the_same_cap) {
    auto b = bench_of({.recovery = {.open_for = 1s, .max_retry_after = 60s}});
    b.settle(verdict::trip(1h));
    EXPECT_EQ(b.retry_after(), 60s);
    auto c = bench_of({.recovery = {.open_for = 2s}});
    c.settle(verdict::trip(-5s));
    EXPECT_EQ(c.retry_after(), 2s);
}

// ---- rule 13

TEST(rule_13_refusal, runs_no_user_code) {
    auto b = bench_of();
    b.break_down();
    int runs = 0;
    const auto judge = classify_by{[&](const int&) { return ++runs, verdict::success(); },
                                   [&](const std::exception_ptr&) { return ++runs, verdict::failure(); }};
    EXPECT_FALSE(b.it.call([&] { return ++runs; }, judge).has_value());
    EXPECT_EQ(b.it.call_or([&] { return ++runs; }, [](rejection) { return -1; }, judge), -1);
    EXPECT_EQ(runs, 0);
}

TEST(rule_13_refusal, says_what_remains_of_the_pause) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.break_down();
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 5s}));
    b.advance(1'999ms);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 3'001ms}));
    EXPECT_EQ(b.retry_after(), 3'001ms);
    b.advance(3'001ms - 1ns);
    const duration rest = b.refusal().retry_after;
    EXPECT_GT(rest, 0ns);
    EXPECT_LE(rest, 5s);
}

TEST(rule_13_refusal, is_counted_by_its_reason) {
    auto b = bench_of();
    b.break_down();
    for (int i = 0; i < 3; ++i) b.refusal();
    permit probe = b.probe();
    for (int i = 0; i < 2; ++i) b.refusal();
    EXPECT_EQ(b.now().totals.rejected, 5U);
    EXPECT_EQ(b.now().totals.rejected_by_reason, (std::array<std::uint64_t, 4>{3, 2, 0, 0}));
}

// ---- rule 14

TEST(rule_14_late_verdicts, say_nothing_about_the_open_period) {
    for (const verdict v :
         {verdict::success(), verdict::failure(), verdict::failure(failure_class::overloaded, 1h), verdict::trip(1h)}) {
        auto b = bench_of({.trip = {.consecutive_failures = 1}, .recovery = {.open_for = 5s}});
        std::vector<permit> stragglers;
        for (int i = 0; i < 30; ++i) stragglers.push_back(b.acquire());
        b.fail();
        b.advance(1s);
        const std::uint64_t epoch = b.epoch();
        for (permit& straggler : stragglers) straggler.settle(v);
        b.expect_open();
        EXPECT_EQ(b.epoch(), epoch);
        EXPECT_EQ(b.retry_after(), 4s);
        EXPECT_EQ(b.late(), 30U);
        EXPECT_EQ(b.now().window.calls, 0U);
        EXPECT_EQ(b.now().totals.failures, 1U);
        EXPECT_EQ(b.now().totals.successes, 0U);
        EXPECT_EQ(b.log.size(), 1U);
    }
}

TEST(rule_14_late_verdicts, say_nothing_after_the_next_close_either) {
    auto b = bench_of({.trip = {.consecutive_failures = 1}});
    permit straggler = b.acquire();
    permit another = b.acquire();
    b.break_down();
    b.probe().success();
    b.expect_closed();
    straggler.failure();
    another.settle(verdict::trip(1h));
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 0U);
    EXPECT_EQ(b.late(), 2U);
}

TEST(rule_14_late_verdicts, that_are_ignored_lose_no_evidence) {
    auto b = bench_of();
    permit straggler = b.acquire();
    {
        permit dropped = b.acquire();
        b.break_down();
    }
    straggler.ignore();
    EXPECT_EQ(b.late(), 0U);
    EXPECT_EQ(b.now().totals.ignored, 2U);
}

TEST(rule_14_late_verdicts, neither_lengthen_nor_reset_a_run) {
    auto b = bench_of({.trip = {.consecutive_failures = 3}});
    permit good = b.acquire();
    permit bad = b.acquire();
    b.break_down();
    b.probe().success();
    b.fail(2);
    good.success();
    EXPECT_EQ(b.now().failures_in_a_row, 2U);
    bad.failure();
    EXPECT_EQ(b.now().failures_in_a_row, 2U);
    b.expect_closed();
}

// ---- rule 15

TEST(rule_15_reading, has_no_side_effect_when_the_pause_is_over) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.break_down();
    const std::uint64_t epoch = b.epoch();
    for (int i = 0; i < 100; ++i) {
        const snapshot s = b.now();
        EXPECT_EQ(s.current, state::open);
        EXPECT_EQ(s.probe_due, i >= 50);
        EXPECT_EQ(s.retry_after, i >= 50 ? 0ms : 5'000ms - i * 100ms);
        EXPECT_EQ(s.admitted_share, 0);
        EXPECT_EQ(s.epoch, epoch);
        b.it.current_settings();
        b.it.save();
        b.advance(100ms);
    }
    EXPECT_EQ(b.log.size(), 1U);
    EXPECT_EQ(b.now().totals.rejected, 0U);
    EXPECT_TRUE(b.admits());
}

TEST(rule_15_reading, of_a_closed_breaker_says_that_calls_are_admitted) {
    auto b = bench_of();
    const snapshot s = b.now();
    EXPECT_EQ(s.current, state::closed);
    EXPECT_FALSE(s.probe_due);
    EXPECT_EQ(s.retry_after, 0ns);
    EXPECT_EQ(s.admitted_share, 1);
    EXPECT_EQ(s.attempt, 0U);
    EXPECT_EQ(s.override, override_mode::none);
    EXPECT_FALSE(s.order_in_force.has_value());
}

}  // namespace
}  // namespace switchgear::rules
