// What the adaptive mode promises to a user, each with fake time.
#include <gtest/gtest.h>

#include "stage.hpp"

namespace switchgear::adaptive::testing {
namespace {

TEST(adaptive_detection, one_failure_after_a_quiet_night_never_trips) {
    for (const auto budget : {hours{1}, hours{720}}) {
        aims impatient;
        impatient.budget = budget;
        stage s{impatient};
        s.run(100'000, 0, milliseconds{100});
        EXPECT_FALSE(s.call(true, hours{9})) << budget.count();
        EXPECT_FALSE(s.call(false, seconds{1}));
    }
}

TEST(adaptive_detection, a_dead_service_at_one_call_in_20_s_is_found_within_minutes) {
    stage s;
    s.live(10'000, 0.005, seconds{20});
    const std::uint64_t calls = s.run(100, 1, seconds{20});
    ASSERT_GT(calls, 0U);
    EXPECT_LE(calls * 20, 180U);
}

TEST(adaptive_detection, a_cold_breaker_finds_a_dead_service_within_a_dozen_calls) {
    stage s;
    const std::uint64_t calls = s.run(100, 1, milliseconds{100});
    ASSERT_GT(calls, 1U);
    EXPECT_LE(calls, 12U);
}

TEST(adaptive_detection, what_it_says_is_what_happened) {
    stage s;
    s.live(100'000, 0.004, milliseconds{100});
    ASSERT_GT(s.run(100, 1, milliseconds{100}), 0U);
    EXPECT_EQ(s.why->what, suspicion_of::errors);
    EXPECT_GE(s.why->bad, 2U);
    EXPECT_LE(s.why->bad, s.why->of);
    EXPECT_NEAR(s.why->normal, 0.004, 0.002);
    EXPECT_GE(s.why->by_chance_once_in, hours{720});
}

TEST(adaptive_detection, a_failing_share_below_care_is_left_alone) {
    aims high;
    high.care = 0.5;
    stage usual, generous{high};
    for (stage* s : {&usual, &generous}) ASSERT_EQ(s->run(20'000, 0.02, milliseconds{100}), 0U);
    EXPECT_NE(usual.run(5'000, 0.12, milliseconds{100}), 0U) << "a tenth is cared for";
    EXPECT_EQ(generous.run(5'000, 0.12, milliseconds{100}), 0U);
    EXPECT_NE(generous.run(200, 0.7, milliseconds{100}), 0U);
}

TEST(adaptive_detection, what_is_normal_is_forgotten_after_the_memory) {
    aims brief;
    brief.memory = hours{1};
    stage usual, forgetful{brief};
    for (stage* s : {&usual, &forgetful}) {
        s->live(20'000, 0.03, milliseconds{100});
        s->live(20'000, 0, seconds{1});
        s->subject.bring_up_to_date();
    }
    EXPECT_GT(usual.subject.normal_failure_share(), 0.01);
    EXPECT_LT(forgetful.subject.normal_failure_share(), 0.002);
}

TEST(adaptive_detection, a_class_that_never_occurs_in_health_says_more_than_a_common_one) {
    stage common;
    common.live(200'000, 0.05, milliseconds{100});
    stage rare = common;
    const std::uint64_t by_common = common.run(100, 1, milliseconds{100});
    const std::uint64_t by_rare = rare.run(100, 1, milliseconds{100}, failure_class::unreachable);
    ASSERT_GT(by_rare, 0U);
    EXPECT_LT(by_rare, by_common);
    EXPECT_EQ(rare.why->what, suspicion_of::one_class);
}

TEST(adaptive_detection, a_class_of_weight_0_is_no_evidence) {
    aims given;
    given.weights[static_cast<std::size_t>(failure_class::overloaded)] = 0;
    stage s{given};
    EXPECT_EQ(s.run(10'000, 1, milliseconds{100}, failure_class::overloaded), 0U);
}

TEST(adaptive_detection, bursts_that_are_normal_stop_tripping) {
    stage s;
    const auto day_of_bursts = [&] {
        std::uint64_t trips = 0;
        for (int burst = 0; burst < 170; ++burst) {
            trips += s.live(5'000, 0.002, milliseconds{100});
            trips += s.live(15, 0.6, milliseconds{100});
        }
        return trips;
    };
    const std::uint64_t first = day_of_bursts();
    day_of_bursts();
    const std::uint64_t third = day_of_bursts();
    EXPECT_GT(first, 0U);
    EXPECT_LE(third, 1U);
}

TEST(adaptive_detection, an_outage_and_its_neighbourhood_are_not_learned) {
    stage s;
    s.live(100'000, 0.005, milliseconds{100});
    const double before = s.subject.normal_failure_share();
    for (int outage = 0; outage < 20; ++outage) {
        s.live(30, 0.06, milliseconds{100}, trip_was::outage);
        ASSERT_GT(s.run(1'000, 1, milliseconds{100}), 0U) << outage;
        s.subject.opened(s.now);
        s.call(true, seconds{10});  // a straggler: nothing is taken between the two
        s.subject.judged(trip_was::outage, s.now);
        s.live(100, 0.3, milliseconds{10}, trip_was::outage);
        s.live(1'000, 0.005, milliseconds{100}, trip_was::outage);
    }
    EXPECT_LT(s.subject.normal_failure_share(), before + 0.002);
}

TEST(adaptive_detection, a_normal_above_half_is_refused) {
    stage s;
    s.live(100'000, 0.8, milliseconds{100});
    EXPECT_GT(s.live(20'000, 0.8, milliseconds{100}), 0U) << "it trips however often it was told that this is healthy";
}

TEST(adaptive_detection, slow_poisoning_meets_the_backstop) {
    stage s;
    bool tripped = false;
    for (double share = 0.01; share < 0.75 && !tripped; share += 0.005) {
        for (int n = 0; n < 2'000 && !tripped; ++n) {
            if (s.run(1, share, milliseconds{100}) == 0) continue;
            tripped = s.why->what == suspicion_of::half_of_all;
            s.subject.opened(s.now);
            s.subject.judged(trip_was::needless, s.now);
        }
    }
    EXPECT_TRUE(tripped);
    EXPECT_GE(2 * s.why->bad, s.why->of);
    EXPECT_GE(s.why->of, 100U);
}

TEST(adaptive_detection, a_share_above_a_twentieth_is_learned_by_one_trip) {
    stage s;
    EXPECT_LE(s.live(50'000, 0.2, milliseconds{100}), 3U);
    EXPECT_EQ(s.live(100'000, 0.2, milliseconds{100}), 0U);
    EXPECT_GT(s.run(200, 1, milliseconds{100}), 0U) << "and a dead service is still found";
}

TEST(adaptive_detection, a_needless_trip_makes_it_more_careful_for_a_while) {
    stage s;
    s.live(50'000, 0.005, milliseconds{100});
    const double before = s.subject.penalty();
    ASSERT_GT(s.run(100, 1, milliseconds{100}), 0U);
    s.subject.opened(s.now);
    s.subject.judged(trip_was::needless, s.now);
    EXPECT_NEAR(s.subject.penalty(), before + 1, 0.01);
    s.live(60'000, 0.005, seconds{400});
    EXPECT_EQ(s.subject.penalty(), 0);
}

TEST(adaptive_detection, no_number_of_needless_trips_stretches_the_budget_by_more_than_ten_powers_of_e) {
    stage s;
    EXPECT_GT(s.live(3'000, 1, milliseconds{100}), 15U);
    EXPECT_LE(s.subject.penalty(), 10);
    EXPECT_GT(s.subject.penalty(), 9.9);
    learned kept = s.subject.save();
    kept.numbers.front() = 10;
    EXPECT_TRUE(s.subject.restore(kept, {}, s.now));
    kept.numbers.front() = 10.5;
    EXPECT_FALSE(s.subject.restore(kept, {}, s.now));
}

TEST(adaptive_detection, a_trip_by_another_rule_is_no_fault_of_its_own) {
    stage s;
    const double before = s.subject.penalty();
    s.subject.opened(s.now);
    s.subject.judged(trip_was::needless, s.now);
    EXPECT_EQ(s.subject.penalty(), before);
}

TEST(adaptive_detection, a_trip_that_is_over_at_once_was_needless) {
    EXPECT_EQ(what_it_was(0, hours{1}), trip_was::needless);
    EXPECT_EQ(what_it_was(2, seconds{3}), trip_was::needless);
    EXPECT_EQ(what_it_was(2, seconds{4}), trip_was::outage);
    EXPECT_EQ(what_it_was(3, seconds{1}), trip_was::outage);
}

TEST(adaptive_detection, the_call_that_completes_what_is_known_of_latency_may_be_slow_itself) {
    aims given;
    given.deadline = std::chrono::seconds{1};
    detector it{given, time_point{}};
    time_point now{};
    const auto call = [&](duration took) {
        const finished one{.at = now += milliseconds{100}, .took = took};
        return it.observe({&one, 1});
    };
    for (int i = 0; i < 127; ++i) EXPECT_FALSE(call(milliseconds{10}));
    EXPECT_FALSE(call(std::chrono::seconds{2}));
    EXPECT_FALSE(call(std::chrono::seconds{2}));
    EXPECT_LT(it.evidence(), 1);
    detector again{given, now};
    EXPECT_TRUE(again.restore(it.save(), {}, now)) << "impossible numbers were learned";
}

TEST(adaptive_detection, evidence_by_a_class_fades_with_good_calls) {
    stage s;
    s.live(20'000, 0.001, milliseconds{100});
    s.run(2, 1, milliseconds{100}, failure_class::unreachable);
    s.live(20'000, 0, milliseconds{100});
    s.subject.bring_up_to_date();
    EXPECT_LT(s.subject.evidence(), 0.1);
}

TEST(adaptive_detection, a_penalty_falls_by_one_in_two_budgets_however_quiet_it_is) {
    const aims given;
    time_point now{};
    detector it{given, now};
    const double first = it.penalty();
    const finished one{.at = now + given.budget, .took = milliseconds{1}};
    EXPECT_FALSE(it.observe({&one, 1}));
    detector restarted{given, now};
    ASSERT_TRUE(restarted.restore(detector{given, now}.save(), given.budget, now));
    it.bring_up_to_date();
    EXPECT_NEAR(it.penalty(), first - 0.5, 0.01);
    EXPECT_NEAR(restarted.penalty(), first - 0.5, 0.01);
}

}  // namespace
}  // namespace switchgear::adaptive::testing
