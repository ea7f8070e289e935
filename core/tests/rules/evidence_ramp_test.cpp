// The ramp by evidence: how traffic comes back when it goes by calls in flight.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <numbers>
#include <random>
#include <vector>

#include "evidence_bench.hpp"

namespace switchgear::rules {
namespace {

/// How long a call takes, given how many run, with it.
using service = std::function<duration(std::mt19937_64&, std::size_t)>;

/// In (0, 1]: the same on every machine.
double chance(std::mt19937_64& of) { return (static_cast<double>(of() >> 11) + 1) * 0x1p-53; }

/// Median 20 ms, sigma 1: one in a hundred takes ten times as long.
duration spread(std::mt19937_64& of, std::size_t) {
    const double normal = std::sqrt(-2 * std::log(chance(of))) * std::cos(2 * std::numbers::pi * chance(of));
    return duration{std::llround(20e6 * std::exp(normal))};
}
/// A cache before a store.
duration hit_or_missed(std::mt19937_64& of, std::size_t) { return of() % 2 == 0 ? 1ms : 40ms; }
/// A hundred calls a second and no more: a queue before it.
duration overloaded(std::mt19937_64& of, std::size_t running) {
    return std::max<duration>(20ms, running * 10ms) * (8 + of() % 5) / 10;
}

struct course {
    duration took{};  ///< until it was closed, or as long as was asked for
    std::size_t most_at_a_time = 0;
};

/// Calls come at random, so many a second, until the ramp is over or so long.
course under_traffic(bench& b, double per_second, const service& answers, duration at_most, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::multimap<duration, permit> running;
    course seen;
    duration next{};
    while (b.state() == state::half_open && seen.took < at_most) {
        next += duration{std::llround(-std::log(chance(random)) / per_second * 1e9)};
        const auto move_to = [&](duration to) { b.advance(to - seen.took), seen.took = to; };
        while (!running.empty() && running.begin()->first <= next) {
            move_to(running.begin()->first);
            running.begin()->second.success();
            running.erase(running.begin());
        }
        move_to(next);
        if (auto p = b.it.try_acquire()) {
            running.emplace(next + answers(random, running.size() + 1), std::move(*p));
            seen.most_at_a_time = std::max(seen.most_at_a_time, running.size());
        }
    }
    return seen;
}

TEST(ramp_by_evidence, ends_where_a_healthy_service_answers_now_quickly_and_now_slowly) {
    for (const service& healthy : {service{spread}, service{hit_or_missed}}) {
        for (const int per_second : {20, 100, 1'000}) {
            for (std::uint64_t seed = 1; seed <= 10; ++seed) {
                auto b = bench_of(by_evidence());
                std::mt19937_64 random{seed};
                begin_ramp(b, per_second, healthy(random, 1));
                under_traffic(b, per_second, healthy, 30s, seed);
                EXPECT_EQ(b.state(), state::closed) << per_second << " a second, seed " << seed;
            }
        }
    }
}

TEST(ramp_by_evidence, holds_an_overloaded_service_back) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 1'000, 20ms);
    const course seen = under_traffic(b, 1'000, overloaded, 30s, 1);
    b.expect_half_open();
    EXPECT_LT(seen.most_at_a_time, 100U);  // without it 27,000 would wait by now
}

TEST(ramp_by_evidence, ends_where_a_reload_brought_it_in_the_middle_of_a_ramp_by_time) {
    for (const int per_second : {20, 100, 1'000}) {
        settings s = by_evidence();
        s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
        auto b = bench_of(s);
        begin_ramp(b, per_second, 20ms);
        b.it.apply(by_evidence());
        under_traffic(b, per_second, spread, 30s, 1);
        EXPECT_EQ(b.state(), state::closed) << per_second << " a second";
    }
}

/// A clock whose zero is yet to come.
struct early_clock final : time_source {
    time_point at{-std::chrono::hours{1}};
    time_point now() const noexcept override { return at; }
};

TEST(ramp_by_evidence, ends_where_the_clock_is_below_zero) {
    early_clock clock;
    breaker it{"early", by_evidence(), clock};
    it.try_acquire()->settle(verdict::trip(duration::zero()));
    clock.at += it.observe().retry_after;
    it.try_acquire()->success();
    for (int i = 0; i < 100 && it.observe().current == state::half_open; ++i) {
        clock.at += 10s;
        if (auto p = it.try_acquire()) p->success();
    }
    EXPECT_EQ(it.observe().current, state::closed);
}

TEST(ramp_by_evidence, begins_with_a_quarter_of_the_calls_in_flight_of_health) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);  // nine in flight in health
    EXPECT_NEAR(b.now().admitted_share, 0.25, 0.03);
    EXPECT_EQ(b.now().retry_after, 0ns);
    const auto in = fill(b);
    EXPECT_EQ(in.size(), 2U);
    EXPECT_EQ(b.refusal().reason, reject_reason::ramping);
    EXPECT_EQ(b.refusal().retry_after, 90ms);
}

TEST(ramp_by_evidence, doubles_each_round_trip_while_answers_come_quickly) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (const std::size_t expected : {2U, 4U, 8U, 16U}) {
        auto in = fill(b);
        EXPECT_EQ(in.size(), expected);
        b.advance(90ms);
        for (auto& p : in) p.success();
    }
    EXPECT_EQ(b.now().admitted_share, 1);
}

TEST(ramp_by_evidence, lets_calls_through_at_a_distance_where_traffic_is_thin) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 1, 100ms);  // a tenth of a call in flight: a quarter of that is one in four seconds
    b.succeed();
    // The first was as quick as the probe or quicker: the distance is half of what it was.
    const rejection no = b.refusal();
    EXPECT_EQ(no.reason, reject_reason::ramping);
    EXPECT_GT(no.retry_after, 500ms);
    EXPECT_LE(no.retry_after, 2s);
    b.advance(no.retry_after);
    EXPECT_TRUE(b.admits());
}

TEST(ramp_by_evidence, closes_after_twenty_calls_and_a_second_in_which_nobody_was_refused) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int trips = 0; trips < 3; ++trips) {
        auto in = fill(b);
        b.advance(90ms);
        for (auto& p : in) p.success();
    }
    for (int i = 0; i < 20; ++i) b.take(10ms);
    b.expect_half_open();
    ASSERT_FALSE(fill(b).empty());  // the last of these is refused
    b.advance(1s - 1ns);
    b.succeed();
    b.expect_half_open();
    b.advance(1ns);
    b.succeed();
    b.expect_closed();
    EXPECT_EQ(b.log.last().cause, cause::ramp_finished);
    EXPECT_EQ(b.now().window.calls, 1U);
}

TEST(ramp_by_evidence, does_not_close_on_fewer_than_twenty_calls) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 20; ++i) b.advance(2s), b.expect_half_open(), b.succeed();
    b.advance(2s), b.succeed();
    b.expect_closed();
}

TEST(ramp_by_evidence, does_not_close_while_more_than_four_of_the_last_twenty_fail) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 100; ++i) b.advance(2s), b.settle(i % 4 == 0 ? verdict::failure() : verdict::success());
    b.expect_half_open();
    for (int i = 0; i < 8; ++i) b.advance(2s), b.succeed();
    b.expect_closed();
}

TEST(ramp_by_evidence, halves_at_a_failure_once_a_round_trip) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int trips = 0; trips < 3; ++trips) {
        auto in = fill(b);
        b.advance(90ms);
        for (auto& p : in) p.success();
    }
    auto in = fill(b);
    ASSERT_EQ(in.size(), 16U);
    b.advance(90ms);
    for (std::size_t i = 0; i < 3; ++i) in[i].failure();
    in.erase(in.begin(), in.begin() + 3);
    in.clear();  // the rest is dropped and says nothing
    EXPECT_EQ(fill(b).size(), 8U);
}

TEST(ramp_by_evidence, goes_by_the_latency_of_the_cold_service) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 2s);
    auto in = fill(b);
    ASSERT_EQ(in.size(), 4U);
    b.advance(2s);
    for (auto& p : in) p.success();
    EXPECT_EQ(fill(b).size(), 8U);
}

TEST(ramp_by_evidence, lets_in_fewer_when_answers_take_four_times_as_long) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int trips = 0; trips < 3; ++trips) {
        auto in = fill(b);
        b.advance(90ms);
        for (auto& p : in) p.success();
    }
    for (int trips = 0; trips < 3; ++trips) {
        auto in = fill(b);
        b.advance(800ms);
        for (auto& p : in) p.success();
    }
    EXPECT_LT(fill(b).size(), 16U);
}

TEST(ramp_by_evidence, opens_again_when_seven_of_the_last_ten_failed) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 6; ++i) b.advance(1s), b.fail();
    b.expect_half_open();
    b.advance(1s), b.fail();
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::failure_ratio);
    EXPECT_EQ(b.log.last().evidence, (evidence{.calls = 10, .failures = 7, .observed = 0.7, .threshold = 0.7}));
    EXPECT_EQ(b.now().attempt, 2U);
    EXPECT_EQ(b.retry_after(), 2s);
}

TEST(ramp_by_evidence, opens_again_by_the_rules_of_closed_and_by_a_trip_verdict) {
    settings s = by_evidence();
    s.trip.consecutive_failures = 2;
    auto b = bench_of(s);
    begin_ramp(b, 100, 90ms);
    b.fail(2);
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::consecutive_failures);
    b.probe().success();
    b.advance(1ms);
    b.settle(verdict::trip(20s));
    b.expect_open();
    EXPECT_EQ(b.retry_after(), 20s);
}

TEST(ramp_by_evidence, honours_retry_after_on_the_failure_that_ends_it) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 7; ++i) b.advance(1s), b.settle(verdict::failure(failure_class::overloaded, 30s));
    EXPECT_EQ(b.retry_after(), 30s);
}

TEST(ramp_by_evidence, takes_a_failure_of_weight_zero_for_nothing) {
    settings s = by_evidence();
    s.trip.weights.custom_1 = 0;
    auto b = bench_of(s);
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 20; ++i) b.advance(1s), b.fail(1, failure_class::custom_1);
    b.expect_half_open();
    EXPECT_EQ(fill(b).size(), 2U);
}

TEST(ramp_by_evidence, gets_its_places_back_from_calls_that_are_dropped) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(fill(b).size(), 2U);
    EXPECT_EQ(b.now().totals.ignored, 2'000U);
}

TEST(ramp_by_evidence, gets_its_places_back_when_the_answer_begins) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    auto streams = fill(b);
    for (auto& p : streams) p.answered();
    EXPECT_EQ(fill(b).size(), 2U);
    b.advance(1min);
    for (auto& p : streams) p.success();  // a long answer is not a slow service
    EXPECT_EQ(fill(b).size(), 4U);
}

TEST(ramp_by_evidence, is_not_blocked_for_ever_by_calls_that_never_end) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    auto hung = fill(b);
    b.advance(9s);
    EXPECT_FALSE(b.admits());
    b.advance(11s);  // two leases
    EXPECT_TRUE(b.admits());
    for (auto& p : hung) p.success();  // counted, but nobody's place
    EXPECT_EQ(b.late(), 0U);
    b.expect_half_open();
}

TEST(ramp_by_evidence, opens_again_where_calls_hang) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 2s);
    std::vector<permit> hung;
    for (int leases = 0; leases < 20 && b.state() == state::half_open; ++leases) {
        for (auto& p : fill(b)) hung.push_back(std::move(p));
        b.advance(20s);
    }
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::failure_ratio);
}

TEST(ramp_by_evidence, takes_verdicts_of_an_earlier_ramp_for_late) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    auto old = fill(b);
    ASSERT_EQ(old.size(), 2U);
    old.back().settle(verdict::trip(duration::zero()));
    old.pop_back();
    permit probe = b.probe();
    b.advance(90ms);
    probe.success();
    auto in = fill(b);
    const std::size_t allowed = in.size();
    old.clear();
    EXPECT_FALSE(b.admits());
    for (auto& p : in) p.ignore();
    in.clear();
    EXPECT_EQ(fill(b).size(), allowed);
}

TEST(ramp_by_evidence, begins_without_a_latency_where_the_probe_was_suspended) {
    settings s = by_evidence();
    s.recovery.probe_timeout = 24h;
    auto b = bench_of(s);
    for (int i = 0; i < 6'000; ++i) b.advance(10ms), b.succeed();
    b.break_down();
    permit probe = b.probe();
    b.clock.suspend(1h);
    probe.success();
    b.expect_half_open();
    EXPECT_NEAR(b.now().admitted_share, 1, 0.05) << "one call at a time, as long as from one to the next: who knows";
    const auto in = fill(b);
    EXPECT_EQ(in.size(), 1U);
    EXPECT_NEAR(std::chrono::duration<double>(b.refusal().retry_after).count(), 0.01, 0.001);
}

TEST(ramp_by_evidence, without_any_latency_or_traffic_known_asks_the_refused_to_come_back_in_a_second) {
    settings s = by_evidence();
    s.recovery.ramp.reset();
    auto b = bench_of(s);
    b.break_down();
    b.it.apply(by_evidence());  // whoever begins in the middle has learned no traffic
    permit probe = b.probe();
    b.clock.suspend(1s);
    probe.success();
    const auto in = fill(b);
    EXPECT_EQ(in.size(), 1U);
    EXPECT_EQ(b.refusal().retry_after, 1s);
}

TEST(ramp_by_evidence, begins_with_the_latency_of_the_probes_answer_whatever_came_after_it) {
    auto b = bench_of(by_evidence());
    for (int i = 0; i < 6'000; ++i) b.advance(10ms), b.succeed();
    b.break_down();
    permit probe = b.probe();
    b.advance(10ms);
    probe.answered();
    b.advance(600s);
    probe.success();
    b.expect_half_open();
    const auto in = fill(b);
    EXPECT_EQ(in.size(), 1U);
    EXPECT_LE(b.refusal().retry_after, 100ms);
}

TEST(ramp_by_evidence, stands_still_under_overrides_and_goes_with_them) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    auto in = fill(b);
    b.it.force_open(by("alice"));
    EXPECT_EQ(b.refusal().reason, reject_reason::forced_open);
    for (auto& p : in) p.success();
    b.it.lift_override(by("alice"));
    b.expect_open();
    permit probe = b.probe();
    b.advance(90ms);
    probe.success();
    in = fill(b);
    b.it.force_closed(by("alice"));
    for (auto& p : in) p.failure();
    EXPECT_EQ(b.late(), 2U);
    b.it.lift_override(by("alice"));
    b.expect_closed();
}

TEST(ramp_by_evidence, refuses_nobody_while_observing) {
    settings s = by_evidence();
    s.mode = mode::observe;
    auto b = bench_of(s);
    b.break_down();
    b.advance(1s);
    b.succeed();
    b.expect_half_open();
    EXPECT_EQ(fill(b, 100).size(), 100U);
    EXPECT_EQ(b.now().totals.rejected, 0U);
}

TEST(ramp_by_evidence, accounts_for_every_permit) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    const std::uint64_t before = b.now().totals.successes;
    std::uint64_t given = 0;
    for (int i = 0; i < 500; ++i) {
        b.advance(10ms);
        for (auto& p : fill(b, 3)) {
            ++given;
            if (i % 7 == 0)
                p.failure();
            else if (i % 5 == 0)
                p.ignore();
            else
                p.success();
        }
    }
    const auto totals = b.now().totals;
    EXPECT_EQ(totals.successes - before + totals.failures - 1 + totals.ignored + totals.late, given);
}

TEST(ramp_by_evidence, does_not_judge_a_call_that_slept_with_the_process) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    for (int i = 0; i < 4; ++i) {
        auto in = fill(b);
        b.clock.suspend(1s);
        for (auto& p : in) p.success();
    }
    EXPECT_EQ(fill(b).size(), 2U);
}

}  // namespace
}  // namespace switchgear::rules
