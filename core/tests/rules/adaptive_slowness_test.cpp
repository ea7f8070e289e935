// The adaptive rule and time: calls that are slow, that hang, and whoever has a timer for them.
#include <memory>
#include <vector>

#include "adaptive_service.hpp"

namespace switchgear::rules {
namespace {

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

/// Calls ten times a second for so long, where they are let in. Returns: how often it opened.
int slowly(service& s, duration how_long, duration took) {
    int opened = 0;
    const time_point end = s.clock.now() + how_long;
    while (s.clock.now() < end) {
        if (auto p = s.it.try_acquire()) {
            s.advance(took);
            p->success();
            opened += s.state() == state::open ? 1 : 0;
        } else {
            s.advance(100ms);
        }
    }
    return opened;
}

TEST(adaptive_rule, a_service_that_is_slow_for_good_is_let_be_after_two_hours) {
    for (const bool by_evidence : {false, true}) {
        settings with = adaptive_only();
        if (by_evidence) with.recovery.ramp = ramp_rule{.by = ramp_by::evidence};
        service s{with};
        s.healthy(5'000);
        EXPECT_GT(slowly(s, 110min, 200ms), 100) << "protected until then";
        slowly(s, 20min, 200ms);
        EXPECT_EQ(slowly(s, 3h, 200ms), 0) << "it is as it is";
        EXPECT_GE(s.it.observe().normal->slow_after.value(), 200ms);
        EXPECT_GT(slowly(s, 1min, 2s), 0) << "and slower than that is slow";
    }
}

TEST(adaptive_rule, a_service_that_is_slow_for_good_is_learned_while_it_is_forced_closed) {
    service s{adaptive_only()};
    s.healthy(5'000);
    s.it.force_closed(by("alice"));
    slowly(s, 3h, 200ms);
    s.it.lift_override(by("alice"));
    EXPECT_EQ(slowly(s, 1h, 200ms), 0);
}

TEST(adaptive_rule, slow_outages_with_health_between_them_are_never_taken_for_normal) {
    service s{adaptive_only()};
    s.healthy(5'000);
    for (int i = 0; i < 4; ++i) {
        EXPECT_GT(slowly(s, 100min, 200ms), 100);
        slowly(s, 10min, 10ms);
        ASSERT_LE(s.it.observe().normal->slow_after.value(), 100ms) << i;
    }
}

TEST(adaptive_rule, two_slow_outages_with_nothing_but_silence_between_them_are_not_taken_for_normal) {
    service s{adaptive_only()};
    s.healthy(5'000);
    slowly(s, 1min, 200ms);
    s.advance(10h);
    slowly(s, 1min, 200ms);
    EXPECT_LE(s.it.observe().normal->slow_after.value(), 100ms);
}

TEST(adaptive_rule, slower_than_the_deadline_is_slow_for_good) {
    service s{adaptive_only({.deadline = 150ms})};
    s.healthy(5'000);
    slowly(s, 3h, 200ms);
    EXPECT_GT(slowly(s, 1h, 200ms), 100);
    EXPECT_EQ(s.it.observe().normal->slow_after.value(), 150ms);
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

TEST(adaptive_rule, an_overdue_call_may_be_ended_by_the_listener_that_is_told_of_its_trip) {
    settings given = adaptive_only();
    given.trip.slow = slow_rule{.after = 10s, .ratio = 1};
    service s{given};
    s.healthy(5'000);
    std::vector<std::unique_ptr<permit>> hanging;
    for (int i = 0; i < 60; ++i) hanging.push_back(std::make_unique<permit>(s.acquire()));
    const auto heard = s.it.subscribe([&](const transition&) { hanging.clear(); });
    s.advance(20s);  // past both limits
    while (!hanging.empty()) {
        permit& last = *hanging.back();
        last.overdue();
        if (!hanging.empty()) last.success(), hanging.pop_back();
    }
    EXPECT_EQ(s.it.observe().current, state::open);
}

TEST(adaptive_rule, an_overdue_call_counts_for_the_slow_rule_too_where_an_order_keeps_it_closed) {
    settings given = adaptive_only();
    given.trip.slow = slow_rule{.after = 10s, .ratio = 1};
    given.trip.window = last_calls{10'000};
    service s{given};
    s.it.force_closed({});
    s.healthy(5'000);
    std::vector<permit> hanging;
    for (int i = 0; i < 60; ++i) hanging.push_back(s.acquire());
    s.advance(20s);  // past both limits
    for (permit& p : hanging) p.overdue();
    EXPECT_EQ(s.it.observe().window.slow, 60U);
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

TEST(adaptive_rule, a_time_that_the_process_was_suspended_is_not_learned_either) {
    settings given = adaptive_only();
    given.trip.window = last_calls{100};
    service s{given};
    for (int i = 0; i < 2'000; ++i) {
        permit p = s.acquire();
        if (i % 8 == 0) s.clock.suspend(1min);
        s.advance(10ms);
        p.success();
    }
    ASSERT_TRUE(s.it.slow_limit());
    EXPECT_LT(*s.it.slow_limit(), 100ms);
}

TEST(adaptive_rule, what_was_suspended_before_anything_was_known_is_not_slow_once_it_is) {
    service s{adaptive_only()};
    std::vector<permit> running;
    for (int i = 0; i < 200; ++i) running.push_back(s.acquire());
    s.advance(1ms);
    for (std::size_t i = 0; i < running.size(); ++i) {
        if (i == 120) s.clock.suspend(1min);
        s.advance(i < 120 ? duration::zero() : 50us);
        running[i].success();
    }
    s.healthy(1'000, 1ms);
    EXPECT_EQ(s.it.observe().current, state::closed) << s.log;
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
