// What learned pacing reckons with, by itself.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "pacing.hpp"

namespace switchgear::detail {
namespace {

constexpr ticks second = 1'000'000'000;
const lessons ten_a_second{.call_gap = 0.1F};
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
    EXPECT_EQ(learned_gap(million, 5, 0, false), 100'000'000);
    EXPECT_EQ(learned_gap(million, 5, 0, true), 100'000'000);
}

TEST(learned_gap, is_at_most_a_third_of_a_second_for_the_first_probe) {
    EXPECT_EQ(learned_gap(ten_a_second, 5, 0, true), 300'000'000);
    EXPECT_EQ(learned_gap({}, 1e6, 0, true), 300'000'000);
}

TEST(learned_gap, takes_thirty_seconds_and_a_call_a_second_where_nothing_is_known) {
    EXPECT_NEAR(in_seconds(learned_gap({}, 5, 0, false)), std::sqrt(10 * scale / 1.5), 1e-3);
}

TEST(learned_gap, of_absurd_numbers_is_a_number) {
    EXPECT_GT(learned_gap({.log_median = 2'000, .outages = 1, .call_gap = 1e9F}, 1e6, never / 4, false), 0);
}

const lessons settled{.log_median = 300, .outages = 50, .call_gap = 0.1F};  // 20 s

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

// ---- beside the formulas, written plainly

TEST(learned_gap, is_what_its_formula_says_for_any_service) {
    std::mt19937_64 random{3};
    std::uniform_real_distribution<double> decades{-6, 7};
    for (int i = 0; i < 5'000; ++i) {
        lessons known;
        known.log_median = static_cast<std::int16_t>(random() % 2'000 - 400);
        known.outages = static_cast<std::uint16_t>(random() % 4);
        if (random() % 4 != 0) known.call_gap = static_cast<float>(std::pow(10, decades(random)));
        const double price = 1 + static_cast<double>(random() % 1'000) / 10;
        const auto age = static_cast<ticks>(1e9 * std::pow(10, decades(random)));
        const bool first = random() % 2 == 0;

        const double median = known.outages > 0 ? std::exp(known.log_median * 0.01) : 30;
        const double b = median / (std::pow(2, 1 / 1.5) - 1);  // of a Lomax law with a = 1.5
        const double per_call = known.call_gap > 0 ? static_cast<double>(known.call_gap) : 1;
        const double density = std::sqrt(1.5 / (b + static_cast<double>(age) / 1e9) / per_call / (2 * price));
        const double gap = std::max(0.1, std::min({1 / density, 3e7, first ? 0.3 : 1e9}));
        ASSERT_NEAR(in_seconds(learned_gap(known, price, age, first)), gap, 1e-9 * gap + 1e-9) << i;
    }
}

TEST(learned_gap, is_never_more_than_a_year) {
    const lessons rare{.log_median = 0, .outages = 1, .call_gap = 1e20F};
    EXPECT_NEAR(in_seconds(learned_gap(rare, 1e6, never / 4, false)), 3e7, 0.5);
}

TEST(after_outage, is_what_its_formula_says_for_any_outage) {
    std::mt19937_64 random{4};
    std::uniform_real_distribution<double> decades{-4, 9};
    for (int i = 0; i < 5'000; ++i) {
        lessons known{.call_gap = 0.25F};
        known.log_median = static_cast<std::int16_t>(random() % 2'000 - 400);
        known.outages = static_cast<std::uint16_t>(i % 2 == 0 ? random() % 20 : random() % 65'536);
        const auto lasted = static_cast<ticks>(1e9 * std::pow(10, decades(random)));

        const double was = known.outages == 0 ? std::log(30) : known.log_median / 100.0;
        const double seen = std::log(std::min(1e7, std::max(0.01, static_cast<double>(lasted) / 1e9)));
        const double step = std::max(2.0 / (known.outages + 1), 0.2);
        const double is = seen > was ? std::min(seen, was + step) : std::max(seen, was - step);
        const lessons after = after_outage(known, lasted);
        ASSERT_NEAR(after.log_median, 100 * is, 0.51) << i;
        ASSERT_EQ(after.outages, std::min(known.outages + 1, 65'535)) << i;
        ASSERT_EQ(after.call_gap, known.call_gap) << i;
    }
}

TEST(after_outage, counts_up_to_65535) {
    lessons known{.outages = 65'533};
    for (const int outages : {65'534, 65'535, 65'535}) {
        known = after_outage(known, second);
        EXPECT_EQ(known.outages, outages);
    }
}

TEST(after_outage, takes_nothing_for_shorter_than_a_hundredth_of_a_second_or_longer_than_months) {
    EXPECT_EQ(after_outage({.log_median = -450, .outages = 50}, 0).log_median, -461);
    EXPECT_EQ(after_outage({.log_median = 1'605, .outages = 50}, never).log_median, 1'612);
}

TEST(after_health, is_what_its_formula_says_for_any_stretch) {
    std::mt19937_64 random{5};
    std::uniform_real_distribution<double> decades{-6, 6};
    for (int i = 0; i < 5'000; ++i) {
        lessons known{.log_median = 123, .outages = 7};
        if (random() % 3 != 0) known.call_gap = static_cast<float>(std::pow(10, decades(random)));
        const auto calls = static_cast<std::uint64_t>(std::pow(10, 3 + decades(random) / 2));
        const auto lasted = static_cast<ticks>(1e9 * std::pow(10, decades(random)));

        const bool nothing_known = known.call_gap == 0;
        const double time = static_cast<double>(lasted) / 1e9 + (nothing_known ? 1 : 60);
        const double all = static_cast<double>(calls) + (nothing_known ? 1 : 60 / static_cast<double>(known.call_gap));
        const lessons after = after_health(known, calls, lasted);
        ASSERT_NEAR(static_cast<double>(after.call_gap), time / all, 1e-6 * time / all) << i;
        ASSERT_EQ(after.log_median, 123);
        ASSERT_EQ(after.outages, 7);
    }
}

TEST(after_health, that_began_in_the_future_lasted_no_time) {
    EXPECT_EQ(after_health({.call_gap = 0.5F}, 10, -5 * second), after_health({.call_gap = 0.5F}, 10, 0));
}

}  // namespace
}  // namespace switchgear::detail
