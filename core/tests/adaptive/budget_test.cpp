// The mean time to a needless trip over random healthy services, with its confidence interval.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>

#include "stage.hpp"

namespace switchgear::adaptive::testing {
namespace {

/// SWITCHGEAR_LONG_TESTS asks for fifty times as many services.
std::uint64_t services() { return std::getenv("SWITCHGEAR_LONG_TESTS") != nullptr ? 2'000 : 40; }

TEST(adaptive_budget, needless_trips_come_no_more_often_than_the_budget_says) {
    constexpr auto budget = hours{6};
    constexpr std::uint64_t calls = 100'000;
    double trips = 0, budgets = 0;
    std::mt19937_64 random{2'026};
    for (std::uint64_t i = 0; i < services(); ++i) {
        aims given;
        given.budget = budget;
        stage s{given, random()};
        const double share = std::pow(10.0, -std::uniform_real_distribution<double>{1.3, 3.5}(random));
        const auto gap = milliseconds{std::uniform_int_distribution<int>{20, 3'000}(random)};
        trips += static_cast<double>(s.live(calls, share, gap));
        budgets += static_cast<double>(calls) * std::chrono::duration<double>(gap) / budget;
    }
    // Poisson: with 95 % confidence the true number lies below this.
    const double at_most = trips + 1.645 * std::sqrt(trips + 1) + 1;
    RecordProperty("trips", std::to_string(trips));
    RecordProperty("budgets", std::to_string(budgets));
    std::cout << trips << " needless trips in " << budgets << " budgets; with 95 % confidence at most "
              << at_most / budgets << " a budget\n";
    EXPECT_LE(at_most, budgets);
}

}  // namespace
}  // namespace switchgear::adaptive::testing
