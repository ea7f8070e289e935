#include "descriptor_budget.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace switchgear::gateway {
namespace {

descriptor_budget of(std::size_t most) { return {most, {.threads = 1, .listeners = 1}}; }

TEST(descriptor_budget, half_of_what_is_left_is_for_clients) {
    EXPECT_EQ(of(100).client_connections(), 16U);
    EXPECT_EQ(of(100).refused_connections(), 10U);
    EXPECT_EQ(of(1'024).client_connections(), 432U);
    EXPECT_EQ(of(1'048'576).client_connections(), 524'208U);
    EXPECT_EQ(of(1'048'576).refused_connections(), 64U);
}

TEST(descriptor_budget, the_last_are_kept_and_of_few_a_quarter) {
    EXPECT_FALSE(of(1'024).is_kept(959));
    EXPECT_TRUE(of(1'024).is_kept(960));
    EXPECT_FALSE(of(60).is_kept(44));
    EXPECT_TRUE(of(60).is_kept(45));
}

TEST(descriptor_budget, however_small_it_is_one_client_is_served) {
    for (const std::size_t most : {0U, 1U, 3U, 32U, 45U}) EXPECT_EQ(of(most).client_connections(), 1U);
}

TEST(descriptor_budget, what_threads_and_listeners_hold_is_for_nobody) {
    const descriptor_budget large{256, {.threads = 32, .listeners = 3}};
    EXPECT_EQ(of(256).client_connections(), 60U);
    EXPECT_EQ(large.client_connections(), 24U);
}

}  // namespace
}  // namespace switchgear::gateway
