#include <switchgear/policies/retry_budget.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using switchgear::policies::budget_rule;
using switchgear::policies::retry_budget;

int spend_all(retry_budget& budget) {
    int spent = 0;
    while (budget.try_spend()) ++spent;
    return spent;
}

TEST(retry_budget, begins_with_its_reserve) {
    retry_budget budget{{.share = 0.2, .reserve = 3}};
    EXPECT_EQ(spend_all(budget), 3);
}

TEST(retry_budget, gets_a_share_of_each_call) {
    retry_budget budget{{.share = 0.2, .reserve = 3}};
    spend_all(budget);
    for (int call = 1; call <= 4; ++call) budget.count_call();
    EXPECT_FALSE(budget.try_spend()) << "four fifths are not one";
    budget.count_call();
    EXPECT_TRUE(budget.try_spend());
    EXPECT_FALSE(budget.try_spend());
}

TEST(retry_budget, holds_no_more_than_its_reserve) {
    retry_budget budget{{.share = 1, .reserve = 3}};
    for (int call = 0; call < 1'000; ++call) budget.count_call();
    EXPECT_EQ(spend_all(budget), 3);
}

TEST(retry_budget, without_a_share_has_only_its_reserve) {
    retry_budget budget{{.share = 0, .reserve = 1}};
    EXPECT_EQ(spend_all(budget), 1);
    for (int call = 0; call < 1'000; ++call) budget.count_call();
    EXPECT_EQ(spend_all(budget), 0);
}

// The promise itself, over random histories: of any k calls in a row at most reserve + share * k are retried.
TEST(retry_budget, never_exceeds_the_share_in_any_stretch_of_calls) {
    const std::uint64_t seed = 20'241'122;
    std::mt19937_64 random{seed};
    for (int history = 0; history < 200; ++history) {
        const std::uint32_t percent = static_cast<std::uint32_t>(random() % 101);
        const std::uint32_t reserve = 1 + static_cast<std::uint32_t>(random() % 5);
        retry_budget budget{{.share = percent / 100.0, .reserve = reserve}};
        std::vector<std::uint32_t> retries_of_call;
        for (int call = 0; call < 200; ++call) {
            budget.count_call();
            const std::uint32_t wanted = static_cast<std::uint32_t>(random() % 4);
            std::uint32_t granted = 0;
            while (granted < wanted && budget.try_spend()) ++granted;
            retries_of_call.push_back(granted);
        }
        for (std::size_t from = 0; from < retries_of_call.size(); ++from) {
            std::uint32_t retries = 0;
            for (std::size_t to = from; to < retries_of_call.size(); ++to) {
                retries += retries_of_call[to];
                const auto calls = static_cast<std::uint32_t>(to - from + 1);
                ASSERT_LE(retries * 100, reserve * 100 + percent * calls)
                    << "seed " << seed << " history " << history << " calls " << from << " to " << to;
            }
        }
    }
}

TEST(retry_budget, loses_and_invents_nothing_between_threads) {
    constexpr int calls_each = 20'000;
    retry_budget budget{{.share = 0.5, .reserve = 1'000'000}};
    ASSERT_EQ(spend_all(budget), 1'000'000);
    std::atomic<int> spent{0};
    {
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < 4; ++caller) {
            callers.emplace_back([&] {
                for (int call = 0; call < calls_each; ++call) {
                    budget.count_call();
                    if (budget.try_spend()) ++spent;
                }
            });
        }
    }
    EXPECT_EQ(spent + spend_all(budget), 4 * calls_each / 2);
}

}  // namespace
