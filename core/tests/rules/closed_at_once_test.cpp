// Rules 9 and 10: what opens at once, without waiting for counts or for a verdict.
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

const std::vector<window> both_windows{last{10s}, last_calls{50}};

trip_rules slow_after_a_second(double ratio, std::uint32_t minimum, window over = last{10s}) {
    return {.consecutive_failures = {},
            .failure_ratio = {},
            .slow = slow_rule{.after = 1s, .ratio = ratio},
            .window = over,
            .minimum_calls = minimum};
}

// ---- rule 9

TEST(rule_09_trip_verdict, opens_at_once_whatever_the_counts) {
    for (const trip_rules& rules : {no_rules(), trip_rules{}}) {
        auto b = bench_of({.trip = rules});
        b.succeed(1'000);
        b.settle(verdict::trip(30s));
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::trip_verdict);
    }
}

TEST(rule_09_trip_verdict, keeps_open_for_as_long_as_the_server_asked) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.settle(verdict::trip(30s));
    EXPECT_EQ(b.retry_after(), 30s);
    b.advance(30s - 1ns);
    EXPECT_EQ(b.refusal().reason, reject_reason::open);
    b.advance(1ns);
    EXPECT_TRUE(b.admits());
}

TEST(rule_09_trip_verdict, is_a_failure_of_its_class) {
    auto b = bench_of();
    b.settle(verdict::trip(1s));
    EXPECT_EQ(b.now().totals.failures, 1U);
    EXPECT_EQ(b.now().totals.failures_by_class.at(static_cast<std::size_t>(failure_class::overloaded)), 1U);
}

TEST(rule_09_trip_verdict, opens_even_when_its_class_weighs_nothing) {
    trip_rules rules = no_rules();
    rules.weights.overloaded = 0;
    auto b = bench_of({.trip = rules});
    b.settle(verdict::trip(1s));
    b.expect_open();
}

TEST(rule_09_trip_verdict, of_a_probe_opens_again) {
    auto b = bench_of({.recovery = {.open_for = 1s, .successes_to_close = 3}});
    b.break_down();
    b.probe().settle(verdict::trip(40s));
    b.expect_open();
    EXPECT_EQ(b.retry_after(), 40s);
}

// ---- rule 10

TEST(rule_10_overdue, counts_as_slow_while_the_call_is_still_running) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = slow_after_a_second(1.0, 10, w)});
        permit hanging = b.acquire();
        b.advance(1s + 1ns);
        hanging.overdue();
        EXPECT_EQ(b.now().window.slow, 1U);
        EXPECT_EQ(b.now().window.calls, 1U);
        hanging.success();
    }
}

TEST(rule_10_overdue, its_verdict_does_not_count_as_slow_again) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = slow_after_a_second(1.0, 10, w)});
        permit hanging = b.acquire();
        b.advance(2s);
        hanging.overdue();
        hanging.overdue();
        b.advance(2s);
        hanging.success();
        EXPECT_EQ(b.now().window.slow, 1U);
        EXPECT_EQ(b.now().window.calls, 1U);
        EXPECT_EQ(b.now().totals.slow, 1U);
        EXPECT_EQ(b.now().totals.successes, 1U);
    }
}

TEST(rule_10_overdue, may_still_turn_out_a_failure) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = slow_after_a_second(1.0, 10, w)});
        permit hanging = b.acquire();
        b.advance(2s);
        hanging.overdue();
        b.advance(2s);
        hanging.failure();
        EXPECT_EQ(b.now().window.slow, 1U);
        EXPECT_EQ(b.now().window.failures, 1U);
        EXPECT_EQ(b.now().window.calls, 1U);
    }
}

TEST(rule_10_overdue, is_judged_at_once) {
    for (const window& w : both_windows) {
        auto b = bench_of({.trip = slow_after_a_second(0.5, 4, w)});
        b.succeed(2);
        permit one = b.acquire();
        permit two = b.acquire();
        b.advance(2s);
        one.overdue();
        b.expect_closed();
        two.overdue();
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::slow_ratio);
        EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 4, .slow = 2, .observed = 0.5, .threshold = 0.5}));

        one.success();
        two.success();
        EXPECT_EQ(b.late(), 2U);
        b.expect_open();
    }
}

TEST(rule_10_overdue, may_be_ended_by_the_listener_that_is_told_of_its_trip) {
    auto b = bench_of({.trip = slow_after_a_second(1, 1)});
    auto call = std::make_unique<permit>(b.acquire());
    const auto heard = b.it.subscribe([&](const transition&) { call.reset(); });
    b.advance(2s);
    call->overdue();
    EXPECT_EQ(call, nullptr);
    b.expect_open();
}

TEST(rule_10_overdue, may_be_ended_by_the_listener_that_is_told_of_an_overrides_end) {
    auto b = bench_of({.trip = slow_after_a_second(1, 2)});
    b.it.force_closed(by("carol", b.clock.now() + 1s));
    auto call = std::make_unique<permit>(b.acquire());
    const auto heard = b.it.subscribe([&](const transition&) { call.reset(); });
    b.advance(2s);
    call->overdue();
    EXPECT_EQ(call, nullptr);
    EXPECT_EQ(b.now().window.slow, 1U) << "it was counted before";
}

TEST(rule_10_overdue, probe_opens_again) {
    settings s{.trip = slow_after_a_second(0.5, 4), .recovery = {.open_for = 5s}};
    auto b = bench_of(s);
    b.break_down();
    permit probe = b.probe();
    b.advance(2s);
    probe.overdue();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::probe_failed);
    probe.success();
    b.expect_open();
    EXPECT_EQ(b.late(), 1U);
}

/// A clock during whose reading something else happens, once.
struct clock_with_others final : time_source {
    time_point at{std::chrono::hours{1}};
    mutable std::function<void()> meanwhile;
    time_point now() const noexcept override {
        if (const auto happens = std::exchange(meanwhile, nullptr)) happens();
        return at;
    }
};

TEST(rule_10_overdue, probe_counts_on_the_ramp_that_begins_just_then) {
    clock_with_others clock;
    settings s{.trip = slow_after_a_second(0.5, 2), .recovery = {.open_for = 5s, .jitter = 0, .probes = 2}};
    s.recovery.ramp = ramp_rule{.from = 1};
    breaker it{"meets", s, clock};
    it.trip({});
    clock.at += 5s;
    auto hanging = it.try_acquire(), quick = it.try_acquire();
    ASSERT_TRUE(hanging && quick);
    quick->answered();
    clock.at += 2s;
    clock.meanwhile = [&] { quick->success(); };
    hanging->overdue();
    EXPECT_EQ(it.observe().current, state::half_open);
    EXPECT_EQ(it.observe().window.slow, 1U);
    hanging->overdue();
    hanging->success();
    EXPECT_EQ(it.observe().window.slow, 1U) << "once";
    EXPECT_EQ(it.observe().window.calls, 1U);
}

TEST(rule_10_overdue, does_nothing_without_a_slow_rule) {
    auto b = bench_of({.trip = {.failure_ratio = 0.1, .minimum_calls = 1}, .recovery = {.probes = 1}});
    permit hanging = b.acquire();
    b.advance(1h);
    hanging.overdue();
    EXPECT_EQ(b.now().window.calls, 0U);
    EXPECT_EQ(b.now().window.slow, 0U);
    hanging.success();
    EXPECT_EQ(b.now().window.calls, 1U);

    b.break_down();
    permit probe = b.probe();
    probe.overdue();
    probe.success();
    b.expect_closed();
}

TEST(rule_10_overdue, of_an_earlier_epoch_says_nothing) {
    auto b = bench_of({.trip = slow_after_a_second(0.5, 1), .recovery = {.open_for = 5s}});
    permit straggler = b.acquire();
    b.break_down();
    permit probe = b.probe();
    straggler.overdue();
    b.expect_half_open();
    probe.success();
    b.expect_closed();
    straggler.success();
    EXPECT_EQ(b.now().window.slow, 0U);
    EXPECT_EQ(b.late(), 1U);
}

}  // namespace
}  // namespace switchgear::rules
