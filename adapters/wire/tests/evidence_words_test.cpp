#include <switchgear/wire/evidence_words.hpp>

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace std::chrono_literals;
using testing::HasSubstr;
using wire::evidence_words;

constexpr evidence failing{
    .calls = 9, .failures = 7, .observed = 7.0 / 9, .threshold = 0.004, .by_chance_once_in = 24h * 31 + 5h};

std::string with_rarity(duration once_in) {
    evidence seen = failing;
    seen.by_chance_once_in = once_in;
    return evidence_words(seen);
}

std::string with_normal(double share) {
    evidence seen = failing;
    seen.threshold = share;
    return evidence_words(seen);
}

TEST(evidence_words, tell_what_failed_what_is_normal_and_how_rare_it_is) {
    EXPECT_EQ(evidence_words(failing),
              "7 of the last 9 calls failed; normal is 0.4 %; such a run comes by chance once in 31 days");
}

TEST(evidence_words, tell_slow_calls_from_failed_ones) {
    EXPECT_EQ(evidence_words(
                  {.calls = 20, .slow = 12, .observed = 0.6, .threshold = 0.0123, .by_chance_once_in = 24h * 365 * 4}),
              "12 of the last 20 calls were slow; normal is 1.2 %; such a run comes by chance once in 3 years");
}

TEST(evidence_words, take_the_largest_unit_that_is_there_twice) {
    EXPECT_THAT(with_rarity(47h), HasSubstr("once in 47 hours"));
    EXPECT_THAT(with_rarity(48h), HasSubstr("once in 2 days"));
    EXPECT_THAT(with_rarity(90min), HasSubstr("once in 90 minutes"));
    EXPECT_THAT(with_rarity(90s), HasSubstr("once in 90 seconds"));
    EXPECT_THAT(with_rarity(duration::max()), HasSubstr("once in more than 100 years"));
}

TEST(evidence_words, do_not_write_out_tiny_shares) {
    EXPECT_THAT(with_normal(0), HasSubstr("normal is 0 %"));
    EXPECT_THAT(with_normal(1e-9), HasSubstr("normal is below 0.01 %"));
    EXPECT_THAT(with_normal(0.42), HasSubstr("normal is 42 %"));
}

}  // namespace
