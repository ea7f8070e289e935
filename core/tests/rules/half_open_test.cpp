// Rules 16 to 18, 21 and 23: probing. Probes that say nothing and leases, rules 19 and 20: leases_test.cpp. The ramp,
// rule 22: ramp_test.cpp.
#include <cstdint>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings probing(recovery_rules recovery) { return {.trip = {.consecutive_failures = 2}, .recovery = recovery}; }

// ---- rule 16

TEST(rule_16_first_caller, at_the_deadline_moves_to_half_open) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    const std::uint64_t epoch = b.epoch();
    b.advance(5s - 1ns);
    b.refusal();
    b.expect_open();
    b.advance(1ns);
    b.expect_open();
    permit probe = b.acquire();
    b.expect_half_open();
    EXPECT_EQ(b.epoch(), epoch + 1);
    EXPECT_EQ(b.log.count(state::open, state::half_open), 1U);
    EXPECT_EQ(b.log.last().cause, cause::pause_over);
    EXPECT_EQ(b.log.last().pause, 0ns);
    EXPECT_EQ(b.log.last().attempt, 1U);
}

TEST(rule_16_first_caller, moves_it_however_late_he_comes) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    b.advance(24h * 1'000);
    EXPECT_TRUE(b.admits());
    b.expect_half_open();
}

TEST(rule_16_health_check, that_passed_ends_the_pause_early) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    const std::uint64_t epoch = b.epoch();
    b.it.end_pause();
    EXPECT_EQ(b.state(), state::open);
    EXPECT_TRUE(b.now().probe_due);
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_EQ(b.retry_after(), 0ns);
    permit probe = b.acquire();
    b.expect_half_open();
    EXPECT_EQ(b.now().totals.successes, 0U);
}

TEST(rule_16_health_check, that_failed_puts_the_probe_off) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    b.advance(3s);
    b.it.extend_pause(7s);
    EXPECT_EQ(b.retry_after(), 7s);
    b.advance(7s - 1ns);
    EXPECT_EQ(b.refusal().reason, reject_reason::open);
    b.advance(1ns);
    EXPECT_TRUE(b.admits());
}

TEST(rule_16_health_check, that_failed_never_shortens_the_pause) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    b.it.extend_pause(1s);
    b.it.extend_pause(-1h);
    EXPECT_EQ(b.retry_after(), 5s);
}

TEST(rule_16_health_check, that_failed_while_a_probe_runs_changes_nothing) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    const permit running = b.probe();
    const std::string before = b.it.save();
    b.it.extend_pause(1h);
    EXPECT_EQ(b.it.save(), before);
}

TEST(rule_16_health_check, that_failed_puts_off_a_probe_that_was_due) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.break_down();
    b.advance(1h);
    EXPECT_TRUE(b.now().probe_due);
    b.it.extend_pause(2s);
    EXPECT_FALSE(b.now().probe_due);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 2s}));
}

TEST(rule_16_health_check, says_nothing_unless_open) {
    auto b = bench_of(probing({.open_for = 5s}));
    b.it.end_pause();
    b.it.extend_pause(1h);
    b.expect_closed();
    EXPECT_TRUE(b.admits());

    b.break_down();
    permit probe = b.probe();
    b.it.end_pause();
    b.it.extend_pause(1h);
    b.expect_half_open();
    probe.success();
    b.expect_closed();
}

TEST(rule_16_health_check, does_not_change_the_attempt_or_the_backoff) {
    auto b = bench_of(probing({.open_for = 1s}));
    b.break_down();
    b.it.extend_pause(30s);
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 2s);
    EXPECT_EQ(b.now().attempt, 2U);
}

// ---- rule 17

TEST(rule_17_probes, are_limited_while_outstanding) {
    for (const std::uint32_t limit : {1U, 2U, 3U, 7U, 64U, 65U, 1'024U}) {
        auto b = bench_of(probing({.probes = limit, .successes_to_close = 10'000}));
        b.break_down();
        std::vector<permit> out;
        out.push_back(b.probe());
        while (out.size() < limit) out.push_back(b.acquire());
        for (int i = 0; i < 5; ++i) EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
        out.back().success();
        out.pop_back();
        out.push_back(b.acquire());
        EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
        b.expect_half_open();
    }
}

TEST(rule_17_probes, refused_are_told_the_time_to_the_earliest_lease_expiry) {
    auto b = bench_of(probing({.probes = 3, .successes_to_close = 10, .probe_timeout = 10s}));
    b.break_down();
    permit first = b.probe();
    b.advance(1s);
    permit second = b.acquire();
    b.advance(1s);
    permit third = b.acquire();
    b.advance(1s);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::probes_busy, 7s}));
    first.success();
    permit fourth = b.acquire();
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::probes_busy, 8s}));
    EXPECT_EQ(b.retry_after(), 8s) << "a view says the same";
    EXPECT_EQ(b.now().admitted_share, 0);
    second.answered();
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::probes_busy, 9s}));
}

TEST(rule_17_probes, refused_are_told_of_the_oldest_lease_where_fewer_are_allowed_by_now) {
    auto b = bench_of(probing({.probes = 2, .successes_to_close = 10, .probe_timeout = 10s}));
    b.break_down();
    permit first = b.probe();
    permit second = b.acquire();
    first.success();
    b.advance(3s);
    permit younger = b.acquire();
    b.it.apply(probing({.probes = 1, .successes_to_close = 10, .probe_timeout = 10s}));
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::probes_busy, 7s}));
}

TEST(rule_17_probes, refused_are_told_a_time_even_when_no_lease_runs) {
    auto b = bench_of(probing({.probe_timeout = 10s}));
    b.break_down();
    permit download = b.probe();
    download.answered();
    const rejection refused = b.refusal();
    EXPECT_EQ(refused.reason, reject_reason::probes_busy);
    EXPECT_GT(refused.retry_after, 0ns);
}

// ---- rule 18

TEST(rule_18_probing, ends_with_enough_successes) {
    auto b = bench_of(probing({.probes = 2, .successes_to_close = 3}));
    b.break_down();
    b.probe().success();
    b.succeed();
    b.expect_half_open();
    EXPECT_EQ(b.now().admitted_share, 0);
    const std::uint64_t epoch = b.epoch();
    b.succeed();
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch + 1);
    EXPECT_EQ(b.log.last().cause, cause::probes_succeeded);
}

TEST(rule_18_probing, successes_need_not_be_in_flight_together) {
    auto b = bench_of(probing({.probes = 1, .successes_to_close = 1'000}));
    b.break_down();
    b.probe().success();
    b.succeed(998);
    b.expect_half_open();
    b.succeed();
    b.expect_closed();
}

TEST(rule_18_probing, a_failure_reopens_at_once) {
    auto b = bench_of(probing({.open_for = 1s, .probes = 3, .successes_to_close = 3}));
    b.break_down();
    permit one = b.probe();
    permit two = b.acquire();
    permit three = b.acquire();
    one.success();
    two.failure(failure_class::unreachable);
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::probe_failed);
    EXPECT_EQ(b.log.last().from, state::half_open);
    EXPECT_EQ(b.retry_after(), 2s);
    three.success();
    b.expect_open();
    EXPECT_EQ(b.late(), 1U);
}

TEST(rule_18_probing, begins_anew_after_each_pause) {
    auto b = bench_of(probing({.successes_to_close = 3}));
    b.break_down();
    b.probe().success();
    b.succeed();
    b.fail();
    b.expect_open();
    b.probe().success();
    b.succeed();
    b.expect_half_open();
    b.succeed();
    b.expect_closed();
}

TEST(rule_18_probing, a_failure_of_weight_zero_gives_the_slot_back_and_proves_nothing) {
    settings s = probing({});
    s.trip.weights.custom_1 = 0;
    auto b = bench_of(s);
    b.break_down();
    b.probe().failure(failure_class::custom_1);
    b.fail(20, failure_class::custom_1);
    b.expect_half_open();
    b.succeed();
    b.expect_closed();
}

TEST(rule_18_probing, a_slow_success_reopens_where_a_slow_rule_is_on) {
    settings s = probing({.open_for = 1s});
    s.trip.slow = slow_rule{.after = 1s};
    auto b = bench_of(s);
    b.break_down();
    permit probe = b.probe();
    b.advance(1s + 1ns);
    probe.success();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::probe_failed);
}

TEST(rule_18_probing, a_success_just_in_time_is_not_slow) {
    settings s = probing({});
    s.trip.slow = slow_rule{.after = 1s};
    auto b = bench_of(s);
    b.break_down();
    permit probe = b.probe();
    b.advance(1s);
    probe.success();
    b.expect_closed();
}

TEST(rule_18_probing, a_long_success_closes_where_no_slow_rule_is_on) {
    auto b = bench_of(probing({.probe_timeout = 1h}));
    b.break_down();
    permit probe = b.probe();
    b.advance(59min);
    probe.success();
    b.expect_closed();
}

TEST(rule_18_probing, a_probe_that_was_answered_in_time_is_not_slow) {
    settings s = probing({.probe_timeout = 30s});
    s.trip.slow = slow_rule{.after = 1s};
    auto b = bench_of(s);
    b.break_down();
    permit probe = b.probe();
    b.advance(1s);
    probe.answered();
    b.advance(1h);
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    probe.success();
    b.expect_closed();
}

TEST(rule_18_probing, numbers_that_cannot_be_reached_are_refused) {
    settings s = probing({.successes_to_close = 0});
    EXPECT_THROW(breaker("x", s), invalid_settings);
    s = probing({.probes = 0});
    EXPECT_THROW(breaker("x", s), invalid_settings);
    s = {};
    s.trip.window = last_calls{10};
    s.trip.minimum_calls = 11;
    EXPECT_THROW(breaker("x", s), invalid_settings);
}

// ---- rule 21

TEST(rule_21_late_verdicts, say_nothing_about_the_probe) {
    auto b = bench_of(probing({.open_for = 5s}));
    permit straggler = b.acquire();  // admitted while closed
    b.fail(2);                       // trips
    b.advance(5s);
    permit probe = b.acquire();  // half-open now

    straggler.success();  // late good news

    b.expect_half_open();
    EXPECT_EQ(b.late(), 1U);
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);  // no slot freed either
    probe.failure();
    b.expect_open();
}

TEST(rule_21_late_verdicts, of_a_failure_do_not_reopen) {
    auto b = bench_of(probing({}));
    permit straggler = b.acquire();
    permit tripping = b.acquire();
    b.break_down();
    permit probe = b.probe();
    straggler.failure();
    tripping.settle(verdict::trip(1h));
    b.expect_half_open();
    probe.success();
    b.expect_closed();
}

TEST(rule_21_late_verdicts, of_an_earlier_probing_free_no_slot_of_this_one) {
    auto b = bench_of(probing({.probes = 2, .successes_to_close = 2}));
    b.break_down();
    permit old_one = b.probe();
    permit old_two = b.acquire();
    old_one.failure();
    permit one = b.probe();
    permit two = b.acquire();
    old_two.success();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    one.success();
    b.expect_half_open();
    two.success();
    b.expect_closed();
}

TEST(rule_21_late_verdicts, that_are_dropped_free_no_slot) {
    auto b = bench_of(probing({}));
    b.break_down();
    permit old = b.probe();
    b.advance(1h);
    b.refusal();  // the lease ran out: open again
    permit probe = b.probe();
    old.ignore();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
}

// ---- rule 23

TEST(rule_23_after_closing, old_evidence_cannot_trip_again) {
    for (const window& w : std::vector<window>{last{1h}, last_calls{100}}) {
        auto b = bench_of({.trip = {.consecutive_failures = 5,
                                    .failures = 5,
                                    .failure_ratio = 0.5,
                                    .limits = {.error = 5},
                                    .window = w,
                                    .minimum_calls = 5}});
        b.fail(5);
        b.expect_open();
        b.probe().success();
        b.expect_closed();
        EXPECT_EQ(b.now().window.calls, 0U);
        EXPECT_EQ(b.now().window.failures, 0U);
        EXPECT_EQ(b.now().failures_in_a_row, 0U);
        b.fail(4);
        b.expect_closed();
        b.fail();
        b.expect_open();
    }
}

TEST(rule_23_after_closing, slow_calls_are_forgotten_too) {
    auto b = bench_of({.trip = {.consecutive_failures = {},
                                .failure_ratio = {},
                                .slow = slow_rule{.after = 1s, .ratio = 1.0},
                                .window = last{1h},
                                .minimum_calls = 3}});
    b.take(2s, 3);
    b.expect_open();
    b.probe().success();
    b.take(2s, 2);
    b.expect_closed();
    EXPECT_EQ(b.now().window.slow, 2U);
}

}  // namespace
}  // namespace switchgear::rules
