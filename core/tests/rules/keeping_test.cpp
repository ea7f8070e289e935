// Rule 35, settings applied at run time, and rule 36, state saved and restored: what is kept.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

// ---- rule 35

settings windowed(window w) {
    settings s{.trip = no_rules()};
    s.trip.window = w;
    s.trip.minimum_calls = 1;
    s.recovery.jitter = 0;
    return s;
}

TEST(rule_35_apply, shows_in_current_settings) {
    auto b = bench_of();
    settings s = windowed(last_calls{7});
    s.mode = mode::observe;
    b.it.apply(s);
    EXPECT_EQ(b.it.current_settings(), s);
}

TEST(rule_35_apply, keeps_state_epoch_and_deadline) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.break_down();
    b.advance(1s);
    const std::uint64_t epoch = b.epoch();
    const std::size_t told = b.log.size();
    settings s = b.it.current_settings();
    s.recovery.open_for = 60s;
    b.it.apply(s);
    b.expect_open();
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_EQ(b.retry_after(), 4s);
    EXPECT_EQ(b.log.size(), told) << b.log;
}

TEST(rule_35_apply, keeps_outstanding_permits) {
    auto b = bench_of({.recovery = {.open_for = 5s, .successes_to_close = 2}});
    permit running = b.acquire();
    b.it.apply(windowed(last_calls{5}));
    running.failure();
    EXPECT_EQ(b.now().window.failures, 1U);
    EXPECT_EQ(b.late(), 0U);

    b.break_down();
    permit probe = b.probe();
    settings s = b.it.current_settings();
    s.recovery.probes = 3;
    s.recovery.successes_to_close = 3;
    b.it.apply(s);
    permit second = b.acquire();
    permit third = b.acquire();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    probe.success();
    second.success();
    b.expect_half_open();
    third.success();
    b.expect_closed();
}

TEST(rule_35_apply, of_fewer_probes_waits_for_those_that_are_out) {
    auto b = bench_of({.recovery = {.probes = 3, .successes_to_close = 10}});
    b.break_down();
    permit one = b.probe();
    permit two = b.acquire();
    permit three = b.acquire();
    settings s = b.it.current_settings();
    s.recovery.probes = 1;
    b.it.apply(s);
    one.success();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    two.success();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    three.success();
    EXPECT_TRUE(b.admits());
    b.expect_half_open();
}

TEST(rule_35_samples, that_fit_a_smaller_window_of_calls_are_the_newest) {
    auto b = bench_of(windowed(last_calls{10}));
    b.fail(4);
    b.succeed(4);
    b.fail(2);
    b.it.apply(windowed(last_calls{7}));
    EXPECT_EQ(b.now().window.calls, 7U);
    EXPECT_EQ(b.now().window.failures, 3U);
    b.succeed();
    EXPECT_EQ(b.now().window.failures, 2U);
    EXPECT_EQ(b.now().window.calls, 7U);
}

TEST(rule_35_samples, all_fit_a_larger_window_of_calls) {
    auto b = bench_of(windowed(last_calls{10}));
    b.succeed(5);
    b.fail(8);
    b.succeed(2);
    b.it.apply(windowed(last_calls{100}));
    EXPECT_EQ(b.now().window.calls, 10U);
    EXPECT_EQ(b.now().window.failures, 8U);
    b.succeed(50);
    EXPECT_EQ(b.now().window.calls, 60U);
    EXPECT_EQ(b.now().window.failures, 8U);
    b.succeed(40);
    EXPECT_EQ(b.now().window.calls, 100U);
    EXPECT_EQ(b.now().window.failures, 8U);
    b.succeed(6);
    EXPECT_EQ(b.now().window.failures, 2U);
}

TEST(rule_35_samples, of_a_window_of_time_are_kept_when_it_grows) {
    auto b = bench_of(windowed(last{10s}));
    b.fail(3);
    b.advance(5s);
    b.succeed(2);
    b.it.apply(windowed(last{60s}));
    EXPECT_EQ(b.now().window.calls, 5U);
    EXPECT_EQ(b.now().window.failures, 3U);
    b.advance(40s);
    EXPECT_EQ(b.now().window.calls, 5U);
}

TEST(rule_35_samples, of_a_window_of_time_that_shrinks_are_the_young_ones) {
    auto b = bench_of(windowed(last{60s}));
    b.fail(3);
    b.advance(30s);
    b.succeed(2);
    b.fail(1);
    b.advance(1s);
    b.it.apply(windowed(last{20s}));
    EXPECT_EQ(b.now().window.calls, 3U);
    EXPECT_EQ(b.now().window.failures, 1U);
    b.advance(20s);
    EXPECT_EQ(b.now().window.calls, 0U);
}

TEST(rule_35_samples, of_the_same_window_are_kept_exactly) {
    for (const window& w : std::vector<window>{last{10s}, last_calls{50}}) {
        auto b = bench_of(windowed(w));
        b.fail(3);
        b.succeed(2);
        settings s = windowed(w);
        s.trip.failure_ratio = 0.9;
        s.trip.minimum_calls = 50;
        b.it.apply(s);
        EXPECT_EQ(b.now().window.calls, 5U);
        EXPECT_EQ(b.now().window.failures, 3U);
        EXPECT_EQ(b.now().failures_in_a_row, 0U);
    }
}

TEST(rule_35_samples, start_empty_when_the_kind_of_window_changes) {
    auto b = bench_of(windowed(last{10s}));
    b.fail(3);
    b.it.apply(windowed(last_calls{10}));
    EXPECT_EQ(b.now().window.calls, 0U);
    b.fail(4);
    b.it.apply(windowed(last{10s}));
    EXPECT_EQ(b.now().window.calls, 0U);
}

TEST(rule_35_samples, an_overdue_call_is_still_counted_once) {
    settings s{.trip = {.slow = slow_rule{.after = 300ms, .ratio = 1}, .window = last_calls{51}, .minimum_calls = 40}};
    auto b = bench_of(s);
    auto p = b.acquire();
    p.overdue();
    s.trip.window = last_calls{45};
    b.it.apply(s);
    p.success();
    EXPECT_EQ(b.now().window.calls, 1U);
    EXPECT_EQ(b.now().window.slow, 1U);
}

TEST(rule_35_apply, judges_a_lowered_count_when_time_has_moved_the_window_first) {
    settings s{.trip = {.consecutive_failures = {}, .failure_ratio = {}}};
    auto b = bench_of(s);
    b.fail(3);
    s.trip.failures = 2;
    b.it.apply(s);
    b.advance(2s);
    b.succeed();
    b.expect_open();
}

TEST(rule_35_apply, judges_a_lowered_threshold_at_the_next_verdict) {
    for (const verdict next : {verdict::success(), verdict::failure()}) {
        for (const window& w : std::vector<window>{last{10s}, last_calls{50}}) {
            settings s = windowed(w);
            s.trip.failure_ratio = 0.9;
            s.trip.minimum_calls = 5;
            auto b = bench_of(s);
            b.fail(4);
            b.succeed(4);
            s.trip.failure_ratio = 0.3;
            b.it.apply(s);
            b.expect_closed();
            EXPECT_TRUE(b.admits());  // ignored: no verdict yet
            b.expect_closed();
            b.settle(next);
            b.expect_open();
        }
    }
}

TEST(rule_35_apply, keeps_the_run_of_failures) {
    auto b = bench_of({.trip = {.consecutive_failures = 5}});
    b.fail(3);
    settings s = b.it.current_settings();
    s.trip.consecutive_failures = 4;
    b.it.apply(s);
    b.expect_closed();
    b.fail();
    b.expect_open();
}

TEST(rule_35_apply, keeps_attempt_and_backoff) {
    auto b = bench_of({.recovery = {.open_for = 1s, .backoff = 2}});
    b.break_down();
    b.probe().failure();
    settings s = b.it.current_settings();
    s.recovery.probes = 4;
    b.it.apply(s);
    EXPECT_EQ(b.now().attempt, 2U);
    b.probe().failure();
    EXPECT_EQ(b.retry_after(), 4s);
    EXPECT_EQ(b.now().attempt, 3U);
}

TEST(rule_35_apply, of_a_slow_rule_does_not_judge_calls_begun_without_one_wrongly) {
    auto b = bench_of(windowed(last{60s}));
    permit running = b.acquire();
    settings s = windowed(last{60s});
    s.trip.slow = slow_rule{.after = 1s, .ratio = 0.5};
    b.it.apply(s);
    running.success();  // no time has passed at all
    b.expect_closed();
    EXPECT_EQ(b.now().totals.slow, 0U);
    b.take(2s, 1);
    b.expect_open();
}

TEST(rule_35_apply, of_invalid_settings_changes_nothing) {
    auto b = bench_of({.trip = {.consecutive_failures = 3}});
    b.fail(2);
    settings s = b.it.current_settings();
    s.trip.consecutive_failures = 1;
    s.recovery.probes = 0;
    EXPECT_THROW(b.it.apply(s), invalid_settings);
    EXPECT_EQ(b.it.current_settings().trip.consecutive_failures, 3U);
    b.expect_closed();
    b.fail();
    b.expect_open();
}

TEST(rule_35_apply, switches_observing_on_and_off) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    b.break_down();
    settings s = b.it.current_settings();
    s.mode = mode::observe;
    b.it.apply(s);
    EXPECT_TRUE(b.admits());
    s.mode = mode::enforce;
    b.it.apply(s);
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 5s}));
}

// ---- rule 36

settings saved_settings() {
    return {.trip = {.consecutive_failures = 3}, .recovery = {.open_for = 10s, .backoff = 2, .max_open_for = 1h}};
}

TEST(rule_36_restore, of_an_open_breaker_leaves_what_is_left_of_its_pause) {
    auto b = bench_of(saved_settings());
    b.break_down();
    b.advance(3s);
    const std::string record = b.it.save();

    auto at_once = bench_of(saved_settings());
    at_once.advance(1234s);
    EXPECT_TRUE(at_once.it.restore(record));
    at_once.expect_open();
    EXPECT_EQ(at_once.retry_after(), 7s);

    auto later = bench_of(saved_settings());
    EXPECT_TRUE(later.it.restore(record, 4s));
    EXPECT_EQ(later.retry_after(), 3s);
    later.advance(3s);
    EXPECT_TRUE(later.admits());

    auto much_later = bench_of(saved_settings());
    EXPECT_TRUE(much_later.it.restore(record, 24h));
    much_later.expect_open();
    EXPECT_TRUE(much_later.now().probe_due);
}

TEST(rule_36_restore, of_half_open_is_open_with_a_probe_due) {
    for (const bool ramping : {false, true}) {
        settings s = saved_settings();
        if (ramping) s.recovery.ramp = ramp_rule{};
        auto b = bench_of(s);
        b.break_down();
        permit probe = b.probe();
        if (ramping) probe.success();
        b.expect_half_open();
        auto restored = bench_of(s);
        EXPECT_TRUE(restored.it.restore(b.it.save()));
        restored.expect_open();
        EXPECT_TRUE(restored.now().probe_due);
        permit own = restored.acquire();
        restored.expect_half_open();
    }
}

TEST(rule_36_restore, of_a_closed_breaker_is_closed) {
    auto b = bench_of(saved_settings());
    auto restored = bench_of(saved_settings());
    EXPECT_TRUE(restored.it.restore(b.it.save()));
    restored.expect_closed();
    EXPECT_TRUE(restored.admits());
}

TEST(rule_36_restore, keeps_backoff_and_attempt) {
    auto b = bench_of(saved_settings());
    b.break_down();
    b.probe().failure();
    b.probe().failure();
    auto restored = bench_of(saved_settings());
    ASSERT_TRUE(restored.it.restore(b.it.save()));
    EXPECT_EQ(restored.now().attempt, 3U);
    EXPECT_EQ(restored.retry_after(), 40s);
    restored.probe().failure();
    EXPECT_EQ(restored.retry_after(), 80s);
    EXPECT_EQ(restored.now().attempt, 4U);
}

TEST(rule_36_restore, in_use_is_a_transition) {
    auto b = bench_of(saved_settings());
    b.break_down();
    auto in_use = bench_of(saved_settings());
    permit running = in_use.acquire();
    const std::uint64_t epoch = in_use.epoch();
    ASSERT_TRUE(in_use.it.restore(b.it.save()));
    EXPECT_EQ(in_use.epoch(), epoch + 1);
    ASSERT_EQ(in_use.log.size(), 1U);
    EXPECT_EQ(in_use.log.last().cause, cause::restored);
    EXPECT_EQ(in_use.log.last().from, state::closed);
    EXPECT_EQ(in_use.log.last().to, state::open);
    running.failure();
    EXPECT_EQ(in_use.late(), 1U);
}

void expect_refused(bench& b, const std::string& record) {
    const snapshot before = b.now();
    const std::size_t told = b.log.size();
    ASSERT_FALSE(b.it.restore(record)) << '"' << record << '"';
    const snapshot after = b.now();
    ASSERT_EQ(after.current, before.current);
    ASSERT_EQ(after.epoch, before.epoch);
    ASSERT_EQ(after.retry_after, before.retry_after);
    ASSERT_EQ(after.attempt, before.attempt);
    ASSERT_EQ(b.log.size(), told);
}

TEST(rule_36_damaged_record, is_noticed_whichever_character_is_flipped) {
    auto b = bench_of(saved_settings());
    b.break_down();
    b.probe().failure();
    b.advance(123'456us);
    const std::string record = b.it.save();
    ASSERT_FALSE(record.empty());
    ASSERT_EQ(record.find('\n'), std::string::npos);
    auto other = bench_of(saved_settings());
    for (std::size_t i = 0; i < record.size(); ++i) {
        for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
            std::string damaged = record;
            damaged[i] = static_cast<char>(damaged[i] ^ flip);
            expect_refused(other, damaged);
        }
        expect_refused(other, record.substr(0, i));
        std::string shorter = record;
        expect_refused(other, shorter.erase(i, 1));
        std::string longer = record;
        expect_refused(other, longer.insert(i, 1, '0'));
    }
    EXPECT_TRUE(other.it.restore(record));
}

TEST(rule_36_damaged_record, is_refused_whatever_it_is) {
    auto b = bench_of(saved_settings());
    b.break_down();
    for (const char* junk : {"", " ", "\n", "open", "switchgear", "{}", "0", "999999999999999999999999999999"}) {
        expect_refused(b, junk);
    }
    expect_refused(b, std::string(100'000, '9'));
    expect_refused(b, std::string(64, '\0'));
}

}  // namespace
}  // namespace switchgear::rules
