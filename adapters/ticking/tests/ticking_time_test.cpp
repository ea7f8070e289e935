#include <switchgear/ticking/ticking_time.hpp>

#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace switchgear::ticking {
namespace {

using namespace std::chrono_literals;

TEST(ticked_time, stands_still_until_it_is_ticked) {
    testing::manual_time exact;
    ticked_time clock{exact};
    const time_point began = clock.coarse();
    exact.advance(5ms);
    EXPECT_EQ(clock.coarse(), began);
    EXPECT_EQ(clock.now(), began + 5ms);
    clock.tick();
    EXPECT_EQ(clock.coarse(), began + 5ms);
}

TEST(ticked_time, is_read_in_memory_where_a_breaker_looks_for_it) {
    testing::manual_time exact;
    ticked_time clock{exact};
    ASSERT_NE(clock.ticked(), nullptr);
    exact.advance(3ms);
    clock.tick();
    EXPECT_EQ(time_point{duration{clock.ticked()->load()}}, exact.now());
}

TEST(ticked_time, hands_on_what_the_exact_clock_knows_of_suspensions) {
    testing::manual_time exact;
    const ticked_time clock{exact};
    EXPECT_EQ(clock.resumed_at(), time_point::min());
    exact.suspend(1h);
    EXPECT_EQ(clock.resumed_at(), exact.resumed_at());
}

TEST(ticked_time, dates_the_successes_of_a_window) {
    testing::manual_time exact;
    ticked_time clock{exact};
    breaker b{"b", {}, clock};
    b.try_acquire()->success();
    exact.advance(11s);
    clock.tick();
    EXPECT_EQ(b.observe().window.calls, 0U);
    b.try_acquire()->success();
    EXPECT_EQ(b.observe().window.calls, 1U);
}

TEST(ticking_time, ticks_by_itself) {
    const ticking_time clock{100us};
    const time_point began = clock.coarse();
    while (clock.coarse() == began) std::this_thread::yield();
    EXPECT_GT(clock.coarse(), began);
    EXPECT_LE(clock.coarse(), clock.now());
}

// By whichever clock: for the time that it takes to know the processor's counter, and beyond.
TEST(ticking_time, agrees_with_the_systems_clock) {
    const ticking_time clock;
    const time_point began = time_source::steady().now();
    time_point last = clock.now();
    while (last < began + 500ms) {
        const time_point before = time_source::steady().now();
        const time_point now = clock.now();
        const time_point after = time_source::steady().now();
        ASSERT_GE(now, last);
        ASSERT_GT(now, before - 1ms);
        ASSERT_LT(now, after + 1ms);
        last = now;
    }
}

TEST(ticking_time, has_the_exact_form_of_the_clock_it_was_given) {
    testing::manual_time exact;
    const ticking_time clock{1ms, exact};
    exact.advance(1h);
    EXPECT_EQ(clock.now(), exact.now());
}

TEST(ticking_time, refuses_a_tick_that_would_be_too_rare) {
    for (const duration every : {duration{0}, duration{-1ms}, duration{10ms} + 1ns}) {
        try {
            const ticking_time clock{every};
            FAIL() << every.count();
        } catch (const std::invalid_argument& refused) {
            EXPECT_THAT(refused.what(), ::testing::HasSubstr("ticking_time.every: " + std::to_string(every.count())));
            EXPECT_THAT(refused.what(), ::testing::HasSubstr("10 ms"));
        }
    }
}

}  // namespace
}  // namespace switchgear::ticking
