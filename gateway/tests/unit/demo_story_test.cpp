#include "demo_story.hpp"

#include <gtest/gtest.h>

namespace switchgear::gateway {
namespace {

/// What the demo should see.
const std::vector<demo_answer> cycle{
    {200, "closed", 1}, {200, "closed", 2},    {502, "closed", 3}, {502, "closed", 4},
    {502, "open", 5},   {503, "open", 5},      {503, "open", 5},   {502, "open", 6},
    {503, "open", 6},   {200, "half_open", 7}, {200, "closed", 8},
};

/// The index of the first answer that is wrong; empty if none is.
std::optional<std::size_t> first_surprise(const std::vector<demo_answer>& answers) {
    demo_story story;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (story.next(answers[i])) return i;
    }
    return {};
}

TEST(demo_story, the_promised_cycle_is_complete_and_without_surprise) {
    demo_story story;
    for (const demo_answer& answer : cycle) {
        EXPECT_FALSE(story.complete());
        EXPECT_EQ(story.next(answer), std::nullopt);
    }
    EXPECT_TRUE(story.complete());
    EXPECT_EQ(story.service_answers(), (std::vector<unsigned>{200, 200, 503, 503, 503, 503, 200, 200}));
}

TEST(demo_story, a_refusal_that_touched_the_service_is_noticed) {
    auto leaky = cycle;
    leaky[6].service_asked = 6;
    EXPECT_EQ(first_surprise(leaky), 6U);
}

TEST(demo_story, a_circuit_that_opens_late_is_noticed) {
    auto late = cycle;
    late[4].state = "closed";
    EXPECT_EQ(first_surprise(late), 4U);
}

TEST(demo_story, an_open_circuit_that_refuses_nobody_is_noticed) {
    auto eager = cycle;
    eager.erase(eager.begin() + 5, eager.begin() + 7);
    EXPECT_EQ(first_surprise(eager), 5U);
}

TEST(demo_story, a_failed_probe_that_closes_is_noticed) {
    auto wrong = cycle;
    wrong[7].state = "closed";
    EXPECT_EQ(first_surprise(wrong), 7U);
}

TEST(demo_story, a_service_that_is_ill_from_the_start_is_no_cycle) {
    EXPECT_EQ(first_surprise({{502, "closed", 1}}), 0U);
}

TEST(state_in_header, is_the_value_between_its_name_and_the_next_semicolon) {
    EXPECT_EQ(state_in_header("payments; state=half_open; reason=probes_busy; retry-after-ms=10"), "half_open");
    EXPECT_EQ(state_in_header("payments; state=closed"), "closed");
    EXPECT_EQ(state_in_header(""), "");
}

}  // namespace
}  // namespace switchgear::gateway
