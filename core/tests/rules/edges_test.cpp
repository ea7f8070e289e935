// The edges of the rules: what happens just at a bound, for the second time, or with nothing there.
#include <array>
#include <functional>
#include <memory>
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

/// A clock whose coarse reading lags, and that counts who reads the exact one.
struct lagging final : time_source {
    testing::manual_time exact;
    duration lag = 5ms;
    mutable int exact_readings = 0;
    time_point now() const noexcept override { return ++exact_readings, exact.now(); }
    time_point coarse() const noexcept override { return exact.now() - lag; }
};

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
    // 2^48 ticks, and those around it.
    for (const duration off : {-2ns, -1ns, 0ns, 1ns}) {
        auto b = bench_of(fragile({.open_for = 5s, .probe_timeout = 30s}));
        b.advance(duration{std::int64_t{1} << 48} + off - b.clock.now().time_since_epoch() - 5s);
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

// ---- rule 24

TEST(rule_24_trip, after_an_override_has_the_first_pause) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.it.force_open(by("alice"));
    b.it.lift_override(by("alice"));
    b.expect_open();
    b.it.trip(by("bob"));
    EXPECT_EQ(b.retry_after(), 5s);
}

TEST(rule_24_trip, of_no_pause_is_due_at_once) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.it.trip(by("alice"), 0s);
    EXPECT_EQ(b.retry_after(), 0s);
    b.it.trip(by("alice"), -1s);
    EXPECT_EQ(b.retry_after(), 0s);
    EXPECT_TRUE(b.admits());
}

TEST(rule_24_trip, is_capped_where_hints_are) {
    auto b = bench_of(fragile({.open_for = 5s, .max_retry_after = 1ms}));
    b.it.trip(by("alice"), 1h);
    EXPECT_EQ(b.retry_after(), 1ms);
    auto uncapped = bench_of(fragile({.open_for = 5s, .max_retry_after = 0ms}));
    uncapped.it.trip(by("alice"), 1h);
    EXPECT_EQ(uncapped.retry_after(), 1h);
}

TEST(rule_24_force_open, shows_how_long_it_holds) {
    auto b = bench_of();
    b.it.force_open(by("alice", b.clock.now() + 1min));
    b.advance(20s);
    EXPECT_EQ(b.retry_after(), 40s);
    EXPECT_EQ(b.refusal().retry_after, 40s);
}

TEST(rule_24_force_open, that_ended_by_its_time_is_told_without_an_order) {
    auto b = bench_of();
    b.it.force_open(by("alice", b.clock.now() + 1min));
    b.advance(1min);
    EXPECT_TRUE(b.admits());
    const auto told = b.log.all();
    ASSERT_EQ(told.size(), 3U);
    EXPECT_EQ(told[1].to, state::open);
    EXPECT_FALSE(told[1].order);
    EXPECT_FALSE(told[2].order);
}

TEST(rule_24_force_closed, lifted_while_open_underneath_closes) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.it.force_closed(by("alice"));
    b.it.trip(by("bob"));
    b.expect_open();
    const auto before = b.epoch();
    b.it.lift_override(by("carol"));
    b.expect_closed();
    EXPECT_EQ(b.epoch(), before + 1);
    EXPECT_EQ(b.log.last().from, state::open);
    EXPECT_EQ(b.log.last().to, state::closed);
    b.succeed();
    EXPECT_EQ(b.now().window.calls, 1U);
    b.fail();
    b.expect_open();
}

TEST(rule_24_force_closed, reports_would_have_opened_again_in_the_next_episode) {
    auto b = bench_of(fragile());
    const auto reported = [&] {
        std::size_t n = 0;
        for (const auto& e : b.log.all()) n += e.cause == cause::consecutive_failures ? 1U : 0U;
        return n;
    };
    b.it.force_closed(by("alice"));
    b.fail(2);
    EXPECT_EQ(reported(), 1U);
    b.succeed();
    b.fail();
    EXPECT_EQ(reported(), 1U) << "no evidence said otherwise in between";
    b.it.reset(by("bob"));
    b.fail(2);
    EXPECT_EQ(reported(), 2U);
}

TEST(rule_24_force_closed, reports_would_have_opened_again_when_the_rules_ceased_to_hold) {
    settings s{.trip = no_rules()};
    s.trip.failure_ratio = 0.5;
    s.trip.window = last_calls{4};
    s.trip.minimum_calls = 4;
    auto b = bench_of(s);
    const auto reported = [&] {
        std::size_t n = 0;
        for (const auto& e : b.log.all()) n += e.cause == cause::failure_ratio ? 1U : 0U;
        return n;
    };
    b.it.force_closed(by("alice"));
    b.fail(4);
    EXPECT_EQ(reported(), 1U);
    b.succeed(4);
    b.fail();  // one of four
    b.fail();  // two
    EXPECT_EQ(reported(), 2U);
}

// ---- rules 29 and 30

struct watched {
    std::shared_ptr<int> told = std::make_shared<int>(0);
    std::function<void(const transition&)> listener() const {
        return [mine = told](const transition&) { ++*mine; };
    }
    bool is_held() const { return told.use_count() > 1; }
};

TEST(rule_30_subscription, ended_lets_go_of_its_listener) {
    auto b = bench_of();
    const watched one;
    auto subscription = b.it.subscribe(one.listener());
    EXPECT_TRUE(one.is_held());
    subscription = {};
    EXPECT_FALSE(one.is_held());
}

TEST(rule_30_subscription, ended_after_it_was_told_lets_go_of_its_listener) {
    auto b = bench_of();
    const watched one;
    auto subscription = b.it.subscribe(one.listener());
    for (int i = 0; i < 3; ++i) b.it.reset(by("alice"));
    EXPECT_EQ(*one.told, 3);
    subscription = {};
    EXPECT_FALSE(one.is_held());
    b.it.reset(by("alice"));
    EXPECT_EQ(*one.told, 3);
}

TEST(rule_30_subscription, ended_by_its_listener_lets_go_of_it_after_the_call) {
    auto b = bench_of();
    const watched one;
    subscription own;
    bool held_inside = false;
    own = b.it.subscribe([&, mine = one.told](const transition&) {
        own = {};
        held_inside = mine.use_count() > 1;
    });
    b.it.reset(by("alice"));
    EXPECT_TRUE(held_inside);
    EXPECT_FALSE(one.is_held());
}

TEST(rule_30_subscription, of_those_that_come_and_go_each_is_told_once) {
    auto b = bench_of();
    std::array<watched, 3> all;
    auto first = b.it.subscribe(all[0].listener());
    auto second = b.it.subscribe(all[1].listener());
    first = {};
    second = {};
    auto third = b.it.subscribe(all[2].listener());
    auto fourth = b.it.subscribe(all[0].listener());
    b.it.reset(by("alice"));
    EXPECT_EQ(*all[0].told, 1);
    EXPECT_EQ(*all[1].told, 0);
    EXPECT_EQ(*all[2].told, 1);
}

TEST(rule_30_subscription, moved_into_another_outlives_its_breaker) {
    const watched one;
    subscription kept;
    {
        auto b = bench_of();
        kept = b.it.subscribe(one.listener());
        b.it.reset(by("alice"));
    }
    EXPECT_EQ(*one.told, 1);
    EXPECT_TRUE(one.is_held());
    kept = {};
    EXPECT_FALSE(one.is_held());
}

// ---- rule 35

TEST(rule_35_apply, of_more_probes_admits_them) {
    settings s = fragile({.open_for = 5s, .successes_to_close = 20});
    auto b = bench_of(s);
    s.recovery.jitter = 0;
    for (const std::uint32_t probes : {8U, 13U}) {
        s.recovery.probes = probes;
        b.it.apply(s);
        b.break_down();
        b.wait_for_pause();
        std::vector<permit> out;
        for (std::uint32_t i = 0; i < probes; ++i) out.push_back(b.acquire());
        EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
        b.advance(s.recovery.probe_timeout);
        b.refusal();
        b.expect_open();
        b.it.reset(by("alice"));
    }
}

TEST(rule_35_apply, of_a_lease_holds_for_the_probes_that_are_out) {
    settings s = fragile({.open_for = 5s, .probe_timeout = 30s});
    auto b = bench_of(s);
    b.break_down();
    permit p = b.probe();
    s.recovery.jitter = 0;
    s.recovery.probe_timeout = 60s;
    b.it.apply(s);
    b.advance(30s);
    EXPECT_EQ(b.refusal().retry_after, 30s);
    b.expect_half_open();
    s.recovery.probe_timeout = 10s;
    b.it.apply(s);
    b.refusal();
    b.expect_open();
}

TEST(rule_35_apply, that_takes_the_ramp_away_admits_all) {
    settings s = fragile({.open_for = 5s, .ramp = ramp_rule{.over = 10s, .from = 0.1}});
    auto b = bench_of(s);
    b.break_down();
    b.probe().success();
    b.expect_half_open();
    s.recovery.jitter = 0;
    s.recovery.ramp.reset();
    b.it.apply(s);
    EXPECT_EQ(b.now().admitted_share, 1.0);
    EXPECT_EQ(b.retry_after(), 0s);
    EXPECT_TRUE(b.admits());
    b.expect_closed();
}

TEST(rule_35_samples, that_the_smaller_window_let_go_of_do_not_come_back) {
    settings s{.trip = no_rules()};
    s.trip.window = last{10s};
    auto b = bench_of(s);
    b.fail(3);
    b.advance(30s);
    s.recovery.jitter = 0;
    s.trip.window = last{600s};
    b.it.apply(s);
    EXPECT_EQ(b.now().window.failures, 0U);
    EXPECT_EQ(b.now().window.calls, 0U);
}

TEST(rule_35_samples, of_a_window_of_time_stay_apart_by_their_age) {
    settings s{.trip = no_rules()};
    s.trip.window = last{16s};
    auto b = bench_of(s);
    b.succeed(4);
    b.advance(8s);
    b.succeed(2);
    b.fail(1);
    s.recovery.jitter = 0;
    s.trip.window = last{32s};
    b.it.apply(s);
    EXPECT_EQ(b.now().window.calls, 7U);
    b.advance(18s);
    EXPECT_EQ(b.now().window.calls, 7U) << "the oldest are 26 s old, and count for at least 28";
    b.advance(7s);
    EXPECT_EQ(b.now().window.calls, 3U) << "those of 33 s are gone";
    EXPECT_EQ(b.now().window.failures, 1U);
    b.advance(9s);
    EXPECT_EQ(b.now().window.calls, 0U);
}

// ---- rule 36

TEST(rule_36_restore, of_a_pause_that_is_over_has_nothing_left) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.advance(6s);
    EXPECT_NE(b.it.save().find(" remaining_ns=0 "), std::string::npos) << b.it.save();
    b.it.end_pause();
    EXPECT_NE(b.it.save().find(" remaining_ns=0 "), std::string::npos) << b.it.save();
}

TEST(rule_36_restore, of_a_closed_breaker_has_nothing_in_it) {
    auto b = bench_of();
    EXPECT_EQ(b.it.save().substr(0, b.it.save().find(" checksum")),
              "switchgear-breaker/1 state=closed remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0");
}

TEST(rule_36_restore, after_a_long_time_leaves_no_pause) {
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    const auto record = b.it.save();
    auto other = bench_of(fragile({.open_for = 5s}));
    EXPECT_TRUE(other.it.restore(record, 1h));
    EXPECT_EQ(other.retry_after(), 0s);
    EXPECT_EQ(other.log.last().pause, 0s);
    auto third = bench_of(fragile({.open_for = 5s}));
    EXPECT_TRUE(third.it.restore(record, -1h));
    EXPECT_EQ(third.retry_after(), 5s);
}

TEST(rule_24_trip, after_a_restore_keeps_the_pause_restored) {
    auto b = bench_of(fragile({.open_for = 5s, .backoff = 2}));
    b.break_down();
    b.probe().failure();
    const auto record = b.it.save();
    auto other = bench_of(fragile({.open_for = 5s, .backoff = 2}));
    EXPECT_TRUE(other.it.restore(record));
    other.advance(1s);
    other.it.trip(by("alice"));
    EXPECT_EQ(other.retry_after(), 10s);
}

}  // namespace
}  // namespace switchgear::rules
