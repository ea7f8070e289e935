// The healthy path by itself: what it counts, when it hands over to the slow way, and what it asks the clock.
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include <switchgear/detail/atomics.hpp>
#include <switchgear/detail/hot_path.hpp>

namespace switchgear::detail {
namespace {

constexpr ticks ms = 1'000'000;

struct two_clocks {
    ticks exact = 0, ticked = 0;
    mutable int exact_readings = 0, coarse_readings = 0;
    time_point now() const noexcept { return ++exact_readings, time_point{duration{exact}}; }
    time_point coarse() const noexcept { return ++coarse_readings, time_point{duration{ticked}}; }
};

struct healthy_path : hot_path<std_atomics>, testing::Test {
    two_clocks clock;

    std::uint64_t counted() const { return tally_.sum(); }
    progress succeed(const grant& of) { return hot_path<std_atomics>::count_success(of, clock); }
    progress succeed() { return succeed(granted(current(), grant::counted, clock)); }
    void expect_reads(int exact, int coarse) {
        EXPECT_EQ(clock.exact_readings, exact);
        EXPECT_EQ(clock.coarse_readings, coarse);
        clock.exact_readings = clock.coarse_readings = 0;
    }
    void go_timed() { word_.store(word{}.with_timed(true).bits()); }
};

TEST_F(healthy_path, is_that_of_a_closed_breaker_which_needs_no_clock) {
    EXPECT_EQ(current(), word{});
    EXPECT_TRUE(current().plainly_closed());
    const grant given = granted(current(), grant::counted, clock);
    EXPECT_EQ(given.epoch, 0U);
    EXPECT_EQ(given.traits, 0U);
    for (std::uint64_t i = 1; i <= 5; ++i) {
        EXPECT_EQ(succeed(given), progress::counted);
        EXPECT_EQ(counted(), i);
    }
    expect_reads(0, 0);
}

TEST_F(healthy_path, looks_further_where_a_success_may_matter_to_a_rule) {
    suspect_to_.store(1);
    EXPECT_EQ(succeed(), progress::look_further);
    EXPECT_EQ(counted(), 1U) << "it counts all the same";
    suspect_to_.store(std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(succeed(), progress::look_further);
    suspect_to_.store(0);
    EXPECT_EQ(succeed(), progress::counted);
}

TEST_F(healthy_path, is_late_after_its_epoch) {
    const grant given = granted(current(), grant::counted, clock);
    word_.store(word{}.with_state(state::open).bits());
    EXPECT_EQ(succeed(given), progress::late);
    EXPECT_EQ(counted(), 0U);
}

TEST_F(healthy_path, lets_the_window_move_first_when_its_time_has_come) {
    next_move_.store(100);
    clock.ticked = 99;
    EXPECT_EQ(succeed(), progress::counted);
    clock.ticked = 100;
    EXPECT_EQ(succeed(), progress::not_yet);
    clock.ticked = 101;
    EXPECT_EQ(succeed(), progress::not_yet);
    EXPECT_EQ(counted(), 1U);
    expect_reads(0, 3);
}

TEST_F(healthy_path, knows_when_a_call_began_where_that_matters) {
    clock.exact = 123;
    go_timed();
    grant given = granted(current(), grant::bystander, clock);
    EXPECT_EQ(given.begun, 123);
    EXPECT_EQ(given.traits, grant::bystander | grant::timed);
    word_.store(word{}.with_timed(true).with_watched(true).with_state(state::half_open).bits());
    given = granted(current(), grant::counted, clock);
    EXPECT_EQ(given.epoch, 1U);
    EXPECT_EQ(given.begun, 123);
    EXPECT_EQ(given.traits, grant::timed | grant::watched);
    expect_reads(2, 0);
}

TEST_F(healthy_path, leaves_it_to_the_exact_clock_whether_a_call_was_slow) {
    slow_after_.store(50 * ms);
    go_timed();
    clock.exact = 1'000 * ms;
    const grant given = granted(current(), grant::counted, clock);
    const auto after = [&](ticks took) {
        clock.ticked = clock.exact + took;
        return succeed(given);
    };
    // The coarse clock is up to 10 ms behind.
    EXPECT_EQ(after(-10 * ms), progress::counted);
    EXPECT_EQ(after(0), progress::counted);
    EXPECT_EQ(after(40 * ms), progress::counted);
    EXPECT_EQ(counted(), 3U);
    EXPECT_EQ(after(40 * ms + 1), progress::not_yet);
    EXPECT_EQ(after(70 * ms), progress::not_yet);
    EXPECT_EQ(counted(), 3U);
    expect_reads(1, 5);
}

TEST_F(healthy_path, reads_the_exact_clock_at_once_where_the_coarse_one_cannot_tell) {
    go_timed();
    const ticks start = clock.exact = 1'000 * ms;
    const grant given = granted(current(), grant::counted, clock);
    clock.ticked = 5'000 * ms;
    for (const ticks limit : {5 * ms, 10 * ms}) {
        slow_after_.store(limit);
        const auto before = counted();
        clock.exact = start + limit;
        EXPECT_EQ(succeed(given), progress::counted);
        clock.exact = start + limit + 1;
        EXPECT_EQ(succeed(given), progress::not_yet);
        EXPECT_EQ(counted(), before + 1);
    }
    expect_reads(5, 0);
    // One nanosecond more, and a call of none is told from a slow one by the coarse clock.
    slow_after_.store(10 * ms + 1);
    clock.ticked = start + 1;
    EXPECT_EQ(succeed(given), progress::counted);
    expect_reads(0, 1);
}

TEST_F(healthy_path, moves_the_window_by_the_clock_that_it_has_read) {
    go_timed();
    const grant given = granted(current(), grant::counted, clock);
    slow_after_.store(10 * ms);
    next_move_.store(3 * ms);
    clock.ticked = 5 * ms;
    clock.exact = 3 * ms - 1;
    EXPECT_EQ(succeed(given), progress::counted);
    clock.exact = 3 * ms;
    EXPECT_EQ(succeed(given), progress::not_yet);
    EXPECT_EQ(counted(), 1U);
}

TEST_F(healthy_path, takes_no_call_for_slow_whose_start_is_not_known) {
    next_move_.store(1'000'000 * ms);
    const grant given = granted(current(), grant::counted, clock);
    slow_after_.store(50 * ms);
    clock.ticked = 1'000 * ms;
    EXPECT_EQ(succeed(given), progress::counted);
    expect_reads(0, 1);
}

TEST_F(healthy_path, counts_calls_of_any_length_where_none_is_slow) {
    go_timed();
    const grant given = granted(current(), grant::counted, clock);
    clock.ticked = 1'000'000 * ms;
    EXPECT_EQ(succeed(given), progress::counted);
}

TEST(answers, are_an_admission_a_refusal_or_nothing_yet) {
    const answer admitted{}, refused{reject_reason::open, 1};
    EXPECT_TRUE(admitted.admitted());
    EXPECT_TRUE(admitted.decided());
    EXPECT_FALSE(refused.admitted());
    EXPECT_TRUE(refused.decided());
    EXPECT_FALSE(answer::look_again().admitted());
    EXPECT_FALSE(answer::look_again().decided());
}

TEST(grants, hold_a_lease_while_they_are_probes_that_were_not_ended) {
    const grant probe{.place = 1, .traits = grant::probe};
    EXPECT_TRUE(probe.leased());
    EXPECT_TRUE((grant{.place = 1, .traits = grant::probe | grant::timed}).leased());
    EXPECT_FALSE((grant{.place = 0, .traits = grant::probe}).leased());
    EXPECT_FALSE((grant{.place = 1, .traits = grant::probe | grant::overdue}).leased());
    EXPECT_FALSE((grant{.place = 0, .traits = grant::probe | grant::overdue}).leased());
    EXPECT_FALSE((grant{.place = 1, .traits = grant::timed}).leased());
    EXPECT_FALSE(grant{}.leased());
}

TEST(grants, are_plain_if_their_success_is_the_healthy_path_s) {
    EXPECT_TRUE(grant{}.plain());
    EXPECT_TRUE((grant{.traits = grant::timed}).plain());
    for (const auto other : {grant::probe, grant::bystander, grant::answered, grant::overdue, grant::paced,
                             grant::placed, grant::overlong, grant::watched}) {
        EXPECT_FALSE((grant{.traits = other}).plain()) << other;
        EXPECT_FALSE((grant{.traits = other | grant::timed}).plain()) << other;
        EXPECT_TRUE((grant{.traits = other}).is(other)) << other;
        EXPECT_FALSE((grant{.traits = ~std::uint64_t{other}}).is(other)) << other;
    }
}

TEST(grants, are_plain_under_watch_if_nothing_is_known_of_them_but_their_beginning) {
    constexpr std::uint64_t watched = grant::timed | grant::watched;
    EXPECT_TRUE((grant{.traits = watched}).plain_under_watch());
    for (const auto other : {grant::counted, grant::timed, grant::watched}) {
        EXPECT_FALSE((grant{.traits = other}).plain_under_watch()) << other;
    }
    for (const auto other : {grant::probe, grant::bystander, grant::answered, grant::overdue, grant::paced,
                             grant::placed, grant::overlong}) {
        EXPECT_FALSE((grant{.traits = watched | other}).plain_under_watch()) << other;
    }
}

}  // namespace
}  // namespace switchgear::detail
