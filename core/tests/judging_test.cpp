// The rules on a window's counts, beside the same rules written plainly, and when a success may matter to them.
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "rules.hpp"

namespace switchgear::detail {
namespace {

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

trip_rules no_rule() { return {.consecutive_failures = {}, .failure_ratio = {}, .minimum_calls = 1}; }
plan by(const trip_rules& rules) { return plan{settings{.trip = rules}}; }

struct dice {
    std::mt19937 random;
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }
    bool sometimes() { return below(3) == 0; }
    /// Half of them with a weight and a limit for each class.
    trip_rules rules() {
        trip_rules r = no_rule();
        if (sometimes()) r.consecutive_failures = 1 + below(6);
        if (sometimes()) r.failures = 0.5 * (1 + below(20));
        if (sometimes()) r.failure_ratio = 0.1 * (1 + below(10));
        if (sometimes()) r.slow = slow_rule{.ratio = 0.1 * (1 + below(10))};
        if (sometimes()) r.limits.error = 1 + below(6);
        if (sometimes()) r.limits.custom_4 = 1 + below(6);
        if (sometimes()) r.weights = {.error = 0.5, .timeout = 0, .overloaded = 2.5, .custom_4 = 3};
        r.minimum_calls = 1 + below(15);
        if (sometimes()) r.window = last_calls{r.minimum_calls + below(10)};
        return r;
    }
    window_counts evidence() {
        window_counts seen;
        for (auto& n : seen.failed) n = sometimes() ? below(6) : 0;
        seen.slow = sometimes() ? below(10) : 0;
        seen.calls = std::max(seen.failures(), seen.slow) + below(15);
        return seen;
    }
};

struct found {
    cause why;
    double observed, threshold;
};

/// Rules 2 to 7, in their order.
std::optional<found> wanted(const window_counts& seen, std::uint32_t in_a_row, const trip_rules& r) {
    const double of[] = {r.weights.error,    r.weights.timeout,  r.weights.unreachable, r.weights.overloaded,
                         r.weights.custom_1, r.weights.custom_2, r.weights.custom_3,    r.weights.custom_4};
    const std::optional<std::uint32_t> most[] = {r.limits.error,      r.limits.timeout,  r.limits.unreachable,
                                                 r.limits.overloaded, r.limits.custom_1, r.limits.custom_2,
                                                 r.limits.custom_3,   r.limits.custom_4};
    double weight = 0;
    for (int i = 0; i < 8; ++i) weight += of[i] * static_cast<double>(seen.failed[static_cast<std::size_t>(i)]);
    const auto calls = static_cast<double>(seen.calls), slow = static_cast<double>(seen.slow);
    if (r.consecutive_failures && in_a_row >= *r.consecutive_failures) {
        return found{cause::consecutive_failures, double(in_a_row), double(*r.consecutive_failures)};
    }
    if (r.failures && weight >= *r.failures) return found{cause::failure_count, weight, *r.failures};
    const bool enough = seen.calls >= r.minimum_calls;
    if (enough && r.failure_ratio && weight / calls >= *r.failure_ratio) {
        return found{cause::failure_ratio, std::min(weight / calls, 1.0), *r.failure_ratio};
    }
    if (enough && r.slow && slow / calls >= r.slow->ratio) return found{cause::slow_ratio, slow / calls, r.slow->ratio};
    for (std::size_t i = 0; i < 8; ++i) {
        if (most[i] && seen.failed[i] >= *most[i]) {
            return found{cause::class_limit, double(seen.failed[i]), double(*most[i])};
        }
    }
    return {};
}

TEST(judging, finds_the_first_rule_that_holds) {
    dice any{std::mt19937{1}};
    int trips = 0;
    for (int i = 0; i < 5'000; ++i) {
        const trip_rules rules = any.rules();
        const window_counts seen = any.evidence();
        const std::uint32_t in_a_row = any.below(8);
        const auto expected = wanted(seen, in_a_row, rules);
        const auto got = judge(seen, in_a_row, by(rules));
        ASSERT_EQ(got.has_value(), expected.has_value()) << i;
        if (!got) continue;
        ++trips;
        ASSERT_EQ(got->cause, expected->why) << i;
        ASSERT_DOUBLE_EQ(got->evidence.observed, expected->observed) << i;
        ASSERT_DOUBLE_EQ(got->evidence.threshold, expected->threshold) << i;
        ASSERT_EQ(got->evidence.calls, seen.calls);
        ASSERT_EQ(got->evidence.failures, seen.failures());
        ASSERT_EQ(got->evidence.slow, seen.slow);
    }
    EXPECT_GT(trips, 500);
    EXPECT_LT(trips, 4'500);
}

TEST(judging, reaches_a_count_where_a_rule_that_counts_holds) {
    dice any{std::mt19937{2}};
    for (int i = 0; i < 5'000; ++i) {
        trip_rules rules = any.rules();
        const plan all = by(rules);
        rules.consecutive_failures = {}, rules.failure_ratio = {}, rules.slow = {};
        const window_counts seen = any.evidence();
        ASSERT_EQ(reaches_a_count(seen, all), wanted(seen, 0, rules).has_value()) << i;
    }
}

TEST(suspicion, leaves_no_success_out_that_may_trip) {
    dice any{std::mt19937{3}};
    int may_trip = 0;
    for (int i = 0; i < 2'000; ++i) {
        trip_rules rules = any.rules();
        rules.consecutive_failures = {};
        window_counts seen = any.evidence();
        const std::uint64_t extra = seen.failures();
        const suspicion got = suspect(seen, extra, by(rules));
        for (std::uint64_t successes = seen.calls - std::min(seen.calls, extra); successes < 60; ++successes) {
            seen.calls = extra + successes;
            if (const auto* size = std::get_if<last_calls>(&rules.window); size && seen.calls > size->count) continue;
            if (!judge(seen, 0, by(rules))) continue;
            ++may_trip;
            ASSERT_LE(got.from, successes) << i;
            ASSERT_GE(got.to, successes - std::min<std::uint64_t>(successes, seen.slow)) << i;
        }
    }
    EXPECT_GT(may_trip, 500);
}

struct suspicions : testing::Test {
    trip_rules rules = no_rule();
    window_counts seen;
    void expect(std::uint64_t extra, std::uint64_t from, std::uint64_t to) {
        const suspicion got = suspect(seen, extra, by(rules));
        EXPECT_EQ(got.from, from);
        EXPECT_EQ(got.to, to);
    }
};

TEST_F(suspicions, begin_where_the_minimum_is_reached) {
    rules.failure_ratio = 0.5;
    rules.minimum_calls = 20;
    expect(0, 20, 0);
    seen.failed[0] = 8, seen.calls = 8;
    expect(8, 12, 16);
    expect(20, 0, 16);
    expect(30, 0, 16);
}

TEST_F(suspicions, end_where_neither_ratio_can_be_reached_any_more) {
    rules.failure_ratio = 0.3;
    rules.slow = slow_rule{.ratio = 0.25};
    seen = {.calls = 5, .slow = 1};
    seen.failed[1] = 2;
    expect(2, 0, 7);  // 2 / 0.3 = 6.7, 1 / 0.25 = 4
    seen.slow = 3;
    expect(2, 0, 12);
    seen.failed[1] = 0;
    expect(0, 1, 12);
    rules.slow = {};
    expect(0, 1, 0);
}

TEST_F(suspicions, have_no_end_where_a_window_of_calls_is_full_of_evidence) {
    rules.failure_ratio = 0.5;
    rules.window = last_calls{10};
    seen.failed[0] = 4, seen.calls = 10;
    expect(4, 0, 8);
    seen.failed[0] = 5;
    expect(5, 0, any_number);
    seen.failed[0] = 6;
    expect(6, 0, any_number);
    rules.window = last{std::chrono::seconds{10}};
    expect(6, 0, 12);
}

TEST_F(suspicions, are_of_every_success_where_a_count_is_reached_already) {
    rules.failures = 3;
    rules.minimum_calls = 20;
    seen.failed[7] = 2, seen.calls = 2;
    expect(2, 18, 0);
    seen.failed[7] = 3;
    expect(3, 0, any_number);
    rules.failures = {};
    expect(3, 17, 0);
    rules.limits.custom_4 = 3;
    expect(3, 0, any_number);
    rules.limits.custom_4 = 4;
    expect(3, 17, 0);
}

TEST_F(suspicions, fit_into_a_number_at_the_smallest_ratio) {
    rules.failure_ratio = std::numeric_limits<double>::min();
    seen.failed[0] = 1, seen.calls = 1;
    const suspicion got = suspect(seen, 1, by(rules));
    EXPECT_EQ(got.from, 0U);
    EXPECT_GE(got.to, std::uint64_t{1'000'000'000'000'000});
}

TEST(suspicion, is_none_at_first) {
    const suspicion none;
    EXPECT_EQ(none.to, 0U);
    EXPECT_EQ(none.from, any_number);
}

}  // namespace
}  // namespace switchgear::detail
