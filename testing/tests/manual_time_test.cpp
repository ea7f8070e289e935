#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/testing/manual_time.hpp>

namespace switchgear::testing {
namespace {

using namespace std::chrono_literals;

TEST(manual_time, stands_until_it_is_told) {
    const manual_time clock;
    const time_point before = clock.now();
    EXPECT_EQ(clock.now(), before);
    EXPECT_EQ(clock.coarse(), before);
}

TEST(manual_time, advances_to_the_nanosecond) {
    manual_time clock;
    const time_point before = clock.now();
    clock.advance(5s);
    clock.advance(1ns);
    EXPECT_EQ(clock.now() - before, 5s + 1ns);
}

TEST(manual_time, was_never_suspended_at_first) {
    manual_time clock;
    clock.advance(5s);
    EXPECT_EQ(clock.resumed_at(), time_point::min());
}

TEST(manual_time, reports_when_it_woke) {
    manual_time clock;
    clock.advance(1s);
    const time_point before = clock.now();
    clock.suspend(1h);
    EXPECT_EQ(clock.now(), before + 1h);
    EXPECT_EQ(clock.resumed_at(), before + 1h);
    clock.advance(1s);
    EXPECT_EQ(clock.resumed_at(), before + 1h);
}

TEST(manual_time, may_be_moved_by_many_threads) {
    manual_time clock;
    const time_point before = clock.now();
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 1'000; ++i) clock.advance(1ms);
            });
        }
    }
    EXPECT_EQ(clock.now() - before, 4s);
}

TEST(manual_time, shows_no_thread_a_suspension_before_it_tells_of_it) {
    manual_time clock;
    clock.suspend(1ms);
    int untold = 0;
    std::atomic<bool> over = false;
    std::jthread reader{[&] {
        for (int i = 0; i < 20'000'000; ++i) {
            const time_point present = clock.now();
            if (clock.resumed_at() < present) ++untold;  // nothing but suspensions has moved it there
        }
        over = true;
    }};
    while (!over) clock.suspend(1ms);
    reader.join();
    EXPECT_EQ(untold, 0);
}

TEST(manual_time, woke_at_the_last_suspension_of_many_threads) {
    manual_time clock;
    const time_point before = clock.now();
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 10'000; ++i) clock.suspend(1ms);
            });
        }
    }
    EXPECT_EQ(clock.now() - before, 40s);
    EXPECT_EQ(clock.resumed_at(), clock.now());
}

}  // namespace
}  // namespace switchgear::testing
