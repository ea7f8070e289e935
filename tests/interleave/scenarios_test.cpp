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
}

INSTANTIATE_TEST_SUITE_P(, schedules,
                         testing::Combine(testing::Range(std::size_t{0}, scenarios().size()),
                                          testing::Values(memory::sequential, memory::weak)),
                         [](const auto& at) {
                             return std::string{scenarios()[std::get<0>(at.param)].name} +
                                    (std::get<1>(at.param) == memory::weak ? "_with_weak_memory" : "");
                         });

TEST(scenarios, have_names_of_their_own_and_a_reason_for_every_stray) {
    std::set<std::string_view> names;
    for (const auto& one : scenarios()) {
        EXPECT_TRUE(names.insert(one.name).second) << one.name;
        EXPECT_EQ(one.strays == 0, one.why_strays.empty()) << one.name;
    }
}

}  // namespace
}  // namespace switchgear::interleave
