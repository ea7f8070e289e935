#include <switchgear/policies/retry_call.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <pthread.h>

#include <gtest/gtest.h>

#include <switchgear/breaker.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::policies;
using namespace std::chrono_literals;
using switchgear::testing::manual_time;

/// A status below 500 is a success.
struct by_status {
    verdict operator()(int status) const { return status < 500 ? verdict::success() : verdict::failure(); }
    verdict operator()(const std::exception_ptr&) const { return verdict::failure(failure_class::unreachable); }
};

/// A service that gives its answers in turn, the last one for ever, behind a breaker and a retry.
class bench {
public:
    explicit bench(std::vector<int> answers, retry_settings how = {}, settings breaking = {})
        : policy_{how}, breaker_{"payments", breaking, clock_}, answers_{std::move(answers)} {}

    result<int> call(std::optional<duration> allowed = {}) {
        const retry_within within{clock_, allowed ? std::optional{clock_.now() + *allowed} : std::nullopt};
        return retry_call(
            policy_, within, [this] { return breaker_.call([this] { return serve(); }, by_status{}); },
            [this](duration wait) { clock_.advance(wait); }, by_status{});
    }

    int served() const { return served_; }
    breaker& behind() { return breaker_; }

private:
    int serve() {
        const auto turn = std::min(static_cast<std::size_t>(served_++), answers_.size() - 1);
        if (answers_[turn] == 0) throw std::runtime_error{"connection refused"};
        return answers_[turn];
    }

    manual_time clock_;
    retry_policy policy_;
    breaker breaker_;
    std::vector<int> answers_;
    int served_ = 0;
};

const settings never_opens{.trip = {.consecutive_failures = {}, .failure_ratio = {}}};

TEST(retry_call, stops_at_the_first_success) {
    bench b{{503, 503, 200, 500}, {.max_attempts = 5}};
    EXPECT_EQ(b.call().value(), 200);
    EXPECT_EQ(b.served(), 3);
}

TEST(retry_call, gives_the_last_answer_when_attempts_are_used_up) {
    bench b{{500, 502, 503, 504}, {.max_attempts = 3}};
    EXPECT_EQ(b.call().value(), 503);
    EXPECT_EQ(b.served(), 3);
}

TEST(retry_call, gives_the_original_answer_when_the_budget_is_used_up) {
    bench b{{500, 501, 502, 503}, {.max_attempts = 2, .budget = {.share = 0, .reserve = 1}}, never_opens};
    EXPECT_EQ(b.call().value(), 501);
    EXPECT_EQ(b.call().value(), 502) << "no budget: the answer of the first attempt";
    EXPECT_EQ(b.served(), 3);
}

TEST(retry_call, throws_what_the_last_attempt_threw) {
    bench b{{500, 0}, {.max_attempts = 2}};
    EXPECT_THROW((void)b.call(), std::runtime_error);
    EXPECT_EQ(b.served(), 2);
}

TEST(retry_call, goes_on_after_an_exception) {
    bench b{{0, 200}};
    EXPECT_EQ(b.call().value(), 200);
}

TEST(retry_call, never_retries_into_an_open_breaker) {
    bench b{{500, 501, 502, 200}, {.max_attempts = 4}, {.trip = {.consecutive_failures = 2}}};
    const auto answer = b.call();
    EXPECT_EQ(answer.value(), 501) << "the service's own answer, not the refusal";
    EXPECT_EQ(b.served(), 2);
    EXPECT_EQ(b.behind().observe().totals.rejected, 1U);

    const auto next = b.call();
    ASSERT_FALSE(next.has_value());
    EXPECT_EQ(next.error().reason, reject_reason::open);
    EXPECT_EQ(b.served(), 2) << "a refusal is no failure: not tried again";
    EXPECT_EQ(b.behind().observe().totals.rejected, 2U);
}

TEST(retry_call, waits_for_an_open_breaker_if_the_deadline_allows) {
    const settings breaking{.trip = {.consecutive_failures = 1}, .recovery = {.open_for = 5s, .jitter = 0}};
    bench b{{500, 200}, {.max_attempts = 2}, breaking};
    EXPECT_EQ(b.call(20s).value(), 200);
    EXPECT_EQ(b.served(), 2);
    EXPECT_EQ(b.behind().observe().current, state::closed);
}

TEST(retry_call, does_not_wait_for_an_open_breaker_beyond_the_deadline) {
    const settings breaking{.trip = {.consecutive_failures = 1}, .recovery = {.open_for = 5s, .jitter = 0}};
    bench b{{500, 200}, {.max_attempts = 2, .first_wait = 1ms}, breaking};
    EXPECT_EQ(b.call(4s).value(), 500);
    EXPECT_EQ(b.served(), 1);
}

TEST(retry_call, works_without_a_breaker) {
    manual_time clock;
    retry_policy policy;
    int calls = 0;
    const int status = retry_call(
        policy, {clock, {}}, [&] { return ++calls < 3 ? 500 : 200; }, [&](duration wait) { clock.advance(wait); },
        by_status{});
    EXPECT_EQ(status, 200);
    EXPECT_EQ(calls, 3);
}

TEST(retry_call, takes_a_call_that_returns_nothing) {
    manual_time clock;
    breaker payments{"payments", {}, clock};
    retry_policy policy;
    int calls = 0;
    const result<void> done = retry_call(
        policy, {clock, {}},
        [&] {
            return payments.call([&] {
                if (++calls < 3) throw std::runtime_error{"busy"};
            });
        },
        [&](duration wait) { clock.advance(wait); });
    EXPECT_TRUE(done.has_value());
    EXPECT_EQ(calls, 3);
}

TEST(retry_call, takes_answers_that_cannot_be_copied) {
    manual_time clock;
    breaker payments{"payments", {}, clock};
    retry_policy policy;
    int calls = 0;
    auto answer = retry_call(
        policy, {clock, {}}, [&] { return payments.call([&] { return std::make_unique<int>(++calls); }); },
        [](duration) {});
    EXPECT_EQ(*answer.value(), 1);
}

#ifdef __GLIBC__
TEST(retry_call, lets_a_thread_end) {
    manual_time clock;
    retry_policy policy;
    int attempts = 0;
    std::jthread{[&] {
        (void)retry_call(
            policy, {clock},
            [&]() -> int {
                ++attempts;
                pthread_exit(nullptr);
            },
            [](duration) {});
        ADD_FAILURE() << "the thread went on";
    }}.join();
    EXPECT_EQ(attempts, 1);
}
#endif

}  // namespace
