#include "words.hpp"

#include <gtest/gtest.h>

namespace {

using namespace switchgear::simulation;

TEST(number_words, have_three_digits_and_no_exponent) {
    EXPECT_EQ(number_words(1.254), "1.25");
    EXPECT_EQ(number_words(999.4), "999");
    EXPECT_EQ(number_words(999.5), "1000");
    EXPECT_EQ(number_words(999.99), "1000");
    EXPECT_EQ(number_words(1'250), "1250");
}

}  // namespace
