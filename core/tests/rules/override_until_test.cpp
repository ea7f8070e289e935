// Rule 24: after its `until` an override is as if lifted, for whoever comes first: a caller, an order, a health check, a
// verdict or a registry.
#include <cstdint>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

const settings three_in_a_row{.trip = {.consecutive_failures = 3}, .recovery = {.jitter = 0}};

/// An override for a second, and a second more.
struct once_overridden : bench {
    explicit once_overridden(override_mode mode) : bench{three_in_a_row} {
        const order given = by("carol", clock.now() + 1s);
        mode == override_mode::forced_open ? it.force_open(given) : it.force_closed(given);
        advance(2s);
    }
};

// ---- force_open: open, a probe due

TEST(rule_24_after_force_open, a_trip_restarts_the_timer) {
    once_overridden b{override_mode::forced_open};
    b.it.trip(by("bob"), 60s);
    EXPECT_FALSE(b.now().probe_due);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 60s}));
}

TEST(rule_24_after_force_open, a_reset_closes) {
    once_overridden b{override_mode::forced_open};
    b.it.reset(by("bob"));
    b.expect_closed();
    b.succeed();
    b.expect_closed();
}

TEST(rule_24_after_force_open, a_failed_health_check_puts_the_probe_off) {
    once_overridden b{override_mode::forced_open};
    b.it.extend_pause(60s);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 60s}));
}

TEST(rule_24_after_force_open, a_restore_holds) {
    once_overridden b{override_mode::forced_open};
    ASSERT_TRUE(b.it.restore(bench_of().it.save()));
    b.expect_closed();
    b.succeed();
    b.expect_closed();
}

TEST(rule_24_after_force_open, another_one_begins_and_ends_as_the_first_did) {
    once_overridden b{override_mode::forced_open};
    b.log.clear();
    b.it.force_open(by("dora", b.clock.now() + 1s));
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::forced_open, 1s}));
    ASSERT_EQ(b.log.size(), 2U) << b.log;
    EXPECT_EQ(b.log.all()[0].to, state::open) << "the first one ended";
    EXPECT_FALSE(b.log.all()[0].order.has_value());
    EXPECT_EQ(b.log.all()[1].order, by("dora", b.clock.now() + 1s));
}

TEST(rule_24_after_force_open, there_is_nothing_to_lift) {
    once_overridden b{override_mode::forced_open};
    b.it.lift_override(by("bob"));
    EXPECT_FALSE(b.log.last().order.has_value()) << "it had ended by its time";
    EXPECT_TRUE(b.now().probe_due);
}

TEST(rule_24_after_force_open, a_probe_of_before_is_late) {
    for (const bool good : {true, false}) {
        bench b{three_in_a_row};
        b.break_down();
        permit probe = b.probe();
        b.it.force_open(by("carol", b.clock.now() + 1s));
        b.advance(2s);
        probe.settle(good ? verdict::success() : verdict::failure());
        b.expect_open();
        EXPECT_TRUE(b.now().probe_due);
        EXPECT_EQ(b.now().attempt, 1U);
        EXPECT_EQ(b.late(), 1U);
    }
}

// ---- force_closed: closed, with empty windows

TEST(rule_24_after_force_closed, a_trip_opens) {
    once_overridden b{override_mode::forced_closed};
    b.it.trip(by("bob"), 60s);
    b.expect_open();
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 60s}));
}

TEST(rule_24_after_force_closed, a_health_check_finds_no_pause_that_was_ordered_meanwhile) {
    bench b{three_in_a_row};
    b.it.force_closed(by("carol", b.clock.now() + 1s));
    b.it.trip(by("bob"), 60s);
    b.advance(2s);
    b.it.end_pause();
    b.expect_closed();
    b.succeed();
    b.expect_closed();
}

TEST(rule_24_after_force_closed, a_restore_holds) {
    auto other = bench_of();
    other.it.trip(by("bob"), 60s);
    once_overridden b{override_mode::forced_closed};
    ASSERT_TRUE(b.it.restore(other.it.save()));
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 60s}));
}

TEST(rule_24_after_force_closed, failures_of_calls_in_flight_count_in_the_empty_window) {
    bench b{three_in_a_row};
    b.it.force_closed(by("carol", b.clock.now() + 1s));
    b.fail(2);
    std::vector<permit> in_flight;
    for (int i = 0; i < 3; ++i) in_flight.push_back(b.acquire());
    b.advance(2s);
    in_flight[0].failure();
    in_flight[1].failure();
    b.expect_closed();
    EXPECT_EQ(b.now().failures_in_a_row, 2U);
    in_flight[2].failure();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::consecutive_failures);
    EXPECT_FALSE(b.log.last().order.has_value());
}

TEST(rule_24_after_force_closed, calls_in_flight_may_become_overdue) {
    settings s{.trip = no_rules()};
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1};
    s.trip.minimum_calls = 2;
    auto b = bench_of(s);
    b.it.force_closed(by("carol", b.clock.now() + 1s));
    permit one = b.acquire(), other = b.acquire();
    b.advance(2s);
    one.overdue();
    b.expect_closed();
    other.overdue();
    b.expect_open();
    one.ignore(), other.ignore();
}

TEST(rule_24_after_force_closed, slow_answers_in_flight_count_for_the_adaptive_rule) {
    settings s{.trip = no_rules()};
    s.trip.adaptive = adaptive_rule{};
    auto b = bench_of(s);
    for (int i = 0; i < 2'000; ++i) b.take(10ms), b.advance(90ms);
    b.it.force_closed(by("carol", b.clock.now() + 1s));
    std::vector<permit> in_flight;
    for (int i = 0; i < 40; ++i) in_flight.push_back(b.acquire());
    b.advance(2s);
    for (auto& p : in_flight) p.success(), b.advance(10ms);
    b.expect_open();
}

TEST(rule_24_after_force_closed, good_calls_do_not_tell_of_what_it_kept_closed) {
    settings s{.trip = no_rules(), .recovery = {.open_for = 1ms, .jitter = 0}};
    s.trip.adaptive = adaptive_rule{};
    for (const bool answered : {false, true}) {
        auto b = bench_of(s);
        for (int i = 0; i < 2'000; ++i) b.take(10ms), b.advance(90ms);
        const time_point until = b.clock.now() + 40s;
        b.it.force_closed(by("carol", until));
        b.log.clear();
        while (b.log.empty()) b.fail(), b.advance(100ms);
        b.advance(until - b.clock.now() - 5ms);
        b.fail();  // so that the window need not move for the good ones
        b.log.clear();
        std::vector<permit> in_flight;
        for (int i = 0; i < 600; ++i) in_flight.push_back(b.acquire());
        b.advance(6ms);
        for (permit& p : in_flight) {
            if (answered) p.answered();
            p.success();
        }
        ASSERT_EQ(b.log.size(), 1U) << b.log;
        EXPECT_EQ(b.log.last().cause, cause::operator_order) << "that it ended";
        b.expect_closed();
    }
}

TEST(rule_24_after_force_closed, a_success_that_reaches_minimum_calls_finds_an_empty_window) {
    settings s{.trip = no_rules()};
    s.trip.failure_ratio = 0.5;
    s.trip.minimum_calls = 4;
    auto b = bench_of(s);
    b.it.force_closed(by("carol", b.clock.now() + 1ms));
    b.fail(3);
    permit last = b.acquire();
    b.log.clear();
    b.advance(2ms);
    last.success();
    b.expect_closed();
    ASSERT_EQ(b.log.size(), 1U) << b.log;
    EXPECT_EQ(b.log.last().cause, cause::operator_order) << "that it ended";
}

// ---- a registry

TEST(rule_37_eviction, takes_whose_override_is_over) {
    testing::manual_time clock;
    registry all{{.max_entries = 2}, clock};
    all.get("a")->force_open(by("carol", clock.now() + 1s));
    all.get("b")->force_closed(by("carol", clock.now() + 1s));
    EXPECT_EQ(all.get("c")->name(), "(overflow)");
    clock.advance(2s);
    EXPECT_EQ(all.get("c")->name(), "c") << "b is closed again; a is open, and stays";
    EXPECT_EQ(all.find("b"), nullptr);
    EXPECT_NE(all.find("a"), nullptr);
}

}  // namespace
}  // namespace switchgear::rules
