// Rules 24 and 25: orders, and observing.
#include <cstdint>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings tripping(std::uint32_t failures, recovery_rules recovery = {.open_for = 5s}) {
    return {.trip = {.consecutive_failures = failures, .failure_ratio = {}}, .recovery = recovery};
}

void expect_order(const event& e, const order& given) {
    EXPECT_EQ(e.cause, cause::operator_order) << e;
    ASSERT_TRUE(e.order.has_value()) << e;
    EXPECT_EQ(*e.order, given) << e;
}

// ---- rule 24: reset

TEST(rule_24_reset, closes_and_clears_windows_and_backoff) {
    auto b = bench_of(tripping(3, {.open_for = 1s}));
    b.fail(3);
    b.probe().failure();
    b.probe().failure();
    const std::uint64_t epoch = b.epoch();
    b.it.reset(by("alice"));
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch + 1);
    EXPECT_EQ(b.now().attempt, 0U);
    expect_order(b.log.last(), by("alice"));
    EXPECT_EQ(b.log.last().to, state::closed);
    b.fail(3);
    EXPECT_EQ(b.retry_after(), 1s);
    EXPECT_EQ(b.now().attempt, 1U);
}

TEST(rule_24_reset, of_a_closed_breaker_clears_its_windows_and_is_told) {
    for (const window& w : std::vector<window>{last{10s}, last_calls{50}}) {
        settings s = tripping(3);
        s.trip.window = w;
        auto b = bench_of(s);
        b.fail(2);
        const std::uint64_t epoch = b.epoch();
        b.it.reset(by("alice"));
        EXPECT_EQ(b.now().window.calls, 0U);
        EXPECT_EQ(b.now().failures_in_a_row, 0U);
        EXPECT_EQ(b.epoch(), epoch);
        EXPECT_EQ(b.log.last().from, b.log.last().to);
        expect_order(b.log.last(), by("alice"));
        b.fail(2);
        b.expect_closed();
    }
}

TEST(rule_24_reset, out_of_half_open_leaves_the_probe_late) {
    auto b = bench_of(tripping(3));
    b.break_down();
    permit probe = b.probe();
    b.it.reset(by("alice"));
    b.expect_closed();
    probe.failure();
    EXPECT_EQ(b.late(), 1U);
    EXPECT_EQ(b.now().window.calls, 0U);
}

// ---- rule 24: trip

TEST(rule_24_trip, opens_and_recovers_by_itself) {
    auto b = bench_of(tripping(3));
    b.it.trip(by("bob"));
    b.expect_open();
    EXPECT_EQ(b.retry_after(), 5s);
    EXPECT_EQ(b.log.last().from, state::closed);
    EXPECT_EQ(b.log.last().pause, 5s);
    expect_order(b.log.last(), by("bob"));
    b.probe().success();
    b.expect_closed();
}

TEST(rule_24_trip, takes_an_exact_pause) {
    bench b{tripping(3, {.open_for = 5s, .max_open_for = 10s, .jitter = 0.5, .jitter_seed = 1})};
    b.it.trip(by("bob"), 90s);
    EXPECT_EQ(b.retry_after(), 90s);
    b.it.reset(by("bob"));
    b.it.trip(by("bob"), 1ms);
    EXPECT_EQ(b.retry_after(), 1ms);
}

TEST(rule_24_trip, while_open_restarts_the_timer_without_an_event) {
    auto b = bench_of(tripping(3));
    b.break_down();
    b.advance(4s);
    const std::uint64_t epoch = b.epoch();
    const std::size_t told = b.log.size();
    b.it.trip(by("bob"));
    EXPECT_EQ(b.retry_after(), 5s);
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_EQ(b.now().attempt, 1U);
    EXPECT_EQ(b.log.size(), told) << b.log;
    b.it.trip(by("bob"), 2s);
    EXPECT_EQ(b.retry_after(), 2s);
}

TEST(rule_24_trip, while_open_keeps_to_a_cap_that_a_reload_has_lowered) {
    settings s = tripping(3);
    s.recovery.open_for = s.recovery.max_open_for = 1min;
    auto b = bench_of(s);
    b.break_down();
    s.recovery.jitter = 0;
    s.recovery.open_for = 1s;
    s.recovery.max_open_for = 2s;
    b.it.apply(s);
    EXPECT_EQ(b.retry_after(), 1min) << "a deadline is not moved by a reload";
    b.it.trip(by("bob"));
    EXPECT_EQ(b.retry_after(), 2s);
}

TEST(rule_24_trip, in_half_open_is_a_trip_with_backoff) {
    auto b = bench_of(tripping(3, {.open_for = 1s, .probes = 2}));
    b.break_down();
    permit probe = b.probe();
    b.it.trip(by("bob"));
    b.expect_open();
    EXPECT_EQ(b.retry_after(), 2s);
    EXPECT_EQ(b.now().attempt, 2U);
    probe.success();
    b.expect_open();
}

TEST(rule_24_trip, pause_does_not_feed_the_backoff) {
    auto b = bench_of(tripping(3, {.open_for = 1s}));
    b.it.trip(by("bob"), 1h);
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 2s);
}

// ---- rule 24: force_open

TEST(rule_24_force_open, refuses_every_call_until_lifted) {
    auto b = bench_of(tripping(3));
    b.it.force_open(by("carol"));
    b.advance(24h);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(b.refusal(), (rejection{reject_reason::forced_open, 5s}));
    EXPECT_EQ(b.now().override, override_mode::forced_open);
    EXPECT_EQ(b.now().order_in_force, by("carol"));
    EXPECT_EQ(b.now().admitted_share, 0);
    EXPECT_EQ(b.now().totals.rejected_by_reason.at(3), 3U);
}

TEST(rule_24_force_open, leaves_the_state_as_it_is_underneath_and_is_told) {
    auto b = bench_of(tripping(3));
    const std::uint64_t epoch = b.epoch();
    b.it.force_open(by("carol"));
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_EQ(b.log.last().from, state::closed);
    EXPECT_EQ(b.log.last().to, state::closed);
    expect_order(b.log.last(), by("carol"));
}

TEST(rule_24_force_open, lifted_leads_to_open_with_a_probe_due) {
    auto b = bench_of(tripping(3));
    b.it.force_open(by("carol"));
    const std::uint64_t epoch = b.epoch();
    b.it.lift_override(by("dave"));
    EXPECT_EQ(b.state(), state::open);
    EXPECT_TRUE(b.now().probe_due);
    EXPECT_EQ(b.epoch(), epoch + 1);
    EXPECT_EQ(b.now().override, override_mode::none);
    EXPECT_FALSE(b.now().order_in_force.has_value());
    expect_order(b.log.last(), by("dave"));
    permit probe = b.acquire();
    b.expect_half_open();
    probe.success();
    b.expect_closed();
}

TEST(rule_24_force_open, on_an_open_breaker_lifted_leads_to_a_probe_due_too) {
    auto b = bench_of(tripping(3));
    b.break_down();
    b.it.force_open(by("carol"));
    b.advance(1s);
    b.it.lift_override(by("carol"));
    EXPECT_EQ(b.state(), state::open);
    EXPECT_TRUE(b.now().probe_due);
    EXPECT_TRUE(b.admits());
}

TEST(rule_24_force_open, ends_by_its_own_time) {
    auto b = bench_of(tripping(3));
    b.it.force_open(by("carol", b.clock.now() + 60s));
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::forced_open, 60s}));
    b.advance(59s);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::forced_open, 1s}));
    b.advance(1s);
    EXPECT_EQ(b.now().override, override_mode::none);
    EXPECT_EQ(b.state(), state::open);
    EXPECT_TRUE(b.now().probe_due);
    permit probe = b.acquire();
    b.expect_half_open();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    probe.success();
    b.expect_closed();
    EXPECT_FALSE(b.now().order_in_force.has_value());
}

TEST(rule_24_force_open, that_ran_out_keeps_the_attempt_and_stays_open) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.break_down();
    b.it.force_open(by("carol", b.clock.now() + 1s));
    b.advance(2s);
    EXPECT_EQ(b.now().attempt, 1U);  // read while nobody has called since
    EXPECT_TRUE(b.now().probe_due);
    b.probe().failure();
    EXPECT_EQ(b.now().attempt, 2U);
}

TEST(rule_24_force_open, until_a_time_in_the_past_is_over_at_once) {
    auto b = bench_of(tripping(3));
    b.it.force_open(by("carol", b.clock.now() - 1s));
    EXPECT_EQ(b.now().override, override_mode::none);
    EXPECT_TRUE(b.admits());
}

// ---- rule 24: force_closed

TEST(rule_24_force_closed, admits_and_counts_every_call) {
    auto b = bench_of(tripping(3));
    b.break_down();
    const std::uint64_t epoch = b.epoch();
    b.it.force_closed(by("erin"));
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch + 1);
    EXPECT_EQ(b.now().override, override_mode::forced_closed);
    EXPECT_EQ(b.now().order_in_force, by("erin"));
    expect_order(b.log.last(), by("erin"));
    b.fail(50);
    b.expect_closed();
    EXPECT_EQ(b.now().window.failures, 50U);
    EXPECT_EQ(b.now().totals.rejected, 0U);
}

TEST(rule_24_force_closed, starts_with_empty_windows) {
    auto b = bench_of(tripping(30));
    b.fail(20);
    b.it.force_closed(by("erin"));
    EXPECT_EQ(b.now().window.calls, 0U);
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
}

TEST(rule_24_force_closed, reports_would_have_opened_once_per_episode) {
    auto b = bench_of(tripping(3));
    b.it.force_closed(by("erin"));
    b.log.clear();
    b.fail(2);
    EXPECT_TRUE(b.log.empty()) << b.log;
    b.fail();
    ASSERT_EQ(b.log.size(), 1U) << b.log;
    const event e = b.log.last();
    EXPECT_EQ(e.from, state::closed);
    EXPECT_EQ(e.to, state::closed);
    EXPECT_EQ(e.cause, cause::consecutive_failures);
    EXPECT_EQ(e.evidence.observed, 3);
    ASSERT_TRUE(e.order.has_value());
    EXPECT_EQ(*e.order, by("erin"));
    b.fail(20);
    b.settle(verdict::trip(1h));
    b.expect_closed();
    EXPECT_EQ(b.log.size(), 1U) << b.log;

    b.it.lift_override(by("erin"));
    b.it.force_closed(by("erin"));
    b.log.clear();
    b.fail(3);
    EXPECT_EQ(b.log.size(), 1U) << b.log;
}

TEST(rule_24_force_closed, reports_would_have_opened_anew_after_a_pause_in_which_nothing_asked_for_it) {
    settings s{.trip = no_rules(), .recovery = {.open_for = 5s}};
    auto b = bench_of(s);
    b.it.force_closed(by("erin"));
    b.log.clear();
    for (int i = 0; i < 10; ++i) b.settle(verdict::trip(1h)), b.advance(4'999ms);
    EXPECT_EQ(b.log.size(), 1U) << "one episode: " << b.log;
    b.advance(1ms);
    b.settle(verdict::trip(1h));
    EXPECT_EQ(b.log.size(), 2U) << b.log;
}

TEST(rule_24_force_closed, reports_a_trip_verdict_as_would_have_opened) {
    auto b = bench_of(tripping(3));
    b.it.force_closed(by("erin"));
    b.settle(verdict::trip(1h));
    b.expect_closed();
    EXPECT_EQ(b.log.last().cause, cause::trip_verdict);
    EXPECT_EQ(b.log.last().from, b.log.last().to);
}

TEST(rule_24_force_closed, lifted_leads_to_closed_with_empty_windows) {
    auto b = bench_of(tripping(3));
    b.it.force_closed(by("erin"));
    b.fail(10);
    b.it.lift_override(by("frank"));
    b.expect_closed();
    EXPECT_EQ(b.now().override, override_mode::none);
    EXPECT_EQ(b.now().window.calls, 0U);
    EXPECT_EQ(b.now().failures_in_a_row, 0U);
    expect_order(b.log.last(), by("frank"));
    b.fail(2);
    b.expect_closed();
    b.fail();
    b.expect_open();
}

TEST(rule_24_force_closed, ends_by_its_own_time) {
    auto b = bench_of(tripping(3));
    b.it.force_closed(by("erin", b.clock.now() + 10s));
    b.fail(10);
    b.advance(10s);
    EXPECT_EQ(b.now().override, override_mode::none);
    b.expect_closed();
    b.fail(2);
    b.expect_closed();
    b.fail();
    b.expect_open();
}

// ---- rule 24: orders upon orders

TEST(rule_24_overrides, stay_while_reset_and_trip_move_the_state_underneath) {
    auto b = bench_of(tripping(3));
    b.it.force_open(by("carol"));
    b.it.trip(by("bob"));
    EXPECT_EQ(b.state(), state::open);
    EXPECT_EQ(b.now().override, override_mode::forced_open);
    EXPECT_EQ(b.now().order_in_force, by("carol"));
    b.it.reset(by("alice"));
    EXPECT_EQ(b.state(), state::closed);
    EXPECT_EQ(b.now().override, override_mode::forced_open);
    EXPECT_EQ(b.refusal().reason, reject_reason::forced_open);

    auto c = bench_of(tripping(3));
    c.it.force_closed(by("erin"));
    c.it.trip(by("bob"));
    EXPECT_EQ(c.state(), state::open);
    EXPECT_EQ(c.now().override, override_mode::forced_closed);
    c.succeed(3);
}

TEST(rule_24_overrides, end_at_their_time_though_the_breaker_was_reset_meanwhile) {
    auto b = bench_of();
    b.break_down();
    b.it.force_open(by("carol", b.clock.now() + 1s));
    b.it.reset(by("alice"));
    b.expect_closed();
    b.advance(1s);
    EXPECT_TRUE(b.admits());
    EXPECT_EQ(b.now().override, override_mode::none);
}

TEST(rule_24_overrides, replace_each_other) {
    auto b = bench_of(tripping(3));
    b.it.force_open(by("carol"));
    b.it.force_closed(by("erin"));
    EXPECT_EQ(b.now().override, override_mode::forced_closed);
    EXPECT_EQ(b.now().order_in_force, by("erin"));
    b.succeed(3);
    b.it.force_open(by("carol"));
    EXPECT_EQ(b.refusal().reason, reject_reason::forced_open);
}

TEST(rule_24_overrides, lifting_none_changes_nothing) {
    auto b = bench_of(tripping(3));
    b.fail(2);
    const std::uint64_t epoch = b.epoch();
    b.it.lift_override(by("dave"));
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_EQ(b.now().failures_in_a_row, 2U);
}

TEST(rule_24_overrides, show_until_when_they_hold) {
    auto b = bench_of(tripping(3));
    const order given = by("carol", b.clock.now() + 60s);
    b.it.force_open(given);
    EXPECT_EQ(b.now().order_in_force, given);
    EXPECT_EQ(b.log.last().order, given);
}

// ---- rule 25

settings observing(recovery_rules recovery = {.open_for = 5s}) {
    settings s = tripping(3, recovery);
    s.mode = mode::observe;
    return s;
}

TEST(rule_25_observe, is_not_the_default) { EXPECT_EQ(settings{}.mode, mode::enforce); }

TEST(rule_25_observe, runs_the_machine_and_admits_every_call) {
    auto b = bench_of(observing());
    b.fail(3);
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::consecutive_failures);
    EXPECT_EQ(b.log.last().pause, 5s);
    for (int i = 0; i < 20; ++i) b.succeed();
    b.expect_open();
    EXPECT_EQ(b.now().totals.rejected, 0U);
    EXPECT_EQ(b.retry_after(), 0ns);
    EXPECT_EQ(b.now().admitted_share, 1);
}

TEST(rule_25_observe, counts_calls_let_through_while_open_in_totals_only) {
    auto b = bench_of(observing());
    b.fail(3);
    b.fail(4);
    b.succeed(5);
    const snapshot s = b.now();
    EXPECT_EQ(s.window.calls, 0U);
    EXPECT_EQ(s.failures_in_a_row, 0U);
    EXPECT_EQ(s.totals.failures, 7U);
    EXPECT_EQ(s.totals.successes, 5U);
    EXPECT_EQ(s.totals.late, 0U);
}

TEST(rule_25_observe, recovers_as_if_it_enforced) {
    auto b = bench_of(observing());
    b.fail(3);
    b.advance(5s);
    permit probe = b.acquire();
    b.expect_half_open();
    permit bystander = b.acquire();
    bystander.failure();
    b.expect_half_open();
    probe.success();
    b.expect_closed();
}

TEST(rule_25_observe, a_bystander_proves_nothing) {
    auto b = bench_of(observing());
    b.fail(3);
    b.advance(5s);
    permit probe = b.acquire();
    permit bystander = b.acquire();
    bystander.success();
    b.expect_half_open();
    probe.failure();
    b.expect_open();
    EXPECT_EQ(b.now().attempt, 2U);
}

TEST(rule_25_observe, admits_even_under_force_open) {
    auto b = bench_of(observing());
    b.it.force_open(by("carol"));
    b.succeed(5);
    EXPECT_EQ(b.now().override, override_mode::forced_open);
    EXPECT_EQ(b.now().totals.rejected, 0U);
}

TEST(rule_25_observe, admits_all_of_the_ramp) {
    auto b = bench_of(observing({.open_for = 1s, .ramp = ramp_rule{.over = 10s, .from = 0.01}}));
    b.fail(3);
    b.advance(1s);
    b.succeed();
    b.expect_half_open();
    b.succeed(100);
    EXPECT_EQ(b.now().totals.rejected, 0U);
    b.advance(10s);
    b.succeed();
    b.expect_closed();
}

}  // namespace
}  // namespace switchgear::rules
