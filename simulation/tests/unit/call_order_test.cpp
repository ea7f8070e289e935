#include "call_order.hpp"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace switchgear::simulation;
using namespace std::chrono_literals;

std::vector<std::int64_t> ordered(std::initializer_list<std::chrono::seconds> starts) {
    call_order order{10s};
    std::vector<std::int64_t> out;
    const auto drain = [&] {
        while (const auto call = order.next())
            out.push_back(std::chrono::floor<std::chrono::seconds>(call->start).count());
    };
    for (const auto start : starts) {
        if (!order.add({.start = start})) out.push_back(-start.count());
        drain();
    }
    order.end();
    drain();
    return out;
}

using starts = std::vector<std::int64_t>;

TEST(order, what_is_in_order_stays_so) { EXPECT_EQ(ordered({1s, 2s, 2s, 30s}), (starts{1, 2, 2, 30})); }

TEST(order, what_is_a_little_late_finds_its_place) {
    EXPECT_EQ(ordered({10s, 12s, 5s, 11s, 4s, 30s}), (starts{4, 5, 10, 11, 12, 30}));
    EXPECT_EQ(ordered({10s, 0s}), (starts{0, 10}));
}

TEST(order, what_is_too_late_is_refused) { EXPECT_EQ(ordered({10s, 21s, 10s, 22s}), (starts{10, -10, 21, 22})); }

TEST(order, nothing_is_held_back_longer_than_an_earlier_one_may_come) {
    call_order order{10s};
    order.add({.start = 5s});
    EXPECT_FALSE(order.next());
    order.add({.start = 15s});
    ASSERT_TRUE(order.next());
    EXPECT_FALSE(order.next());
}

}  // namespace
