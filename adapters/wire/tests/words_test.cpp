#include <switchgear/wire/words.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using switchgear::wire::for_each_enumerator;
using switchgear::wire::from_string;

template <class Enum>
class words : public testing::Test {};
using enums = testing::Types<state, override_mode, reject_reason, failure_class, cause, mode>;
TYPED_TEST_SUITE(words, enums);

TYPED_TEST(words, come_back_as_the_same_enumerator) {
    std::set<std::string_view> seen;
    for_each_enumerator<TypeParam>([&](TypeParam value) {
        EXPECT_EQ(from_string<TypeParam>(to_string(value)), value);
        EXPECT_NE(to_string(value), "?");
        seen.insert(to_string(value));
    });
    // The next one is no enumerator: none was forgotten.
    EXPECT_EQ(to_string(static_cast<TypeParam>(seen.size())), "?");
}

TYPED_TEST(words, of_nobody_are_no_enumerator) {
    for (const std::string_view word : {"", "?", "Open", "half-open", "open ", "no such word"}) {
        EXPECT_FALSE(from_string<TypeParam>(word)) << word;
    }
}

TEST(word, is_snake_case) {
    EXPECT_EQ(from_string<state>("half_open"), state::half_open);
    EXPECT_EQ(from_string<override_mode>("forced_closed"), override_mode::forced_closed);
    EXPECT_EQ(from_string<reject_reason>("probes_busy"), reject_reason::probes_busy);
    EXPECT_EQ(from_string<failure_class>("custom_4"), failure_class::custom_4);
    EXPECT_EQ(from_string<cause>("consecutive_failures"), cause::consecutive_failures);
    EXPECT_EQ(from_string<mode>("observe"), mode::observe);
}

}  // namespace
