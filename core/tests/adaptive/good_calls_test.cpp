// How good calls come to the detector.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <switchgear/detail/atomics.hpp>

#include "adaptive/good_calls.hpp"

namespace switchgear::detail {
namespace {

constexpr ticks ms = 1'000'000;

using adaptive::finished;

void take(good_calls<std_atomics>& from, std::uint64_t epoch, std::vector<finished>& into) {
    from.take_all(epoch, [&](std::span<const finished> some) { into.insert(into.end(), some.begin(), some.end()); });
}

TEST(good_calls, of_a_later_epoch_wait_for_who_asks_for_it) {
    good_calls<std_atomics> calls;
    calls.keep(5, 10, 1);
    std::vector<finished> taken;
    take(calls, 3, taken);  // looked before an order came
    EXPECT_TRUE(taken.empty());
    take(calls, 5, taken);
    EXPECT_EQ(taken.size(), 1U);
    take(calls, 5, taken);
    EXPECT_EQ(taken.size(), 1U) << "once";
}

TEST(good_calls, of_an_earlier_epoch_are_forgotten) {
    good_calls<std_atomics> calls;
    std::vector<finished> taken;
    calls.keep(3, 10, 1);
    take(calls, 5, taken);
    calls.keep(5, 20, 1);
    calls.keep(3, 30, 1);  // late
    take(calls, 3, taken);
    EXPECT_TRUE(taken.empty());
    take(calls, 5, taken);
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken.front().at, time_point{duration{20}});
}

TEST(good_calls, of_the_first_epoch_follow_those_of_the_last_one) {
    good_calls<std_atomics> calls;
    std::vector<finished> taken;
    calls.keep((std::uint64_t{1} << 40) - 1, 10, 1);
    calls.keep(0, 20, 1);
    take(calls, 0, taken);
    EXPECT_EQ(taken.size(), 1U);
}

TEST(good_calls, are_forgotten_when_asked) {
    good_calls<std_atomics> calls;
    std::vector<finished> taken;
    calls.keep(1, 10, 1);
    calls.forget();
    take(calls, 1, taken);
    EXPECT_TRUE(taken.empty());
}

TEST(good_calls, are_to_be_taken_in_when_256_or_five_milliseconds_have_come_together) {
    good_calls<std_atomics> many, slow;
    for (ticks i = 1; i < 256; ++i) EXPECT_FALSE(many.keep(1, i, 1));
    EXPECT_TRUE(many.keep(1, 256, 1));
    EXPECT_FALSE(slow.keep(1, 0, 1));
    EXPECT_FALSE(slow.keep(1, 5 * ms - 1, 1));
    EXPECT_TRUE(slow.keep(1, 5 * ms, 1));
}

TEST(good_calls, come_as_they_were_and_in_order_however_many_they_are) {
    for (const std::size_t count : {1U, 31U, 32U, 33U, 64U, 100U, 300U}) {
        good_calls<std_atomics> calls;
        for (std::size_t i = 0; i < count; ++i) calls.keep(1, static_cast<ticks>(1'000 + i), static_cast<ticks>(7 * i));
        std::vector<finished> taken;
        take(calls, 1, taken);
        ASSERT_EQ(taken.size(), count);
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(taken[i].at, time_point{duration{1'000 + i}});
            EXPECT_EQ(taken[i].took, duration{7 * i});
            EXPECT_FALSE(taken[i].failed);
            EXPECT_FALSE(taken[i].slow_already);
        }
    }
}

TEST(good_calls, of_which_there_are_none_are_not_handed_over) {
    good_calls<std_atomics> calls;
    const auto unexpected = [](std::span<const finished>) { ADD_FAILURE(); };
    calls.take_all(0, unexpected);
    calls.take_own(0, unexpected);
    calls.keep(1, 10, 1);
    calls.take_all(2, unexpected);
    calls.take_all(1, unexpected);
}

// ---- where threads meet, one of them being this test

/// std_atomics whose lanes the test chooses, and in which another thread is there when the test says so.
struct staged_atomics {
    static inline int busy = 0;                 ///< so many times a lock is found taken
    static inline std::function<void()> first;  ///< what another thread does just before a publication
    static inline unsigned here = 0, moves = 0;

    template <class T>
    struct atom : std::atomic<T> {
        using std::atomic<T>::atomic;
        T exchange(T value, std::memory_order with) noexcept {
            if (value && busy > 0) {
                --busy;
                return true;
            }
            return std::atomic<T>::exchange(value, with);
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order with,
                                     std::memory_order failed) noexcept {
            if (first) std::exchange(first, {})();
            return std::atomic<T>::compare_exchange_strong(expected, desired, with, failed);
        }
    };
    static void wait_a_moment() noexcept { std::terminate(); }  // for whom? there is one thread
    static unsigned& lane() noexcept { return here; }
    static unsigned lanes() noexcept { return 4; }
    static unsigned next_lane() noexcept {
        ++moves;
        return here + 1;
    }
};

struct good_calls_that_meet : ::testing::Test {
    good_calls_that_meet() { staged_atomics::busy = 0, staged_atomics::here = 0, staged_atomics::moves = 0; }

    good_calls<staged_atomics> calls;

    /// One that finds another thread in its lane, and so makes others.
    void meet(ticks at) {
        staged_atomics::busy = 1;
        calls.keep(1, at, 1);
    }
    std::vector<ticks> taken_from_all() {
        std::vector<ticks> times;
        calls.take_all(1, into(times));
        return times;
    }
    std::vector<ticks> taken_from_own() {
        std::vector<ticks> times;
        calls.take_own(1, into(times));
        return times;
    }
    static std::function<void(std::span<const finished>)> into(std::vector<ticks>& times) {
        return [&times](std::span<const finished> some) {
            for (const finished& one : some) times.push_back(in_ticks(one.at));
        };
    }
};

TEST_F(good_calls_that_meet, do_not_wait_for_who_takes_others_in) {
    calls.keep(1, 10, 1);
    std::vector<ticks> times;
    calls.take_all(1, [&](std::span<const finished> some) {
        if (times.empty()) calls.keep(1, 20, 1);  // while the lane is being emptied
        into(times)(some);
    });
    EXPECT_EQ(times, (std::vector<ticks>{10, 20})) << "the second one from a lane of its own";
    EXPECT_TRUE(taken_from_all().empty());
}

TEST_F(good_calls_that_meet, have_a_lane_each_from_then_on) {
    calls.keep(1, 10, 1);
    meet(20);
    for (unsigned lane = 0; lane < 8; ++lane) {
        staged_atomics::here = lane;
        calls.keep(1, 100 + lane, 1);
    }
    staged_atomics::here = 1;
    EXPECT_EQ(taken_from_own(), (std::vector<ticks>{101, 105}));
    staged_atomics::here = 7;
    EXPECT_EQ(taken_from_own(), (std::vector<ticks>{103, 107}));
    EXPECT_EQ(taken_from_all(), (std::vector<ticks>{10, 20, 100, 104, 102, 106}));
}

TEST_F(good_calls_that_meet, are_taken_in_by_their_thread_from_the_one_lane_while_there_is_one) {
    calls.keep(1, 10, 1);
    EXPECT_EQ(taken_from_own(), std::vector<ticks>{10});
}

TEST_F(good_calls_that_meet, are_forgotten_in_all_lanes) {
    calls.keep(1, 10, 1);
    meet(20);
    staged_atomics::here = 3;
    calls.keep(1, 30, 1);
    calls.forget();
    EXPECT_TRUE(taken_from_all().empty());
}

TEST_F(good_calls_that_meet, try_as_many_lanes_as_there_are_before_they_wait) {
    meet(10);
    EXPECT_EQ(staged_atomics::moves, 0U) << "the first meeting makes the lanes";
    staged_atomics::busy = 1;
    calls.keep(1, 20, 1);
    EXPECT_EQ(staged_atomics::moves, 1U);
    EXPECT_EQ(staged_atomics::here, 1U);
    staged_atomics::moves = 0;
    staged_atomics::busy = 100;
    calls.keep(1, 30, 1);
    EXPECT_EQ(staged_atomics::busy, 0) << "waited";
    EXPECT_EQ(staged_atomics::moves, 5U);
    EXPECT_EQ(taken_from_all(), (std::vector<ticks>{10, 20, 30}));
}

TEST_F(good_calls_that_meet, share_the_lanes_of_who_was_first_to_make_them) {
    staged_atomics::first = [this] { meet(10); };
    meet(20);
    EXPECT_EQ(taken_from_all(), (std::vector<ticks>{10, 20}));
}

}  // namespace
}  // namespace switchgear::detail
