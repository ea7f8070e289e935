#include <switchgear/wire/timestamp.hpp>

#include <chrono>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using namespace switchgear::wire;
using namespace std::chrono_literals;

constexpr wall_time some_time = std::chrono::sys_days{2024y / 11 / 22} + 15h + 31min + 7s + 45ms;

TEST(timestamp, is_written_in_utc_with_milliseconds) {
    EXPECT_EQ(format_timestamp(some_time), "2024-11-22T15:31:07.045Z");
    EXPECT_EQ(format_timestamp(wall_time{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_timestamp(wall_time{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(timestamp, comes_back_the_same) {
    EXPECT_EQ(parse_timestamp(format_timestamp(some_time)), some_time);
    EXPECT_EQ(parse_timestamp(format_timestamp(wall_time{-1ms})), wall_time{-1ms});
}

TEST(timestamp, may_have_other_decimals_or_none) {
    EXPECT_EQ(parse_timestamp("2024-11-22T15:31:07Z"), some_time - 45ms);
    EXPECT_EQ(parse_timestamp("2024-11-22T15:31:07.5Z"), some_time + 455ms);
    EXPECT_EQ(parse_timestamp("2024-11-22T15:31:07.045999999Z"), some_time);
}

TEST(timestamp, junk_is_none) {
    for (const std::string_view text :
         {"", "Z", "2024-11-22", "2024-11-22T15:31:07", "2024-11-22 15:31:07Z", "2024-11-22T15:31:07.Z",
          "2024-11-22T15:31:07.1234567890Z", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-11-22T24:00:00Z",
          "2024-11-22T15:60:00Z", "2024-11-22T15:31:60Z", "2024-11-22T15:31:07+00:00", "2O24-11-22T15:31:07Z",
          "2024-11-22T15:31:07,5Z", "-024-11-22T15:31:07Z", "2024-11-22T15:31:07.4 Z"}) {
        EXPECT_FALSE(parse_timestamp(text)) << text;
    }
}

}  // namespace
