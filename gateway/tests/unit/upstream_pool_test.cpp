#include "upstream_pool.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

const std::string payments = "payments http://a.test";
constexpr time_point start_of_time{};

/// Connections to nowhere: their pending reads end with a failure once the loop runs.
struct upstream_pool_test : testing::Test {
    upstream_connection* give(time_point idle_until) {
        auto made = std::make_unique<upstream_connection>(loop, counters);
        upstream_connection* const given = made.get();
        pool.give(payments, std::move(made), idle_until);
        return given;
    }

    asio::io_context loop;
    std::shared_ptr<service_counters> counters = std::make_shared<service_counters>();
    upstream_pool pool;
};

TEST_F(upstream_pool_test, the_connection_used_last_is_taken_first) {
    auto* const first = give(start_of_time + 10s);
    auto* const second = give(start_of_time + 10s);
    const auto taken = pool.take(payments, start_of_time);
    EXPECT_EQ(taken.get(), second);
    const auto before = pool.take(payments, start_of_time);
    EXPECT_EQ(before.get(), first);
    EXPECT_EQ(pool.take(payments, start_of_time), nullptr);
    loop.run();
}

TEST_F(upstream_pool_test, what_was_idle_for_too_long_is_not_taken) {
    give(start_of_time + 10s);
    EXPECT_EQ(pool.take(payments, start_of_time + 10s), nullptr);
    EXPECT_EQ(counters->connections_idle.load(), 0);
    loop.run();
    EXPECT_TRUE(pool.empty());
}

TEST_F(upstream_pool_test, a_fresh_connection_below_one_idle_for_too_long_is_taken) {
    auto* const fresh = give(start_of_time + 60s);
    give(start_of_time + 1s);  // after a reload with another limit
    const auto taken = pool.take(payments, start_of_time + 2s);
    EXPECT_EQ(taken.get(), fresh);
    loop.run();
    EXPECT_TRUE(pool.empty());
}

}  // namespace
}  // namespace switchgear::gateway
