#include "jump_watch.hpp"

#include <chrono>
#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace switchgear::simulation;
using namespace std::chrono_literals;

using seconds = std::vector<std::int64_t>;

/// The starts of calls as they are told; those that are not believed negative.
seconds judged(const seconds& starts) {
    jump_watch watch{10s};
    seconds out;
    const auto drain = [&] {
        while (const auto told = watch.next()) {
            const auto start = std::chrono::floor<std::chrono::seconds>(told->call.start).count();
            out.push_back(told->believed ? start : -start);
        }
    };
    for (const std::int64_t start : starts) {
        watch.add({.start = std::chrono::seconds{start}}, out.size() + 1);
        drain();
    }
    watch.end();
    drain();
    return out;
}

/// The same times, with others put in before the fourth.
seconds ten_with(std::initializer_list<std::int64_t> between) {
    seconds all{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    all.insert(all.begin() + 3, between);
    return all;
}

TEST(jumps, of_a_call_alone_are_a_wrong_time) {
    EXPECT_EQ(judged(ten_with({7000})), ten_with({-7000}));
    EXPECT_EQ(judged(ten_with({7000, 6000})), ten_with({-7000, -6000}));
    EXPECT_EQ(judged(ten_with({400})), ten_with({-400}));
}

TEST(jumps, that_calls_may_be_out_of_order_by_are_none) { EXPECT_EQ(judged(ten_with({13})), ten_with({13})); }

TEST(jumps, that_the_next_calls_go_along_with_are_gaps) {
    const seconds night{1, 2, 3, 30'000, 30'001, 30'002};
    EXPECT_EQ(judged(night), night);
    const seconds sparse{0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220, 240};
    EXPECT_EQ(judged(sparse), sparse);
}

TEST(jumps, in_sparse_recordings_are_told_from_wrong_times) {
    EXPECT_EQ(judged({0, 20, 40, 7000, 60, 80, 100}), (seconds{0, 20, 40, -7000, 60, 80, 100}));
}

TEST(jumps, of_the_last_call_are_believed) { EXPECT_EQ(judged({1, 2, 3, 400}), (seconds{1, 2, 3, 400})); }

TEST(jumps, of_the_first_call_are_seen_by_what_follows) {
    EXPECT_EQ(judged({7000, 1, 2, 3}), (seconds{-7000, 1, 2, 3}));
}

TEST(jumps, over_a_night_survive_a_call_that_began_before_it) {
    const seconds hung{1, 2, 3, 30'000, 4, 30'001, 30'002};
    EXPECT_EQ(judged(hung), hung);
}

TEST(jumps, wait_for_no_more_than_a_few_calls) {
    jump_watch watch{10s};
    int held = 0;
    for (std::int64_t i = 0; i < 1'000; ++i) {
        watch.add({.start = std::chrono::seconds{100 * i}}, 1);
        ++held;
        while (watch.next()) --held;
        ASSERT_LE(held, 8);
    }
}

}  // namespace
