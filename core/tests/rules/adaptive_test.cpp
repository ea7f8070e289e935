// The adaptive rule in a breaker: what trips it, what it learns and forgets, and what others see of it.
#include <string>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings adaptive_only(adaptive_rule with = {}) {
    settings s;
    s.trip = no_rules();
    s.trip.adaptive = with;
    s.recovery = {.open_for = 1s, .jitter = 0};
    return s;
}

/// Calls ten times a second.
struct service : bench {
    using bench::bench;

    void healthy(int calls, duration took = 10ms) {
        for (int i = 0; i < calls; ++i) {
            take(took);
            advance(100ms - took);
        }
    }
    /// Returns: how many calls failed until it opened.
    int until_it_opens(int at_most, failure_class with = failure_class::error) {
        for (int i = 1; i <= at_most; ++i) {
            permit p = acquire();
            advance(10ms);
            p.failure(with);
            if (it.observe().current == state::open) return i;
            advance(90ms);
        }
        return at_most + 1;
    }
    /// Opened by failures; then its probe says so.
    void recovers(bool at_once) {
        for (int probes = at_once ? 0 : 3; probes > 0; --probes) {
            wait_for_pause();
            probe().failure();
        }
        wait_for_pause();
        succeed();
        EXPECT_EQ(it.observe().current, state::closed);
    }
};

TEST(adaptive_rule, one_failure_never_trips_not_after_a_quiet_night_either) {
    service s{adaptive_only()};
    s.fail();
    s.advance(12h);
    s.fail();
    s.healthy(20'000);
    s.fail();
    s.advance(12h);
    s.fail();
    EXPECT_EQ(s.it.observe().current, state::closed);
}

TEST(adaptive_rule, a_service_that_was_well_and_dies_is_left_within_a_handful_of_calls) {
    service s{adaptive_only()};
    s.healthy(5'000);
    EXPECT_LE(s.until_it_opens(10), 6);
    const auto& why = s.log.last();
    EXPECT_EQ(why.cause, cause::adaptive);
    EXPECT_EQ(why.evidence.failures, why.evidence.calls);
    EXPECT_EQ(why.evidence.observed, 1);
    EXPECT_LT(why.evidence.threshold, 0.01);
    EXPECT_GE(why.evidence.by_chance_once_in, 24h * 30);
}

TEST(adaptive_rule, a_dead_service_at_one_call_in_twenty_seconds_is_found_within_minutes) {
    service s{adaptive_only()};
    for (int i = 0; i < 2'000; ++i) {
        s.succeed();
        s.advance(20s);
    }
    int calls = 0;
    while (s.it.observe().current == state::closed && calls < 100) {
        s.fail();
        s.advance(20s);
        ++calls;
    }
    EXPECT_LE(calls, 9);
}

TEST(adaptive_rule, other_rules_go_first_and_beside_it) {
    settings given = adaptive_only();
    given.trip.consecutive_failures = 2;
    service s{given};
    s.healthy(1'000);
    s.fail(2);
    EXPECT_EQ(s.log.last().cause, cause::consecutive_failures);
}

TEST(adaptive_rule, is_named_last_of_those_that_hold_at_once) {
    service alone{adaptive_only()};
    alone.healthy(5'000);
    const int calls = alone.until_it_opens(30);
    settings given = adaptive_only();
    given.trip.limits.error = static_cast<std::uint32_t>(calls);
    service s{given};
    s.healthy(5'000);
    EXPECT_EQ(s.until_it_opens(30), calls);
    EXPECT_EQ(s.log.last().cause, cause::class_limit);
}

TEST(adaptive_rule, slow_answers_trip_though_every_call_succeeds) {
    service s{adaptive_only()};
    s.healthy(5'000);
    ASSERT_TRUE(s.it.observe().normal->slow_after.has_value());
    EXPECT_GE(*s.it.observe().normal->slow_after, 10ms);
    EXPECT_LE(*s.it.observe().normal->slow_after, 30ms);
    int calls = 0;
    while (s.it.observe().current == state::closed && calls < 100) {
        s.take(50ms);
        ++calls;
    }
    EXPECT_LE(calls, 20);
    EXPECT_EQ(s.log.last().cause, cause::adaptive);
    EXPECT_GT(s.log.last().evidence.slow, 0U);
    EXPECT_EQ(s.it.observe().totals.failures, 0U);
    EXPECT_EQ(s.it.observe().totals.slow, 0U) << "slow is what the slow rule calls so, and there is none";
}

TEST(adaptive_rule, calls_that_hang_count_when_they_pass_the_limit) {
    service s{adaptive_only()};
    s.healthy(5'000);
    const duration limit = *s.it.observe().normal->slow_after;
    std::vector<permit> hanging;
    for (int i = 0; i < 30; ++i) hanging.push_back(s.acquire());
    s.advance(limit);
    hanging.front().overdue();
    EXPECT_EQ(s.it.observe().current, state::closed) << "not longer than the limit yet";
    s.advance(1ns);
    for (permit& one : hanging) one.overdue();
    EXPECT_EQ(s.it.observe().current, state::open);
    EXPECT_EQ(s.log.last().cause, cause::adaptive);
    for (permit& one : hanging) one.success();
}

TEST(adaptive_rule, a_call_that_hangs_counts_once_however_often_it_is_told_of) {
    service once{adaptive_only()}, often{adaptive_only()};
    for (service* one : {&once, &often}) {
        one->healthy(5'000);
        permit hanging = one->acquire();
        one->advance(1s);
        for (int told = one == &once ? 1 : 3; told > 0; --told) hanging.overdue();
        hanging.success();
    }
    EXPECT_GT(once.it.observe().normal->evidence, 0);
    EXPECT_DOUBLE_EQ(often.it.observe().normal->evidence, once.it.observe().normal->evidence);
}

TEST(adaptive_rule, a_call_that_is_told_of_before_it_passes_the_limit_is_not_slow) {
    service told{adaptive_only()}, not_told{adaptive_only()};
    for (service* one : {&told, &not_told}) {
        one->healthy(5'000);
        std::vector<permit> running;
        for (int i = 0; i < 10; ++i) running.push_back(one->acquire());
        one->advance(*one->it.observe().normal->slow_after / 2);
        if (one == &told) {
            for (permit& p : running) p.overdue();
        }
        for (permit& p : running) p.success();
    }
    EXPECT_EQ(told.it.observe().current, state::closed);
    EXPECT_DOUBLE_EQ(told.it.observe().normal->evidence, not_told.it.observe().normal->evidence);
}

TEST(adaptive_rule, calls_from_before_it_was_there_are_none_of_its_business_though_they_hang) {
    settings without = adaptive_only();
    without.trip.adaptive.reset();
    service s{without};
    std::vector<permit> old;
    for (int i = 0; i < 30; ++i) old.push_back(s.acquire());
    s.it.apply(adaptive_only());
    s.healthy(5'000);
    for (permit& p : old) p.overdue();
    EXPECT_EQ(s.it.observe().current, state::closed);
    for (permit& p : old) p.success();
}

TEST(adaptive_rule, calls_that_hang_may_be_the_first_after_a_needless_trip) {
    service s{adaptive_only()};
    s.healthy(5'000);
    s.until_it_opens(20);
    s.wait_for_pause();
    s.succeed();  // and nobody looks
    std::vector<permit> hanging;
    for (int i = 0; i < 60; ++i) hanging.push_back(s.acquire());
    s.advance(1s);
    for (permit& p : hanging) p.overdue();
    EXPECT_EQ(s.it.observe().current, state::open);
    for (permit& p : hanging) p.success();
}

TEST(adaptive_rule, an_overdue_call_is_not_slow_again_when_it_ends) {
    service s{adaptive_only()};
    s.healthy(5'000);
    const duration limit = *s.it.observe().normal->slow_after;
    // At one slow call in a hundred, each told of twice, nothing is out of the ordinary.
    for (int i = 0; i < 40; ++i) {
        permit slow = s.acquire();
        s.advance(limit + 1ms);
        slow.overdue();
        slow.overdue();
        s.advance(10ms);
        slow.success();
        s.healthy(99);
    }
    EXPECT_EQ(s.it.observe().current, state::closed);
}

TEST(adaptive_rule, beside_a_slow_rule_each_has_its_own_limit) {
    settings given = adaptive_only();
    given.trip.slow = slow_rule{.after = 1s, .ratio = 1};
    service s{given};
    s.healthy(1'000);
    permit p = s.acquire();
    s.advance(500ms);
    p.overdue();  // by the learned limit
    EXPECT_EQ(s.it.observe().window.slow, 0U);
    s.advance(600ms);
    p.overdue();  // and by the slow rule
    EXPECT_EQ(s.it.observe().window.slow, 1U);
    p.success();
    EXPECT_EQ(s.it.observe().totals.slow, 1U);
}

TEST(adaptive_rule, a_timer_is_told_of_both_limits_in_turn) {
    settings given = adaptive_only();
    given.trip.slow = slow_rule{.after = 1s, .ratio = 1};
    service s{given};
    EXPECT_EQ(s.it.slow_limit(), duration{1s}) << "nothing is learned yet";
    s.healthy(1'000);
    const duration learned = *s.it.observe().normal->slow_after;
    EXPECT_EQ(s.it.slow_limit(), learned);
    EXPECT_EQ(s.it.slow_limit(learned - 1ns), learned);
    EXPECT_EQ(s.it.slow_limit(learned), duration{1s});
    EXPECT_EQ(s.it.slow_limit(1s), std::nullopt);
    s.it.apply({.trip = no_rules()});
    EXPECT_EQ(s.it.slow_limit(), std::nullopt) << "without either rule";
}

TEST(adaptive_rule, a_timer_that_goes_off_at_each_limit_is_in_time) {
    settings given = adaptive_only();
    given.trip.slow = slow_rule{.after = 1s, .ratio = 1};
    service s{given};
    s.healthy(1'000);
    const double before = s.it.observe().normal->evidence;
    permit p = s.acquire();
    const duration learned = *s.it.slow_limit();
    s.advance(learned);
    p.overdue();
    EXPECT_GT(s.it.observe().normal->evidence, before);
    EXPECT_EQ(s.it.observe().window.slow, 0U);
    s.advance(*s.it.slow_limit(learned) - learned);
    p.overdue();
    EXPECT_EQ(s.it.observe().window.slow, 1U);
}

TEST(adaptive_rule, an_outage_is_not_learned) {
    service s{adaptive_only()};
    s.healthy(5'000);
    const double before = s.it.observe().normal->failure_share;
    for (int outage = 0; outage < 5; ++outage) {
        EXPECT_LE(s.until_it_opens(30), 30);
        s.recovers(false);
        s.healthy(1'000);
    }
    EXPECT_LE(s.it.observe().normal->failure_share, before + 0.001);
}

TEST(adaptive_rule, a_needless_trip_makes_it_more_careful) {
    service s{adaptive_only()};
    s.healthy(5'000);
    const double before = s.it.observe().normal->penalty;
    EXPECT_LE(s.until_it_opens(30), 30);
    s.recovers(true);
    s.healthy(1);
    EXPECT_NEAR(s.it.observe().normal->penalty, before + 1, 0.01);
}

TEST(adaptive_rule, an_outage_makes_it_no_more_careful) {
    service s{adaptive_only()};
    s.healthy(5'000);
    const double before = s.it.observe().normal->penalty;
    EXPECT_LE(s.until_it_opens(30), 30);
    s.recovers(false);
    s.healthy(1);
    EXPECT_LE(s.it.observe().normal->penalty, before);
}

TEST(adaptive_rule, a_class_without_weight_is_no_evidence) {
    settings given = adaptive_only();
    given.trip.weights.overloaded = 0;
    service s{given};
    s.healthy(5'000);
    s.fail(100, failure_class::overloaded);
    EXPECT_EQ(s.it.observe().current, state::closed);
}

TEST(adaptive_rule, what_it_learned_survives_a_restart) {
    service before{adaptive_only()};
    before.healthy(5'000);
    const std::string record = before.it.save();
    service after{adaptive_only()};
    ASSERT_TRUE(after.it.restore(record, 1min));
    EXPECT_EQ(after.it.observe().normal->slow_after, before.it.observe().normal->slow_after);
    service cold{adaptive_only()};
    const int as_before = before.until_it_opens(50), warm = after.until_it_opens(50);
    EXPECT_LE(warm, as_before + 1);
    EXPECT_LT(warm, cold.until_it_opens(50));
}

TEST(adaptive_rule, has_a_view_of_nothing_before_it_fills_it) {
    const normal_calls none;
    EXPECT_EQ(none.failure_share, 0);
    EXPECT_EQ(none.slow_share, 0);
    EXPECT_EQ(none.slow_after, std::nullopt);
    EXPECT_EQ(none.evidence, 0);
    EXPECT_EQ(none.penalty, 0);
}

TEST(adaptive_rule, learns_each_good_call_once) {
    service s{adaptive_only()};
    s.succeed(256);  // as many as a thread keeps to itself
    EXPECT_NEAR(s.it.observe().normal->failure_share, 0.5 / (256 + 50), 1e-9);
}

TEST(adaptive_rule, learns_from_the_first_good_calls_after_a_needless_trip) {
    service s{adaptive_only()};
    s.healthy(100);
    const double before = s.it.observe().normal->penalty;
    s.until_it_opens(50);
    s.wait_for_pause();
    s.succeed();  // and nobody looks
    s.succeed(256);
    EXPECT_GT(s.it.observe().normal->penalty, before + 0.9);
    const double share = s.it.observe().normal->failure_share;
    s.succeed(256);
    const double later = s.it.observe().normal->failure_share;
    // Bad calls and all calls are what they were but for 256 more: bad / all, and bad / (all + 256).
    const double all = 256 * later / (share - later);
    EXPECT_GT(all, 100 + 256);
}

TEST(adaptive_rule, what_is_kept_closed_is_told_again_when_it_comes_again) {
    service s{adaptive_only()};
    s.healthy(5'000);
    s.it.force_closed(by("alice"));
    for (int outage = 0; outage < 2; ++outage) {
        const auto told = s.log.size();
        for (int i = 0; i < 100; ++i) s.fail(), s.advance(100ms);
        EXPECT_EQ(s.log.size(), told + 1);
        s.healthy(3'000);
    }
}

TEST(adaptive_rule, is_saved_with_the_good_calls_that_are_on_their_way) {
    service before{adaptive_only()};
    before.succeed(50);
    const std::string record = before.it.save();
    service after{adaptive_only()};
    ASSERT_TRUE(after.it.restore(record, 0s));
    EXPECT_LT(after.it.observe().normal->failure_share, 0.006);
}

TEST(adaptive_rule, probes_whose_leases_run_out_say_that_there_is_an_outage) {
    settings given = adaptive_only();
    given.recovery = {.open_for = 100ms, .backoff = 1, .jitter = 0, .probe_timeout = 100ms};
    for (const int lost : {2, 3}) {
        service s{given};
        s.healthy(5'000);
        const double before = s.it.observe().normal->penalty;
        s.until_it_opens(20);
        std::vector<permit> hung;
        for (int i = 0; i < lost; ++i) {
            s.wait_for_pause();
            hung.push_back(s.probe());
            s.advance(101ms);
            EXPECT_FALSE(s.it.try_acquire());
        }
        s.recovers(true);
        s.succeed();
        EXPECT_EQ(s.it.observe().normal->penalty > before + 0.5, lost == 2) << "three say so";
    }
}

TEST(adaptive_rule, a_damaged_record_is_refused_as_a_whole) {
    service before{adaptive_only()};
    before.healthy(5'000);
    std::string record = before.it.save();
    record[record.find("normal=") + 9] ^= 1;
    service after{adaptive_only()};
    EXPECT_FALSE(after.it.restore(record, 1min));
}

TEST(adaptive_rule, under_forced_closed_an_outage_of_minutes_is_told_once) {
    service s{adaptive_only()};
    s.it.force_closed(by("alice"));
    s.healthy(5'000);
    const auto before = s.log.size();
    for (int i = 0; i < 3'000; ++i) s.fail(), s.advance(100ms);
    EXPECT_EQ(s.log.size(), before + 1);
}

TEST(adaptive_rule, a_record_with_it_is_read_by_a_breaker_without_it) {
    service before{adaptive_only()};
    before.healthy(500);
    service after{settings{}};
    EXPECT_TRUE(after.it.restore(before.it.save(), 1min));
    EXPECT_FALSE(after.it.observe().normal.has_value());
}

TEST(adaptive_rule, a_reload_keeps_what_was_learned_and_a_reset_forgets_it) {
    service s{adaptive_only()};
    s.healthy(5'000);
    s.it.apply(adaptive_only({.care = 0.2}));
    EXPECT_TRUE(s.it.observe().normal->slow_after.has_value());
    s.it.apply(settings{});
    EXPECT_FALSE(s.it.observe().normal.has_value());
    s.it.apply(adaptive_only());
    EXPECT_TRUE(s.it.observe().normal->slow_after.has_value());
    s.it.reset(by("alice"));
    EXPECT_FALSE(s.it.observe().normal->slow_after.has_value());
}

TEST(adaptive_rule, can_be_switched_on_while_calls_run) {
    service s{settings{.trip = no_rules()}};
    permit begun_before = s.acquire();
    s.it.apply(adaptive_only());
    s.healthy(500);
    begun_before.success();
    EXPECT_LE(*s.it.observe().normal->slow_after, 30ms) << "a call whose start is not known teaches nothing";
}

TEST(adaptive_rule, failures_of_calls_begun_before_it_was_switched_on_are_no_evidence) {
    settings timed{.trip = no_rules()};
    timed.trip.slow = slow_rule{.after = 1h, .ratio = 1};
    service s{timed};
    std::vector<permit> begun_before;
    for (int i = 0; i < 1'000; ++i) begun_before.push_back(s.acquire());
    s.it.apply(adaptive_only());
    for (std::size_t i = 0; i < begun_before.size(); ++i) {
        s.advance(100ms);
        begun_before[i].settle(i % 50 == 0 ? verdict::failure() : verdict::success());
    }
    EXPECT_EQ(s.it.observe().current, state::closed) << "the good ones among them are not seen";
    EXPECT_EQ(s.it.observe().normal->evidence, 0);
}

TEST(adaptive_rule, what_it_found_before_it_was_switched_off_opens_nothing_when_it_is_on_again) {
    service s{adaptive_only()};
    s.healthy(5'000);
    EXPECT_LE(s.until_it_opens(30), 30);
    s.it.apply(settings{.trip = no_rules(), .recovery = {.open_for = 1s, .jitter = 0}});
    s.recovers(false);
    s.healthy(100);
    s.it.apply(adaptive_only());
    s.fail();
    EXPECT_EQ(s.it.observe().current, state::closed);
    s.healthy(1'000);
    EXPECT_LE(s.until_it_opens(30), 30) << "and it looks again";
}

TEST(adaptive_rule, a_reset_while_it_is_off_forgets_too) {
    service s{adaptive_only()};
    s.healthy(500);
    s.it.apply(settings{});
    s.it.reset(by("alice"));
    s.it.apply(adaptive_only());
    EXPECT_FALSE(s.it.observe().normal->slow_after.has_value());
}

TEST(adaptive_rule, learns_after_a_reset_as_when_it_was_new) {
    service fresh{adaptive_only()}, reset{adaptive_only()};
    reset.healthy(5'000);
    EXPECT_LE(reset.until_it_opens(30), 30);
    reset.it.reset(by("alice"));
    for (service* one : {&fresh, &reset}) {
        for (int i = 0; i < 20; ++i) one->healthy(19), one->fail();
    }
    EXPECT_GT(fresh.it.observe().normal->failure_share, 0.01);
    EXPECT_DOUBLE_EQ(reset.it.observe().normal->failure_share, fresh.it.observe().normal->failure_share);
}

TEST(adaptive_rule, under_forced_closed_tells_that_it_would_have_opened) {
    service s{adaptive_only()};
    s.it.force_closed(by("alice"));
    s.healthy(5'000);
    s.fail(50);
    EXPECT_EQ(s.it.observe().current, state::closed);
    EXPECT_EQ(s.log.last().cause, cause::adaptive);
    const auto told = s.log.size();
    s.fail(50);
    EXPECT_EQ(s.log.size(), told) << "once in an episode";
}

TEST(adaptive_rule, late_verdicts_teach_nothing) {
    service s{adaptive_only()};
    s.healthy(5'000);
    std::vector<permit> late;
    for (int i = 0; i < 50; ++i) late.push_back(s.acquire());
    EXPECT_LE(s.until_it_opens(30), 30);
    s.recovers(true);
    s.healthy(100);
    for (permit& one : late) one.failure();
    EXPECT_EQ(s.it.observe().current, state::closed);
}

TEST(adaptive_rule, a_time_that_the_process_was_suspended_is_not_slow) {
    service s{adaptive_only()};
    s.healthy(5'000);
    for (int i = 0; i < 50; ++i) {
        permit p = s.acquire();
        s.clock.suspend(1min);
        p.success();
        s.advance(90ms);
    }
    EXPECT_EQ(s.it.observe().current, state::closed);
}

}  // namespace
}  // namespace switchgear::rules
