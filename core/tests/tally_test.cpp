// The tally where threads meet, one step at a time: over atomics that let another thread come in between.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include <switchgear/detail/atomics.hpp>
#include <switchgear/detail/tally.hpp>

#include "interrupted.hpp"

namespace switchgear::detail {
namespace {

/// Runs once, just before the next exchange.
std::function<void()> meanwhile;  // NOLINT
unsigned this_lane = 0;

struct meeting {
    template <class T>
    struct atom {
        atom() = default;
        atom(T value) : is{value} {}
        T load(std::memory_order) const noexcept { return is.load(); }
        void store(T value, std::memory_order) noexcept { is.store(value); }
        bool compare_exchange_strong(T& seen, T next, std::memory_order, std::memory_order = {}) noexcept {
            if (meanwhile) std::exchange(meanwhile, nullptr)();
            return is.compare_exchange_strong(seen, next);
        }
        std::atomic<T> is{};
    };
    static unsigned& lane() noexcept { return this_lane; }
    static unsigned lanes() noexcept { return 4; }
    static unsigned next_lane() noexcept { return this_lane + 1; }
};

struct a_tally : testing::Test {
    tally<meeting> it;
    meeting::atom<std::uint64_t> now{0};

    a_tally() {
        this_lane = 0;
        meanwhile = nullptr;
    }
    bool add(std::uint64_t epoch = 0) { return it.add(epoch, now); }
    /// Counts three: another thread counts just before this one's exchange, and once more before the next.
    bool add_and_meet(std::uint64_t epoch = 0) {
        meanwhile = [this, epoch] {
            EXPECT_TRUE(add(epoch));
            meanwhile = [this, epoch] { EXPECT_TRUE(add(epoch)); };
        };
        return add(epoch);
    }
    std::uint64_t begin(std::uint64_t epoch) {
        now.store(epoch << 24, {});
        return it.open_window(epoch, [] { return true; });
    }
};

TEST_F(a_tally, counts_one_by_one) {
    EXPECT_EQ(it.sum(), 0U);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        EXPECT_TRUE(add());
        EXPECT_EQ(it.sum(), i);
    }
}

TEST_F(a_tally, counts_both_of_two_that_meet) {
    EXPECT_TRUE(add_and_meet());
    EXPECT_EQ(it.sum(), 3U);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(add());
    EXPECT_EQ(it.sum(), 13U);
}

TEST_F(a_tally, counts_in_every_lane_however_many_there_are) {
    EXPECT_TRUE(add());
    EXPECT_TRUE(add_and_meet());
    std::uint64_t sum = it.sum();
    EXPECT_EQ(sum, 4U);
    for (unsigned lane = 0; lane < 20; ++lane) {
        this_lane = lane;
        EXPECT_TRUE(add());
        EXPECT_EQ(it.sum(), ++sum) << lane;
    }
}

TEST_F(a_tally, sends_who_meets_another_in_a_lane_to_the_next) {
    EXPECT_TRUE(add_and_meet());
    const unsigned before = this_lane;
    EXPECT_TRUE(add());
    EXPECT_EQ(this_lane, before) << "alone it stays";
    EXPECT_TRUE(add_and_meet());
    EXPECT_NE(this_lane, before);
    const unsigned after = this_lane;
    EXPECT_EQ(it.sum(), 7U);
    EXPECT_TRUE(add());
    EXPECT_EQ(this_lane, after);
    EXPECT_EQ(it.sum(), 8U);
}

TEST_F(a_tally, keeps_the_lanes_of_who_made_them_first) {
    meanwhile = [this] {
        EXPECT_TRUE(add());
        meanwhile = [this] {
            EXPECT_TRUE(add());
            // While this one makes lanes, another has made some, and counts there.
            meanwhile = [this] { EXPECT_TRUE(add_and_meet()); };
        };
    };
    EXPECT_TRUE(add());
    EXPECT_EQ(it.sum(), 6U);
    EXPECT_TRUE(add());
    EXPECT_EQ(it.sum(), 7U);
}

TEST_F(a_tally, begins_a_window_at_the_sum_of_all_lanes) {
    EXPECT_TRUE(add_and_meet());
    for (this_lane = 0; this_lane < 3; ++this_lane) EXPECT_TRUE(add());
    EXPECT_EQ(begin(1), 6U);
    EXPECT_EQ(it.sum(), 6U);
    for (this_lane = 0; this_lane < 4; ++this_lane) {
        EXPECT_FALSE(add(0)) << "late in lane " << this_lane;
        EXPECT_EQ(it.sum(), 6U + this_lane);
        EXPECT_TRUE(add(1));
        EXPECT_EQ(it.sum(), 7U + this_lane);
    }
    EXPECT_EQ(begin(2), 10U);
    EXPECT_EQ(begin(2), 10U) << "a second time changes nothing";
    EXPECT_TRUE(add(2));
    EXPECT_EQ(it.sum(), 11U);
}

TEST_F(a_tally, opens_a_lane_that_was_never_used_for_the_present_window_only) {
    EXPECT_TRUE(add_and_meet());
    this_lane = 3;
    now.store(std::uint64_t{1} << 24, {});  // begun, but the window is not open yet
    EXPECT_FALSE(add(1));
    EXPECT_FALSE(add(0));
    EXPECT_EQ(it.sum(), 3U);
    EXPECT_EQ(it.open_window(1, [] { return true; }), 3U);
    EXPECT_TRUE(add(1));
    EXPECT_EQ(it.sum(), 4U);
}

TEST_F(a_tally, counts_nothing_for_an_epoch_with_the_same_low_bits) {
    EXPECT_EQ(begin(256), 0U);
    EXPECT_FALSE(add(0));
    EXPECT_TRUE(add(256));
    EXPECT_TRUE(add_and_meet(256));
    this_lane = 2;
    EXPECT_FALSE(add(0));
    EXPECT_EQ(it.sum(), 4U);
    // Two in a row differ, at the turn of the low bits too.
    for (const std::uint64_t epoch : {257U, 511U, 512U, 513U}) {
        EXPECT_EQ(begin(epoch), it.sum());
        EXPECT_FALSE(add(epoch - 1));
        EXPECT_TRUE(add(epoch));
    }
}

TEST_F(a_tally, counts_nothing_if_the_window_ends_in_between) {
    EXPECT_TRUE(add());
    meanwhile = [this] { EXPECT_EQ(begin(1), 1U); };
    EXPECT_FALSE(add(0));
    EXPECT_EQ(it.sum(), 1U);
    EXPECT_TRUE(add(1));
    EXPECT_TRUE(add_and_meet(1));
    meanwhile = [this] { EXPECT_EQ(begin(2), 5U); };
    EXPECT_FALSE(add(1));
    EXPECT_EQ(it.sum(), 5U);
    EXPECT_EQ(this_lane, 0U) << "nobody was in the way";
}

TEST_F(a_tally, counts_who_comes_while_a_window_begins) {
    EXPECT_TRUE(add());
    meanwhile = [this] { EXPECT_TRUE(add(0)); };
    // The word still says that epoch 0 is present: the one in between counts, and before the beginning.
    EXPECT_EQ(it.open_window(1, [] { return true; }), 2U);
    EXPECT_EQ(it.sum(), 2U);
    now.store(std::uint64_t{1} << 24, {});
    EXPECT_TRUE(add(1));
}

TEST_F(a_tally, is_left_alone_by_who_no_longer_wants_a_window) {
    EXPECT_TRUE(add_and_meet());
    EXPECT_EQ(begin(2), 3U);
    EXPECT_EQ(it.open_window(1, [] { return false; }), 3U);
    EXPECT_TRUE(add(2));
    EXPECT_EQ(it.sum(), 4U);
}

TEST_F(a_tally, makes_way_at_each_meeting) {
    const auto add_and_meet_once = [this] {
        meanwhile = [this] { EXPECT_TRUE(add()); };
        EXPECT_TRUE(add());
    };
    add_and_meet_once();
    EXPECT_EQ(this_lane, 0U) << "there were no lanes yet";
    add_and_meet_once();
    EXPECT_EQ(this_lane, 1U);
    add_and_meet_once();
    EXPECT_EQ(this_lane, 2U);
    EXPECT_EQ(it.sum(), 6U);
}

TEST_F(a_tally, makes_way_at_a_second_meeting_in_one_addition_too) {
    meanwhile = [this] {
        EXPECT_TRUE(add());
        // The next exchange is that of the lanes, and then comes the one that counts.
        meanwhile = [this] { meanwhile = [this] { EXPECT_TRUE(add()); }; };
    };
    EXPECT_TRUE(add());
    EXPECT_EQ(this_lane, 1U);
    EXPECT_EQ(it.sum(), 3U);
}

// ---- what it costs

struct steps_of_a_tally : testing::Test {
    tally<interrupted> it;
    interrupted::atom<std::uint64_t> now{0};

    steps_of_a_tally() { interrupted::begin(), interrupted::this_lane = 0; }
    template <class Work>
    int steps(const Work& work) {
        interrupted::begin();
        work();
        return interrupted::done;
    }
};

TEST_F(steps_of_a_tally, are_three_looks_and_an_exchange_for_a_success_that_meets_nobody) {
    const auto add = [this] { EXPECT_TRUE(it.add(0, now)); };
    EXPECT_EQ(steps(add), 4);
    EXPECT_EQ(steps(add), 4);
    interrupted::before(4, add);
    add();
    add();  // opens the lane that there is now
    EXPECT_EQ(steps(add), 4);
}

TEST_F(steps_of_a_tally, are_looks_alone_for_a_window_that_is_open_already) {
    bool asked = false;
    const auto open = [&] { it.open_window(0, [&] { return asked = true; }); };
    EXPECT_EQ(steps(open), 2);
    EXPECT_FALSE(asked);
}

// ---- where threads count

TEST(lanes, are_a_power_of_two_that_goes_with_the_processors) {
    for (const auto& [processors, lanes] : {std::pair{0U, 2U},
                                            {1U, 2U},
                                            {2U, 2U},
                                            {3U, 4U},
                                            {4U, 4U},
                                            {5U, 8U},
                                            {8U, 8U},
                                            {9U, 16U},
                                            {16U, 16U},
                                            {17U, 16U},
                                            {1'000U, 16U}}) {
        EXPECT_EQ(std_atomics::lanes_for(processors), lanes) << processors;
    }
    EXPECT_LE(std_atomics::lanes(), 16U);
    EXPECT_GE(std_atomics::lanes(), 2U);
}

TEST(lanes, are_given_to_those_who_meet_in_turn) {
    const unsigned first = std_atomics::next_lane();
    EXPECT_EQ(std_atomics::next_lane(), first + 1);
    EXPECT_EQ(std_atomics::next_lane(), first + 2);
    EXPECT_EQ(&std_atomics::lane(), &std_atomics::lane()) << "a thread stays in its own";
}

TEST(brief_locks, are_held_by_one) {
    brief_lock<std_atomics> one;
    EXPECT_TRUE(one.try_lock());
    EXPECT_FALSE(one.try_lock());
    one.unlock();
    one.lock();
    EXPECT_FALSE(one.try_lock());
    one.unlock();
    EXPECT_TRUE(one.try_lock());
}

}  // namespace
}  // namespace switchgear::detail
