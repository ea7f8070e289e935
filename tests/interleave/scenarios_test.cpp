#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "scenario.hpp"

// Every scenario, as far as goes in a few seconds; the program `interleave` goes further.

namespace switchgear::interleave {
namespace {

class schedules : public testing::TestWithParam<std::tuple<std::size_t, memory>> {};

TEST_P(schedules, keep_every_promise) {
    const auto [index, how] = GetParam();
    const scenario& one = scenarios()[index];
    const auto found = examine(one, limits_of(one, how, effort::quick));
    EXPECT_EQ(found.report.failure, "") << found.report.schedule;
    EXPECT_TRUE(found.report.complete);
    EXPECT_GT(found.report.executions, 1U) << "nothing races here";
    EXPECT_EQ(found.strays, one.strays.size()) << "a stray that is known and never seen hides what takes its place";
}

INSTANTIATE_TEST_SUITE_P(, schedules,
                         testing::Combine(testing::Range(std::size_t{0}, scenarios().size()),
                                          testing::Values(memory::sequential, memory::weak)),
                         [](const auto& at) {
                             return std::string{scenarios()[std::get<0>(at.param)].name} +
                                    (std::get<1>(at.param) == memory::weak ? "_with_weak_memory" : "");
                         });

TEST(scenarios, have_names_of_their_own) {
    std::set<std::string_view> names;
    for (const auto& one : scenarios()) EXPECT_TRUE(names.insert(one.name).second) << one.name;
}

/// What becomes of a scenario that has one stray if this is the one that it knows.
std::string failure_with(std::string_view name, const stray& known) {
    for (scenario one : scenarios()) {
        if (one.name != name) continue;
        one.strays = {known};
        return examine(one, {}).report.failure;
    }
    return "there is no such scenario";
}

TEST(strays, are_the_ones_that_are_known_and_no_others) {
    const auto with = [](const stray& known) { return failure_with("reset_and_a_failure", known); };
    EXPECT_EQ(with({"the right one", {"window 1/1/0 run 1", "window 0/0/0 run 0"}}), "");
    EXPECT_NE(with({"nearly", {"window 1/1/0 run 1", "window 1/0/0 run 0"}}).find("no order"), std::string::npos);
}

TEST(strays, are_outcomes_of_their_own) {
    const auto with = [](const stray& known) { return failure_with("reset_and_a_failure", known); };
    const std::string none = "a stray is no outcome of its own\n";
    EXPECT_EQ(with({"of no order's outcome", {"there is no such text", ""}}), none);
    EXPECT_EQ(with({"as in an order", {"run 1", "run 1"}}), none);
    EXPECT_EQ(with({"in two orders", {"at the end", "in the end"}}), none);
}

}  // namespace
}  // namespace switchgear::interleave
