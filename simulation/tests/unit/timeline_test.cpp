#include <switchgear/simulation/timeline.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>

#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

std::uint64_t calls_in(const timeline& all) {
    return std::accumulate(all.slices().begin(), all.slices().end(), std::uint64_t{0},
                           [](std::uint64_t sum, const slice& one) { return sum + one.calls; });
}

TEST(timeline, puts_calls_where_they_began) {
    timeline all;
    all.add({.start = 10s, .lasts = 60s});
    all.add({.start = 10'100ms});
    all.add({.start = 10'125ms, .how = verdict::failure(failure_class::timeout)});
    all.add({.start = 10'200ms, .how = verdict::ignored()});
    ASSERT_EQ(all.slices().size(), 2U);
    EXPECT_EQ(all.begin(), 10s);
    EXPECT_EQ(all.end(), 70s);
    EXPECT_EQ(all.slices()[0].calls, 2U);
    EXPECT_EQ(all.slices()[1].failures, 1U);
    EXPECT_EQ(all.slices()[1].failures_by_class[1], 1U);
    EXPECT_EQ(all.slices()[1].failing_share(), 1.0);
}

TEST(timeline, stays_as_small_as_it_is_told_and_loses_no_call) {
    timeline all{16};
    for (int i = 0; i < 10'000; ++i) all.add({.start = std::chrono::milliseconds{i * 97}});
    EXPECT_LE(all.slices().size(), 16U);
    EXPECT_EQ(calls_in(all), 10'000U);
    EXPECT_EQ(all.width(), 64s);
    EXPECT_EQ(calls_in(all.coarser(4)), 10'000U);
    EXPECT_LE(all.coarser(4).slices().size(), 4U);
}

TEST(timeline, a_long_silence_is_no_slice_each) {
    timeline all{1024};
    all.add({.start = 0s});
    all.add({.start = 7'000'000'000s});
    EXPECT_LE(all.slices().size(), 1024U);
    EXPECT_EQ(calls_in(all), 2U);
}

TEST(failing_keys, are_exact_until_there_are_more_than_places) {
    failing_keys all;
    for (std::uint32_t i = 0; i < 1'000; ++i) all.add(i % failing_keys::places, 1);
    failing_keys twice = all;
    twice.add(all);
    EXPECT_EQ(twice.missing(), 0U);
    for (const auto& one : twice.entries())
        EXPECT_EQ(one.failures, one.key < 1'000 % failing_keys::places ? 126U : 124U);
    // One more, and each count lies between what is told and what is told and missing.
    twice.add(99, 10);
    EXPECT_EQ(twice.missing(), 10U);
    EXPECT_GE(twice.entries().back().failures + twice.missing(), 124U);
}

TEST(failing_keys, keep_whoever_has_more_than_a_fifth) {
    failing_keys all;
    for (std::uint32_t i = 0; i < 10'000; ++i) all.add(i % 4 == 0 ? 7 : 100 + i, 1);
    const auto entries = all.entries();
    EXPECT_TRUE(std::any_of(entries.begin(), entries.end(), [](const auto& one) { return one.key == 7; }));

    failing_keys both;
    both.add(1, 500);
    both.add(all);
    const auto merged = both.entries();
    EXPECT_LE(merged.size(), failing_keys::places);
    EXPECT_TRUE(std::any_of(merged.begin(), merged.end(), [](const auto& one) { return one.key == 1; }));
}

}  // namespace
