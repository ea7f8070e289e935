// The edges of coming back: of the ramp by evidence, of learned pacing, and of the windows before and after.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "evidence_bench.hpp"

namespace switchgear::rules {
namespace {

// ---- the ramp by evidence

TEST(ramp_by_evidence, takes_a_probe_to_last_a_microsecond_at_least_and_an_hour_at_most) {
    auto quick = bench_of(by_evidence());
    begin_ramp(quick, 100, 0ns);
    const auto in = fill(quick);
    // A hundredth of a call at a time, which is the narrowest: one call in a hundred of its latencies.
    EXPECT_NEAR(static_cast<double>(quick.refusal().retry_after.count()), 100e3, 10);

    settings s = by_evidence();
    s.recovery.probe_timeout = 24h;
    auto slow = bench_of(s);
    begin_ramp(slow, 100, 2h);
    const auto four = fill(slow);
    EXPECT_EQ(four.size(), 4U);
    EXPECT_EQ(slow.refusal().retry_after, 1h);
}

TEST(ramp_by_evidence, takes_a_single_call_that_never_ended_for_a_failure) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    const permit hung = b.acquire();
    b.advance(20s);
    EXPECT_TRUE(b.admits());
    EXPECT_EQ(fill(b).size(), 1U);  // of two
    // And the next one, a round trip later, halves again: now there is time between calls.
    b.advance(1s);
    b.fail();
    EXPECT_NEAR(std::chrono::duration<double>(b.refusal().retry_after).count(), 0.1, 0.005);
}

TEST(ramp_by_evidence, opens_again_where_seven_of_eight_calls_never_ended_and_not_where_six) {
    for (const std::size_t hang : {6U, 7U, 8U}) {
        auto b = bench_of(by_evidence());
        begin_ramp(b, 100, 90ms);
        for (int trips = 0; trips < 2; ++trips) {
            auto in = fill(b);
            b.advance(90ms);
            for (auto& p : in) p.success();
        }
        auto hung = fill(b);
        ASSERT_EQ(hung.size(), 8U);
        hung.erase(hung.begin() + static_cast<std::ptrdiff_t>(hang), hung.end());
        b.advance(20s);
        const auto next = b.it.try_acquire();
        EXPECT_EQ(next.has_value(), hang < 7) << hang;
        EXPECT_EQ(b.state(), hang < 7 ? state::half_open : state::open) << hang;
        if (hang < 7) continue;
        EXPECT_EQ(next.error().reason, reject_reason::open);
        EXPECT_EQ(b.log.last().evidence.failures, hang);
    }
}

TEST(ramp_by_evidence, gives_a_place_up_just_two_leases_after_the_lease_began_that_it_was_taken_in) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    const auto hung = fill(b);
    b.advance(20s - 1ns);
    EXPECT_FALSE(b.admits());
    b.advance(1ns);
    EXPECT_TRUE(b.admits());
}

TEST(ramp_by_evidence, gives_places_up_after_a_silence_of_tens_of_thousands_of_leases) {
    settings s = by_evidence();
    s.recovery.probe_timeout = 1ms;
    auto b = bench_of(s);
    b.break_down();
    b.probe().success();
    const permit hung = b.acquire();
    b.advance(40s);
    EXPECT_TRUE(b.admits());
}

TEST(ramp_by_evidence, frees_no_place_for_calls_that_have_none) {
    settings s = by_evidence();
    s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
    auto b = bench_of(s);
    begin_ramp(b, 100, 90ms);
    auto by_time = fill(b, 50);
    b.it.apply(by_evidence());
    const auto in = fill(b);
    ASSERT_EQ(in.size(), 1U);
    by_time.clear();
    EXPECT_FALSE(b.admits());
}

TEST(ramp_by_evidence, frees_a_place_once_when_the_answer_begins_and_the_call_ends) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    auto streams = fill(b);
    for (auto& p : streams) p.answered();
    const auto in = fill(b);
    ASSERT_EQ(in.size(), 2U);
    streams.clear();
    EXPECT_FALSE(b.admits());
}

TEST(ramp_by_evidence, goes_by_a_call_that_began_as_the_process_went_on) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    b.clock.suspend(1s);
    auto in = fill(b);
    b.advance(90ms);
    for (auto& p : in) p.success();
    EXPECT_EQ(fill(b).size(), 4U);
}

TEST(ramp_by_evidence, shows_what_share_is_let_in_where_traffic_is_not_known) {
    auto before = bench_of({.recovery = {.open_for = 1s}});
    before.break_down();
    auto b = bench_of(by_evidence());
    ASSERT_TRUE(b.it.restore(before.it.save()));
    permit probe = b.probe();
    b.advance(4s);
    probe.success();
    // One call in four seconds, and a call a second is what is taken for health.
    EXPECT_DOUBLE_EQ(b.now().admitted_share, 0.25);
}

TEST(ramp_by_evidence, shows_what_share_is_let_in_where_there_is_time_between_calls) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 1, 100ms);
    EXPECT_NEAR(b.now().admitted_share, 0.25, 0.01);
}

/// A clock that a thread may have read a little earlier than another one.
struct clock_to_set final : time_source {
    time_point at{std::chrono::hours{1}};
    time_point now() const noexcept override { return at; }
};

TEST(ramp_by_evidence, lets_in_whoever_read_the_clock_before_the_last_one_came_or_the_ramp_began) {
    clock_to_set clock;
    breaker it{"late", by_evidence(), clock};
    for (int i = 0; i < 6'000; ++i) clock.at += 10ms, it.try_acquire()->success();
    it.try_acquire()->settle(verdict::trip(duration::zero()));
    clock.at += it.observe().retry_after;
    auto probe = it.try_acquire();
    clock.at += 90ms;
    probe->success();
    auto first = it.try_acquire();
    ASSERT_TRUE(first);
    clock.at -= 1us;
    auto second = it.try_acquire();
    EXPECT_TRUE(second);
    EXPECT_FALSE(it.try_acquire());
    second->ignore();
    EXPECT_TRUE(it.try_acquire());
}

// ---- learned pacing

settings learning() {
    return {.trip = {.consecutive_failures = 3, .failure_ratio = {}},
            .recovery = {.jitter = 0, .pacing = pacing::learned}};
}
double pause_of(const bench& b) { return std::chrono::duration<double>(b.retry_after()).count(); }
/// After an outage of that age in seconds, with so many calls a second.
double gap_at(double age, double rate) { return std::sqrt(2 * 5 * (1.7024143839 * 30 + age) / (1.5 * rate)); }

TEST(learned_pacing, takes_what_failed_for_calls_too) {
    auto b = bench_of(learning());
    for (int i = 0; i < 10; ++i) b.advance(100ms), b.succeed();
    b.fail(3);
    // Beside what was there: one call in one second.
    EXPECT_NEAR(b.now().learned.calls_per_second, (10 + 3 + 1) / (1.0 + 1), 1e-5);
    b.probe().success();
    for (int i = 0; i < 20; ++i) b.advance(100ms), b.succeed();
    b.fail(3);
    // Beside a minute of what was known.
    EXPECT_NEAR(b.now().learned.calls_per_second, (20 + 3 + 60 * 7) / (2.0 + 60), 1e-5);
}

TEST(learned_pacing, learns_from_the_window_that_an_order_began) {
    auto b = bench_of(learning());
    for (int i = 0; i < 6'000; ++i) b.advance(100ms), b.succeed();
    b.it.force_closed(by("alice"));
    const auto epoch = b.epoch();
    permit running = b.acquire();
    b.it.lift_override(by("alice"));
    EXPECT_EQ(b.epoch(), epoch);
    running.ignore();
    for (int i = 0; i < 99; ++i) b.advance(1s), b.succeed();
    b.fail(3);
    EXPECT_NEAR(b.now().learned.calls_per_second, (99 + 3 + 1) / (99.0 + 1), 1e-5);
}

TEST(learned_pacing, learns_from_the_first_window_after_a_reload_brought_it) {
    settings s = learning();
    s.recovery.pacing = pacing::fixed;
    auto b = bench_of(s);
    b.it.apply(learning());
    for (int i = 0; i < 10; ++i) b.advance(1s), b.succeed();
    b.fail(3);
    EXPECT_EQ(b.now().learned.calls_per_second, 0) << "how long that window was is not known";
    b.probe().success();
    for (int i = 0; i < 9; ++i) b.advance(1s), b.succeed();
    b.fail(3);
    EXPECT_NEAR(b.now().learned.calls_per_second, (9 + 3 + 1) / (9.0 + 1), 1e-5);
}

TEST(learned_pacing, takes_an_outage_for_young_whose_beginning_is_not_known) {
    settings s = learning();
    s.recovery.pacing = pacing::fixed;
    auto b = bench_of(s);
    b.fail(3);
    b.it.apply(learning());
    b.advance(1h);
    b.probe().failure();
    EXPECT_NEAR(pause_of(b), gap_at(0, 1), 1e-6);
    b.probe().success();
    EXPECT_EQ(b.now().learned.median_outage, 0ns);
}

TEST(learned_pacing, takes_an_outage_to_begin_where_a_breaker_that_was_closed_is_no_longer_forced_open) {
    auto b = bench_of(learning());
    for (int i = 0; i < 3'600; ++i) b.advance(1s), b.succeed();
    b.it.force_open(by("alice"));
    b.advance(100s);
    b.it.lift_override(by("alice"));
    permit probe = b.acquire();
    b.advance(20s);
    probe.failure();
    EXPECT_EQ(b.retry_after(), 300ms);
    b.probe().failure();
    EXPECT_NEAR(pause_of(b), gap_at(20.3, 1), 1e-6);
}

TEST(learned_pacing, learns_no_traffic_from_a_time_in_which_an_order_refused_it) {
    auto b = bench_of(learning());
    for (int i = 0; i < 6'000; ++i) b.advance(100ms), b.succeed();
    b.it.force_open(by("alice"));
    b.advance(100h);
    b.it.trip(by("bob"));
    EXPECT_NEAR(b.now().learned.calls_per_second, 10, 0.1);
    b.it.reset(by("bob"));  // forgets
    b.advance(100h);
    b.it.trip(by("bob"));
    EXPECT_EQ(b.now().learned.calls_per_second, 0);
}

TEST(learned_pacing, takes_an_outage_to_go_on_while_it_is_forced_open) {
    auto b = bench_of(learning());
    for (int i = 0; i < 600; ++i) b.advance(100ms), b.succeed();
    b.fail(3);
    const double rate = b.now().learned.calls_per_second;
    b.it.force_open(by("alice"));
    b.advance(100s);
    const auto epoch = b.epoch();
    b.it.lift_override(by("alice"));
    EXPECT_EQ(b.epoch(), epoch);
    b.probe().failure();
    EXPECT_NEAR(pause_of(b), gap_at(100, rate), 1e-4);
}

TEST(learned_pacing, takes_what_a_record_says_for_no_outage_of_its_own) {
    auto before = bench_of(learning());
    before.fail(3);
    before.probe().success();
    const auto record = before.it.save();
    auto b = bench_of(learning());
    b.fail(3);
    b.advance(1h);
    ASSERT_TRUE(b.it.restore(record));
    b.expect_closed();
    EXPECT_EQ(b.now().learned.median_outage, before.now().learned.median_outage);
}

// ---- windows

/// Four failures of at least four calls.
settings half_of_four(std::optional<ramp_rule> ramp = {}) {
    settings s{.trip = no_rules(), .recovery = {.open_for = 1s, .ramp = ramp}};
    s.trip.failure_ratio = 0.5;
    s.trip.minimum_calls = 4;
    s.trip.window = last_calls{10};
    return s;
}
/// Fails once in four calls, which trips only with what was before.
void expect_an_empty_window(bench& b, state in) {
    b.fail();
    b.succeed(3);
    EXPECT_EQ(b.state(), in) << "it counts what was in another window";
}

TEST(rule_4_windows, of_a_ramp_and_after_it_are_empty_though_no_call_of_the_ramp_failed) {
    // Nobody looks in between: whoever does brings the window up to date.
    for (const bool in_ramp : {true, false}) {
        auto b = bench_of(half_of_four(ramp_rule{.over = 1s, .from = 1}));
        b.fail(4);
        b.probe().success();
        if (!in_ramp) b.advance(1s), b.succeed();
        expect_an_empty_window(b, in_ramp ? state::half_open : state::closed);
    }
}

TEST(rule_4_windows, of_a_ramp_hold_no_success_from_before_it) {
    auto b = bench_of(half_of_four(ramp_rule{.over = 1s, .from = 1}));
    b.succeed(8);
    b.it.trip(by("alice"));
    b.probe().success();
    EXPECT_EQ(b.now().window.calls, 0U);
    b.fail(4);
    b.expect_open();
}

TEST(rule_4_windows, after_a_reset_and_an_outage_by_order_are_empty) {
    auto b = bench_of(half_of_four());
    b.fail(3);
    b.it.reset(by("alice"));
    b.it.trip(by("alice"));
    b.probe().success();
    expect_an_empty_window(b, state::closed);
}

// ---- jitter

TEST(rule_11_jitter, never_makes_a_pause_of_nothing) {
    settings s = half_of_four();
    s.recovery.open_for = 1ms;
    s.recovery.jitter = std::nextafter(1.0, 0.0);
    s.recovery.jitter_seed = -std::uint64_t{0x9e3779b97f4a7c15};  // the generator's next state is 0, its least draw
    bench b{s};
    b.break_down();
    EXPECT_EQ(b.retry_after(), 1ns);
}

}  // namespace
}  // namespace switchgear::rules
