#include <switchgear/simulation/latencies.hpp>

#include <chrono>

#include <gtest/gtest.h>

namespace {

using namespace switchgear::simulation;
using namespace std::chrono_literals;

double quantile_in_ms(const latencies& of, double q) {
    return std::chrono::duration<double, std::milli>(*of.quantile(q)).count();
}

TEST(latency_quantiles, of_nothing_are_nothing) { EXPECT_FALSE(latencies{}.quantile(0.5)); }

TEST(latency_quantiles, are_right_to_a_few_percent) {
    latencies all;
    for (int i = 1; i <= 100'000; ++i) all.add(std::chrono::microseconds{10 * i});
    EXPECT_NEAR(quantile_in_ms(all, 0.5), 500, 25);
    EXPECT_NEAR(quantile_in_ms(all, 0.9), 900, 45);
    EXPECT_NEAR(quantile_in_ms(all, 0.99), 990, 100);
    EXPECT_EQ(all.total(), 100'000U);
}

TEST(latency_quantiles, of_one_value_are_within_its_step) {
    for (const auto took : {150us, 1'000us, 37'000us, 2'500'000us, 100'000'000us}) {
        latencies all;
        for (int i = 0; i < 100; ++i) all.add(took);
        const double milliseconds = static_cast<double>(took.count()) / 1e3;
        EXPECT_NEAR(quantile_in_ms(all, 0.5), milliseconds, 0.2 * milliseconds);
    }
}

TEST(latency_quantiles, survive_the_shortest_and_the_longest) {
    latencies all;
    all.add(0ns);
    all.add(std::chrono::hours{24 * 7});
    EXPECT_EQ(all.quantile(0.5), latencies::shortest);
    EXPECT_EQ(all.quantile(1), latencies::longest);
}

TEST(latency_quantiles, know_how_many_are_above) {
    latencies all;
    for (int i = 0; i < 30; ++i) all.add(10ms);
    for (int i = 0; i < 12; ++i) all.add(100ms);
    EXPECT_EQ(all.above(30ms), 12U);
    EXPECT_EQ(all.above(1s), 0U);
    EXPECT_EQ(all.above(0ns), 42U);
}

}  // namespace
