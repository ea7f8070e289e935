#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "atoms.hpp"

// What plays of the machine's parts have in common.

namespace switchgear::interleave {

inline constexpr limits weak{.memory = memory::weak};

template <class State>
void expect_in_all_schedules(const std::function<void(std::shared_ptr<State>, play&)>& act) {
    explorer all{weak};
    const auto found = all.explore([&](play& into) { act(std::make_shared<State>(), into); });
    EXPECT_EQ(found.failure, "") << found.schedule;
    EXPECT_TRUE(found.complete);
    EXPECT_GT(found.executions, 1U) << "nothing races here";
}

inline void require(bool holds, const char* otherwise) {
    if (!holds) explorer::current().fail(otherwise);
}

/// What is true while the epoch is that one.
struct epochs {
    atom<std::uint64_t> now{1};
    auto is(std::uint64_t epoch) {
        return [this, epoch] { return now.load(std::memory_order_acquire) == epoch; };
    }
};

}  // namespace switchgear::interleave
