// Rule 22: letting traffic back in by a growing share.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings ramping(double from, std::chrono::milliseconds over, std::uint32_t failures_in_a_row = 3) {
    return {.trip = {.consecutive_failures = failures_in_a_row, .failure_ratio = {}},
            .recovery = {.open_for = 1s, .ramp = ramp_rule{.over = over, .from = from}}};
}

void begin_ramp(bench& b) {
    b.break_down();
    b.probe().success();
}

TEST(rule_22_ramp, follows_probing_within_half_open) {
    auto b = bench_of(ramping(0.1, 10s));
    b.break_down();
    permit probe = b.probe();
    EXPECT_EQ(b.now().admitted_share, 0);
    const std::uint64_t epoch = b.epoch();
    probe.success();
    b.expect_half_open();
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_NEAR(b.now().admitted_share, 0.1, 1e-3);
    EXPECT_EQ(b.log.last().to, state::half_open);
}

TEST(rule_22_ramp, share_grows_in_a_straight_line_from_the_deciding_success) {
    auto b = bench_of(ramping(0.2, 10s));
    b.advance(1234ms);
    begin_ramp(b);
    for (int tenth = 0; tenth <= 10; ++tenth) {
        EXPECT_NEAR(b.now().admitted_share, 0.2 + 0.08 * tenth, 2e-3) << tenth;
        b.advance(1s);
    }
}

TEST(rule_22_ramp, ends_closed_with_the_next_call) {
    auto b = bench_of(ramping(0.1, 10s));
    begin_ramp(b);
    b.advance(10s);
    EXPECT_EQ(b.state(), state::half_open);
    EXPECT_EQ(b.now().admitted_share, 1);
    const std::uint64_t epoch = b.epoch();
    b.succeed();
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch + 1);
    EXPECT_EQ(b.log.last().cause, cause::ramp_finished);
    EXPECT_EQ(b.log.last().from, state::half_open);
    EXPECT_EQ(b.now().attempt, 0U);
}

TEST(rule_22_ramp, is_not_over_before_its_time) {
    auto b = bench_of(ramping(1.0, 10s));
    begin_ramp(b);
    b.advance(10s - 1ns);
    b.succeed();
    b.expect_half_open();
}

TEST(rule_22_evenness, in_any_arrivals_the_admitted_differ_from_the_share_by_at_most_one) {
    for (const double share : {0.001, 0.01, 0.1, 0.25, 1.0 / 3, 0.5, 0.618, 0.75, 0.9, 0.99, 1.0}) {
        auto b = bench_of(ramping(share, 1h));
        begin_ramp(b);
        double run = 0, highest = 0, lowest = 0;  // admitted - share * arrivals, so far
        for (int k = 0; k < 5'000; ++k) {
            run += (b.admits() ? 1.0 : 0.0) - share;
            highest = std::max(highest, run);
            lowest = std::min(lowest, run);
        }
        // Any k arrivals in a row differ by no more than the span of the running sum.
        EXPECT_LE(highest - lowest, 1.01) << "share " << share;
    }
}

TEST(rule_22_evenness, holds_while_the_share_grows) {
    auto b = bench_of(ramping(0.1, 30s));
    begin_ramp(b);
    double run = 0, highest = 0, lowest = 0;
    for (int k = 0; k < 3'000; ++k) {
        b.advance(9ms);
        const double share = b.now().admitted_share;
        run += (b.admits() ? 1.0 : 0.0) - share;
        highest = std::max(highest, run);
        lowest = std::min(lowest, run);
    }
    EXPECT_LE(highest - lowest, 1.05);
}

TEST(rule_22_evenness, traffic_of_one_call_a_second_still_progresses) {
    auto b = bench_of(ramping(0.1, 30s));
    begin_ramp(b);
    int admitted = 0;
    for (int second = 0; second < 30; ++second) {
        b.expect_half_open();
        if (auto p = b.it.try_acquire()) {
            (*p).success();
            ++admitted;
        }
        b.advance(1s);
    }
    EXPECT_GE(admitted, 14);  // 0.1 to 1 over 30 calls: 16 and a half on average
    EXPECT_LE(admitted, 18);
    b.succeed();
    b.expect_closed();
}

TEST(rule_22_ramp, refuses_the_rest_and_says_when_to_come_back) {
    auto b = bench_of(ramping(0.01, 60s));
    begin_ramp(b);
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
        const auto answer = b.it.try_acquire();
        if (answer) continue;
        ++refused;
        EXPECT_EQ(answer.error().reason, reject_reason::ramping);
        EXPECT_GT(answer.error().retry_after, 0ns);
        EXPECT_LE(answer.error().retry_after, 60s);
    }
    EXPECT_GE(refused, 98);
    EXPECT_EQ(b.now().totals.rejected_by_reason.at(2), static_cast<std::uint64_t>(refused));
}

TEST(rule_22_ramp, rules_of_closed_trip_it) {
    auto b = bench_of(ramping(1.0, 30s, 3));
    begin_ramp(b);
    b.fail(2);
    b.expect_half_open();
    EXPECT_EQ(b.now().window.failures, 2U);
    b.fail();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::consecutive_failures);
    EXPECT_EQ(b.log.last().from, state::half_open);
    EXPECT_EQ(b.log.last().attempt, 2U);
    EXPECT_EQ(b.retry_after(), 2s);
}

TEST(rule_22_ramp, a_single_failure_does_not_end_it) {
    auto b = bench_of(ramping(1.0, 30s, 3));
    begin_ramp(b);
    b.fail();
    b.expect_half_open();
    b.succeed();
    b.fail(2);
    b.expect_half_open();
}

TEST(rule_22_ramp, has_a_window_of_its_own_without_the_probes) {
    settings s{.trip = {.consecutive_failures = {}, .failure_ratio = 0.5, .minimum_calls = 4},
               .recovery = {.open_for = 1s, .successes_to_close = 3, .ramp = ramp_rule{.over = 30s, .from = 1.0}}};
    auto b = bench_of(s);
    b.fail(3);
    b.break_down();
    b.probe().success();
    b.succeed(2);
    b.expect_half_open();
    EXPECT_EQ(b.now().window.calls, 0U);
    b.fail(2);
    b.succeed();
    b.expect_half_open();
    b.succeed();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::failure_ratio);
    EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 4, .failures = 2, .observed = 0.5, .threshold = 0.5}));
}

TEST(rule_22_ramp, counts_the_verdicts_of_probes_that_are_still_out) {
    settings s = ramping(1.0, 30s, 2);
    s.recovery.probes = 3;
    auto b = bench_of(s);
    b.break_down();
    permit one = b.probe();
    permit two = b.acquire();
    permit three = b.acquire();
    one.success();
    b.expect_half_open();
    two.failure();
    b.expect_half_open();
    EXPECT_EQ(b.now().window.failures, 1U);
    EXPECT_EQ(b.late(), 0U);
    three.failure();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::consecutive_failures);
}

TEST(rule_22_ramp, knows_neither_leases_nor_a_number_of_probes) {
    settings s = ramping(1.0, 1h);
    s.recovery.probes = 2;
    s.recovery.probe_timeout = 10s;
    auto b = bench_of(s);
    b.break_down();
    permit deciding = b.probe();
    permit still_out = b.acquire();
    deciding.success();
    std::vector<permit> many;
    for (int i = 0; i < 50; ++i) many.push_back(b.acquire());
    b.advance(30min);
    EXPECT_TRUE(b.admits());
    b.expect_half_open();
    still_out.success();
    EXPECT_EQ(b.now().window.calls, 1U);
}

TEST(rule_22_ramp, leaves_an_empty_window_to_closed) {
    auto b = bench_of(ramping(1.0, 1s, 3));
    begin_ramp(b);
    b.fail(2);
    b.advance(1s);
    permit first = b.acquire();
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 0U);
    first.failure();
    b.expect_closed();
    EXPECT_EQ(b.now().failures_in_a_row, 1U);
}

TEST(rule_22_ramp, calls_admitted_on_it_are_late_once_it_is_over) {
    auto b = bench_of(ramping(1.0, 1s));
    begin_ramp(b);
    permit on_the_ramp = b.acquire();
    b.advance(1s);
    b.succeed();
    on_the_ramp.failure();
    EXPECT_EQ(b.late(), 1U);
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
}

TEST(rule_22_ramp, a_trip_verdict_opens_it_at_once) {
    auto b = bench_of(ramping(1.0, 30s));
    begin_ramp(b);
    b.settle(verdict::trip(20s));
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::trip_verdict);
    EXPECT_EQ(b.retry_after(), 20s);
}

TEST(rule_22_ramp, begins_at_its_first_share_again_after_a_trip) {
    auto b = bench_of(ramping(0.25, 10s));
    begin_ramp(b);
    b.advance(5s);
    while (b.state() == state::half_open) {
        if (auto p = b.it.try_acquire()) (*p).failure();
    }
    b.probe().success();
    EXPECT_NEAR(b.now().admitted_share, 0.25, 2e-3);
}

}  // namespace
}  // namespace switchgear::rules
