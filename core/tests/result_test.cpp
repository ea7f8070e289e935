#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/result.hpp>

namespace switchgear {
namespace {

using number = result<int, std::string>;

TEST(result, holds_a_value) {
    const number r = 7;
    EXPECT_TRUE(r.has_value());
    EXPECT_TRUE(static_cast<bool>(r));
    EXPECT_EQ(*r, 7);
    EXPECT_EQ(r.value(), 7);
    EXPECT_EQ(r.value_or(9), 7);
}

TEST(result, holds_an_error) {
    const number r = std::string{"broken"};
    EXPECT_FALSE(r.has_value());
    EXPECT_FALSE(static_cast<bool>(r));
    EXPECT_EQ(r.error(), "broken");
    EXPECT_EQ(r.value_or(9), 9);
    EXPECT_THROW((void)r.value(), bad_result_access);
}

TEST(result, copies_an_error_that_is_kept) {
    const std::string broken = "broken by something too long for the string itself";
    const number r{broken};
    ASSERT_FALSE(r.has_value());
    EXPECT_EQ(r.error(), broken);
}

TEST(result, is_made_from_what_makes_a_value) {
    const result<std::string, int> r = "text";
    EXPECT_EQ(*r, "text");
    EXPECT_EQ(r->size(), 4U);
}

TEST(result, is_made_explicitly_where_its_value_is) {
    using list = result<std::vector<int>>;
    static_assert(!std::is_convertible_v<int, list> && std::is_constructible_v<list, int>);
    static_assert(!std::is_convertible_v<int*, result<std::unique_ptr<int>>>);
    static_assert(std::is_convertible_v<const char*, result<std::string>>);
    EXPECT_EQ(list{5} -> size(), 5U);
}

TEST(result, of_a_bool_is_not_made_from_another_result) {
    static_assert(!std::is_constructible_v<result<bool, std::string>, number>);
    static_assert(!std::is_constructible_v<result<bool>, const result<int>&>);
    static_assert(!std::is_constructible_v<result<bool>, result<void>>);
    static_assert(std::is_convertible_v<bool, result<bool>> && std::is_convertible_v<int, result<bool>>);
    result<bool, std::string> failed = std::string{"no"};
    const result<bool, std::string> moved = std::move(failed);
    EXPECT_EQ(moved.error(), "no");
}

TEST(result, lets_its_value_be_changed) {
    number r = 7;
    *r += 1;
    EXPECT_EQ(*r, 8);
    r = std::string{"broken"};
    EXPECT_EQ(r.error(), "broken");
    r = 3;
    EXPECT_EQ(*r, 3);
}

TEST(result, copies_and_moves) {
    number a = std::string{"broken"};
    const number b = a;
    const number c = std::move(a);
    EXPECT_EQ(b.error(), "broken");
    EXPECT_EQ(c.error(), "broken");
    number d = 1;
    d = b;
    EXPECT_EQ(d.error(), "broken");
}

TEST(result, survives_assignment_to_itself) {
    number r = std::string(100, 'x');
    number& same = r;
    r = same;
    EXPECT_EQ(r.error(), std::string(100, 'x'));
}

TEST(result, carries_what_can_only_be_moved) {
    using owned = result<std::unique_ptr<int>, std::string>;
    static_assert(!std::is_copy_constructible_v<owned>);
    owned r = std::make_unique<int>(7);
    owned moved = std::move(r);
    EXPECT_EQ(**moved, 7);
    const std::unique_ptr<int> out = *std::move(moved);
    EXPECT_EQ(*out, 7);
    EXPECT_EQ(*owned{std::make_unique<int>(8)}.value(), 8);
    EXPECT_EQ(owned{std::string{"no"}}.value_or(nullptr), nullptr);
}

TEST(result, destroys_what_it_holds_once) {
    const auto shared = std::make_shared<int>(1);
    {
        result<std::shared_ptr<int>, int> r = shared;
        result<std::shared_ptr<int>, int> copy = r;
        EXPECT_EQ(shared.use_count(), 3);
        r = 5;
        EXPECT_EQ(shared.use_count(), 2);
    }
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(result, of_void_is_done_or_why_not) {
    const result<void, std::string> done;
    EXPECT_TRUE(done.has_value());
    done.value();
    *done;
    const result<void, std::string> failed = std::string{"why"};
    EXPECT_FALSE(failed);
    EXPECT_EQ(failed.error(), "why");
    EXPECT_THROW(failed.value(), bad_result_access);
}

TEST(result, of_a_reference_refers) {
    int here = 1;
    const result<int&, std::string> r = here;
    *r = 5;
    EXPECT_EQ(here, 5);
    EXPECT_EQ(&r.value(), &here);
    int other = 9;
    const result<int&, std::string> failed = std::string{"why"};
    EXPECT_EQ(&failed.value_or(other), &other);
    EXPECT_THROW((void)failed.value(), bad_result_access);
}

TEST(result, works_at_compile_time) {
    constexpr result<int, char> r = 7;
    static_assert(r.has_value() && *r == 7 && r.value_or(1) == 7);
    constexpr result<int, char> e = 'x';
    static_assert(!e && e.error() == 'x' && e.value_or(1) == 1);
}

TEST(result, carries_a_rejection_unless_told_otherwise) {
    const result<int> refused = rejection{reject_reason::open, std::chrono::seconds{1}};
    EXPECT_EQ(refused.error().reason, reject_reason::open);
    static_assert(std::is_same_v<result<int>::error_type, rejection>);
}

}  // namespace
}  // namespace switchgear
