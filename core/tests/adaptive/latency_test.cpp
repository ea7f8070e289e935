// Slow and hung calls, with fake time.
#include <gtest/gtest.h>

#include <random>

#include "stage.hpp"

namespace switchgear::adaptive::testing {
namespace {

/// Latencies around 20 ms, as they are in life.
class timed_stage : public stage {
public:
    explicit timed_stage(const aims& given = {}, double spread = 0.5) : stage{given}, spread_{0, spread} {}

    /// All take `factor` times as long as usual, and of them a share, at random, twelve times as long as the others.
    std::uint64_t run_timed(std::uint64_t calls, double factor, duration gap, double longer = 0) {
        for (std::uint64_t n = 1; n <= calls; ++n) {
            const double usual = longer > 0 && std::bernoulli_distribution{longer}(random_) ? 24e7 : 2e7;
            const auto took = duration{static_cast<duration::rep>(factor * usual * spread_(random_))};
            if ((why = call(false, gap, failure_class::error, took))) return n;
        }
        return 0;
    }

private:
    std::mt19937_64 random_{5};
    std::lognormal_distribution<double> spread_;
};

TEST(adaptive_latency, nothing_is_slow_before_anything_is_known) {
    timed_stage s;
    EXPECT_EQ(s.subject.limit(), std::nullopt);
    EXPECT_EQ(s.run_timed(50, 1'000, milliseconds{5}), 0U);
}

TEST(adaptive_latency, the_limit_is_the_99th_percentile_or_twice_the_median) {
    timed_stage s;
    s.run_timed(20'000, 1, milliseconds{5});
    ASSERT_TRUE(s.subject.limit());
    const double ms = std::chrono::duration<double, std::milli>(*s.subject.limit()).count();
    EXPECT_NEAR(ms, 64, 6);
    stage even;
    even.run(20'000, 0, milliseconds{5});
    EXPECT_NEAR(std::chrono::duration<double>(*even.subject.limit()).count(), 0.04, 0.003);
}

TEST(adaptive_latency, five_times_the_latency_is_found_within_a_quarter_of_a_second) {
    timed_stage s;
    ASSERT_EQ(s.run_timed(50'000, 1, milliseconds{5}), 0U);
    const std::uint64_t calls = s.run_timed(1'000, 5, milliseconds{5});
    ASSERT_GT(calls, 0U);
    EXPECT_LE(calls, 50U);
    EXPECT_EQ(s.why->what, suspicion_of::slowness);
}

TEST(adaptive_latency, hung_calls_count_when_they_pass_the_limit) {
    timed_stage s;
    s.run_timed(50'000, 1, milliseconds{5});
    std::optional<finding> why;
    int overdue = 0;
    while (!why && overdue < 50) {
        ++overdue;
        why = s.subject.overdue(s.now += milliseconds{5});
    }
    ASSERT_TRUE(why);
    EXPECT_LE(overdue, 8);
    EXPECT_GE(overdue, 2);
}

TEST(adaptive_latency, a_call_that_was_found_overdue_does_not_count_twice) {
    timed_stage once, twice;
    for (timed_stage* s : {&once, &twice}) s->run_timed(50'000, 1, milliseconds{5});
    for (int n = 0; n < 2; ++n) {
        for (timed_stage* s : {&once, &twice}) ASSERT_FALSE(s->subject.overdue(s->now += milliseconds{5}));
    }
    const finished same{.at = once.now, .took = seconds{10}, .slow_already = true};
    const double before = once.subject.evidence();
    once.subject.observe({&same, 1});
    EXPECT_LE(once.subject.evidence(), before);
    finished again = same;
    again.slow_already = false;
    twice.subject.observe({&again, 1});
    EXPECT_GT(twice.subject.evidence(), before);
}

TEST(adaptive_latency, a_deadline_is_the_limit_from_the_first_call_on_and_lowers_what_is_learned) {
    aims given;
    given.deadline = milliseconds{30};
    timed_stage s{given};
    EXPECT_EQ(s.subject.limit(), milliseconds{30});
    s.run_timed(20'000, 1, milliseconds{5});
    EXPECT_EQ(s.subject.limit(), milliseconds{30});
    EXPECT_GT(s.run_timed(1'000, 5, milliseconds{5}), 0U);
}

/// A service of which some calls take much longer than the others.
struct wide_stage : timed_stage {
    explicit wide_stage(const aims& given = {}) : timed_stage{given, 0.3} {}

    std::uint64_t run_timed(std::uint64_t calls, double longer, double factor, duration gap) {
        return timed_stage::run_timed(calls, factor, gap, longer);
    }
};

TEST(adaptive_latency, three_times_the_latency_is_found_however_widely_calls_spread) {
    wide_stage s;
    ASSERT_EQ(s.run_timed(50'000, 0.05, 1, milliseconds{100}), 0U);
    EXPECT_LT(*s.subject.limit(), milliseconds{70}) << "three medians";
    const std::uint64_t calls = s.run_timed(2'000, 0.05, 3, milliseconds{100});
    ASSERT_GT(calls, 0U);
    EXPECT_LE(calls, 300U);
    EXPECT_EQ(s.why->what, suspicion_of::slowness);
}

TEST(adaptive_latency, spells_of_long_calls_are_no_slow_service_where_calls_spread_widely) {
    wide_stage s;
    for (int spells = 0; spells < 50; ++spells) {
        ASSERT_EQ(s.run_timed(5'000, 0.05, 1, milliseconds{100}), 0U);
        ASSERT_EQ(s.run_timed(200, 0.2, 1, milliseconds{100}), 0U);
    }
}

TEST(adaptive_latency, a_slow_share_below_slow_care_is_left_alone) {
    aims low;
    low.slow_care = 0.1;
    wide_stage usual, careful{low};
    for (wide_stage* s : {&usual, &careful}) ASSERT_EQ(s->run_timed(50'000, 0.05, 1, milliseconds{100}), 0U);
    EXPECT_EQ(usual.run_timed(2'000, 0.16, 1, milliseconds{100}), 0U);
    EXPECT_NE(careful.run_timed(2'000, 0.16, 1, milliseconds{100}), 0U);
}

TEST(adaptive_latency, a_spread_that_was_kept_is_known_at_once) {
    wide_stage s;
    s.run_timed(50'000, 0.05, 1, milliseconds{100});
    wide_stage back;
    back.now = s.now;
    ASSERT_TRUE(back.subject.restore(s.subject.save(), {}, s.now));
    for (int i = 0; i < 6; ++i) {
        for (wide_stage* one : {&s, &back}) one->call(false, milliseconds{100}, failure_class::error, seconds{1});
    }
    EXPECT_GT(back.subject.evidence(), 0);
    EXPECT_NEAR(back.subject.evidence(), s.subject.evidence(), 0.05);
}

TEST(adaptive_latency, a_slow_drift_is_followed) {
    timed_stage s;
    s.run_timed(20'000, 1, milliseconds{5});
    for (double factor = 1; factor < 2; factor *= 1.01)
        ASSERT_EQ(s.run_timed(20'000, factor, milliseconds{5}), 0U) << factor;
    EXPECT_GT(*s.subject.limit(), milliseconds{100});
}

}  // namespace
}  // namespace switchgear::adaptive::testing
