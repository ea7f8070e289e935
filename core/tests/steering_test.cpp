// The ramp by evidence, by itself: how much it lets in, and who is in.
#include <cstdint>

#include <gtest/gtest.h>

#include <switchgear/detail/atomics.hpp>

#include "evidence_ramp.hpp"

namespace switchgear::detail {
namespace {

/// 100 calls a second of 20 ms: two in flight while all is well.
steering fresh() { return steering::begun(0.02, 0.01); }

TEST(steering, begins_with_a_quarter_of_the_calls_of_health) {
    EXPECT_DOUBLE_EQ(fresh().width(), 0.5);
    EXPECT_DOUBLE_EQ(steering::begun(10, 0.01).width(), 4);
    EXPECT_DOUBLE_EQ(steering::begun(1e-4, 100).width(), 0.01);
    EXPECT_DOUBLE_EQ(steering::begun(0.02, 0).width(), 1);
}

TEST(steering, below_one_call_at_a_time_puts_time_between_calls) {
    const allowance may = fresh().allowed();
    EXPECT_EQ(may.calls, 1U);
    EXPECT_EQ(may.spacing, 40'000'000);
    // … and never so much that a tenth of the traffic waits longer than it takes to come.
    EXPECT_EQ(steering::begun(1, 100).allowed().spacing, 100'000'000'000);
}

TEST(steering, doubles_in_a_round_trip_while_answers_come_quickly) {
    steering s = fresh();
    s.succeeded(0.02, 0);
    EXPECT_DOUBLE_EQ(s.width(), 1);
    s.succeeded(0.02, 0.02);
    EXPECT_DOUBLE_EQ(s.width(), 2);
    for (int i = 0; i < 2; ++i) s.succeeded(0.02, 0.04);
    EXPECT_DOUBLE_EQ(s.width(), 4);
    EXPECT_EQ(s.allowed().calls, 4U);
    EXPECT_EQ(s.allowed().spacing, 0);
}

TEST(steering, holds_where_answers_take_two_to_four_times_as_long) {
    steering s = fresh();
    for (int i = 0; i < 10; ++i) s.succeeded(0.02, i);
    for (int i = 0; i < 12; ++i) s.succeeded(0.07, 10 + i);
    const double held = s.width();
    for (int i = 0; i < 4; ++i) s.succeeded(0.07, 30 + i);
    EXPECT_DOUBLE_EQ(s.width(), held);
}

TEST(steering, lets_in_fewer_where_answers_take_longer_still) {
    steering s = fresh();
    for (int i = 0; i < 10; ++i) s.succeeded(0.02, i);
    const double before = s.width();
    for (int i = 0; i < 20; ++i) s.succeeded(0.4, 10 + i);
    EXPECT_LT(s.width(), before);
}

TEST(steering, lets_in_no_fewer_than_a_quarter_of_the_first_because_answers_are_slow) {
    steering s = fresh();
    for (int i = 0; i < 10; ++i) s.succeeded(0.02, i);
    for (int i = 0; i < 60; ++i) {
        s.succeeded(0.02 * (i + 1), 10 + 2 * i);
        ASSERT_GE(s.width(), fresh().width() / 4) << i;
    }
    s.failed(1'000), s.failed(2'000), s.failed(3'000), s.failed(4'000), s.failed(5'000);
    const double failing = s.width();
    ASSERT_LT(failing, fresh().width() / 4);
    s.succeeded(100, 6'000);
    EXPECT_GE(s.width(), failing);
}

TEST(steering, is_not_held_for_ever_to_one_lucky_answer) {
    steering s = steering::begun(0.0002, 0.01);  // the probe's, a hundred times quicker than the rest
    const double first = s.width();
    for (int i = 0; i < 100; ++i) s.succeeded(0.02, i);
    EXPECT_GT(s.width(), 4 * first);
}

TEST(steering, gives_way_to_answers_that_stay_slow_but_not_soon) {
    steering s = fresh();
    for (int i = 0; i < 10; ++i) s.succeeded(0.02, i);
    const double before = s.width();
    double now = 10;
    for (int i = 0; i < 50; ++i) s.succeeded(0.2, now += 0.2);
    EXPECT_LT(s.width(), before);
    for (int i = 0; i < 250; ++i) s.succeeded(0.2, now += 0.2);
    EXPECT_GT(s.width(), before);
}

TEST(steering, gives_way_by_round_trips_and_not_by_answers) {
    steering s = fresh();
    for (int i = 0; i < 10; ++i) s.succeeded(0.02, i);
    for (int i = 0; i < 50; ++i) s.succeeded(0.2, 10);
    const double before = s.width();
    for (int i = 0; i < 10'000; ++i) s.succeeded(0.2, 10);
    EXPECT_LE(s.width(), before);
}

TEST(steering, that_knows_no_latency_goes_by_the_first_answers) {
    steering s = steering::begun(0, 0.01);
    EXPECT_DOUBLE_EQ(s.width(), 1);
    s.succeeded(0.02, 0);
    EXPECT_DOUBLE_EQ(s.width(), 2);
    EXPECT_DOUBLE_EQ(s.latency(), 0.02);
    for (int i = 0; i < 10; ++i) s.succeeded(0.02, 1);
    EXPECT_DOUBLE_EQ(s.width(), 12);
}

TEST(steering, of_a_cold_service_goes_by_that_service) {
    steering s = steering::begun(2, 0.01);  // a hundred times as slow as in health
    const double before = s.width();
    s.succeeded(2, 0);
    EXPECT_GT(s.width(), before);
}

TEST(steering, halves_at_a_failure_at_most_once_in_a_round_trip) {
    steering s = fresh();
    for (int i = 0; i < 5; ++i) s.succeeded(0.02, 0);
    const double before = s.width();
    s.failed(1);
    EXPECT_DOUBLE_EQ(s.width(), before / 2);
    s.failed(1.01);
    EXPECT_DOUBLE_EQ(s.width(), before / 2);
    s.failed(1.02);
    EXPECT_DOUBLE_EQ(s.width(), before / 4);
}

TEST(steering, never_comes_to_nothing_or_without_bound) {
    steering s = fresh();
    for (int i = 0; i < 1'000; ++i) s.failed(i);
    EXPECT_GT(s.width(), 0);
    for (int i = 0; i < 200'000; ++i) s.succeeded(0.02, 1'000);
    EXPECT_LE(s.allowed().calls, 0xffffU);
}

TEST(steering, relapses_when_seven_of_the_last_ten_failed) {
    steering s = fresh();
    for (int i = 0; i < 20; ++i) s.succeeded(0.02, i);
    for (int i = 0; i < 6; ++i) s.failed(20 + i);
    EXPECT_FALSE(s.relapsed());
    s.failed(26);
    EXPECT_TRUE(s.relapsed());
    steering mixed = fresh();
    for (int i = 0; i < 100; ++i) {
        i % 5 < 3 ? mixed.failed(i) : mixed.succeeded(0.02, i);
        EXPECT_FALSE(mixed.relapsed()) << i;
    }
}

TEST(steering, is_steady_after_twenty_calls_of_which_at_most_four_failed) {
    steering s = fresh();
    for (int i = 0; i < 19; ++i) s.succeeded(0.02, i);
    EXPECT_FALSE(s.allowed().steady);
    s.succeeded(0.02, 19);
    EXPECT_TRUE(s.allowed().steady);
    for (int i = 0; i < 4; ++i) s.failed(20 + i);
    EXPECT_TRUE(s.allowed().steady);
    s.failed(24);
    EXPECT_FALSE(s.allowed().steady);
    for (int i = 0; i < 16; ++i) s.succeeded(0.02, 25 + i);
    EXPECT_TRUE(s.allowed().steady);
}

TEST(steering, is_not_steady_while_answers_take_more_than_twice_as_long_as_they_did) {
    steering s = fresh();
    for (int i = 0; i < 20; ++i) s.succeeded(0.02, i);
    ASSERT_TRUE(s.allowed().steady);
    for (int i = 0; i < 20; ++i) s.succeeded(0.06, 20);
    EXPECT_FALSE(s.allowed().steady);
    for (int i = 0; i < 60; ++i) s.succeeded(0.02, 21 + i);
    EXPECT_TRUE(s.allowed().steady);
}

struct always {
    bool operator()() const { return true; }
};

TEST(places, are_as_many_as_allowed_and_come_back) {
    places<std_atomics> in;
    EXPECT_TRUE(in.take(7, 0, 2, always{}).taken);
    EXPECT_TRUE(in.take(7, 0, 2, always{}).taken);
    EXPECT_FALSE(in.take(7, 0, 2, always{}).taken);
    in.give_back(7, 0, always{});
    EXPECT_TRUE(in.take(7, 0, 2, always{}).taken);
}

TEST(places, of_a_call_that_never_ends_are_lost_after_two_leases) {
    places<std_atomics> in;
    ASSERT_TRUE(in.take(7, 0, 1, always{}).taken);
    EXPECT_FALSE(in.take(7, 1, 1, always{}).taken);
    const auto got = in.take(7, 2, 1, always{});
    EXPECT_TRUE(got.taken);
    EXPECT_EQ(got.lost, 1U);
    in.give_back(7, 0, always{});  // it ends after all: its place is another's by now
    EXPECT_FALSE(in.take(7, 2, 1, always{}).taken);
}

TEST(places, taken_in_the_last_generation_are_given_back_in_this_one) {
    places<std_atomics> in;
    ASSERT_TRUE(in.take(7, 3, 2, always{}).taken);
    ASSERT_TRUE(in.take(7, 4, 2, always{}).taken);
    in.give_back(7, 3, always{});
    EXPECT_TRUE(in.take(7, 4, 2, always{}).taken);
    EXPECT_FALSE(in.take(7, 4, 2, always{}).taken);
}

TEST(places, of_another_epoch_are_nobodys) {
    places<std_atomics> in;
    ASSERT_TRUE(in.take(7, 0, 1, always{}).taken);
    EXPECT_TRUE(in.take(9, 0, 1, always{}).taken);
    in.give_back(7, 0, always{});
    EXPECT_FALSE(in.take(9, 0, 1, always{}).taken);
    in.forget(9, always{});
    EXPECT_TRUE(in.take(9, 0, 1, always{}).taken);
}

TEST(places, are_not_taken_once_the_ramp_is_over) {
    places<std_atomics> in;
    EXPECT_FALSE(in.take(7, 0, 1, [] { return false; }).taken);
    EXPECT_TRUE(in.take(7, 0, 1, always{}).taken);
}

TEST(places, are_counted_by_a_thread_whose_clock_is_behind) {
    places<std_atomics> in;
    ASSERT_TRUE(in.take(7, 5, 2, always{}).taken);
    ASSERT_TRUE(in.take(7, 4, 2, always{}).taken);
    EXPECT_FALSE(in.take(7, 5, 2, always{}).taken);
}

TEST(evidence_ramp, is_told_of_lost_calls_once_and_never_of_those_of_another_ramp) {
    evidence_ramp<std_atomics> ramp;
    ramp.lose(1, 9);
    EXPECT_EQ(ramp.take_lost(3), 0U);
    ramp.lose(3, 2);
    ramp.lose(3, 1);
    ramp.lose(1, 9);  // stalled
    EXPECT_EQ(ramp.take_lost(1), 0U);
    EXPECT_EQ(ramp.take_lost(3), 3U);
    EXPECT_EQ(ramp.take_lost(3), 0U);
}

TEST(evidence_ramp, says_what_is_allowed_in_one_word) {
    evidence_ramp<std_atomics> on;
    const allowance first{.calls = 1, .spacing = 77};
    EXPECT_EQ(on.allowed(3, first).spacing, 77);
    on.publish(3, {.calls = 5, .steady = true});
    EXPECT_EQ(on.allowed(3, first).calls, 5U);
    EXPECT_TRUE(on.allowed(3, first).steady);
    EXPECT_EQ(on.allowed(4, first).spacing, 77);
    on.publish(4, {.calls = 1, .spacing = 1'000'000'000'000});
    EXPECT_EQ(on.allowed(4, first).spacing, 1'000'000'000'000);
    EXPECT_FALSE(on.allowed(4, first).steady);
    on.forget(4, always{});
    EXPECT_EQ(on.allowed(4, first).spacing, 77);
}

}  // namespace
}  // namespace switchgear::detail
