#include <switchgear/policies/retry.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace switchgear::policies;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr time_point start{1h};
constexpr verdict failed = verdict::failure();
constexpr budget_rule plenty{.share = 1, .reserve = 1'000'000};

TEST(retry, waits_at_random_below_a_cap_that_grows) {
    retry_policy policy{
        {.max_attempts = 7, .first_wait = 100ms, .backoff = 2, .max_wait = 1s, .budget = plenty, .jitter_seed = 1}};
    const std::vector<duration> caps{100ms, 200ms, 400ms, 800ms, 1s, 1s};
    std::vector<duration> longest(caps.size()), shortest(caps.size(), duration::max());
    for (int call = 0; call < 2'000; ++call) {
        retry_run run = policy.begin();
        for (std::size_t i = 0; i < caps.size(); ++i) {
            const auto wait = run.next(failed, start);
            ASSERT_TRUE(wait);
            ASSERT_GE(*wait, 0ns);
            ASSERT_LT(*wait, caps[i]);
            longest[i] = std::max(longest[i], *wait);
            shortest[i] = std::min(shortest[i], *wait);
        }
        ASSERT_FALSE(run.next(failed, start));
    }
    // Full jitter: the whole range is used, from nothing to the cap.
    for (std::size_t i = 0; i < caps.size(); ++i) {
        EXPECT_GT(longest[i], caps[i] * 98 / 100) << i;
        EXPECT_LT(shortest[i], caps[i] * 2 / 100) << i;
    }
}

TEST(retry, waits_the_same_with_the_same_seed_and_else_differently) {
    const auto waits = [](std::optional<std::uint64_t> seed) {
        retry_policy policy{{.max_attempts = 10, .budget = plenty, .jitter_seed = seed}};
        retry_run run = policy.begin();
        std::vector<duration> out;
        while (const auto wait = run.next(failed, start)) out.push_back(*wait);
        return out;
    };
    EXPECT_EQ(waits(7).size(), 9U);
    EXPECT_EQ(waits(7), waits(7));
    EXPECT_NE(waits(7), waits(8));
    EXPECT_NE(waits({}), waits({}));
}

TEST(retry, is_for_failures_only) {
    retry_policy policy;
    for (const verdict went : {verdict::success(), verdict::ignored()}) {
        retry_run run = policy.begin();
        EXPECT_FALSE(run.next(went, start));
        EXPECT_EQ(run.stopped_by(), retry_stop::settled);
        EXPECT_EQ(run.attempts(), 1U);
    }
}

TEST(retry, makes_no_more_than_max_attempts) {
    retry_policy policy{{.max_attempts = 3}};
    retry_run run = policy.begin();
    EXPECT_TRUE(run.next(failed, start));
    EXPECT_TRUE(run.next(failed, start));
    EXPECT_EQ(run.stopped_by(), std::nullopt);
    EXPECT_FALSE(run.next(failed, start));
    EXPECT_EQ(run.stopped_by(), retry_stop::attempts);
    EXPECT_EQ(run.attempts(), 3U);
}

TEST(retry, of_a_single_attempt_is_none) {
    retry_policy policy{{.max_attempts = 1}};
    EXPECT_FALSE(policy.begin().next(failed, start));
}

TEST(retry, ends_its_wait_before_the_deadline_or_does_not_begin_it) {
    retry_policy policy{{.max_attempts = 2, .first_wait = 100ms, .budget = plenty, .jitter_seed = 3}};
    int waited = 0;
    for (int call = 0; call < 1'000; ++call) {
        retry_run run = policy.begin();
        if (const auto wait = run.next(failed, start, start + 50ms)) {
            EXPECT_LT(start + *wait, start + 50ms);
            ++waited;
        } else {
            EXPECT_EQ(run.stopped_by(), retry_stop::deadline);
        }
    }
    EXPECT_GT(waited, 400) << "half of the waits fit";
    EXPECT_LT(waited, 600);
    EXPECT_FALSE(policy.begin().next(failed, start, start));
    EXPECT_FALSE(policy.begin().next(failed, start, start - 1s));
    EXPECT_FALSE(policy.begin().next(failed, start, time_point::min()));
}

TEST(retry, honours_a_hint_or_gives_up) {
    retry_policy policy{{.max_attempts = 2, .first_wait = 100ms, .budget = plenty}};
    for (const verdict went : {verdict::failure(failure_class::overloaded, 2s), verdict::trip(2s)}) {
        const auto wait = policy.begin().next(went, start, start + 10s);
        ASSERT_TRUE(wait);
        EXPECT_GE(*wait, 2s);
        EXPECT_LT(*wait, 2'100ms);

        retry_run hurried = policy.begin();
        EXPECT_FALSE(hurried.next(went, start, start + 2s));
        EXPECT_EQ(hurried.stopped_by(), retry_stop::deadline);
    }
}

TEST(retry, without_a_deadline_waits_for_no_hint_beyond_max_wait) {
    retry_policy policy{{.max_attempts = 2, .max_wait = 1s, .budget = plenty}};
    EXPECT_TRUE(policy.begin().next(verdict::failure(failure_class::overloaded, 1s), start));
    EXPECT_FALSE(policy.begin().next(verdict::failure(failure_class::overloaded, 1s + 1ns), start));
}

TEST(retry, takes_an_absurd_hint_without_overflow) {
    retry_policy policy{{.max_attempts = 2, .budget = plenty}};
    EXPECT_FALSE(policy.begin().next(verdict::failure(failure_class::overloaded, duration::max()), start));
    EXPECT_FALSE(policy.begin().next(verdict::trip(duration::max()), start, time_point::max()));
    const auto wait = policy.begin().next(verdict::failure(failure_class::overloaded, duration::min()), start);
    ASSERT_TRUE(wait);
    EXPECT_GE(*wait, 0ns);
}

TEST(retry, stops_when_the_budget_is_used_up) {
    retry_policy policy{{.max_attempts = 3, .budget = {.share = 0, .reserve = 1}}};
    retry_run first = policy.begin();
    EXPECT_TRUE(first.next(failed, start));
    EXPECT_FALSE(first.next(failed, start));
    EXPECT_EQ(first.stopped_by(), retry_stop::budget);
}

TEST(retry, spends_no_budget_on_an_attempt_that_is_not_made) {
    retry_policy policy{{.max_attempts = 2, .budget = {.share = 0, .reserve = 1}}};
    EXPECT_FALSE(policy.begin().next(failed, start, start));
    EXPECT_FALSE(policy.begin().next(verdict::success(), start));
    EXPECT_FALSE(policy.begin().next(rejection{reject_reason::open, 1s}, start));
    EXPECT_TRUE(policy.begin().next(failed, start));
}

TEST(refusal, is_final_without_a_deadline) {
    retry_policy policy;
    retry_run run = policy.begin();
    EXPECT_FALSE(run.next(rejection{reject_reason::open, 1ns}, start));
    EXPECT_EQ(run.stopped_by(), retry_stop::refused);
    EXPECT_EQ(run.attempts(), 0U);
}

TEST(refusal, is_waited_for_if_the_deadline_allows) {
    retry_policy policy{{.first_wait = 100ms}};
    for (int call = 0; call < 1'000; ++call) {
        retry_run run = policy.begin();
        const auto wait = run.next(rejection{reject_reason::open, 3s}, start, start + 3s + 20ms);
        ASSERT_TRUE(wait);
        EXPECT_GE(*wait, 3s);
        EXPECT_LT(*wait, 3s + 20ms);
    }
    EXPECT_TRUE(policy.begin().next(rejection{reject_reason::open, 3s}, start, start + 3s + 1ns));
    retry_run late = policy.begin();
    EXPECT_FALSE(late.next(rejection{reject_reason::open, 3s}, start, start + 3s));
    EXPECT_EQ(late.stopped_by(), retry_stop::refused);
}

TEST(refusal, uses_up_neither_attempts_nor_budget) {
    retry_policy policy{{.max_attempts = 2, .budget = {.share = 0, .reserve = 1}}};
    retry_run run = policy.begin();
    for (int time = 0; time < 20; ++time) {
        ASSERT_TRUE(run.next(rejection{reject_reason::probes_busy, 1ms}, start, start + 1h));
    }
    EXPECT_EQ(run.attempts(), 0U);
    EXPECT_TRUE(run.next(failed, start, start + 1h));
    EXPECT_FALSE(run.next(failed, start, start + 1h));
    EXPECT_EQ(run.stopped_by(), retry_stop::attempts);
}

TEST(retry_settings, are_refused_with_every_violation) {
    EXPECT_THAT(validate(retry_settings{}), IsEmpty());
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    const retry_settings wrong{
        .max_attempts = 0, .first_wait = 0ms, .backoff = nan, .max_wait = 2h, .budget = {.share = 1.5, .reserve = 0}};
    std::vector<std::string> fields;
    for (const auto& found : validate(wrong)) fields.push_back(found.field);
    EXPECT_THAT(fields, UnorderedElementsAre("max_attempts", "first_wait", "backoff", "max_wait", "budget.share",
                                             "budget.reserve"));
    try {
        retry_policy policy{wrong};
        FAIL() << "took settings that are wrong";
    } catch (const invalid_settings& refused) {
        EXPECT_EQ(refused.violations(), validate(wrong));
        EXPECT_THAT(refused.what(), HasSubstr("NaN"));
    }
}

TEST(retry_settings, name_the_value_and_the_range) {
    EXPECT_THAT(validate(retry_settings{.first_wait = 20s}),
                ElementsAre(violation{"first_wait", "20000 ms: must be within [1 ms, 10000 ms]"}));
    EXPECT_THAT(validate(retry_settings{.backoff = 0.5}),
                ElementsAre(violation{"backoff", "0.5: must be within [1, 10]"}));
}

TEST(retry_stop, has_a_word) {
    EXPECT_EQ(to_string(retry_stop::settled), "settled");
    EXPECT_EQ(to_string(retry_stop::refused), "refused");
}

}  // namespace
