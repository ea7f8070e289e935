// The small parts of the adaptive mode: aims, ageing, numbers, and which of the last calls were bad.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include "adaptive/ageing.hpp"
#include "adaptive/aims.hpp"
#include "adaptive/call_history.hpp"
#include "adaptive/numbers.hpp"
#include "plain.hpp"

namespace switchgear::adaptive::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(adaptive_aims, by_default_are_those_of_the_rule) {
    const aims own, of_rule{adaptive_rule{}};
    for (const aims& given : {own, of_rule}) {
        EXPECT_EQ(given.budget, hours{720});
        EXPECT_EQ(given.care, 0.10);
        EXPECT_EQ(given.slow_care, 0.50);
        EXPECT_FALSE(given.deadline);
        EXPECT_EQ(given.memory, hours{24});
        for (const double weight : given.weights) EXPECT_EQ(weight, 1);
    }
}

TEST(adaptive_aims, take_what_the_rule_says_and_a_deadline_of_centuries_as_a_year) {
    adaptive_rule rule{
        .false_trip_budget = hours{2}, .care = 0.2, .slow_care = 0.3, .deadline = milliseconds{70}, .memory = hours{5}};
    const aims given{rule, {.timeout = 2}};
    EXPECT_EQ(given.budget, hours{2});
    EXPECT_EQ(given.care, 0.2);
    EXPECT_EQ(given.slow_care, 0.3);
    EXPECT_EQ(given.deadline, milliseconds{70});
    EXPECT_EQ(given.memory, hours{5});
    EXPECT_EQ(given.weights[static_cast<std::size_t>(failure_class::timeout)], 2);
    rule.deadline = milliseconds::max();
    EXPECT_EQ(aims{rule}.deadline, hours{365 * 24});
}

TEST(adaptive_ageing, fades_by_whole_sixteenths_of_the_half_life) {
    ageing it{seconds{16}, time_point{seconds{100}}};
    const auto at = [](auto since) { return time_point{seconds{100} + since}; };
    EXPECT_FALSE(it.is_due(at(milliseconds{999})));
    EXPECT_TRUE(it.is_due(at(seconds{1})));
    EXPECT_DOUBLE_EQ(it.pass(at(milliseconds{1'500})), std::exp2(-1.0 / 16));
    EXPECT_FALSE(it.is_due(at(milliseconds{1'999})));
    EXPECT_FALSE(it.is_due(at(seconds{-5}))) << "a time that has been";
    EXPECT_TRUE(it.is_due(at(seconds{2}))) << "what was left of a step counts";
    EXPECT_DOUBLE_EQ(it.pass(at(seconds{17})), 0.5);
    it.restart(at(seconds{50}));
    EXPECT_FALSE(it.is_due(at(milliseconds{50'999})));
    it.change(seconds{32});
    EXPECT_FALSE(it.is_due(at(milliseconds{51'999})));
    EXPECT_DOUBLE_EQ(it.pass(at(seconds{52})), std::exp2(-1.0 / 16));
}

TEST(adaptive_ageing, takes_a_half_life_too_short_to_be_parted) {
    const time_point begin{};
    ageing made{duration{15}, begin}, changed{seconds{1}, begin};
    changed.change(duration{15});
    for (ageing* one : {&made, &changed}) {
        EXPECT_FALSE(one->is_due(begin));
        EXPECT_TRUE(one->is_due(begin + duration{1}));
        EXPECT_DOUBLE_EQ(one->pass(begin + duration{16}), 0.5);
    }
    ageing twice{duration{32}, begin};
    EXPECT_FALSE(twice.is_due(begin + duration{1}));
    EXPECT_TRUE(twice.is_due(begin + duration{2}));
}

TEST(adaptive_ageing, a_share_of_calls_adds_up_and_fades) {
    share_of_calls it;
    EXPECT_EQ(it.calls, 0);
    EXPECT_EQ(it.bad, 0);
    it.add(10, 3);
    it.add(30, 5);
    it.fade(0.25);
    EXPECT_EQ(it.calls, 10);
    EXPECT_EQ(it.bad, 2);
}

TEST(adaptive_numbers, come_back_in_order_and_all_of_them) {
    const std::vector<double> kept{2, 0.5, 7};
    number_reader in{kept};
    EXPECT_EQ(in.next(0, 2), 2);
    EXPECT_EQ(in.next(0.5, 1), 0.5);
    EXPECT_FALSE(in.finished());
    EXPECT_EQ(in.next(0, 10), 7);
    EXPECT_TRUE(in.finished());
    EXPECT_EQ(in.next(3, 10), 3);
    EXPECT_TRUE(in.failed());
    EXPECT_FALSE(in.finished());
}

TEST(adaptive_numbers, that_are_impossible_are_the_least_possible_and_not_forgotten) {
    const std::vector<double> kept{-0.5, 1.5, std::nan(""), std::numeric_limits<double>::infinity(), 1};
    for (std::size_t good = 0; good < kept.size(); ++good) {
        const std::vector<double> one{kept[good], 1};
        number_reader in{one};
        const double read = in.next(0.25, 1);
        EXPECT_EQ(read, good == 4 ? 1 : 0.25) << kept[good];
        EXPECT_EQ(in.failed(), good != 4) << kept[good];
        EXPECT_EQ(in.next(0, 1), 1);
        EXPECT_EQ(in.finished(), good == 4) << "once failed, failed for good";
    }
}

TEST(adaptive_numbers, that_count_or_point_are_whole_and_within_what_is_there) {
    const auto index = [](double number) {
        const std::vector<double> kept{number};
        number_reader in{kept};
        const std::size_t read = in.next_index(3);
        return in.failed() ? std::optional<std::size_t>{} : read;
    };
    EXPECT_EQ(index(0), 0U);
    EXPECT_EQ(index(2), 2U);
    EXPECT_FALSE(index(2.5));
    EXPECT_FALSE(index(1.5));
    EXPECT_FALSE(index(3));
    EXPECT_FALSE(index(-1));
    const auto count = [](double number) {
        const std::vector<double> kept{number, 0, 0};
        number_reader in{kept};
        const std::size_t read = in.next_count();
        return in.failed() ? std::optional<std::size_t>{} : read;
    };
    EXPECT_EQ(count(0), 0U);
    EXPECT_EQ(count(3), 3U);
    EXPECT_FALSE(count(4));
    EXPECT_FALSE(count(0.5));
    EXPECT_FALSE(count(-1));
}

TEST(adaptive_numbers, of_two_records_are_compared) {
    learned one, other;
    EXPECT_EQ(one.version, learned::current_version);
    EXPECT_EQ(one, other);
    other.numbers.push_back(1);
    EXPECT_NE(one, other);
}

/// A packed history beside a plain one.
struct two_histories {
    call_history packed;
    plain_history plain;

    void bad() {
        packed.add_bad();
        plain.add(true);
    }
    void good(std::uint64_t calls) {
        packed.pass_good(calls);
        for (std::uint64_t i = 0; i < calls; ++i) plain.add(false);
    }
    bool are_the_same() const {
        return packed.bad(0) == plain.bad_of_last(8) && packed.bad(1) == plain.bad_of_last(128) &&
               packed.bad(2) == plain.bad_of_last(1'024) && packed.steady_for() == plain.steady_for();
    }
};

TEST(adaptive_history, counts_the_bad_of_the_last_8_and_128_and_1024_calls) {
    std::mt19937_64 random{4};
    two_histories it;
    for (int phase = 0; phase < 30; ++phase) {
        // From hardly any to all, so that words of the ring are empty, mixed and full.
        std::bernoulli_distribution fails{std::pow(10.0, -std::uniform_real_distribution<double>{0, 3.5}(random))};
        std::bernoulli_distribution all_at_once{0.5};
        for (int i = 0; i < 120; ++i) {
            if (fails(random)) {
                it.bad();
            } else {
                const std::uint64_t steady = it.packed.steady_for();
                const std::uint64_t most = steady == 0 ? 3'000 : steady;
                it.good(all_at_once(random) ? most : 1 + random() % most);
            }
            ASSERT_TRUE(it.are_the_same()) << phase << ' ' << i;
        }
    }
}

TEST(adaptive_history, forgets_a_call_when_it_was_1024_calls_ago_wherever_it_stands) {
    for (const std::uint64_t before :
         {0U, 1U, 62U, 63U, 64U, 65U, 500U, 895U, 896U, 897U, 1'015U, 1'016U, 1'017U, 1'022U, 1'023U}) {
        two_histories it;
        it.good(before);
        it.bad();
        for (int windows = 0; windows < 3; ++windows) {
            ASSERT_GT(it.packed.steady_for(), 0U);
            it.good(it.packed.steady_for() - 1);
            ASSERT_TRUE(it.are_the_same()) << before;
            it.good(1);
            ASSERT_TRUE(it.are_the_same()) << before;
        }
        EXPECT_EQ(it.packed.steady_for(), 0U);
        EXPECT_EQ(it.packed.bad(2), 0U);
    }
}

TEST(adaptive_history, begins_anew_when_cleared) {
    two_histories it;
    for (int i = 0; i < 100; ++i) it.bad();
    it.packed.clear();
    it.plain.clear();
    EXPECT_TRUE(it.are_the_same());
    it.bad();
    EXPECT_TRUE(it.are_the_same());
}

TEST(adaptive_history, passes_over_more_good_calls_than_32_bits_can_count) {
    call_history it;
    it.pass_good((std::uint64_t{1} << 40) + 7);
    EXPECT_EQ(it.steady_for(), 0U);
    it.add_bad();
    EXPECT_EQ(it.bad(0), 1U);
    EXPECT_EQ(it.steady_for(), 8U);
}

TEST(adaptive_history, passes_over_good_calls_at_no_cost_where_none_was_bad) {
    call_history it;
    for (int i = 0; i < 500; ++i) it.pass_good(~std::uint32_t{0});  // one by one this takes hours
    EXPECT_EQ(it.steady_for(), 0U);
}

}  // namespace
}  // namespace switchgear::adaptive::testing
