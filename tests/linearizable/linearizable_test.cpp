#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

#include "recorder.hpp"
#include "search.hpp"

namespace switchgear::linearizable {
namespace {

std::uint64_t runs = 20'000, seed = 1;

using kind = operation::kind;
using answer = operation::answer;

constexpr change to_half_open{state::open, state::half_open, cause::pause_over, 2};

/// One probe is out, from time 0 to 1.
history with_a_probe(rules by) {
    return {.by = by,
            .operations = {{.thread = 0, .began = 0, .ended = 1, .got = answer::admitted, .epoch = 2}},
            .told = {to_half_open},
            .state_at_the_end = state::half_open};
}

bool overlap(const history& h) {
    for (const operation& a : h.operations) {
        for (const operation& b : h.operations) {
            if (&a != &b && a.began < b.ended && b.began < a.ended) return true;
        }
    }
    return false;
}

TEST(half_open_histories, have_an_order_that_the_rules_allow) {
    std::uint64_t looked = 0, concurrent = 0, changes = 0;
    record(seed, runs, [&](std::uint64_t run, const history& seen) {
        ++looked;
        concurrent += overlap(seen) ? 1U : 0U;
        changes += seen.told.size();
        const bool explained = find_order(seen).has_value();
        EXPECT_TRUE(explained) << "run " << run << ", --seed " << seed << ": no order explains\n" << seen;
        return explained;
    });
    std::printf("%llu of %llu histories with operations that overlap, %llu changes of state\n",
                static_cast<unsigned long long>(concurrent), static_cast<unsigned long long>(looked),
                static_cast<unsigned long long>(changes));
    EXPECT_GT(concurrent, looked / 20) << "the threads did not meet";
}

// The search finds what is wrong.

TEST(search, refuses_real_histories_under_rules_that_were_not_theirs) {
    int refused = 0, looked = 0;
    record(seed, 2'000, [&](std::uint64_t, history seen) {
        ++looked;
        seen.by.successes_to_close += 1;
        refused += find_order(seen) ? 0 : 1;
        return true;
    });
    EXPECT_GT(refused, looked / 50);
    EXPECT_LT(refused, looked) << "some close nothing";
}

TEST(search, accepts_a_probe_and_refuses_a_second_one_beside_it) {
    history h = with_a_probe({.probes = 1});
    EXPECT_TRUE(find_order(h));
    h.operations.push_back({.thread = 1, .began = 2, .ended = 3, .got = answer::probes_busy});
    EXPECT_TRUE(find_order(h));
    h.operations.back() = {.thread = 1, .began = 2, .ended = 3, .got = answer::admitted, .epoch = 2};
    EXPECT_FALSE(find_order(h)) << "two probes, and one allowed";
    h.by.probes = 2;
    EXPECT_TRUE(find_order(h));
}

TEST(search, respects_which_operation_had_ended_before_which_began) {
    history h = with_a_probe({.probes = 1});
    h.operations.push_back({.thread = 0, .what = kind::ignore, .of = 0, .began = 2, .ended = 5});
    h.at_the_end.ignored = 1;
    h.operations.push_back({.thread = 1, .began = 3, .ended = 4, .got = answer::probes_busy});
    EXPECT_TRUE(find_order(h)) << "they overlap: the refused one may have come first";
    h.operations.back().began = 6;
    h.operations.back().ended = 7;
    EXPECT_FALSE(find_order(h)) << "the place was free again";
}

TEST(search, refuses_a_verdict_that_counted_in_another_epoch) {
    history h = with_a_probe({.probes = 1, .probe_timeout = 4, .pause = 3});
    h.operations.push_back({.thread = 1, .what = kind::advance, .by = 4, .began = 2, .ended = 3});
    h.operations.push_back({.thread = 1, .began = 4, .ended = 5, .got = answer::open});
    h.operations.push_back({.thread = 0, .what = kind::success, .of = 0, .began = 6, .ended = 7});
    h.told.push_back({state::half_open, state::open, cause::probe_expired, 3});
    h.state_at_the_end = state::open;
    h.at_the_end = {.late = 1};
    EXPECT_TRUE(find_order(h));
    h.at_the_end = {.successes = 1};
    EXPECT_FALSE(find_order(h)) << "it was late";
    h.at_the_end = {};
    EXPECT_FALSE(find_order(h)) << "it was lost";
}

TEST(search, refuses_a_change_that_nobody_made) {
    history h = with_a_probe({.probes = 1});
    h.told.push_back({state::half_open, state::open, cause::probe_failed, 3});
    h.state_at_the_end = state::open;
    EXPECT_FALSE(find_order(h));
    h.operations.push_back({.thread = 0, .what = kind::failure, .of = 0, .began = 2, .ended = 3});
    h.at_the_end.failures = 1;
    EXPECT_TRUE(find_order(h));
    h.told.back().cause = cause::probe_expired;
    EXPECT_FALSE(find_order(h));
}

TEST(search, refuses_a_lease_that_ran_out_unnoticed) {
    history h = with_a_probe({.probes = 1, .probe_timeout = 4});
    h.operations.push_back({.thread = 1, .what = kind::advance, .by = 4, .began = 2, .ended = 3});
    h.operations.push_back({.thread = 1, .began = 4, .ended = 5, .got = answer::probes_busy});
    EXPECT_FALSE(find_order(h));
}

/// A probe comes at 0 and its lease begins late; at 9 a caller takes the place beside it, and finds that lease over.
history with_a_lease_begun_late(rules by) {
    history h{.by = by};
    h.operations = {
        {.thread = 0, .began = 0, .ended = 7, .got = answer::admitted, .epoch = 2},
        {.thread = 1, .what = kind::advance, .by = 9, .began = 1, .ended = 2},
        {.thread = 1, .began = 3, .ended = 8, .got = answer::open},
        {.thread = 2, .began = 4, .ended = 6, .got = answer::probes_busy},
    };
    h.told = {to_half_open, {state::half_open, state::open, cause::probe_expired, 3}};
    return h;
}

TEST(search, lets_a_caller_with_a_place_find_a_lease_over) {
    EXPECT_TRUE(find_order(with_a_lease_begun_late({.probes = 2, .probe_timeout = 4}))) << "both places were out";
    EXPECT_FALSE(find_order(with_a_lease_begun_late({.probes = 3, .probe_timeout = 4}))) << "one was free";
    EXPECT_FALSE(find_order(with_a_lease_begun_late({.probes = 2, .probe_timeout = 10}))) << "no lease was over";
    history known = with_a_lease_begun_late({.probes = 2, .probe_timeout = 4});
    known.operations[0] = {.thread = 0, .began = -2, .ended = -1, .got = answer::admitted, .epoch = 2};
    EXPECT_FALSE(find_order(known)) << "it had begun before either caller came: nobody took a place beside it";
}

TEST(search, refuses_a_verdict_that_leaves_its_scored_lease_to_others) {
    history h{.by = {.probes = 3, .probe_timeout = 4}};
    h.operations = {
        {.thread = 0, .began = 0, .ended = 1, .got = answer::admitted, .epoch = 2},
        {.thread = 1, .began = 2, .ended = 3, .got = answer::admitted, .epoch = 2},
        {.thread = 2, .what = kind::advance, .by = 4, .began = 4, .ended = 5},
        {.thread = 2, .began = 6, .ended = 11, .got = answer::admitted, .epoch = 3},
        {.thread = 0, .what = kind::failure, .of = 0, .began = 7, .ended = 8},
        {.thread = 1, .what = kind::success, .of = 1, .began = 9, .ended = 10},
    };
    h.told = {to_half_open, {state::half_open, state::closed, cause::probes_succeeded, 3}};
    h.at_the_end = {.successes = 1, .late = 1};
    h.state_at_the_end = state::closed;
    EXPECT_FALSE(find_order(h)) << "the failure was late, so that its lease was over and the breaker re-opened";
}

}  // namespace
}  // namespace switchgear::linearizable

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    for (int i = 1; i < count; i += 2) {
        const std::string_view name = arguments[i], text = i + 1 < count ? arguments[i + 1] : "";
        std::uint64_t value = 0;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool good = !text.empty() && end.ec == std::errc{} && end.ptr == text.data() + text.size();
        if (!good || (name != "--runs" && name != "--seed")) {
            std::fprintf(stderr, "usage: %s [--runs N] [--seed N]\n", arguments[0]);
            return 2;
        }
        (name == "--runs" ? switchgear::linearizable::runs : switchgear::linearizable::seed) = value;
    }
    return RUN_ALL_TESTS();
}
