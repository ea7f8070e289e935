// Rules 7 and 8: runs of failures, and what is in a window. What counts at all: closed_test.cpp.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "trip_rules.hpp"

namespace switchgear::rules {
namespace {

// ---- rule 7

TEST(rule_07_runs, are_in_the_order_in_which_verdicts_settle) {
    auto b = bench_of({.trip = only_run(2)});
    permit first = b.acquire();
    permit second = b.acquire();
    permit third = b.acquire();
    third.failure();
    first.success();
    second.failure();
    b.expect_closed();
    EXPECT_EQ(b.now().failures_in_a_row, 1U);
}

TEST(rule_07_runs, a_success_resets) {
    auto b = bench_of({.trip = only_run(3)});
    for (int i = 0; i < 20; ++i) {
        b.fail(2);
        b.succeed();
    }
    b.expect_closed();
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
}

TEST(rule_07_runs, an_ignored_call_does_not_reset) {
    auto b = bench_of({.trip = only_run(3)});
    for (int i = 0; i < 2; ++i) {
        b.fail();
        b.ignore();
    }
    b.expect_closed();
    b.fail();
    b.expect_open();
}

TEST(rule_07_runs, are_not_bounded_by_the_window) {
    trip_rules rules = only_run(3);
    rules.window = last{1s};
    auto b = bench_of({.trip = rules});
    b.fail();
    b.advance(1h);
    b.fail();
    b.advance(1h);
    b.fail();
    b.expect_open();
}

// ---- rule 8

TEST(rule_08_window_of_calls, holds_exactly_the_newest_verdicts) {
    std::mt19937 random{8};
    for (const std::uint32_t n : {1U, 2U, 3U, 7U, 63U, 64U, 65U, 100U}) {
        trip_rules rules = no_rules();
        rules.window = last_calls{n};
        rules.minimum_calls = 1;
        auto b = bench_of({.trip = rules});
        std::deque<bool> newest;
        for (int i = 0; i < 1'000; ++i) {
            // Long stretches of success, so that failures leave the window one by one.
            const bool failed = random() % (i / 200 % 2 == 0 ? 3 : 60) == 0;
            b.settle(failed ? verdict::failure() : verdict::success());
            newest.push_back(failed);
            if (newest.size() > n) newest.pop_front();
            ASSERT_EQ(b.now().window.calls, newest.size()) << "n " << n << ", verdict " << i;
            ASSERT_EQ(b.now().window.failures,
                      static_cast<std::uint64_t>(std::count(newest.begin(), newest.end(), true)))
                << "n " << n << ", verdict " << i;
        }
    }
}

TEST(rule_08_window_of_calls, opens_by_exactly_the_newest_verdicts) {
    std::mt19937 random{88};
    for (const std::uint32_t n : {3U, 5U, 7U, 64U, 100U}) {
        for (const int limit : {2, 3}) {
            trip_rules rules = no_rules();
            rules.window = last_calls{n};
            rules.failures = limit;
            auto b = bench_of({.trip = rules});
            std::deque<bool> newest;
            int opened = 0;
            for (int i = 0; i < 2'000; ++i) {
                // So rare that one leaves as often as another comes.
                const bool failed = random() % n == 0;
                b.settle(failed ? verdict::failure() : verdict::success());
                newest.push_back(failed);
                if (newest.size() > n) newest.pop_front();
                const bool opens = std::count(newest.begin(), newest.end(), true) >= limit;
                ASSERT_EQ(b.state(), opens ? state::open : state::closed)
                    << "n " << n << ", limit " << limit << ", verdict " << i << b.log;
                if (!opens) continue;
                ++opened;
                b.it.reset(by("test"));
                newest.clear();
            }
            EXPECT_GT(opened, 0) << "n " << n << ", limit " << limit;
        }
    }
}

TEST(rule_08_window_of_calls, forgets_slow_calls_and_classes_too) {
    trip_rules rules = only_slow(1s, 1.0, 5, last_calls{5});
    rules.limits.timeout = 3;
    auto b = bench_of({.trip = rules});
    b.take(2s, 2);
    b.fail(2, failure_class::timeout);
    EXPECT_EQ(b.now().window.slow, 2U);
    b.succeed(4);
    EXPECT_EQ(b.now().window.slow, 0U);
    EXPECT_EQ(b.now().window.failures, 1U);
    b.succeed();
    b.fail(2, failure_class::timeout);
    b.expect_closed();
    b.fail(1, failure_class::timeout);
    b.expect_open();
}

TEST(rule_08_window_of_calls, does_not_age) {
    trip_rules rules = no_rules();
    rules.window = last_calls{5};
    rules.failures = 2;
    auto b = bench_of({.trip = rules});
    b.fail();
    b.advance(48h);
    b.fail();
    b.expect_open();
}

TEST(rule_08_window_of_time, trips_by_a_success_whatever_it_has_forgotten) {
    auto b = bench_of({.trip = only_ratio(0.5, 4)});
    b.succeed(20);
    b.advance(1min);
    b.succeed();
    b.fail(2);
    // Nobody looks on meanwhile: a snapshot would find out by itself.
    b.succeed();
    b.expect_open();
}

TEST(rule_08_window_of_time, counts_what_is_younger_than_nine_tenths) {
    for (const std::chrono::milliseconds span : {1'000ms, 1'001ms, 10'000ms, 3'600'000ms}) {
        for (int phase = 0; phase < 40; ++phase) {
            trip_rules rules = no_rules();
            rules.failures = 2;
            rules.window = last{span};
            auto b = bench_of({.trip = rules});
            b.advance(phase * duration{span} / 37);
            b.fail();
            b.advance(duration{span} * 9 / 10 - 1ns);
            ASSERT_EQ(b.now().window.failures, 1U) << span.count() << " ms, phase " << phase;
            b.fail();
            ASSERT_EQ(b.state(), state::open) << span.count() << " ms, phase " << phase;
        }
    }
}

TEST(rule_08_window_of_time, never_counts_what_is_older_than_the_span) {
    for (const std::chrono::milliseconds span : {1'000ms, 1'001ms, 10'000ms, 3'600'000ms}) {
        for (int phase = 0; phase < 40; ++phase) {
            trip_rules rules = no_rules();
            rules.failures = 2;
            rules.window = last{span};
            auto b = bench_of({.trip = rules});
            b.advance(phase * duration{span} / 37);
            b.fail();
            b.advance(span + 1ns);
            ASSERT_EQ(b.now().window.failures, 0U) << span.count() << " ms, phase " << phase;
            ASSERT_EQ(b.now().window.calls, 0U) << span.count() << " ms, phase " << phase;
            b.fail();
            ASSERT_EQ(b.state(), state::closed) << span.count() << " ms, phase " << phase;
        }
    }
}

TEST(rule_08_window_of_time, keeps_to_its_edges_under_steady_traffic) {
    trip_rules rules = no_rules();
    rules.window = last{10s};
    auto b = bench_of({.trip = rules});
    std::mt19937 random{80};
    std::deque<std::pair<time_point, bool>> told;
    for (int i = 0; i < 20'000; ++i) {
        b.advance(std::chrono::microseconds{random() % 20'000});
        const bool failed = random() % 4 == 0;
        b.settle(failed ? verdict::failure() : verdict::success());
        told.emplace_back(b.clock.now(), failed);
        while (b.clock.now() - told.front().first > 10s) told.pop_front();

        const auto young =
            std::find_if(told.begin(), told.end(), [&](const auto& t) { return b.clock.now() - t.first < 9s; });
        const auto seen = b.now().window;
        ASSERT_LE(seen.calls, told.size()) << i;
        ASSERT_GE(seen.calls, static_cast<std::uint64_t>(told.end() - young)) << i;
        const auto failures = [](auto from, auto to) {
            return static_cast<std::uint64_t>(std::count_if(from, to, [](const auto& t) { return t.second; }));
        };
        ASSERT_LE(seen.failures, failures(told.begin(), told.end())) << i;
        ASSERT_GE(seen.failures, failures(young, told.end())) << i;
    }
}

TEST(rule_08_window_of_time, is_empty_after_silence_of_any_length) {
    for (const duration silence : {duration{11s}, duration{1h}, duration{24h}, duration{24h * 365 * 20}}) {
        auto b = bench_of({.trip = only_ratio(0.5, 10)});
        b.fail(9);
        b.advance(silence);
        EXPECT_EQ(b.now().window.calls, 0U);
        b.fail(9);
        b.expect_closed();
        EXPECT_EQ(b.now().window.calls, 9U);
        b.fail();
        b.expect_open();
    }
}

TEST(rule_08_window_of_time, has_no_tumbling_boundary) {
    // Two bursts half a span apart trip together wherever they fall.
    for (int phase = 0; phase < 100; ++phase) {
        trip_rules rules = no_rules();
        rules.failures = 10;
        auto b = bench_of({.trip = rules});
        b.advance(phase * 100ms);
        b.fail(5);
        b.advance(5s);
        b.fail(5);
        ASSERT_EQ(b.state(), state::open) << "phase " << phase;
    }
}

}  // namespace
}  // namespace switchgear::rules
