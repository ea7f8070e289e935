// The adaptive rule in a breaker: what trips it, what it learns and forgets, and what others see of it.
#include <string>
#include <vector>

#include "adaptive_service.hpp"

namespace switchgear::rules {
namespace {

TEST(adaptive_rule, tells_once_of_a_trouble_that_it_looks_at_anew_while_it_is_forced_closed) {
    service s{adaptive_only()};
    s.healthy(5'000);
    s.it.force_closed(by("alice"));
    s.log.clear();
    for (int i = 0; i < 3'000; ++i) {
        permit p = s.acquire();
        s.advance(10ms);
        p.settle(i % 8 == 0 ? verdict::failure() : verdict::success());
        s.advance(90ms);
    }
    EXPECT_EQ(s.log.size(), 1U) << s.log;
}

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

TEST(adaptive_rule, a_success_beside_it_ends_a_run_of_failures_for_other_rules) {
    settings given = adaptive_only();
    given.trip.consecutive_failures = 3;
    service s{given};
    for (int i = 0; i < 4; ++i) {
        s.fail();
        s.succeed();
    }
    EXPECT_EQ(s.it.observe().current, state::closed);
}

TEST(adaptive_rule, a_success_beside_it_trips_by_a_ratio_where_it_brings_the_minimum) {
    settings given = adaptive_only();
    given.trip.failure_ratio = 0.5;
    given.trip.minimum_calls = 4;
    service s{given};
    s.fail(3);
    EXPECT_EQ(s.it.observe().current, state::closed);
    s.healthy(1);
    EXPECT_EQ(s.log.last().cause, cause::failure_ratio);
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

}  // namespace
}  // namespace switchgear::rules
