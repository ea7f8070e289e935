// Rules 32 and 33: one clock, and suspensions.
#include <atomic>
#include <chrono>
#include <thread>

#include <switchgear/detail/clock.hpp>
#include <switchgear/ticked_time.hpp>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings judging_slowness() {
    return {.trip = {.consecutive_failures = {},
                     .failure_ratio = {},
                     .slow = slow_rule{.after = 1s, .ratio = 1.0},
                     .window = last{60s},
                     .minimum_calls = 1},
            .recovery = {.open_for = 5s}};
}

TEST(rule_32_clock, alone_moves_the_breaker) {
    auto b = bench_of({.recovery = {.open_for = 1ms}});
    b.break_down();
    for (int i = 0; i < 1'000; ++i) b.refusal();  // real time passes, the clock stands
    EXPECT_EQ(b.retry_after(), 1ms);
    b.advance(1ms);
    EXPECT_TRUE(b.admits());
}

TEST(rule_32_clock, drives_latency_too) {
    auto b = bench_of(judging_slowness());
    permit p = b.acquire();
    b.advance(1s + 1ns);
    p.success();
    b.expect_open();
}

TEST(rule_32_clock, may_be_coarse_for_all_but_latency) {
    // A clock whose coarse reading lags as far as it may.
    struct lagging final : time_source {
        testing::manual_time exact;
        time_point now() const noexcept override { return exact.now(); }
        time_point coarse() const noexcept override { return exact.now() - 10ms; }
    };
    lagging clock;
    settings s = judging_slowness();
    s.recovery.jitter = 0;
    breaker it{"lagging", s, clock};
    {
        auto p = it.try_acquire();
        clock.exact.advance(1s);
        (*p).success();
        EXPECT_EQ(it.observe().current, state::closed);
    }
    auto p = it.try_acquire();
    clock.exact.advance(1s + 1ns);
    (*p).settle(verdict::success());
    EXPECT_EQ(it.observe().totals.slow, 1U);
}

TEST(rule_32_steady_clock, never_goes_back_and_is_coarse_within_its_bounds) {
    const time_source& steady = time_source::steady();
    time_point before = steady.now();
    for (int i = 0; i < 10'000; ++i) {
        const time_point coarse = steady.coarse();
        const time_point after = steady.now();
        EXPECT_LE(before, after);
        EXPECT_LE(coarse, after);
        EXPECT_GE(coarse, before - 10ms);
        before = after;
    }
}

TEST(rule_32_steady_clock, stands_still_between_its_ticks_where_it_is_coarse) {
    const auto before = time_source::steady().now();
    bool stood_still = false;
    auto last = detail::system_coarse();
    for (int i = 0; i < 10'000 && !stood_still; ++i) {
        const auto next = detail::system_coarse();
        EXPECT_GE(next, last);
        stood_still = next == last;
        last = next;
    }
    EXPECT_TRUE(stood_still);
    EXPECT_GT(last, before - 1s) << "on the same time line";
    EXPECT_LE(last, time_source::steady().now());
}

TEST(rule_32_steady_clock, reports_no_suspension) { EXPECT_EQ(time_source::steady().resumed_at(), time_point::min()); }

TEST(rule_32_ticked_time, is_no_older_than_the_tick_of_whoever_reads_it) {
    // Each reading is later than all before it.
    static thread_local duration::rep mine;
    struct : time_source {
        mutable std::atomic<duration::rep> next{1};
        time_point now() const noexcept override { return time_point{duration{mine = next.fetch_add(1)}}; }
    } counter;
    ticked_time ticked{counter};
    const auto tick = [&] {
        for (int i = 0; i < 50'000; ++i) {
            ticked.tick();
            ASSERT_GE(ticked.coarse().time_since_epoch().count(), mine);
        }
    };
    std::jthread other{tick};
    tick();
}

TEST(rule_33_suspension, finds_deadlines_passed) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.break_down();
    b.clock.suspend(1h);
    EXPECT_TRUE(b.now().probe_due);
    EXPECT_TRUE(b.admits());
    b.expect_half_open();
}

TEST(rule_33_suspension, excuses_the_calls_that_were_in_flight) {
    auto b = bench_of(judging_slowness());
    permit frozen = b.acquire();
    b.clock.suspend(1h);
    frozen.success();
    b.expect_closed();
    EXPECT_EQ(b.now().totals.slow, 0U);
    EXPECT_EQ(b.now().window.calls, 1U);
}

TEST(rule_33_suspension, excuses_a_probe) {
    auto b = bench_of(judging_slowness());
    b.break_down();
    permit probe = b.probe();
    b.clock.suspend(1h);
    probe.success();
    b.expect_closed();
}

TEST(rule_33_suspension, does_not_excuse_a_failure) {
    settings s = judging_slowness();
    s.trip.consecutive_failures = 1;
    auto b = bench_of(s);
    permit frozen = b.acquire();
    b.clock.suspend(1h);
    frozen.failure();
    b.expect_open();
}

TEST(rule_33_suspension, excuses_nothing_that_began_after_it) {
    auto b = bench_of(judging_slowness());
    b.clock.suspend(1h);
    permit p = b.acquire();
    b.advance(2s);
    p.success();
    b.expect_open();
}

TEST(rule_33_suspension, is_a_matter_of_its_own_calls_only) {
    auto b = bench_of(judging_slowness());
    permit before = b.acquire();
    b.advance(2s);
    before.success();  // was slow before anything was frozen
    b.expect_open();
}

}  // namespace
}  // namespace switchgear::rules
