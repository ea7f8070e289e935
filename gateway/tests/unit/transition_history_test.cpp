#include "transition_history.hpp"

#include <gtest/gtest.h>

namespace switchgear::gateway {
namespace {

wire::transition_view of(std::string name, std::uint64_t epoch) {
    wire::transition_view out;
    out.name = std::move(name);
    out.epoch = epoch;
    return out;
}

TEST(transition_history, keeps_the_newest_of_each_breaker_in_order) {
    transition_history history;
    for (std::uint64_t epoch = 1; epoch <= transition_history::kept_for_each + 5; ++epoch) {
        history.add(of("shop", epoch));
    }
    history.add(of("other", 1));
    const auto& kept = history.of("shop");
    ASSERT_EQ(kept.size(), transition_history::kept_for_each);
    EXPECT_EQ(kept.front().epoch, 6U);
    EXPECT_EQ(kept.back().epoch, transition_history::kept_for_each + 5);
    EXPECT_EQ(history.of("other").size(), 1U);
}

TEST(transition_history, knows_nothing_of_a_breaker_that_never_changed) {
    EXPECT_TRUE(transition_history{}.of("shop").empty());
}

TEST(transition_history, forgets_breakers_that_are_gone) {
    transition_history history;
    history.add(of("stays", 1));
    history.add(of("goes", 1));
    history.keep_only([](std::string_view name) { return name == "stays"; });
    EXPECT_EQ(history.size(), 1U);
    EXPECT_TRUE(history.of("goes").empty());
}

}  // namespace
}  // namespace switchgear::gateway
