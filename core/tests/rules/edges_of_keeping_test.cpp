// The edges of orders, listeners, reloads and records: for the second time, just at a bound, or with nothing there.
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
    for (const duration none : {duration{0s}, duration{-1s}}) {
        auto closed = bench_of(fragile({.open_for = 5s}));
        closed.it.trip(by("alice"), none);
        closed.expect_open();
        EXPECT_EQ(closed.log.last().pause, 0s);
        EXPECT_EQ(closed.retry_after(), 0s);
    }
    auto b = bench_of(fragile({.open_for = 5s}));
    b.break_down();
    b.it.trip(by("alice"), 0s);
    EXPECT_EQ(b.retry_after(), 0s);
    b.it.trip(by("alice"), -1s);
    EXPECT_EQ(b.retry_after(), 0s);
    EXPECT_TRUE(b.admits());
}

TEST(rule_24_trip, of_an_endless_pause_is_open_for_decades_where_hints_are_not_capped) {
    settings s;
    s.recovery.max_retry_after = 0ms;
    auto b = bench_of(s);
    b.it.trip(by("alice"), duration::max());
    EXPECT_FALSE(b.now().probe_due);
    EXPECT_GT(b.refusal().retry_after, 24h * 365 * 70);
    b.it.trip(by("alice"), duration::max());  // of an open breaker
    EXPECT_FALSE(b.now().probe_due);
    EXPECT_GT(b.refusal().retry_after, 24h * 365 * 70);
}

TEST(rule_16_health_check, that_failed_for_ever_puts_the_probe_off_for_decades_and_is_kept) {
    auto b = bench_of();
    b.break_down();
    b.it.extend_pause(duration::max());
    EXPECT_GT(b.refusal().retry_after, 24h * 365 * 70);
    auto restored = bench_of();
    EXPECT_TRUE(restored.it.restore(b.it.save()));
    EXPECT_GT(restored.refusal().retry_after, 24h * 365 * 70);
}

TEST(rule_16_health_check, and_orders_are_in_time_on_a_clock_below_its_zero) {
    auto b = bench_of();
    b.advance(-b.clock.now().time_since_epoch() - 24h);
    b.break_down();
    b.it.extend_pause(10s);
    EXPECT_EQ(b.refusal().retry_after, 10s);
    b.advance(10s);
    EXPECT_TRUE(b.admits());
    b.it.trip(by("alice"), 10s);
    b.it.extend_pause(duration::min());
    EXPECT_EQ(b.refusal().retry_after, 10s);
    b.it.force_open(by("alice", time_point::max() - 1ns));
    EXPECT_GT(b.refusal().retry_after, 24h * 365 * 70);
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

TEST(rule_35_threshold, that_is_reached_at_equal_trips_at_the_next_success) {
    struct reached {
        std::uint32_t failed, of;
        double ratio;
    };
    // Quotients that are exact where products are rounded to the other side: 55 / 0.55 is just below 100.
    for (const auto& [failed, of, ratio] : {reached{55, 100, 0.55},
                                            {50, 100, 0.5},
                                            {14, 50, 0.28},
                                            {7, 100, 0.07},
                                            {14, 100, 0.14},
                                            {28, 100, 0.28},
                                            {56, 100, 0.56},
                                            {68, 100, 0.68}}) {
        for (const bool slowly : {false, true}) {
            settings s{.trip = no_rules()};
            s.trip.window = last_calls{of};
            s.trip.minimum_calls = of;
            auto b = bench_of(s);
            b.succeed(static_cast<int>(2 * of));
            s.recovery.jitter = 0;
            if (slowly) {
                s.trip.slow = slow_rule{.after = 1s, .ratio = 1};
                b.it.apply(s);
                for (std::uint32_t i = 0; i < failed; ++i) {
                    auto call = b.it.try_acquire();
                    b.advance(2s);
                    call->success();
                }
                s.trip.slow->ratio = ratio;
            } else {
                b.fail(static_cast<int>(failed));
                s.trip.failure_ratio = ratio;
            }
            b.it.apply(s);
            b.succeed(1);
            EXPECT_EQ(b.now().current, state::open) << failed << " of " << of << (slowly ? " slow" : " failed");
        }
    }
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
