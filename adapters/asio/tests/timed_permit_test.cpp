#include <switchgear/asio/timed_permit.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <switchgear/asio/co_call.hpp>
#include <switchgear/registry.hpp>

namespace {

using namespace switchgear;
using namespace std::chrono_literals;
namespace net = boost::asio;
using switchgear::asio::co_call;
using switchgear::asio::detail::timed_permit;

// Only a fault lets a test wait that long.
constexpr auto for_ever = 10s;

settings opened_by_one_slow_call() {
    return {.trip = {.consecutive_failures = {},
                     .failure_ratio = {},
                     .slow = {{.after = 1ms, .ratio = 0.1}},
                     .minimum_calls = 1}};
}

/// Every permit given out has settled, once.
std::uint64_t settled(const breaker& b) {
    const auto totals = b.observe().totals;
    return totals.successes + totals.failures + totals.ignored + totals.late;
}

/// A call that ends on another thread, once `when` says so.
net::awaitable<int> until(const std::atomic<bool>& when) {
    while (!when) co_await net::post(co_await net::this_coro::executor, net::use_awaitable);
    co_return 200;
}

TEST(timed_permit, listener_of_an_overdue_trip_may_wait_for_another_thread_of_the_executor) {
    breaker payments{"payments", opened_by_one_slow_call()};
    net::thread_pool pool{2};
    std::atomic<bool> tripped = false;
    std::promise<void> call_over;
    bool call_waited = true, pool_waited = true;
    const auto heard = payments.subscribe([&](const transition& told) {
        if (told.to != state::open) return;
        tripped = true;
        call_waited = call_over.get_future().wait_for(for_ever) != std::future_status::ready;
        pool_waited = net::post(pool, net::use_future([] {})).wait_for(for_ever) != std::future_status::ready;
    });
    net::co_spawn(
        pool,
        [&]() -> net::awaitable<void> {
            const auto got = co_await co_call(payments, [&] { return until(tripped); });
            EXPECT_EQ(got.value(), 200);
            call_over.set_value();
        },
        net::detached);
    pool.join();
    EXPECT_FALSE(call_waited);
    EXPECT_FALSE(pool_waited);
    EXPECT_EQ(payments.observe().totals.late, 1U) << "the verdict that came while listeners were told";
    EXPECT_EQ(settled(payments), 1U);
}

TEST(timed_permit, breaker_of_a_registry_is_held_until_the_listeners_are_told) {
    registry services{{.defaults = opened_by_one_slow_call()}};
    std::weak_ptr<breaker> watched = services.get("payments");
    net::thread_pool pool{2};
    std::atomic<bool> tripped = false;
    std::promise<void> call_over;
    bool gone_too_early = true;
    const auto heard = services.subscribe([&](const transition& told) {
        if (told.to != state::open) return;
        services.remove("payments");
        tripped = true;
        EXPECT_EQ(call_over.get_future().wait_for(for_ever), std::future_status::ready);
        gone_too_early = watched.expired();
    });
    net::co_spawn(
        pool,
        [&]() -> net::awaitable<void> {
            (void)co_await co_call(services.get("payments"), [&] { return until(tripped); });
        },
        [&](std::exception_ptr) { call_over.set_value(); });
    pool.join();
    EXPECT_FALSE(gone_too_early);
    EXPECT_TRUE(watched.expired());
}

TEST(timed_permit, dropped_by_a_listener_that_it_told_is_ignored) {
    breaker payments{"payments", opened_by_one_slow_call()};
    net::io_context loop;
    std::optional<timed_permit<breaker*, net::io_context::executor_type>> call;
    const auto heard = payments.subscribe([&](const transition&) { call.reset(); });
    call.emplace(loop.get_executor(), &payments, payments.try_acquire().value());
    loop.run();
    EXPECT_FALSE(call);
    EXPECT_EQ(payments.observe().totals.ignored, 1U);
    EXPECT_EQ(settled(payments), 1U);
}

TEST(timed_permit, dropped_by_another_thread_while_it_tells_is_ignored) {
    breaker payments{"payments", opened_by_one_slow_call()};
    net::thread_pool pool{2};
    std::optional<timed_permit<breaker*, net::thread_pool::executor_type>> call;
    const auto heard = payments.subscribe([&](const transition&) {
        const auto dropped = net::post(pool, net::use_future([&] { call.reset(); }));
        EXPECT_EQ(dropped.wait_for(for_ever), std::future_status::ready);
    });
    call.emplace(pool.get_executor(), &payments, payments.try_acquire().value());
    pool.join();
    EXPECT_FALSE(call);
    EXPECT_EQ(payments.observe().totals.ignored, 1U);
    EXPECT_EQ(settled(payments), 1U);
}

/// Calls that end just when they become slow.
std::uint64_t end_at_the_limit(breaker& of, int calls) {
    net::thread_pool pool{2};
    std::atomic<std::uint64_t> admitted = 0;
    for (int i = 0; i < calls; ++i) {
        net::co_spawn(
            pool,
            [&]() -> net::awaitable<void> {
                const auto got = co_await co_call(of, []() -> net::awaitable<void> {
                    net::steady_timer limit{co_await net::this_coro::executor, 1ms};
                    co_await limit.async_wait(net::use_awaitable);
                });
                if (got) ++admitted;
            },
            net::detached);
    }
    pool.join();
    return admitted;
}

TEST(timed_permit, verdict_that_comes_when_the_timer_goes_off_settles_once) {
    breaker payments{"payments",
                     {.trip = {.failure_ratio = {}, .slow = {{.after = 1ms, .ratio = 1}}, .minimum_calls = 1'000'000}}};
    EXPECT_EQ(end_at_the_limit(payments, 2'000), 2'000U);
    EXPECT_EQ(settled(payments), 2'000U);
    EXPECT_EQ(payments.observe().totals.successes, 2'000U);
}

TEST(timed_permit, verdicts_of_calls_that_trip_by_timer_settle_once) {
    settings often = opened_by_one_slow_call();
    often.recovery = {.open_for = 1ms, .backoff = 1};
    breaker payments{"payments", often};
    std::atomic<int> trips = 0;
    const auto heard = payments.subscribe([&](const transition& told) { trips += told.to == state::open; });
    std::uint64_t admitted = 0;
    for (int i = 0; i < 50; ++i) admitted += end_at_the_limit(payments, 20);
    EXPECT_GT(trips, 0);
    EXPECT_EQ(settled(payments), admitted);
}

}  // namespace
