#include <switchgear/gateway/process_clock.hpp>

#include <gtest/gtest.h>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

TEST(process_clock, remembers_its_last_look_in_memory) {
    const process_clock clock;
    for (int i = 0; i < 100'000; ++i) {
        const time_point looked = clock.now();
        ASSERT_LE(clock.coarse(), looked);
        ASSERT_GT(clock.coarse(), looked - 1ms);
    }
}

TEST(process_clock, is_read_there_by_breakers) {
    const process_clock clock;
    ASSERT_NE(clock.ticked(), nullptr);
    const time_point looked = clock.now();
    EXPECT_EQ(time_point{duration{clock.ticked()->load()}}, clock.coarse());
    EXPECT_LE(clock.coarse(), looked);
}

TEST(process_clock, has_slept_never_at_first) {
    process_clock clock;
    clock.tick();
    EXPECT_EQ(clock.resumed_at(), time_point::min());
}

}  // namespace
}  // namespace switchgear::gateway
