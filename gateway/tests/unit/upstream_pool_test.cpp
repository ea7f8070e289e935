#include "upstream_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

const std::string payments = "payments http://a.test";
const std::string orders = "orders http://b.test";
constexpr time_point start_of_time{};

/// Connections to nowhere: their pending reads end with a failure once the loop runs.
struct upstream_pool_test : testing::Test {
    upstream_connection* give(time_point idle_until, const std::string& to = payments) {
        auto made = std::make_unique<upstream_connection>(loop, counters);
        upstream_connection* const given = made.get();
        pool.give(to, std::move(made), idle_until);
        return given;
    }

    asio::io_context loop;
    std::shared_ptr<service_counters> counters = std::make_shared<service_counters>();
    std::atomic<std::size_t> idle_of_all{0};
    upstream_pool pool{idle_of_all, 3};
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

TEST_F(upstream_pool_test, where_there_are_as_many_as_there_may_be_the_oldest_makes_room) {
    give(start_of_time + 10s);
    give(start_of_time + 11s, orders);
    auto* const third = give(start_of_time + 12s);
    auto* const fourth = give(start_of_time + 13s, orders);
    EXPECT_EQ(idle_of_all.load(), 3U);
    auto of_orders = pool.take(orders, start_of_time);
    auto of_payments = pool.take(payments, start_of_time);
    EXPECT_EQ(of_orders.get(), fourth);
    EXPECT_EQ(of_payments.get(), third);
    EXPECT_EQ(pool.take(payments, start_of_time), nullptr);
    EXPECT_EQ(idle_of_all.load(), 1U);
    // They are read from: the pool keeps them until that has ended.
    pool.discard(std::move(of_orders));
    pool.discard(std::move(of_payments));
    loop.run();
    EXPECT_EQ(idle_of_all.load(), 0U);
}

TEST_F(upstream_pool_test, where_other_workers_have_as_many_as_there_may_be_none_is_kept) {
    idle_of_all = 3;
    give(start_of_time + 10s);
    EXPECT_EQ(pool.take(payments, start_of_time), nullptr);
    EXPECT_EQ(idle_of_all.load(), 3U);
    loop.run();
    EXPECT_TRUE(pool.empty());
}

}  // namespace
}  // namespace switchgear::gateway
