#include "http_date.hpp"

#include <gtest/gtest.h>

namespace switchgear::gateway {
namespace {

TEST(http_date, is_written_as_the_standard_has_it) {
    http_date date;
    EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(date.at(1'709'164'799), "Wed, 28 Feb 2024 23:59:59 GMT");
    EXPECT_EQ(date.at(1'709'164'800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(http_date, is_the_same_within_a_second) {
    http_date date;
    EXPECT_EQ(date.at(784'111'777).data(), date.at(784'111'777).data());
    EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace switchgear::gateway
