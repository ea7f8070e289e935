// Rules 1 to 6: counting while closed. Runs and windows, rules 7 and 8: closed_windows_test.cpp. Rules 9 and 10:
// closed_at_once_test.cpp.
#include <cstdint>
#include <vector>

#include "trip_rules.hpp"

namespace switchgear::rules {
namespace {

const std::vector<window> both_windows{last{10s}, last_calls{50}};

// ---- rule 1

TEST(rule_01_counting, admits_every_call_however_many_are_in_flight) {
    auto b = bench_of();
    std::vector<permit> in_flight;
    for (int i = 0; i < 10'000; ++i) in_flight.push_back(b.acquire());
    EXPECT_EQ(b.now().totals.rejected, 0U);
}

TEST(rule_01_counting, counts_each_verdict_exactly_once) {
    for (const window& w : both_windows) {
        trip_rules rules = no_rules();
        rules.window = w;
        auto b = bench_of({.trip = rules});
        b.succeed(17);
        b.fail(9);
        b.fail(4, failure_class::timeout);

        const snapshot s = b.now();
        EXPECT_EQ(s.window.calls, 30U);
        EXPECT_EQ(s.window.failures, 13U);
        EXPECT_EQ(s.totals.successes, 17U);
        EXPECT_EQ(s.totals.failures, 13U);
        EXPECT_EQ(s.totals.failures_by_class.at(0), 9U);
        EXPECT_EQ(s.totals.failures_by_class.at(1), 4U);
    }
}

TEST(rule_01_counting, is_never_sampled) {
    trip_rules rules = no_rules();
    rules.window = last_calls{65'536};
    auto b = bench_of({.trip = rules});
    for (int i = 0; i < 60'000; ++i) b.settle(i % 3 == 0 ? verdict::failure() : verdict::success());
    EXPECT_EQ(b.now().window.calls, 60'000U);
    EXPECT_EQ(b.now().window.failures, 20'000U);
    EXPECT_EQ(b.now().totals.successes, 40'000U);
}

// ---- rule 2

TEST(rule_02_rules, failures_in_a_row_trip) {
    auto b = bench_of({.trip = only_run(3)});
    b.fail(2);
    b.expect_closed();
    b.fail();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::consecutive_failures);
    EXPECT_EQ(b.log.last().evidence.observed, 3);
    EXPECT_EQ(b.log.last().evidence.threshold, 3);
}

TEST(rule_02_rules, failures_in_the_window_trip) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = {.consecutive_failures = {}, .failures = 3, .failure_ratio = {}, .window = w}});
        for (int i = 0; i < 2; ++i) {
            b.fail();
            b.succeed(10);
        }
        b.expect_closed();
        b.fail();
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::failure_count);
        EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 23, .failures = 3, .observed = 3, .threshold = 3}));
    }
}

TEST(rule_02_rules, failure_ratio_trips_once_minimum_calls_are_counted) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = only_ratio(0.5, 10, w)});
        b.succeed(4);
        b.fail(5);
        b.expect_closed();
        b.fail();
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::failure_ratio);
        EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 10, .failures = 6, .observed = 0.6, .threshold = 0.5}));
    }
}

TEST(rule_02_rules, slow_ratio_trips_once_minimum_calls_are_counted) {
    for (const window& w : std::vector<window>{last{60s}, last_calls{50}}) {
        auto b = bench_of({.trip = only_slow(1s, 0.5, 4, w)});
        b.succeed(2);
        b.take(2s);
        b.expect_closed();
        b.take(2s);
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::slow_ratio);
        EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 4, .slow = 2, .observed = 0.5, .threshold = 0.5}));
    }
}

TEST(rule_02_rules, failures_of_one_class_trip_at_its_limit) {
    for (const window& w : both_windows) {
        trip_rules rules = no_rules();
        rules.window = w;
        rules.limits.timeout = 2;
        auto b = bench_of({.trip = rules});
        b.fail(5, failure_class::unreachable);
        b.fail(1, failure_class::timeout);
        b.succeed(3);
        b.expect_closed();
        b.fail(1, failure_class::timeout);
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::class_limit);
        EXPECT_EQ(b.log.last().evidence.observed, 2);
        EXPECT_EQ(b.log.last().evidence.threshold, 2);
    }
}

TEST(rule_02_rules, every_class_has_its_own_limit) {
    using limit = std::optional<std::uint32_t> class_limits::*;
    const std::vector<limit> limits{&class_limits::error,      &class_limits::timeout,  &class_limits::unreachable,
                                    &class_limits::overloaded, &class_limits::custom_1, &class_limits::custom_2,
                                    &class_limits::custom_3,   &class_limits::custom_4};
    for (std::size_t i = 0; i < limits.size(); ++i) {
        trip_rules rules = no_rules();
        rules.limits.*limits[i] = 2;
        auto b = bench_of({.trip = rules});
        for (std::size_t other = 0; other < limits.size(); ++other) {
            if (other != i) b.fail(3, static_cast<failure_class>(other));
        }
        b.fail(1, static_cast<failure_class>(i));
        b.expect_closed();
        b.fail(1, static_cast<failure_class>(i));
        b.expect_open();
    }
}

TEST(rule_02_rules, when_several_hold_the_cause_is_the_first_listed) {
    // All five hold at the second call; they are switched off from the front, one after another.
    trip_rules rules{.consecutive_failures = 2,
                     .failures = 2,
                     .failure_ratio = 1.0,
                     .slow = slow_rule{.after = 1s, .ratio = 1.0},
                     .limits = {.error = 2},
                     .minimum_calls = 2};
    const auto first_cause = [&] {
        auto b = bench_of({.trip = rules});
        for (int i = 0; i < 2; ++i) {
            permit p = b.acquire();
            b.advance(2s);
            p.failure();
        }
        return b.log.last().cause;
    };
    EXPECT_EQ(first_cause(), cause::consecutive_failures);
    rules.consecutive_failures.reset();
    EXPECT_EQ(first_cause(), cause::failure_count);
    rules.failures.reset();
    EXPECT_EQ(first_cause(), cause::failure_ratio);
    rules.failure_ratio.reset();
    EXPECT_EQ(first_cause(), cause::slow_ratio);
    rules.slow.reset();
    EXPECT_EQ(first_cause(), cause::class_limit);
}

TEST(rule_02_rules, without_any_rule_only_a_trip_verdict_or_an_order_opens) {
    auto b = bench_of({.trip = no_rules()});
    b.fail(1'000);
    b.expect_closed();
    b.settle(verdict::trip(1s));
    b.expect_open();

    auto c = bench_of({.trip = no_rules()});
    c.fail(1'000);
    c.it.trip(by("alice"));
    c.expect_open();
}

// ---- rule 3

TEST(rule_03_thresholds, are_reached_at_equal_for_every_percentage) {
    for (const window& w : std::vector<window>{last{10s}, last_calls{100}}) {
        for (int percent = 1; percent <= 100; ++percent) {
            auto b = bench_of({.trip = only_ratio(percent / 100.0, 100, w)});
            b.succeed(100 - percent);
            b.fail(percent - 1);
            b.expect_closed();
            b.fail();
            b.expect_open();
        }
    }
}

TEST(rule_03_thresholds, one_failure_less_does_not_trip_for_any_percentage) {
    for (const window& w : std::vector<window>{last{10s}, last_calls{100}}) {
        for (int percent = 1; percent <= 100; ++percent) {
            auto b = bench_of({.trip = only_ratio(percent / 100.0, 100, w)});
            b.fail(percent - 1);
            b.succeed(101 - percent);
            b.expect_closed();
        }
    }
}

TEST(rule_03_thresholds, forty_nine_and_a_half_percent_is_below_fifty) {
    for (const window& w : std::vector<window>{last{10s}, last_calls{200}}) {
        auto b = bench_of({.trip = only_ratio(0.5, 200, w)});
        b.succeed(101);
        b.fail(99);
        b.expect_closed();
        EXPECT_EQ(b.now().window.failures, 99U);
    }
}

TEST(rule_03_thresholds, slow_is_strictly_longer) {
    auto b = bench_of({.trip = only_slow(1s, 1.0, 1)});
    b.take(1s);
    b.expect_closed();
    EXPECT_EQ(b.now().window.slow, 0U);
    b.advance(11s);
    b.take(1s + 1ns);
    b.expect_open();
}

TEST(rule_03_thresholds, a_slow_share_is_reached_at_equal) {
    for (const window& w : std::vector<window>{last{60s}, last_calls{10}}) {
        auto b = bench_of({.trip = only_slow(1s, 0.3, 10, w)});
        b.succeed(7);
        b.take(2s, 2);
        b.expect_closed();
        b.take(2s);
        b.expect_open();
    }
}

TEST(rule_03_thresholds, a_failed_call_may_be_slow_too) {
    auto b = bench_of({.trip = only_slow(1s, 1.0, 100)});
    permit p = b.acquire();
    b.advance(2s);
    p.failure();
    EXPECT_EQ(b.now().window.slow, 1U);
    EXPECT_EQ(b.now().window.failures, 1U);
    EXPECT_EQ(b.now().window.calls, 1U);
    EXPECT_EQ(b.now().totals.slow, 1U);
}

// ---- rule 4

TEST(rule_04_any_verdict, a_success_that_reaches_minimum_calls_trips) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = only_ratio(0.5, 20, w)});
        b.fail(10);
        b.succeed(9);
        b.expect_closed();
        b.succeed();
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::failure_ratio);
        EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 20, .failures = 10, .observed = 0.5, .threshold = 0.5}));
    }
}

TEST(rule_04_any_verdict, a_quick_success_that_reaches_minimum_calls_trips_by_the_slow_ones) {
    for (const window& w : std::vector<window>{last{60s}, last_calls{50}}) {
        auto b = bench_of({.trip = only_slow(1s, 0.5, 4, w)});
        b.take(2s, 2);
        b.succeed();
        b.expect_closed();
        b.succeed();
        b.expect_open();
    }
}

TEST(rule_04_any_verdict, a_success_after_older_ones_left_the_window_trips) {
    auto b = bench_of({.trip = only_ratio(0.5, 4)});
    b.succeed(10);
    b.advance(6s);
    b.fail(3);  // 3 of 13
    b.expect_closed();
    b.advance(5s);  // the ten are gone, three failures are left
    b.succeed();    // 3 of 4
    b.expect_open();
}

TEST(rule_04_any_verdict, an_ignored_call_does_not_reach_minimum_calls) {
    auto b = bench_of({.trip = only_ratio(0.5, 4)});
    b.fail(3);
    b.ignore(10);
    b.expect_closed();
}

TEST(rule_04_answered, stops_the_clock_for_slowness) {
    auto b = bench_of({.trip = only_slow(1s, 1.0, 1)});
    permit download = b.acquire();
    b.advance(1s);
    download.answered();
    b.advance(1h);
    download.success();
    b.expect_closed();
    EXPECT_EQ(b.now().totals.slow, 0U);
}

TEST(rule_04_answered, does_not_excuse_a_late_beginning) {
    auto b = bench_of({.trip = only_slow(1s, 1.0, 1)});
    permit download = b.acquire();
    b.advance(1s + 1ns);
    download.answered();
    download.success();
    b.expect_open();
}

TEST(rule_04_answered, counts_from_the_first_time) {
    auto b = bench_of({.trip = only_slow(1s, 1.0, 1)});
    permit download = b.acquire();
    download.answered();
    b.advance(1h);
    download.answered();
    download.success();
    b.expect_closed();
}

// ---- rule 5

TEST(rule_05_weights, a_class_of_weight_zero_informs_but_never_trips) {
    auto b = bench_of({.trip = {.consecutive_failures = 1,
                                .failures = 0.5,
                                .failure_ratio = 0.01,
                                .weights = {.custom_1 = 0},
                                .minimum_calls = 1}});
    b.fail(100, failure_class::custom_1);
    b.expect_closed();
    EXPECT_EQ(b.now().window.failures, 100U);
    EXPECT_EQ(b.now().totals.failures_by_class.at(4), 100U);
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
}

TEST(rule_05_weights, weight_zero_neither_lengthens_nor_resets_a_run) {
    trip_rules rules = only_run(3);
    rules.weights.custom_1 = 0;
    auto b = bench_of({.trip = rules});
    b.fail(2);
    b.fail(5, failure_class::custom_1);
    EXPECT_EQ(b.now().failures_in_a_row, 2U);
    b.fail();
    b.expect_open();
}

TEST(rule_05_weights, count_in_the_number_of_failures) {
    auto b = bench_of({.trip = {.consecutive_failures = {},
                                .failures = 2.5,
                                .failure_ratio = {},
                                .weights = {.error = 0.5, .timeout = 1.5}}});
    b.fail(2);  // 1.0
    b.expect_closed();
    b.fail(1, failure_class::timeout);  // 2.5
    b.expect_open();
    EXPECT_EQ(b.log.last().evidence.observed, 2.5);
    EXPECT_EQ(b.log.last().evidence.failures, 3U);
}

TEST(rule_05_weights, count_in_the_ratio_whose_denominator_is_calls) {
    for (const window& w : both_windows) {
        trip_rules rules = only_ratio(0.5, 10, w);
        rules.weights.timeout = 0.5;
        auto b = bench_of({.trip = rules});
        b.succeed(2);
        b.fail(8, failure_class::timeout);  // 4 / 10
        b.expect_closed();
        b.fail(2);  // 6 / 12
        b.expect_open();
        EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 12, .failures = 10, .observed = 0.5, .threshold = 0.5}));
    }
}

TEST(rule_05_weights, in_tenths_reach_a_threshold_at_equal) {
    for (int tenths = 1; tenths < 20; ++tenths) {
        for (int n = 1; n <= 10; ++n) {
            SCOPED_TRACE(std::to_string(n) + " failures of " + std::to_string(tenths) + " tenths");
            trip_rules number = no_rules();
            number.failures = tenths * n / 10.0;
            trip_rules ratio = only_ratio(tenths * n / 200.0, 20);
            for (trip_rules* rules : {&number, &ratio}) {
                if (rules->failure_ratio && *rules->failure_ratio > 1) continue;
                rules->weights.error = tenths / 10.0;
                auto fewer = bench_of({.trip = *rules}), enough = bench_of({.trip = *rules});
                fewer.succeed(20 - n + 1), enough.succeed(20 - n);
                fewer.fail(n - 1), enough.fail(n);
                fewer.expect_closed(), enough.expect_open();
            }
        }
    }
}

TEST(rule_05_weights, a_ratio_is_capped_at_one) {
    trip_rules rules = only_ratio(1.0, 4);
    rules.weights.error = 3;
    auto b = bench_of({.trip = rules});
    b.fail(4);
    b.expect_open();
    EXPECT_EQ(b.log.last().evidence.observed, 1.0);
}

TEST(rule_05_weights, do_not_help_to_reach_minimum_calls) {
    trip_rules rules = only_ratio(0.5, 10);
    rules.weights.error = 1'000;
    auto b = bench_of({.trip = rules});
    b.fail(9);
    b.expect_closed();
    b.fail();
    b.expect_open();
}

// ---- rule 6

TEST(rule_06_ignored, neither_counts_nor_resets_a_run) {
    auto b = bench_of({.trip = only_run(3)});
    b.fail(2);
    b.ignore(100);
    {
        permit dropped = b.acquire();
    }
    EXPECT_EQ(b.now().window.calls, 2U);
    EXPECT_EQ(b.now().failures_in_a_row, 2U);
    EXPECT_EQ(b.now().totals.ignored, 101U);
    b.fail();
    b.expect_open();
}

TEST(rule_06_ignored, calls_in_flight_are_not_in_a_denominator) {
    auto b = bench_of({.trip = only_ratio(1.0, 2)});
    std::vector<permit> in_flight;
    for (int i = 0; i < 10; ++i) in_flight.push_back(b.acquire());
    EXPECT_EQ(b.now().window.calls, 0U);
    b.fail(2);
    b.expect_open();
}

TEST(rule_06_ignored, rejected_calls_are_not_in_a_denominator) {
    auto b = bench_of({.trip = only_ratio(0.5, 2)});
    b.fail(2);
    for (int i = 0; i < 50; ++i) b.refusal();
    EXPECT_EQ(b.now().window.calls, 0U);
    b.probe().success();
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 0U);
    EXPECT_EQ(b.now().totals.rejected, 50U);
}

}  // namespace
}  // namespace switchgear::rules
