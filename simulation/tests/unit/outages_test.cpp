#include <switchgear/simulation/outages.hpp>

#include <chrono>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

/// Ten calls a second for `length`, failing and slow as the functions of time say.
template <class Failing, class Lasting>
timeline recorded(std::chrono::seconds length, Failing failing, Lasting lasting, int a_second = 10) {
    std::mt19937 chance{1};
    std::uniform_real_distribution<> uniform;
    timeline all;
    for (int i = 0; i < length.count() * a_second; ++i) {
        const double now = static_cast<double>(i) / a_second;
        const bool fails = uniform(chance) < failing(now);
        const double took = lasting(now) * (0.5 + uniform(chance));
        all.add({.start = std::chrono::nanoseconds{static_cast<std::int64_t>(now * 1e9)},
                 .lasts = std::chrono::nanoseconds{static_cast<std::int64_t>(took * 1e9)},
                 .how = fails ? verdict::failure(failure_class::timeout) : verdict::success(),
                 .key = i % 2 == 0 ? 1U : 2U});
    }
    return all;
}

const auto never_slow = [](double) { return 0.02; };

TEST(outages, a_healthy_service_has_none) {
    for (const double share : {0.0, 0.01, 0.05, 0.2}) {
        const history found = find_outages(recorded(6h, [share](double) { return share; }, never_slow));
        EXPECT_TRUE(found.outages.empty()) << share;
        EXPECT_NEAR(found.normal.failing_share, share, 0.01);
        EXPECT_NEAR(found.normal.rate, 10, 0.2);
    }
}

TEST(outages, of_failures_are_found_with_begin_length_and_what_failed) {
    const history found =
        find_outages(recorded(1h, [](double now) { return now >= 1000 && now < 1120 ? 0.6 : 0.002; }, never_slow));
    ASSERT_EQ(found.outages.size(), 1U);
    const outage& one = found.outages[0];
    EXPECT_NEAR(std::chrono::duration<double>(one.begin).count(), 1000, 2);
    EXPECT_NEAR(std::chrono::duration<double>(one.end - one.begin).count(), 120, 4);
    EXPECT_TRUE(one.failing);
    EXPECT_FALSE(one.slow);
    EXPECT_FALSE(one.unfinished);
    EXPECT_EQ(one.total.failures, one.total.failures_by_class[static_cast<std::size_t>(failure_class::timeout)]);
    EXPECT_LT(found.normal.failing_share, 0.005);
}

TEST(outages, of_slowness_are_found_and_no_part_of_normal) {
    const history found = find_outages(
        recorded(1h, [](double) { return 0.0; }, [](double now) { return now >= 600 && now < 900 ? 0.2 : 0.02; }));
    ASSERT_EQ(found.outages.size(), 1U);
    EXPECT_TRUE(found.outages[0].slow);
    EXPECT_FALSE(found.outages[0].failing);
    EXPECT_NEAR(std::chrono::duration<double>(found.outages[0].end - found.outages[0].begin).count(), 300, 5);
    EXPECT_LT(*found.normal.p99, 40ms);
}

TEST(outages, of_mild_slowness_begin_with_its_first_calls) {
    // Calls of very different lengths, three times as long from 600 s on: half of them longer than three times the
    // normal median, an eighth before.
    for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
        std::mt19937 chance{seed};
        timeline all;
        for (int i = 0; i < 36'000; ++i) {
            const double now = i / 20.0;
            std::exponential_distribution<> lasting{now >= 600 && now < 900 ? 10.0 : 30.0};
            all.add({.start = std::chrono::nanoseconds{static_cast<std::int64_t>(now * 1e9)},
                     .lasts = std::chrono::nanoseconds{static_cast<std::int64_t>(lasting(chance) * 1e9)},
                     .how = verdict::success()});
        }
        const history found = find_outages(all);
        ASSERT_EQ(found.outages.size(), 1U) << seed;
        EXPECT_NEAR(std::chrono::duration<double>(found.outages[0].begin).count(), 600, 4) << seed;
        EXPECT_NEAR(std::chrono::duration<double>(found.outages[0].end).count(), 900, 4) << seed;
    }
}

TEST(outages, of_a_noisy_service_are_told_by_the_calls_that_say_something) {
    std::mt19937 chance{1};
    std::uniform_real_distribution<> uniform;
    timeline all;
    for (int i = 0; i < 160'000; ++i) {
        const double now = i / 1'600.0;
        const bool bad_time = now >= 60 && now < 80;
        const bool given_up = bad_time && uniform(chance) < 0.9, fails = uniform(chance) < (bad_time ? 0.7 : 0.1);
        all.add({.start = std::chrono::nanoseconds{static_cast<std::int64_t>(now * 1e9)},
                 .lasts = 20ms,
                 .how = given_up ? verdict::ignored()
                        : fails  ? verdict::failure(failure_class::timeout)
                                 : verdict::success()});
    }
    const history found = find_outages(all);
    ASSERT_EQ(found.outages.size(), 1U);
    EXPECT_NEAR(std::chrono::duration<double>(found.outages[0].begin).count(), 60, 1);
    EXPECT_NEAR(std::chrono::duration<double>(found.outages[0].end).count(), 80, 1);
}

TEST(outages, that_the_recording_ends_in_are_unfinished) {
    for (const unsigned seed : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
        std::mt19937 chance{seed};
        std::uniform_real_distribution<> uniform;
        timeline ends_in_it, ends_after_it;
        for (int i = 0; i < 12'000; ++i) {
            const auto at = std::chrono::milliseconds{50} * i;
            const verdict how = at >= 500s && uniform(chance) < 0.5 ? verdict::failure() : verdict::success();
            ends_in_it.add({.start = at, .lasts = 20ms, .how = how});
            ends_after_it.add({.start = at, .lasts = 20ms, .how = at >= 595s ? verdict::success() : how});
        }
        const history in = find_outages(ends_in_it), after = find_outages(ends_after_it);
        ASSERT_EQ(in.outages.size(), 1U) << seed;
        ASSERT_EQ(after.outages.size(), 1U) << seed;
        EXPECT_TRUE(in.outages[0].unfinished) << seed;
        EXPECT_FALSE(after.outages[0].unfinished) << seed;
    }
}

TEST(outages, of_any_recording_come_in_turn_and_lie_in_it) {
    std::mt19937 chance{7};
    const auto up_to = [&](double most) { return std::uniform_real_distribution<>{0, most}(chance); };
    std::size_t found_at_all = 0;
    for (int recording = 0; recording < 300; ++recording) {
        timeline all{64};  // so few slices that they grow
        double now = 0, failing = 0, ignored = 0, slow = 1;
        const double rate = std::pow(10, up_to(4) - 1);
        const auto calls = static_cast<int>(1 + up_to(3'000));
        for (int i = 0; i < calls; ++i) {
            now += std::exponential_distribution<>{rate}(chance);
            if (up_to(1) < 0.003) failing = up_to(2) < 1 ? 0 : up_to(1), slow = up_to(2) < 1 ? 1 : up_to(20);
            if (up_to(1) < 0.003) ignored = up_to(2) < 1 ? 0 : up_to(1);
            all.add({.start = std::chrono::nanoseconds{static_cast<std::int64_t>(now * 1e9)},
                     .lasts = std::chrono::nanoseconds{static_cast<std::int64_t>(up_to(0.02) * slow * 1e9)},
                     .how = up_to(1) < ignored   ? verdict::ignored()
                            : up_to(1) < failing ? verdict::failure()
                                                 : verdict::success()});
        }
        const recorded_time end = all.begin() + static_cast<std::int64_t>(all.slices().size()) * all.width();
        recorded_time before = all.begin();
        for (const outage& one : find_outages(all).outages) {
            ASSERT_GE(one.begin, before) << recording;
            ASSERT_LT(one.begin, one.end) << recording;
            ASSERT_LE(one.end, end) << recording;
            ASSERT_TRUE(one.failing || one.slow) << recording;
            ASSERT_GT(one.total.calls, 0U) << recording;
            ASSERT_EQ(one.unfinished, one.end == end) << recording;
            before = one.end;
            ++found_at_all;
        }
    }
    EXPECT_GT(found_at_all, 100U);
}

TEST(outages, two_far_apart_are_two_and_the_last_may_be_unfinished) {
    const history found = find_outages(
        recorded(1h, [](double now) { return (now >= 600 && now < 660) || now >= 3500 ? 1.0 : 0.0; }, never_slow));
    ASSERT_EQ(found.outages.size(), 2U);
    EXPECT_FALSE(found.outages[0].unfinished);
    EXPECT_TRUE(found.outages[1].unfinished);
}

TEST(outages, with_short_or_mild_gaps_are_one) {
    // 15 % failing for five minutes: groups of 20 calls have none failing now and then.
    const history mild = find_outages(
        recorded(1000s, [](double now) { return now >= 400 && now < 700 ? 0.15 : 0.004; }, never_slow, 20));
    ASSERT_EQ(mild.outages.size(), 1U);
    EXPECT_NEAR(std::chrono::duration<double>(mild.outages[0].begin).count(), 400, 15);
    EXPECT_NEAR(std::chrono::duration<double>(mild.outages[0].end).count(), 700, 15);
    // Dead for twice a minute with ten seconds of health between.
    const history flapping = find_outages(recorded(
        1h, [](double now) { return now >= 600 && now < 730 && (now < 660 || now >= 670) ? 1.0 : 0.0; }, never_slow));
    EXPECT_EQ(flapping.outages.size(), 1U);
}

TEST(outages, of_thin_traffic_begin_with_the_first_failure) {
    timeline all;
    for (int i = 0; i < 1'000; ++i) {
        const bool fails = i >= 515 && i < 560;
        all.add({.start = i * 20s, .lasts = 20ms, .how = fails ? verdict::failure() : verdict::success()});
    }
    const history found = find_outages(all);
    ASSERT_EQ(found.outages.size(), 1U);
    EXPECT_NEAR(std::chrono::duration<double>(found.outages[0].begin).count(), 515 * 20, 1);
    EXPECT_EQ(found.outages[0].total.failures, 45U);
}

TEST(outages, of_a_few_calls_among_many_are_chance) {
    const history found =
        find_outages(recorded(1h, [](double now) { return now >= 600 && now < 600.2 ? 1.0 : 0.0; }, never_slow));
    EXPECT_TRUE(found.outages.empty());
}

TEST(normal, has_the_right_rate_where_times_are_whole_seconds) {
    timeline all;
    for (int i = 0; i < 36'000; ++i) all.add({.start = std::chrono::seconds{i / 10}, .lasts = 20ms});
    EXPECT_NEAR(find_outages(all).normal.rate, 10, 0.2);
    EXPECT_NEAR(find_outages(all).normal.quiet_rate, 10, 0.5);
}

TEST(normal, of_few_calls_has_the_right_rate_too) {
    timeline all;
    for (int i = 0; i < 1'000; ++i) all.add({.start = std::chrono::seconds{20 * i}, .lasts = 20ms});
    EXPECT_NEAR(find_outages(all).normal.rate, 0.05, 0.003);
}

TEST(normal, of_a_short_recording_is_all_that_lies_outside_of_its_outage) {
    const history found =
        find_outages(recorded(8s, [](double now) { return now >= 4 && now < 6 ? 1.0 : 0.0; }, never_slow, 500));
    ASSERT_EQ(found.outages.size(), 1U);
    EXPECT_EQ(found.normal.calls, 3'000U);
    EXPECT_EQ(found.normal.failures, 0U);
    EXPECT_NEAR(found.normal.rate, 500, 5);
    EXPECT_NEAR(found.normal.quiet_rate, 500, 50);
    EXPECT_NEAR(std::chrono::duration<double>(*found.normal.median).count(), 0.02, 0.002);
}

TEST(normal, has_its_quietest_tenth_by_time_and_not_by_pieces) {
    // Half of the time is quiet, and few groups of twenty calls are.
    timeline all;
    for (auto at = 0ms; at < 2h; at += at < 1h ? 100ms : 10s) all.add({.start = at, .lasts = 20ms});
    EXPECT_NEAR(find_outages(all).normal.quiet_rate, 0.1, 0.01);
}

TEST(outages, of_nothing_are_none) {
    EXPECT_TRUE(find_outages(timeline{}).outages.empty());
    timeline one;
    one.add({.start = 1s, .how = verdict::failure()});
    EXPECT_TRUE(find_outages(one).outages.empty());
}

}  // namespace
