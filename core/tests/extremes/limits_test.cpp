// A clock that stands still, one that jumps, a process that was suspended, and settings at both ends of
// their ranges.
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "../rules/bench.hpp"

namespace switchgear::extremes {
namespace {

using namespace std::chrono_literals;
using rules::bench;
using rules::bench_of;
using rules::no_rules;

const std::vector<window> windows{last{1s}, last{1h}, last_calls{1}, last_calls{65'536}};

// ---- a clock that stands still

TEST(clock_that_stands_still, closes_nothing_and_counts_everything) {
    for (const window& w : windows) {
        settings s{.trip = no_rules()};
        s.trip.window = w;
        s.trip.slow = slow_rule{.after = 1ms, .ratio = 1};
        s.trip.minimum_calls = 1;
        auto b = bench_of(s);
        b.succeed(1'000);
        b.fail(10);
        const auto* calls = std::get_if<last_calls>(&w);
        EXPECT_EQ(b.now().window.calls, calls != nullptr && calls->count == 1 ? 1U : 1'010U);
        EXPECT_EQ(b.now().window.slow, 0U);
        b.expect_closed();
    }
}

TEST(clock_that_stands_still, keeps_it_open_with_the_same_wait) {
    auto b = bench_of({.recovery = {.open_for = 1ms}});
    b.break_down();
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(b.refusal(), (rejection{reject_reason::open, 1ms}));
}

TEST(clock_that_stands_still, keeps_a_lease_running) {
    auto b = bench_of({.recovery = {.open_for = 1ms, .probe_timeout = 1ms}});
    b.break_down();
    const permit probe = b.probe();
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(b.refusal(), (rejection{reject_reason::probes_busy, 1ms}));
}

TEST(clock_that_stands_still, lets_a_share_of_the_ramp_through) {
    auto b = bench_of({.recovery = {.ramp = ramp_rule{.over = 24h, .from = 0.1}}});
    b.break_down();
    b.probe().success();
    int admitted = 0;
    for (int i = 1; i <= 10'000; ++i) {
        auto p = b.it.try_acquire();
        if (p) {
            ++admitted;
            (*p).success();
        } else {
            ASSERT_EQ(p.error().reason, reject_reason::ramping);
            ASSERT_GT(p.error().retry_after, 0ns);
        }
        ASSERT_NEAR(admitted, i * 0.1, 1.0 + 1e-3);
    }
}

TEST(clock_that_stands_still, waits_a_positive_time_under_force_open) {
    auto b = bench_of();
    b.it.force_open(rules::by("alice"));
    EXPECT_GT(b.refusal().retry_after, 0ns);
    b.it.force_open(rules::by("alice", b.clock.now()));
    EXPECT_TRUE(b.admits()) << "an end in the present is over: open, probe due";
}

// ---- a clock that jumps

TEST(clock_that_jumps, over_hours_ends_every_wait_and_empties_windows) {
    for (const auto jump : {1h, 24h, 24h * 365}) {
        auto b = bench_of({.recovery = {.open_for = 1min, .probe_timeout = 1min, .ramp = ramp_rule{.over = 1min}}});
        b.succeed(10);
        b.advance(jump);
        EXPECT_EQ(b.now().window.calls, 0U);
        b.break_down();
        b.advance(jump);
        permit lost = b.acquire();
        b.expect_half_open();
        b.advance(jump);
        EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 1min})) << "its lease ran out; the pause begins now";
        b.advance(jump);
        b.acquire().success();
        b.expect_half_open();
        b.advance(jump);
        b.succeed();
        b.expect_closed();
        lost.success();
        EXPECT_EQ(b.late(), 1U);
    }
}

// ---- rule 33

settings with_slow_rule() {
    settings s{.trip = no_rules(),
               .recovery = {.open_for = 1s, .probe_timeout = 1h, .ramp = ramp_rule{.over = 24h, .from = 1}}};
    s.trip.slow = slow_rule{.after = 100ms, .ratio = 0.5};
    s.trip.minimum_calls = 1;
    return s;
}

TEST(suspension, while_closed_calls_that_were_running_are_not_slow) {
    auto b = bench_of(with_slow_rule());
    permit call = b.acquire();
    b.clock.suspend(10min);
    call.overdue();
    call.success();
    b.expect_closed();
    EXPECT_EQ(b.now().totals.slow, 0U);
    b.take(101ms);
    b.expect_open();
}

TEST(suspension, while_a_probe_runs_does_not_make_it_slow) {
    auto b = bench_of(with_slow_rule());
    b.break_down();
    permit probe = b.probe();
    b.clock.suspend(10min);
    probe.overdue();
    probe.success();
    b.expect_half_open();
    EXPECT_EQ(b.now().admitted_share, 1) << "on the ramp";
}

TEST(suspension, longer_than_a_lease_finds_it_passed) {
    auto b = bench_of(with_slow_rule());
    b.break_down();
    permit probe = b.probe();
    b.clock.suspend(2h);
    EXPECT_EQ(b.refusal().reason, reject_reason::open);
    probe.success();
    EXPECT_EQ(b.late(), 1U);
}

TEST(suspension, on_the_ramp_calls_are_not_slow_and_its_time_has_passed) {
    auto b = bench_of(with_slow_rule());
    b.break_down();
    b.probe().success();
    permit call = b.acquire();
    b.clock.suspend(1h);
    call.success();
    b.expect_half_open();
    EXPECT_EQ(b.now().totals.slow, 0U);
    b.clock.suspend(23h);
    b.succeed();
    b.expect_closed();
}

TEST(suspension, while_open_finds_the_probe_due) {
    auto b = bench_of(with_slow_rule());
    b.break_down();
    b.clock.suspend(2s);
    EXPECT_TRUE(b.now().probe_due);
    EXPECT_TRUE(b.admits());
}

// ---- settings at both ends

TEST(smallest_window, of_one_second_forgets_after_one_second) {
    settings s{.trip = no_rules()};
    s.trip.window = last{1s};
    auto b = bench_of(s);
    b.fail(3);
    b.advance(900ms - 1ns);
    EXPECT_EQ(b.now().window.failures, 3U);
    b.advance(100ms + 2ns);
    EXPECT_EQ(b.now().window.failures, 0U);
}

TEST(smallest_window, of_one_call_is_the_last_call) {
    settings s{.trip = no_rules(), .recovery = {}};
    s.trip.failure_ratio = 1;
    s.trip.window = last_calls{1};
    s.trip.minimum_calls = 1;
    auto b = bench_of(s);
    b.succeed(100);
    b.fail();
    b.expect_open();
    EXPECT_EQ(b.log.last().evidence, (evidence{1, 1, 0, 1, 1}));
}

TEST(largest_window, of_an_hour_forgets_after_an_hour) {
    settings s{.trip = no_rules()};
    s.trip.window = last{1h};
    auto b = bench_of(s);
    b.fail(3);
    b.advance(54min - 1ns);
    EXPECT_EQ(b.now().window.failures, 3U);
    b.advance(6min + 2ns);
    EXPECT_EQ(b.now().window.failures, 0U);
}

TEST(largest_window, of_calls_holds_just_65536) {
    settings s{.trip = no_rules()};
    s.trip.failure_ratio = 1;
    s.trip.window = last_calls{65'536};
    s.trip.minimum_calls = 65'536;
    auto b = bench_of(s);
    b.succeed();
    b.fail(65'535);
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 65'536U);
    b.fail();
    b.expect_open();
    EXPECT_EQ(b.log.last().evidence.failures, 65'536U);
}

TEST(largest_minimum, of_calls_waits_for_the_last_of_them) {
    settings s{.trip = no_rules()};
    s.trip.failure_ratio = 0.001;
    s.trip.minimum_calls = 1'000'000'000;
    auto b = bench_of(s);
    b.fail(1'000);
    b.succeed(1'000);
    b.expect_closed();
}

TEST(most_probes, are_all_out_and_ten_thousand_successes_close) {
    auto b = bench_of({.recovery = {.open_for = 1s, .probes = 1'024, .successes_to_close = 10'000}});
    b.break_down();
    std::vector<permit> out;
    out.push_back(b.probe());
    while (out.size() < 1'024) out.push_back(b.acquire());
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    for (permit& p : out) p.success();
    for (int i = 1'024; i < 9'999; ++i) b.succeed();
    b.expect_half_open();
    b.succeed();
    b.expect_closed();
    EXPECT_EQ(b.now().totals.successes, 10'000U);
}

TEST(pauses, of_a_millisecond_and_of_a_day_end_on_their_tick) {
    for (const std::chrono::milliseconds pause : {std::chrono::milliseconds{1}, std::chrono::milliseconds{24h}}) {
        auto b = bench_of({.recovery = {.open_for = pause, .max_open_for = 24h, .probe_timeout = pause}});
        b.break_down();
        EXPECT_EQ(b.refusal().retry_after, pause);
        b.advance(pause - 1ns);
        EXPECT_EQ(b.refusal().retry_after, 1ns);
        b.advance(1ns);
        const permit probe = b.acquire();
        b.advance(pause - 1ns);
        EXPECT_EQ(b.refusal(), (rejection{reject_reason::probes_busy, 1ns}));
        b.advance(1ns);
        EXPECT_EQ(b.refusal().reason, reject_reason::open);
    }
}

TEST(override_that_ran_out, reads_as_a_closed_breaker_does) {
    auto b = bench_of();
    b.it.force_closed(rules::by("alice", b.clock.now() + 1s));
    b.it.trip(rules::by("bob"));  // underneath
    b.advance(2s);
    const snapshot s = b.now();
    b.expect_closed();
    EXPECT_EQ(s.override, override_mode::none);
    EXPECT_EQ(s.attempt, 0U) << "as if lifted (rule 24)";
}

}  // namespace
}  // namespace switchgear::extremes
