#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/scripted_service.hpp>

namespace switchgear::testing {
namespace {

using namespace std::chrono_literals;

TEST(scripted_service, succeeds_without_a_script) {
    manual_time clock;
    scripted_service service{clock};
    EXPECT_EQ(service().value(), 1U);
    EXPECT_EQ(service().value(), 2U);
    EXPECT_EQ(service.calls(), 2U);
}

TEST(scripted_service, follows_its_script) {
    manual_time clock;
    scripted_service service{clock};
    service.fail(2, failure_class::timeout).succeed().raise<int>(1, 42).raise();
    EXPECT_EQ(service.left(), 5U);
    EXPECT_EQ(service().error(), failure_class::timeout);
    EXPECT_EQ(service().error(), failure_class::timeout);
    EXPECT_EQ(service().value(), 3U);
    EXPECT_THROW((void)service(), int);
    EXPECT_THROW((void)service(), std::runtime_error);
    EXPECT_EQ(service().value(), 6U);
    EXPECT_EQ(service.left(), 0U);
}

TEST(scripted_service, takes_its_time_on_the_clock) {
    manual_time clock;
    scripted_service service{clock};
    service.succeed(1, 3s).fail(1, failure_class::error, 2s).raise<int>(1, 1, 1s);
    const time_point before = clock.now();
    EXPECT_TRUE(service());
    EXPECT_EQ(clock.now() - before, 3s);
    EXPECT_FALSE(service());
    EXPECT_EQ(clock.now() - before, 5s);
    EXPECT_THROW((void)service(), int);
    EXPECT_EQ(clock.now() - before, 6s);
}

TEST(scripted_service, goes_on_as_it_was_told) {
    manual_time clock;
    scripted_service service{clock};
    service.succeed().from_now_on({.answer = failure_class::unreachable, .latency = 1s});
    EXPECT_TRUE(service());
    EXPECT_EQ(service().error(), failure_class::unreachable);
    EXPECT_EQ(service().error(), failure_class::unreachable);
    service.from_now_on({});
    EXPECT_TRUE(service());
}

TEST(scripted_service, drives_a_breaker_through_its_cycle) {
    manual_time clock;
    scripted_service service{clock};
    breaker payments{
        "payments", {.trip = {.consecutive_failures = 3}, .recovery = {.open_for = 5s, .jitter = 0}}, clock};
    const auto pay = [&] { return payments.call(service, scripted_service::judge); };

    service.fail(3, failure_class::timeout, 2s);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(pay()->error(), failure_class::timeout);
    EXPECT_EQ(pay().error().reason, reject_reason::open);
    EXPECT_EQ(service.calls(), 3U);
    EXPECT_EQ(payments.observe().totals.failures_by_class.at(1), 3U);

    clock.advance(5s);
    EXPECT_TRUE(pay().value().has_value());
    EXPECT_EQ(payments.observe().current, state::closed);
}

TEST(scripted_service, may_be_called_by_many_threads) {
    manual_time clock;
    scripted_service service{clock};
    service.fail(1'000);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 250; ++i) EXPECT_FALSE(service());
            });
        }
    }
    EXPECT_EQ(service.calls(), 1'000U);
    EXPECT_TRUE(service());
}

}  // namespace
}  // namespace switchgear::testing
