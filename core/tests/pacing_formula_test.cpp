// What learned pacing reckons with, by itself.
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "pacing.hpp"

namespace switchgear::detail {
namespace {

constexpr ticks second = 1'000'000'000;
constexpr lessons ten_a_second{.call_gap = 0.1F};
/// Of thirty seconds in the median, if lengths are after Lomax with a = 1.5.
constexpr double scale = 30 * 1.7024143839;

double in_seconds(ticks t) { return static_cast<double>(t) * tick; }

TEST(learned_gap, grows_with_the_root_of_the_outages_age_and_of_the_price) {
    // sqrt(2 * 5 * (scale + t) / (1.5 * 10))
    EXPECT_NEAR(in_seconds(learned_gap(ten_a_second, 5, 0, false)), std::sqrt(scale / 1.5), 1e-3);
    EXPECT_NEAR(in_seconds(learned_gap(ten_a_second, 5, 60 * second, false)), std::sqrt((scale + 60) / 1.5), 1e-3);
    EXPECT_NEAR(in_seconds(learned_gap(ten_a_second, 20, 60 * second, false)), 2 * std::sqrt((scale + 60) / 1.5), 1e-3);
}

TEST(learned_gap, is_short_where_many_calls_wait) {
    const lessons thousand{.call_gap = 0.001F};
    EXPECT_NEAR(in_seconds(learned_gap(thousand, 5, 60 * second, false)), std::sqrt((scale + 60) / 150), 1e-3);
}

TEST(learned_gap, is_never_below_a_tenth_of_a_second) {
    const lessons million{.log_median = 0, .outages = 1, .call_gap = 1e-6F};
    EXPECT_EQ(learned_gap(million, 5, 0, false), shortest_gap);
    EXPECT_EQ(learned_gap(million, 5, 0, true), shortest_gap);
}

TEST(learned_gap, is_at_most_a_third_of_a_second_for_the_first_probe) {
    EXPECT_EQ(learned_gap(ten_a_second, 5, 0, true), longest_first_gap);
    EXPECT_EQ(learned_gap({}, 1e6, 0, true), longest_first_gap);
}

TEST(learned_gap, takes_thirty_seconds_and_a_call_a_second_where_nothing_is_known) {
    EXPECT_NEAR(in_seconds(learned_gap({}, 5, 0, false)), std::sqrt(10 * scale / 1.5), 1e-3);
}

TEST(learned_gap, of_absurd_numbers_is_a_number) {
    EXPECT_GT(learned_gap({.log_median = 2'000, .outages = 1, .call_gap = 1e9F}, 1e6, never / 4, false), 0);
}

constexpr lessons settled{.log_median = 300, .outages = 50, .call_gap = 0.1F};  // 20 s

TEST(after_outage, moves_up_after_a_longer_one_and_down_after_a_shorter_one) {
    EXPECT_EQ(after_outage(settled, 60 * second).log_median, 320);
    EXPECT_EQ(after_outage(settled, 10 * second).log_median, 280);
    EXPECT_EQ(after_outage(settled, 60 * second).call_gap, settled.call_gap);
}

TEST(after_outage, never_moves_past_what_it_saw) {
    EXPECT_EQ(after_outage(settled, 21 * second).log_median, 304);
    EXPECT_EQ(after_outage({}, 31 * second).log_median, 343);
}

TEST(after_outage, is_there_within_a_few_outages_from_whatever_was_taken_for_it) {
    for (const double length : {1.0, 900.0}) {
        lessons known;
        for (int i = 0; i < 4; ++i) known = after_outage(known, static_cast<ticks>(length * 1e9));
        EXPECT_NEAR(known.median_outage(), length, 0.02 * length);
    }
}

TEST(after_outage, comes_to_the_median_and_stays_near_it) {
    std::mt19937 random{1};
    std::lognormal_distribution<double> length{std::log(300.0), 1.5};
    lessons known;
    for (int i = 0; i < 100; ++i) known = after_outage(known, static_cast<ticks>(length(random) * 1e9));
    double sum = 0;
    for (int i = 0; i < 1'000; ++i) {
        known = after_outage(known, static_cast<ticks>(length(random) * 1e9));
        sum += std::log(known.median_outage());
    }
    EXPECT_NEAR(sum / 1'000, std::log(300.0), 0.2);
}

TEST(after_outage, is_moved_no_further_by_a_week_than_by_a_minute) {
    EXPECT_EQ(after_outage(settled, 60 * second), after_outage(settled, 604'800 * second));
}

TEST(after_health, is_the_rate_of_a_long_stretch) {
    const lessons known = after_health({}, 1'000'000, 100'000 * second);
    EXPECT_NEAR(static_cast<double>(known.call_gap), 0.1, 1e-4);
}

TEST(after_health, of_a_few_failures_in_an_instant_is_no_flood) {
    EXPECT_NEAR(static_cast<double>(after_health({}, 5, second / 1'000).call_gap), 1.0 / 6, 1e-3);
}

TEST(after_health, of_a_breaker_that_flaps_keeps_what_was_known) {
    lessons known{.call_gap = 0.01F};
    for (int i = 0; i < 10; ++i) known = after_health(known, 3, second / 10);
    EXPECT_NEAR(static_cast<double>(known.call_gap), 0.01, 0.001);
}

TEST(after_health, follows_traffic_that_changes) {
    const lessons known = after_health({.call_gap = 0.01F}, 3'600, 3'600 * second);
    EXPECT_NEAR(static_cast<double>(known.call_gap), 3'660.0 / 9'600, 1e-2);
    const lessons night = after_health(known, 86'400, 86'400 * second);
    EXPECT_NEAR(static_cast<double>(night.call_gap), 1.0, 0.01);
}

}  // namespace
}  // namespace switchgear::detail
