// The places of probes, their leases and the ramp's account, one step at a time.
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/detail/atomics.hpp>

#include "interrupted.hpp"
#include "leases.hpp"
#include "probing.hpp"
#include "ramp.hpp"

namespace switchgear::detail {
namespace {

constexpr auto always = [] { return true; };

/// Answers yes that often, and then no.
struct wanted {
    int times;
    mutable int asked = 0;
    bool operator()() const { return ++asked <= times; }
};

struct a_ledger : testing::Test {
    using ledger = probing<interrupted>;
    using ending = ledger::ending;
    ledger it;

    a_ledger() { interrupted::begin(); }
    void expect(std::uint64_t epoch, std::uint32_t outstanding, std::uint32_t successes, bool enough) {
        const auto got = it.look(epoch);
        EXPECT_EQ(got.outstanding, outstanding);
        EXPECT_EQ(got.successes, successes);
        EXPECT_EQ(got.enough, enough);
    }
    bool succeed(std::uint64_t epoch, std::uint32_t needed) { return it.end(epoch, ending::success, needed, always); }
    bool give_back(std::uint64_t epoch) { return it.end(epoch, ending::given_back, 1, always); }
};

TEST_F(a_ledger, is_empty_in_every_epoch_at_first) {
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 40) - 2}) {
        expect(epoch, 0, 0, false);
        EXPECT_FALSE(succeed(epoch, 1));
    }
}

TEST_F(a_ledger, gives_as_many_places_as_are_allowed) {
    for (const std::uint32_t most : {1U, 2U, 3U, 1'024U}) {
        const std::uint64_t epoch = most;
        for (std::uint32_t i = 0; i < most; ++i) {
            expect(epoch, i, 0, false);
            EXPECT_TRUE(it.take(epoch, most, always));
        }
        EXPECT_FALSE(it.take(epoch, most, always));
        expect(epoch, most, 0, false);
        EXPECT_TRUE(give_back(epoch));
        expect(epoch, most - 1, 0, false);
        EXPECT_TRUE(it.take(epoch, most, always));
        expect(epoch, most, 0, false);
    }
}

TEST_F(a_ledger, says_that_it_is_enough_at_the_success_that_was_needed) {
    for (const std::uint32_t needed : {1U, 2U, 10'000U}) {
        const std::uint64_t epoch = needed;
        for (std::uint32_t n = 1; n <= needed; ++n) {
            EXPECT_TRUE(it.take(epoch, 5, always));
            EXPECT_TRUE(succeed(epoch, needed));
            expect(epoch, 0, n, n == needed);
        }
        EXPECT_FALSE(it.take(epoch, 5, always)) << "probing is over";
        EXPECT_FALSE(succeed(epoch, needed)) << "none is out";
    }
}

TEST_F(a_ledger, remembers_who_is_out_when_it_is_enough) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(it.take(7, 4, always));
    EXPECT_TRUE(succeed(7, 2));
    EXPECT_TRUE(give_back(7));
    expect(7, 2, 1, false);
    EXPECT_TRUE(succeed(7, 2));
    expect(7, 1, 2, true);
    EXPECT_TRUE(succeed(7, 5)) << "a reload asks for more: too late";
    expect(7, 0, 3, true);
}

TEST_F(a_ledger, counts_no_more_successes_than_it_has_room_for) {
    constexpr std::uint32_t most = (1U << 14) - 1;
    for (std::uint32_t n = 0; n < most + 3; ++n) {
        ASSERT_TRUE(it.take(1, 2, always));
        ASSERT_TRUE(it.end(1, ending::success, most + 100, always));
    }
    expect(1, 0, most, false);
}

TEST_F(a_ledger, tells_epochs_apart_by_their_low_38_bits) {
    constexpr std::uint64_t round = std::uint64_t{1} << 38;
    EXPECT_TRUE(it.take(5, 3, always));
    for (const std::uint64_t other : {std::uint64_t{4}, std::uint64_t{6}, 5 + round / 2}) expect(other, 0, 0, false);
    expect(5 + round, 1, 0, false);
    EXPECT_TRUE(it.take(5 + round / 2, 3, always));
    expect(5 + round / 2, 1, 0, false);
    expect(5, 0, 0, false);
}

TEST_F(a_ledger, is_left_alone_by_who_is_told_that_its_epoch_is_over) {
    EXPECT_FALSE(it.take(1, 3, wanted{0}));
    expect(1, 0, 0, false);
    EXPECT_TRUE(it.take(1, 3, wanted{1}));
    EXPECT_FALSE(it.end(1, ending::success, 1, wanted{0}));
    expect(1, 1, 0, false);
    // After an exchange that failed they ask again.
    interrupted::before(2, [this] { EXPECT_TRUE(it.take(1, 3, always)); });
    EXPECT_FALSE(it.take(1, 3, wanted{1}));
    expect(1, 2, 0, false);
    interrupted::before(2, [this] { EXPECT_TRUE(give_back(1)); });
    EXPECT_FALSE(it.end(1, ending::success, 1, wanted{1}));
    expect(1, 1, 0, false);
}

TEST_F(a_ledger, takes_and_ends_a_place_in_one_exchange) {
    const auto steps = [](const auto& work) {
        interrupted::begin();
        work();
        return interrupted::done;
    };
    EXPECT_EQ(steps([this] { it.take(1, 3, always); }), 2);
    EXPECT_EQ(steps([this] { it.end(1, ending::success, 1, always); }), 2);
}

struct slots : testing::Test {
    using all_leases = leases<interrupted>;
    all_leases it;
    static constexpr std::uint64_t round = 0x800;  ///< epochs so far apart share a tag

    slots() { interrupted::begin(); }
    all_leases::held take(std::uint64_t epoch, ticks now) { return it.take(epoch, now, always).value(); }
    /// Which slot the next one gets.
    std::uint64_t next_slot(std::uint64_t epoch) {
        const auto got = take(epoch, 0);
        EXPECT_TRUE(it.end(got));
        return got.slot;
    }
};

TEST_F(slots, hold_a_lease_each_until_it_ends) {
    for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(take(1, 10).slot, i);
    const auto other = take(2, 10);
    EXPECT_EQ(other.slot, 0U) << "what is of another epoch is free";
    EXPECT_TRUE(it.end(other));
}

TEST_F(slots, are_free_again_after_a_lease_of_theirs_ended) {
    const auto first = take(1, 10), second = take(1, 20);
    EXPECT_TRUE(it.end(first));
    EXPECT_FALSE(it.end(first)) << "it ended before";
    EXPECT_EQ(take(1, 30).slot, 0U);
    EXPECT_TRUE(it.end(second));
    EXPECT_EQ(take(1, 30).slot, 1U);
    EXPECT_EQ(take(1, 30).slot, 2U);
}

TEST_F(slots, of_epoch_0_are_free_at_first_and_after_a_lease) {
    EXPECT_EQ(it.none_ends_for(0, 1'000, 1, false), 1);
    EXPECT_EQ(take(0, 0).slot, 0U);
    EXPECT_EQ(take(0, 0).slot, 1U);
    EXPECT_EQ(take(round, 0).slot, 2U) << "it has the same tag";
    EXPECT_EQ(take(round - 1, 0).slot, 0U);
}

TEST_F(slots, are_four_to_begin_with_and_cost_forty_bytes) {
    EXPECT_EQ(sizeof(leases<std_atomics>), 40U);
    for (std::uint64_t i = 0; i < all_leases::slots_to_begin_with; ++i) EXPECT_EQ(take(1, 10).slot, i);
}

TEST_F(slots, are_as_many_as_they_grow_to) {
    it.grow(11);
    it.grow(3);
    it.grow(12);
    std::vector<all_leases::held> held;
    for (std::uint64_t i = 0; i < 12; ++i) {
        held.push_back(take(1, static_cast<ticks>(i)));
        EXPECT_EQ(held.back().slot, i);
    }
    EXPECT_EQ(it.none_ends_for(1, 11, 50, false), 39);
    for (const auto& one : held) EXPECT_TRUE(it.end(one));
    EXPECT_EQ(it.none_ends_for(1, 11, 50, false), 50);
    EXPECT_EQ(next_slot(1), 0U);
}

TEST_F(slots, say_when_the_oldest_lease_ends) {
    const auto old = take(1, 100);
    take(1, 130);
    EXPECT_EQ(it.none_ends_for(1, 140, 50, false), 10);
    EXPECT_EQ(it.look(1, 149, 50).earliest_expiry, 1);
    EXPECT_FALSE(it.look(1, 149, 50).expired);
    EXPECT_EQ(it.none_ends_for(1, 90, 50, false), 50) << "by a clock that is a little behind";
    EXPECT_TRUE(it.end(old));
    EXPECT_EQ(it.look(1, 149, 50).earliest_expiry, 31);
    EXPECT_EQ(it.look(3, 149, 50).earliest_expiry, std::nullopt);
}

TEST_F(slots, are_looked_at_up_to_the_first_lease_where_there_is_one_at_the_most) {
    const auto old = take(1, 100);
    take(1, 130);
    EXPECT_EQ(it.none_ends_for(1, 140, 50, true), 10);
    EXPECT_TRUE(it.end(old));
    EXPECT_EQ(it.none_ends_for(1, 140, 50, true), 40) << "it may stand in any slot";
    take(1, 120);
    EXPECT_EQ(it.none_ends_for(1, 140, 50, true), 30);
    EXPECT_EQ(it.none_ends_for(1, 150, 20, true), 0);
    EXPECT_EQ(it.none_ends_for(2, 140, 50, true), 50);
}

TEST_F(slots, have_leases_that_run_out_at_their_length) {
    const auto old = take(1, 100);
    EXPECT_EQ(it.none_ends_for(1, 150, 50, false), 0);
    EXPECT_EQ(it.none_ends_for(1, 149, 50, false), 1);
    EXPECT_TRUE(it.end(old)) << "looking on does not end it";
    const auto next = take(1, 100);
    EXPECT_TRUE(it.look(1, 150, 50).expired);
    EXPECT_FALSE(it.end(next));
    EXPECT_EQ(it.none_ends_for(1, 150, 50, false), 0) << "whoever asks finds the mark";
    EXPECT_TRUE(it.look(1, 150, 50).expired);
    EXPECT_FALSE(it.look(2, 150, 50).expired);
    EXPECT_EQ(take(1, 150).slot, 1U) << "the mark stays";
}

TEST_F(slots, keep_a_mark_whatever_the_time_and_the_length_become) {
    take(1, 0);
    EXPECT_TRUE(it.look(1, 8, 8).expired);
    EXPECT_EQ(it.none_ends_for(1, 8, 50, false), 0);
    EXPECT_TRUE(it.look(1, 0, 50).expired);
}

TEST_F(slots, have_one_marked_lease_at_a_time) {
    const auto first = take(1, 100), second = take(1, 100);
    EXPECT_TRUE(it.look(1, 200, 50).expired);
    EXPECT_TRUE(it.look(1, 200, 50).expired);
    EXPECT_FALSE(it.end(first));
    EXPECT_TRUE(it.end(second));
}

TEST_F(slots, count_time_modulo_2_to_the_52) {
    constexpr ticks turn = ticks{1} << 52;
    take(1, turn - 10);
    EXPECT_EQ(it.none_ends_for(1, turn + 5, 50, false), 35);
    EXPECT_EQ(it.none_ends_for(1, turn + 40, 50, false), 0);
    EXPECT_EQ(it.none_ends_for(1, turn - 30, 50, false), 50) << "behind the writer's clock";
    EXPECT_EQ(it.none_ends_for(1, turn - 11 + turn / 2, 50, false), 0) << "not quite half of the circle later";
    // What would look like the mark is dated a tick earlier.
    const auto last = take(2, turn - 1);
    EXPECT_EQ(it.none_ends_for(2, turn, 50, false), 48);
    EXPECT_TRUE(it.end(last));
}

TEST_F(slots, are_not_taken_after_their_epoch) {
    const wanted no{0};
    EXPECT_FALSE(it.take(1, 5, no));
    EXPECT_EQ(no.asked, 1) << "told once is enough";
    EXPECT_EQ(next_slot(1), 0U);
    interrupted::before(2, [this] { take(2, 6); });
    const wanted once{1};
    EXPECT_FALSE(it.take(1, 5, once)) << "asked again after an exchange that failed";
    EXPECT_EQ(once.asked, 2);
    EXPECT_EQ(it.none_ends_for(2, 7, 50, false), 49);
    EXPECT_EQ(it.none_ends_for(1, 7, 50, false), 50);
}

TEST_F(slots, that_another_one_took_first_are_passed_by) {
    interrupted::before(2, [this] { EXPECT_EQ(take(1, 6).slot, 0U); });
    EXPECT_EQ(take(1, 5).slot, 1U);
    EXPECT_EQ(interrupted::done, 4) << "and are looked at once";
}

TEST_F(slots, are_looked_for_again_if_one_came_free_behind) {
    const auto first = take(1, 1);
    take(1, 1), take(1, 1);
    // While this one looks at the last slot, another one takes it, who went by before the first one was free again.
    interrupted::before(4, [this, &first] {
        interrupted::before(4, [this, &first] { EXPECT_TRUE(it.end(first)); });
        EXPECT_EQ(take(1, 2).slot, 3U);
    });
    EXPECT_EQ(take(1, 3).slot, 0U);
}

TEST_F(slots, forget_all_leases_of_a_tag_that_comes_again) {
    const auto first = take(1, 1), second = take(1, 1), third = take(1, 1);
    it.forget(1 + round, always);
    for (const auto& gone : {first, second, third}) EXPECT_FALSE(it.end(gone));
    EXPECT_EQ(it.none_ends_for(1 + round, 100, 1, false), 1);
    const auto other = take(2, 1);
    it.forget(1 + round, always);
    EXPECT_TRUE(it.end(other));
    const auto ended = take(1, 1), behind = take(1, 1);
    EXPECT_TRUE(it.end(ended));
    const auto in_front = take(2, 1);
    EXPECT_LT(in_front.slot, behind.slot);
    it.forget(1 + round, always);
    EXPECT_FALSE(it.end(behind));
    EXPECT_TRUE(it.end(in_front));
}

TEST_F(slots, forget_nothing_once_the_epoch_has_begun) {
    const auto first = take(1, 1), second = take(1, 1);
    const wanted no{0};
    it.forget(1 + round, no);
    EXPECT_EQ(no.asked, 1);
    interrupted::before(2, [&] {
        EXPECT_TRUE(it.end(first));
        EXPECT_EQ(take(1 + round, 9).slot, 0U);
    });
    it.forget(1 + round, wanted{1});
    EXPECT_TRUE(it.end(second));
    EXPECT_EQ(it.none_ends_for(1 + round, 10, 50, false), 49) << "a lease of the new epoch";
}

TEST_F(slots, let_a_verdict_that_comes_in_time_win_and_look_further) {
    const auto first = take(1, 100);
    take(1, 130);
    interrupted::before(2, [&] { EXPECT_TRUE(it.end(first)); });
    const auto found = it.look(1, 150, 50);
    EXPECT_FALSE(found.expired);
    EXPECT_EQ(found.earliest_expiry, 30);
}

TEST_F(slots, are_expired_for_both_of_two_that_look) {
    take(1, 100);
    interrupted::before(2, [this] { EXPECT_TRUE(it.look(1, 150, 50).expired); });
    EXPECT_TRUE(it.look(1, 150, 50).expired);
}

struct an_account : testing::Test {
    ramp<interrupted> it;
    an_account() { interrupted::begin(); }
    auto arrive(double share, ticks elapsed = 0, std::uint64_t epoch = 1) {
        return it.arrive(epoch, share, elapsed, always);
    }
};

TEST_F(an_account, admits_the_first_arrival_and_then_each_time_that_a_whole_one_has_come_together) {
    std::mt19937 random{1};
    std::uniform_real_distribution<double> any{0.01, 1.0};
    for (std::uint64_t epoch = 1; epoch < 20; ++epoch) {
        constexpr std::uint64_t whole = std::uint64_t{1} << 32;
        std::uint64_t sum = 0;
        for (std::uint64_t n = 1; n <= 200; ++n) {
            const double share = epoch % 3 == 0 ? 0.25 : any(random);
            const auto step = static_cast<std::uint64_t>(share * 0x1p32);
            sum = n == 1 ? whole : sum % whole + step;
            const auto elapsed = static_cast<ticks>(n * 1'000'003);
            const auto got = arrive(share, elapsed, epoch);
            ASSERT_FALSE(got.over);
            ASSERT_EQ(got.admitted, sum >= whole) << n;
            if (got.admitted) {
                ASSERT_EQ(got.next_admission, 0);
            } else {
                // So many arrivals are missing, at the pace in which they have come.
                const double missing = static_cast<double>(whole - sum) / static_cast<double>(step);
                const double until = missing * static_cast<double>(elapsed) / static_cast<double>(n);
                ASSERT_NEAR(static_cast<double>(got.next_admission), until, 1 + 1e-9 * until) << n;
            }
        }
    }
}

TEST_F(an_account, refuses_for_a_tick_at_least) {
    EXPECT_TRUE(arrive(0.5).admitted);
    const auto refused = arrive(0.25);
    EXPECT_FALSE(refused.admitted);
    EXPECT_EQ(refused.next_admission, 1);
}

TEST_F(an_account, has_an_estimate_for_the_smallest_share) {
    for (const double share : {0x1p-32, 0.0}) {
        const std::uint64_t epoch = share == 0 ? 2 : 1;
        EXPECT_TRUE(arrive(share, 0, epoch).admitted);
        const auto refused = arrive(share, 4, epoch);
        EXPECT_FALSE(refused.admitted);
        const double whole = 0x1p32 - (share == 0 ? 0 : 1);
        EXPECT_EQ(refused.next_admission, static_cast<ticks>(whole * 2));
    }
}

TEST_F(an_account, counts_65535_arrivals_for_the_estimate_and_no_more) {
    for (int i = 0; i < 0xffff; ++i) arrive(0x1p-31);
    const auto estimate = [this] { return static_cast<double>(arrive(0x1p-31, ticks{0xffff} << 20).next_admission); };
    const double first = estimate();
    for (int i = 0; i < 5; ++i) EXPECT_NEAR(estimate() / first, 1, 1e-7) << i;
    // Of a share of 2^-31 about 2^31 arrivals are missing, 2^20 apart.
    EXPECT_NEAR(first / 0x1p51, 1, 1e-4);
}

TEST_F(an_account, is_another_one_in_another_epoch) {
    EXPECT_TRUE(arrive(0.5, 0, 1).admitted);
    EXPECT_FALSE(arrive(0.4, 0, 1).admitted);
    EXPECT_TRUE(arrive(0.5, 0, 2).admitted) << "the first one";
    EXPECT_TRUE(arrive(0.5, 0, 3).admitted);
    EXPECT_FALSE(arrive(0.4, 0, 3 + 0x10000).admitted) << "the same low bits";
    EXPECT_TRUE(arrive(0.5, 0, 3 + 0x8000).admitted);
}

TEST_F(an_account, is_left_alone_by_who_is_told_that_the_epoch_is_over) {
    EXPECT_TRUE(it.arrive(1, 0.5, 0, wanted{0}).over);
    EXPECT_TRUE(arrive(0.5).admitted) << "the first one still";
    interrupted::before(2, [this] { EXPECT_TRUE(arrive(0.5, 0, 2).admitted); });
    EXPECT_TRUE(it.arrive(1, 0.5, 0, wanted{1}).over) << "asked again after an exchange that failed";
    EXPECT_FALSE(arrive(0.375, 0, 2).admitted);
    interrupted::before(2, [this] { EXPECT_FALSE(arrive(0.125, 0, 2).admitted); });
    EXPECT_TRUE(arrive(0.5, 0, 2).admitted) << "they are a whole one together";
}

TEST(share_of_a_ramp, grows_in_a_straight_line) {
    using of = ramp<interrupted>;
    EXPECT_DOUBLE_EQ(of::share_at(0, 1'000, 0.2), 0.2);
    EXPECT_DOUBLE_EQ(of::share_at(250, 1'000, 0.2), 0.4);
    EXPECT_DOUBLE_EQ(of::share_at(1'000, 1'000, 0.2), 1.0);
    EXPECT_DOUBLE_EQ(of::share_at(1'500, 1'000, 0.2), 1.0);
    EXPECT_DOUBLE_EQ(of::share_at(-5, 1'000, 0.2), 0.2);
}

}  // namespace
}  // namespace switchgear::detail
