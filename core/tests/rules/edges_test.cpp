// The edges of the rules: what happens just at a bound, for the second time, or with nothing there.
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

/// Opens at the first failure.
settings fragile(recovery_rules recovery = {}) {
    settings s{.trip = no_rules(), .recovery = recovery};
    s.trip.consecutive_failures = 1;
    return s;
}

/// Judges slowness: longer than a second is slow, and one slow call of one trips.
settings judging_slowness() {
    settings s = fragile({.open_for = 5s});
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
    s.trip.minimum_calls = 1;
    return s;
}

// ---- rule 7

TEST(rule_07_runs, shown_are_those_of_the_present_window) {
    auto b = bench_of({.trip = no_rules()});
    b.fail(3);
    EXPECT_EQ(b.now().failures_in_a_row, 3U);
    b.succeed();
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
    b.fail(2);
    b.it.reset(by("alice"));
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
    b.fail();
    EXPECT_EQ(b.now().failures_in_a_row, 1U);
}

// ---- rule 8

TEST(rule_08_window_of_calls, forgets_slow_calls_as_they_leave) {
    settings s{.trip = no_rules()};
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
    s.trip.window = last_calls{3};
    s.trip.minimum_calls = 3;
    auto b = bench_of(s);
    b.take(2s);
    b.succeed(2);
    EXPECT_EQ(b.now().window.slow, 1U);
    b.succeed();
    EXPECT_EQ(b.now().window.slow, 0U);
    EXPECT_EQ(b.now().window.calls, 3U);
}

// ---- rule 10

TEST(rule_10_overdue, as_the_first_evidence_of_a_window_is_counted) {
    settings s = judging_slowness();
    s.trip.consecutive_failures = 2;
    s.trip.slow->ratio = 1.0;
    s.trip.minimum_calls = 2;
    auto b = bench_of(s);
    b.fail();
    b.it.reset(by("alice"));
    permit p = b.acquire();
    b.advance(2s);
    p.overdue();
    EXPECT_EQ(b.now().window.slow, 1U);
    EXPECT_EQ(b.now().window.calls, 1U);
    p.success();
    EXPECT_EQ(b.now().window.calls, 1U);
}

TEST(rule_10_overdue, of_a_probe_reopens_with_its_evidence) {
    auto b = bench_of(judging_slowness());
    b.break_down();
    permit p = b.probe();
    b.advance(2s);
    p.overdue();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::probe_failed);
    EXPECT_EQ(b.log.last().evidence, (evidence{1, 0, 1, 1, 1}));
    p.success();
    EXPECT_EQ(b.late(), 1U);
}

TEST(rule_10_overdue, of_a_probe_whose_lease_ran_out_says_nothing_more) {
    settings s = judging_slowness();
    s.recovery.probe_timeout = 3s;
    auto b = bench_of(s);
    b.break_down();
    permit p = b.probe();
    b.advance(3s);
    b.refusal();
    b.expect_open();
    const auto told = b.log.size();
    p.overdue();
    EXPECT_EQ(b.log.size(), told);
    EXPECT_EQ(b.epoch(), b.log.last().epoch);
}

TEST(rule_10_overdue, of_an_earlier_epoch_says_nothing) {
    settings s = judging_slowness();
    auto b = bench_of(s);
    permit p = b.acquire();
    b.it.trip(by("alice"));
    b.it.reset(by("alice"));
    b.advance(2s);
    p.overdue();
    b.expect_closed();
    EXPECT_EQ(b.now().window.slow, 0U);
}

TEST(rule_10_overdue, says_nothing_once_a_reload_took_the_slow_rule_away) {
    settings s = judging_slowness();
    auto b = bench_of(s);
    permit p = b.acquire();
    s.trip.slow.reset();
    b.it.apply(s);
    b.advance(1h);
    p.overdue();
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 0U);
}

TEST(rule_10_overdue, and_answered_say_nothing_after_the_verdict) {
    auto b = bench_of(judging_slowness());
    permit p = b.acquire();
    p.success();
    b.advance(2s);
    p.answered();
    p.overdue();
    b.expect_closed();
    EXPECT_EQ(b.now().window.slow, 0U);
}

// ---- rule 11

TEST(rule_11_jitter, of_a_seed_is_the_same_in_every_build) {
    bench b{fragile({.open_for = 100s, .backoff = 1, .max_open_for = 100s, .jitter = 0.5, .jitter_seed = 7})};
    // SplitMix64 from the seed on, as its authors publish it.
    std::uint64_t state = 7;
    for (int i = 0; i < 5; ++i) {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        z ^= z >> 31;
        const double share = static_cast<double>(z >> 11) / static_cast<double>(std::uint64_t{1} << 53);
        const double nanoseconds = 100e9 * (1.0 + 0.5 * (2.0 * share - 1.0));
        b.break_down();
        EXPECT_NEAR(static_cast<double>(b.log.last().pause.count()), nanoseconds, 2.0);
        b.wait_for_pause();
        b.succeed();
    }
}

TEST(rule_11_jitter, begins_anew_with_a_seed_that_a_reload_brings) {
    settings s = fragile({.open_for = 50s, .jitter = 0.5, .jitter_seed = 7});
    const auto pauses = [](bench& b) {
        std::vector<duration> seen;
        for (int i = 0; i < 3; ++i) {
            b.break_down();
            seen.push_back(b.log.last().pause);
            b.it.reset(by("alice"));
        }
        return seen;
    };
    bench fresh{s};
    const auto expected = pauses(fresh);
    settings other = s;
    other.recovery.jitter_seed = 8;
    bench reloaded{other};
    EXPECT_NE(pauses(reloaded), expected);
    reloaded.it.apply(s);
    EXPECT_EQ(pauses(reloaded), expected);
}

TEST(rule_11_jitter, goes_on_over_a_reload_that_keeps_the_seed) {
    settings s = fragile({.open_for = 50s, .jitter = 0.5, .jitter_seed = 7});
    bench b{s};
    b.break_down();
    const duration first = b.log.last().pause;
    b.it.reset(by("alice"));
    s.recovery.probes = 2;
    b.it.apply(s);
    b.break_down();
    EXPECT_NE(b.log.last().pause, first);
}

// ---- rule 16

TEST(rule_16_health_check, that_failed_for_no_time_leaves_a_probe_due) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.it.end_pause();
    b.it.extend_pause(0s);
    b.it.extend_pause(-1s);
    EXPECT_EQ(b.retry_after(), 0s);
    EXPECT_TRUE(b.now().probe_due);
}

TEST(rule_16_health_check, that_failed_puts_off_by_as_little_as_it_says) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.it.end_pause();
    b.it.extend_pause(1ns);
    EXPECT_EQ(b.refusal().retry_after, 1ns);
}

TEST(rule_16_health_check, that_failed_for_ever_never_comes_due) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.it.extend_pause(duration::max());
    b.advance(24h * 365);
    EXPECT_GT(b.refusal().retry_after, 24h * 365);
}

// ---- rules 17 and 20

TEST(rule_20_lease, that_began_at_any_tick_is_kept) {
    // 2^52 ticks, and those around it.
    for (const duration off : {-2ns, -1ns, 0ns, 1ns}) {
        auto b = bench_of(fragile({.open_for = 5s, .probe_timeout = 30s}));
        b.advance(duration{std::int64_t{1} << 52} + off - b.clock.now().time_since_epoch() - 5s);
        b.break_down();
        permit p = b.probe();
        EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
        b.expect_half_open();
        p.success();
        b.expect_closed();
    }
}

TEST(rule_20_lease, is_kept_in_every_epoch) {
    for (const bool odd : {false, true}) {
        auto b = bench_of(fragile({.open_for = 1ms, .backoff = 1, .max_open_for = 1ms}));
        b.break_down();
        if (odd) {
            b.probe().success();
            b.break_down();
        }
        // From here on every other epoch is half-open: beyond 2^16 of them.
        for (std::uint64_t epoch = 0; epoch < 65'600;) {
            permit p = b.probe();
            epoch = p.epoch();
            ASSERT_EQ(b.refusal().reason, reject_reason::probes_busy) << epoch;
            p.failure();
        }
        b.expect_open();
    }
}

TEST(rule_20_lease, refused_are_told_of_the_oldest) {
    auto b = bench_of(fragile({.open_for = 5s, .probes = 3, .probe_timeout = 30s}));
    b.break_down();
    permit first = b.probe();
    b.advance(10s);
    permit second = b.acquire();
    permit third = b.acquire();
    EXPECT_EQ(b.refusal().retry_after, 20s);
    EXPECT_EQ(b.retry_after(), 20s);
}

// ---- rule 18

TEST(rule_18_probing, a_failure_tells_what_was_seen) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.probe().failure();
    EXPECT_EQ(b.log.last().cause, cause::probe_failed);
    EXPECT_EQ(b.log.last().evidence, (evidence{1, 1, 0, 1, 1}));
}

TEST(rule_18_probing, a_slow_success_tells_what_was_seen) {
    auto b = bench_of(judging_slowness());
    b.break_down();
    permit p = b.probe();
    b.advance(2s);
    p.success();
    EXPECT_EQ(b.log.last().cause, cause::probe_failed);
    EXPECT_EQ(b.log.last().evidence, (evidence{1, 0, 1, 1, 1}));
}

TEST(rule_20_lease, that_ran_out_tells_what_was_seen) {
    auto b = bench_of(fragile({.open_for = 5s, .probe_timeout = 30s}));
    b.break_down();
    permit p = b.probe();
    b.advance(30s);
    b.refusal();
    EXPECT_EQ(b.log.last().cause, cause::probe_expired);
    EXPECT_EQ(b.log.last().evidence, (evidence{1, 1, 0, 1, 1}));
}

TEST(rule_09_trip_verdict, tells_what_was_seen) {
    auto b = bench_of({.trip = no_rules()});
    b.succeed(2);
    b.break_down();
    EXPECT_EQ(b.log.last().cause, cause::trip_verdict);
    EXPECT_EQ(b.log.last().evidence, (evidence{3, 1, 0, 1, 1}));
}

}  // namespace
}  // namespace switchgear::rules
