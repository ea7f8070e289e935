// Which clock a call reads, and when: the cheap one wherever it cannot tell the wrong side.

#include <optional>
#include <utility>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

/// Opens at the first failure.
settings fragile(recovery_rules recovery = {}) {
    settings s{.trip = no_rules(), .recovery = recovery};
    s.trip.consecutive_failures = 1;
    return s;
}

/// A clock whose coarse reading lags, and that counts who reads the exact one.
struct lagging final : time_source {
    testing::manual_time exact;
    duration lag = 5ms;
    mutable int exact_readings = 0;
    time_point now() const noexcept override { return ++exact_readings, exact.now(); }
    time_point coarse() const noexcept override { return exact.now() - lag; }
};

// ---- rules 13 and 32

TEST(rule_13_refusal, reads_the_exact_clock_only_near_the_deadline) {
    lagging clock;
    settings s = fragile({.open_for = 1s, .jitter = 0});
    breaker it{"lagging", s, clock};
    it.trip(by("alice"));
    const auto refused_after = [&](duration wait) {
        clock.exact.advance(wait);
        clock.exact_readings = 0;
        return it.try_acquire().error().retry_after;
    };
    // Far away the coarse clock will do: never longer than the pause, and too long by its lag at the most.
    EXPECT_EQ(refused_after(0ms), 1s);
    EXPECT_EQ(clock.exact_readings, 0);
    EXPECT_EQ(refused_after(500ms), 505ms);
    EXPECT_EQ(clock.exact_readings, 0);
    // By the coarse clock 10 ms and 1 ns are left: by none is it over.
    EXPECT_EQ(refused_after(495ms - 1ns), 10ms + 1ns);
    EXPECT_EQ(clock.exact_readings, 0);
    EXPECT_EQ(refused_after(1ns), 5ms);
    EXPECT_EQ(clock.exact_readings, 1);
    EXPECT_EQ(refused_after(5ms - 1ns), 1ns);
    clock.exact.advance(1ns);
    EXPECT_TRUE(it.try_acquire().has_value());
}

TEST(rule_17_probes, refused_read_the_exact_clock_only_near_the_end_of_a_lease) {
    lagging clock;
    settings s = fragile({.open_for = 1s, .jitter = 0, .probe_timeout = 1s});
    breaker it{"lagging", s, clock};
    it.trip(by("alice"));
    clock.exact.advance(1s);
    auto probe = it.try_acquire();
    ASSERT_TRUE(probe.has_value());
    const auto refused_after = [&](duration wait) {
        clock.exact.advance(wait);
        clock.exact_readings = 0;
        return it.try_acquire().error().retry_after;
    };
    // The coarse clock is still behind the lease's beginning.
    EXPECT_EQ(refused_after(0ms), 1s);
    EXPECT_EQ(clock.exact_readings, 0);
    EXPECT_EQ(refused_after(500ms), 505ms);
    EXPECT_EQ(clock.exact_readings, 0);
    EXPECT_EQ(refused_after(495ms - 1ns), 10ms + 1ns);
    EXPECT_EQ(clock.exact_readings, 0);
    EXPECT_EQ(refused_after(1ns), 5ms);
    EXPECT_EQ(clock.exact_readings, 1);
    EXPECT_EQ(refused_after(5ms - 1ns), 1ns);
    EXPECT_EQ(it.observe().current, state::half_open);
    // The lease is over at its end, not after it.
    clock.exact.advance(1ns);
    EXPECT_FALSE(it.try_acquire().has_value());
    EXPECT_EQ(it.observe().current, state::open);
}

TEST(rule_20_lease, that_ran_out_is_scored_at_a_time_read_after_it_was_found) {
    // Each reading of the exact clock takes a millisecond.
    struct : time_source {
        mutable testing::manual_time exact;
        time_point now() const noexcept override { return exact.advance(1ms), exact.now(); }
        time_point coarse() const noexcept override { return exact.now(); }
    } clock;
    breaker it{"slow to read", fragile({.open_for = 1s, .jitter = 0, .probe_timeout = 1s}), clock};
    const testing::event_log log{it};
    it.trip(by("alice"));
    clock.exact.advance(1s);
    const auto lost = it.try_acquire();
    ASSERT_TRUE(lost.has_value());
    clock.exact.advance(1s);
    const auto before = clock.exact.now();
    EXPECT_FALSE(it.try_acquire().has_value());
    EXPECT_EQ(log.last().cause, cause::probe_expired);
    EXPECT_EQ(log.last().at, before + 2ms);
}

/// Makes calls, and says how often each clock was read for one.
struct metered {
    struct : time_source {
        testing::manual_time exact;
        mutable int exact_readings = 0, coarse_readings = 0;
        time_point now() const noexcept override { return ++exact_readings, exact.now(); }
        time_point coarse() const noexcept override { return ++coarse_readings, exact.now(); }
    } clock;
    breaker it;

    explicit metered(const trip_rules& by) : it{"metered", {.trip = by, .recovery = {.jitter = 0}}, clock} {}
    void fail(int n) {
        for (int i = 0; i < n; ++i) it.try_acquire()->failure();
    }
    void expect_reads(int exact, int coarse, const char* when) {
        clock.exact_readings = clock.coarse_readings = 0;
        it.try_acquire()->success();
        EXPECT_EQ(clock.exact_readings, exact) << when;
        EXPECT_EQ(clock.coarse_readings, coarse) << when;
    }
};

TEST(rule_32_clock, is_not_read_by_a_healthy_call_that_needs_none) {
    trip_rules by = no_rules();
    by.failure_ratio = 0.5;
    by.minimum_calls = 20;
    by.window = last_calls{100};
    metered m{by};
    m.expect_reads(0, 0, "healthy");
    m.it.reset(order{"r", "a"});
    m.fail(5);
    // Five of ten would be enough, but for the minimum of twenty; five of twenty are too few.
    for (int i = 1; i <= 10; ++i) m.expect_reads(0, 0, "no success can trip");
    m.it.try_acquire()->success();  // finds that none can
    for (int i = 0; i < 20; ++i) m.expect_reads(0, 0, "no success can trip any more");
}

TEST(rule_32_clock, is_not_read_once_no_success_can_trip) {
    trip_rules by = no_rules();
    by.failure_ratio = 0.5;
    by.minimum_calls = 20;
    by.window = last_calls{100};
    metered m{by};
    m.fail(8);
    for (int i = 1; i <= 11; ++i) m.expect_reads(0, 0, "19 calls at most: the minimum is not reached");
    m.it.try_acquire()->success();
    for (int i = 0; i < 20; ++i) m.it.try_acquire()->success();
    for (int i = 0; i < 20; ++i) m.expect_reads(0, 0, "long healthy again");
}

TEST(rule_32_clock, is_read_as_often_for_a_success_whichever_way_it_is_told) {
    trip_rules by = no_rules();
    by.window = last_calls{100};
    by.slow = slow_rule{.after = 1s};
    metered m{by};
    m.expect_reads(1, 1, "once exactly at the start, and coarsely at the end");
    m.clock.exact_readings = m.clock.coarse_readings = 0;
    m.it.try_acquire()->settle(verdict::success());
    EXPECT_EQ(m.clock.exact_readings, 1);
    EXPECT_EQ(m.clock.coarse_readings, 1);
}

TEST(rule_32_clock, is_read_once_and_coarsely_for_a_window_of_time) {
    for (const bool failed_before : {false, true}) {
        trip_rules by = no_rules();
        by.window = last{16s};
        metered m{by};
        if (failed_before) m.fail(2);
        for (int i = 0; i < 5; ++i) m.expect_reads(0, 1, "in the first bucket");
        m.clock.exact.advance(2s);
        m.it.try_acquire()->success();  // moves the window
        for (int i = 0; i < 5; ++i) m.expect_reads(0, 1, "in a later bucket");
        m.clock.exact.advance(999ms);
        m.expect_reads(0, 2, "moving the window");
    }
}

TEST(rule_32_clock, is_read_exactly_at_both_ends_where_only_that_can_tell_a_slow_call) {
    trip_rules by = no_rules();
    by.window = last_calls{100};
    by.slow = slow_rule{.after = 5ms};
    metered quick{by};
    quick.expect_reads(2, 0, "a slow rule of 5 ms");
    by.slow.reset();
    by.adaptive.emplace();
    by.window = last{16s};
    metered watched{by};
    for (int i = 0; i < 1'000; ++i) watched.expect_reads(2, 0, "the adaptive rule");
    watched.clock.exact.advance(999ms);  // the first bucket is over
    watched.it.try_acquire()->success();
    watched.expect_reads(2, 0, "the adaptive rule, in a later bucket");
}

TEST(rule_32_clock, is_read_twice_under_the_adaptive_rule_for_every_call_that_is_not_slow) {
    trip_rules by = no_rules();
    by.window = last_calls{100};
    by.adaptive.emplace();
    metered m{by};
    const auto reads_for = [&m](duration took) {
        m.clock.exact_readings = 0;
        auto p = m.it.try_acquire();
        m.clock.exact.advance(took);
        p->success();
        return m.clock.exact_readings;
    };
    for (int i = 0; i < 2'000; ++i) ASSERT_EQ(reads_for(10ms), 2) << i;
    const std::optional<duration> limit = m.it.slow_limit();
    ASSERT_TRUE(limit);
    EXPECT_EQ(reads_for(*limit), 2);
    EXPECT_GT(reads_for(*limit + 1ns), 2) << "by whether the process was suspended, too";
}

TEST(rule_32_clock, is_not_read_for_an_answer_that_ends_where_time_does_not_matter) {
    trip_rules by = no_rules();
    by.window = last_calls{100};
    metered m{by};
    m.clock.exact_readings = 0;
    permit p = std::move(*m.it.try_acquire());
    p.answered();
    p.success();
    EXPECT_EQ(m.clock.exact_readings + m.clock.coarse_readings, 0);
    EXPECT_EQ(m.it.observe().window.calls, 1U);
}

// ---- rules 4 and 8

TEST(rule_08_window_of_time, is_moved_by_the_exact_clock_before_a_success_trips) {
    for (const auto& [later, expected] : {std::pair{1590ms, state::open}, std::pair{1602ms, state::closed}}) {
        lagging clock;
        settings s{.trip = no_rules()};
        s.trip.failure_ratio = 0.5;
        s.trip.minimum_calls = 4;
        s.trip.window = last{1610ms};  // buckets of 100 ms
        breaker it{"lagging", s, clock};
        for (int i = 0; i < 3; ++i) it.try_acquire()->failure();
        clock.exact.advance(later);
        it.try_acquire()->success();
        EXPECT_EQ(it.observe().current, expected) << later.count();
    }
}

TEST(rule_08_window_of_time, counts_a_success_at_the_end_of_a_bucket_in_the_next_one) {
    for (const bool watched : {false, true}) {
        settings s{.trip = no_rules()};
        s.trip.window = last{1610ms};  // buckets of 100 ms
        if (watched) s.trip.adaptive.emplace();
        auto b = bench_of(s);
        b.advance(100ms);
        b.succeed();
        b.advance(1500ms);
        EXPECT_EQ(b.now().window.calls, 1U) << watched;
        b.advance(100ms);
        EXPECT_EQ(b.now().window.calls, 0U) << watched;
    }
}

}  // namespace
}  // namespace switchgear::rules
