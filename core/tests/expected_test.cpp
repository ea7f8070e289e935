// result and std::expected, where there is one.
#include <expected>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <switchgear/breaker.hpp>
#include <switchgear/result.hpp>

namespace switchgear {
namespace {

#ifdef __cpp_lib_expected

using number = result<int, std::string>;
using expected_number = std::expected<int, std::string>;

TEST(expected, becomes_a_result) {
    const number seven = expected_number{7};
    EXPECT_EQ(seven.value(), 7);
    const number broken = expected_number{std::unexpect, "broken"};
    EXPECT_EQ(broken.error(), "broken");
    const result<void, std::string> failed = std::expected<void, std::string>{std::unexpect, "why"};
    EXPECT_EQ(failed.error(), "why");
}

TEST(expected, is_made_from_a_result) {
    const expected_number seven = number{7};
    EXPECT_EQ(seven.value(), 7);
    const expected_number broken = number{std::string{"broken"}};
    EXPECT_EQ(broken.error(), "broken");
    const std::expected<bool, std::string> no = result<bool, std::string>{std::string{"no"}};
    EXPECT_FALSE(no.has_value());
}

TEST(expected, becomes_a_result_at_compile_time) {
    constexpr result<int, char> seven = std::expected<int, char>{7};
    static_assert(*seven == 7);
    constexpr result<int, char> failed = std::expected<int, char>{std::unexpect, 'x'};
    static_assert(failed.error() == 'x');
}

TEST(expected, that_failed_is_not_a_result_that_holds_a_bool) {
    static_assert(!std::is_convertible_v<expected_number, result<bool, std::string>>);
    static_assert(!std::is_constructible_v<result<bool>, expected_number>);
    const result<bool, std::string> same = std::expected<bool, std::string>{std::unexpect, "no"};
    EXPECT_EQ(same.error(), "no");
}

TEST(expected, is_what_a_call_returns_that_returns_one) {
    struct failure {
        reject_reason why;
        explicit failure(const rejection& r) : why{r.reason} {}
    };
    breaker b{"b"};
    const auto ask = [&] { return b.call([]() -> std::expected<bool, failure> { return true; }); };
    static_assert(std::is_same_v<decltype(ask()), std::expected<bool, failure>>);
    EXPECT_TRUE(ask().value());
    b.trip({.reason = "test", .actor = "test"});
    EXPECT_EQ(ask().error().why, reject_reason::open);
}

#else

TEST(expected, is_not_in_this_library) { GTEST_SKIP(); }

#endif

}  // namespace
}  // namespace switchgear
