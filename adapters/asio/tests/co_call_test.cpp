#include <switchgear/asio/co_call.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>

#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

#include <switchgear/registry.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace {

using namespace switchgear;
using namespace std::chrono_literals;
namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using switchgear::asio::co_call;
using switchgear::testing::manual_time;

const settings probing_after_one{.trip = {.consecutive_failures = 1}, .recovery = {.open_for = 5s, .jitter = 0}};

/// An event loop, and a breaker on a clock of its own.
class co_calls : public ::testing::Test {
protected:
    /// Runs the coroutine to its end. Throws: what it throws.
    template <class Body>
    void run(Body body) {
        std::exception_ptr thrown;
        net::co_spawn(loop, std::move(body), [&](std::exception_ptr e) { thrown = e; });
        loop.restart();
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
    }

    /// A call that fails after a turn of the loop.
    net::awaitable<int> fail(error_code error) {
        co_await net::post(loop, net::use_awaitable);
        throw system_error{error};
    }
    /// A call that ends only when it is cancelled.
    net::awaitable<void> hang() { co_await never.async_wait(net::use_awaitable); }

    /// Open, and the pause is over: the next permit is a probe's.
    void make_probe_due() {
        auto p = payments.try_acquire();
        ASSERT_TRUE(p);
        p->failure();
        clock.advance(5s);
        ASSERT_TRUE(payments.observe().probe_due);
    }

    manual_time clock;
    breaker payments{"payments", probing_after_one, clock};
    net::io_context loop;
    // Its time point is never reached, and the loop's own clock decides nothing.
    net::steady_timer never{loop, net::steady_timer::time_point::max()};
};

TEST_F(co_calls, admitted_returns_the_value_and_counts_a_success) {
    run([&]() -> net::awaitable<void> {
        const result<int> status = co_await co_call(payments, [&]() -> net::awaitable<int> { co_return 200; });
        EXPECT_EQ(status.value(), 200);
    });
    EXPECT_EQ(payments.observe().totals.successes, 1U);
}

TEST_F(co_calls, refused_does_not_make_the_call) {
    payments.force_open({.reason = "test", .actor = "test"});
    bool made = false;
    run([&]() -> net::awaitable<void> {
        const result<int> status = co_await co_call(payments, [&]() -> net::awaitable<int> {
            made = true;
            co_return 200;
        });
        EXPECT_FALSE(status.has_value());
        EXPECT_EQ(status.error().reason, reject_reason::forced_open);
    });
    EXPECT_FALSE(made);
}

TEST_F(co_calls, asks_for_its_permit_when_it_is_awaited) {
    run([&]() -> net::awaitable<void> {
        auto call = co_call(payments, [&]() -> net::awaitable<int> { co_return 200; });
        payments.force_open({.reason = "test", .actor = "test"});
        EXPECT_FALSE((co_await std::move(call)).has_value());
    });
}

TEST_F(co_calls, exception_passes_through_and_is_judged) {
    EXPECT_THROW(run([&]() -> net::awaitable<void> {
                     (void)co_await co_call(payments, [&] { return fail(net::error::connection_refused); });
                 }),
                 system_error);
    const auto totals = payments.observe().totals;
    EXPECT_EQ(totals.failures_by_class[static_cast<std::size_t>(failure_class::unreachable)], 1U);
    EXPECT_EQ(payments.observe().current, state::open);
}

TEST_F(co_calls, judge_sees_the_value) {
    const auto by_status = classify_by{[](const int& status) {
        return status < 500 ? verdict::success() : verdict::failure(failure_class::overloaded);
    }};
    run([&]() -> net::awaitable<void> {
        const auto status = co_await co_call(payments, [&]() -> net::awaitable<int> { co_return 503; }, by_status);
        EXPECT_EQ(status.value(), 503);
    });
    EXPECT_EQ(payments.observe().totals.failures, 1U);
}

TEST_F(co_calls, error_in_a_tuple_is_no_success) {
    run([&]() -> net::awaitable<void> {
        const auto got = co_await co_call(payments, [&]() -> net::awaitable<std::tuple<error_code, std::size_t>> {
            co_return std::tuple{error_code{net::error::timed_out}, std::size_t{0}};
        });
        EXPECT_EQ(std::get<0>(got.value()), net::error::timed_out);
    });
    EXPECT_EQ(payments.observe().totals.failures_by_class[static_cast<std::size_t>(failure_class::timeout)], 1U);
}

TEST_F(co_calls, exception_in_a_tuple_is_no_success) {
    run([&]() -> net::awaitable<void> {
        const auto got = co_await co_call(payments, [&] {
            return net::co_spawn(loop, fail(net::error::timed_out), net::as_tuple(net::use_awaitable));
        });
        EXPECT_TRUE(std::get<0>(got.value()));
    });
    EXPECT_EQ(payments.observe().totals.failures_by_class[static_cast<std::size_t>(failure_class::timeout)], 1U);
}

TEST_F(co_calls, no_exception_is_a_success) {
    run([&]() -> net::awaitable<void> {
        (void)co_await co_call(payments, []() -> net::awaitable<std::exception_ptr> { co_return nullptr; });
        (void)co_await co_call(payments, [&] {
            return net::co_spawn(
                loop, []() -> net::awaitable<int> { co_return 200; }, net::as_tuple(net::use_awaitable));
        });
    });
    EXPECT_EQ(payments.observe().totals.successes, 2U);
}

TEST_F(co_calls, error_in_a_result_has_its_class) {
    run([&]() -> net::awaitable<void> {
        (void)co_await co_call(
            payments, []() -> net::awaitable<result<int, error_code>> { co_return error_code{net::error::timed_out}; });
    });
    EXPECT_EQ(payments.observe().totals.failures_by_class[static_cast<std::size_t>(failure_class::timeout)], 1U);
}

TEST_F(co_calls, call_that_hangs_counts_as_slow_while_it_runs) {
    payments.apply({.trip = {.slow = {{.after = 1ms, .ratio = 1}}}});
    run([&]() -> net::awaitable<void> {
        (void)co_await co_call(payments, [&]() -> net::awaitable<int> {
            while (payments.observe().window.slow == 0) co_await net::post(loop, net::use_awaitable);
            co_return 200;
        });
    });
    EXPECT_EQ(payments.observe().totals.slow, 1U);
    EXPECT_EQ(payments.observe().totals.successes, 1U);
}

TEST_F(co_calls, call_that_hangs_is_evidence_for_the_adaptive_rule) {
    payments.apply({.trip = {.consecutive_failures = {}, .failure_ratio = {}, .adaptive = adaptive_rule{}}});
    for (int i = 0; i < 1'000; ++i) {
        auto p = payments.try_acquire();
        ASSERT_TRUE(p);
        clock.advance(10ms);
        p->success();
        clock.advance(90ms);
    }
    ASSERT_TRUE(payments.slow_limit());
    const double before = payments.observe().normal->evidence;
    run([&]() -> net::awaitable<void> {
        (void)co_await co_call(payments, [&]() -> net::awaitable<int> {
            clock.advance(1s);
            while (payments.observe().normal->evidence <= before) co_await net::post(loop, net::use_awaitable);
            co_return 200;
        });
    });
    EXPECT_EQ(payments.observe().totals.successes, 1'001U);
}

TEST_F(co_calls, timer_of_a_call_that_has_ended_keeps_no_loop_waiting) {
    payments.apply({.trip = {.slow = {{.after = 1h, .ratio = 1}}}});
    run([&]() -> net::awaitable<void> {
        (void)co_await co_call(payments, [&]() -> net::awaitable<int> { co_return 200; });
    });
    EXPECT_EQ(payments.observe().totals.slow, 0U);
}

TEST_F(co_calls, listener_of_an_overdue_trip_may_cancel_the_call) {
    payments.apply({.trip = {.slow = {{.after = 1ms, .ratio = 1}}, .minimum_calls = 1}});
    const auto heard = payments.subscribe([&](const transition&) { never.cancel(); });
    EXPECT_THROW(run([&]() -> net::awaitable<void> {
                     (void)co_await co_call(payments, [&]() -> net::awaitable<void> { return hang(); });
                 }),
                 system_error);
    EXPECT_EQ(payments.observe().current, state::open);
}

TEST_F(co_calls, judge_that_throws_gives_the_probe_back) {
    make_probe_due();
    const auto broken = [](const int&) -> verdict { throw std::logic_error{"broken judge"}; };
    EXPECT_THROW(run([&]() -> net::awaitable<void> {
                     (void)co_await co_call(payments, [&]() -> net::awaitable<int> { co_return 200; }, broken);
                 }),
                 std::logic_error);
    EXPECT_EQ(payments.observe().current, state::half_open);
    EXPECT_TRUE(payments.try_acquire().has_value()) << "the slot is free again";
}

TEST_F(co_calls, cancelled_gives_the_probe_back_and_proves_nothing) {
    make_probe_due();
    net::cancellation_signal stop;
    std::exception_ptr thrown;
    net::co_spawn(
        loop, [&]() -> net::awaitable<void> { (void)co_await co_call(payments, [&] { return hang(); }); },
        net::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr e) { thrown = e; }));
    loop.poll();
    ASSERT_EQ(payments.observe().current, state::half_open);
    ASSERT_FALSE(payments.try_acquire().has_value()) << "the only probe is under way";

    stop.emit(net::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_THROW(std::rethrow_exception(thrown), system_error);
    EXPECT_EQ(payments.observe().current, state::half_open);
    EXPECT_EQ(payments.observe().totals.ignored, 1U);
    EXPECT_TRUE(payments.try_acquire().has_value()) << "the slot is free again";
}

TEST_F(co_calls, cancelled_with_the_error_in_a_tuple_proves_nothing) {
    net::cancellation_signal stop;
    bool done = false;
    net::co_spawn(
        loop,
        [&]() -> net::awaitable<void> {
            const auto wait = [&] { return never.async_wait(net::as_tuple(net::use_awaitable)); };
            const auto got = co_await co_call(payments, wait);
            EXPECT_EQ(std::get<0>(got.value()), net::error::operation_aborted);
            done = true;
        },
        net::bind_cancellation_slot(stop.slot(), net::detached));
    loop.poll();
    stop.emit(net::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_TRUE(done);
    EXPECT_EQ(payments.observe().totals.ignored, 1U);
}

TEST_F(co_calls, cancelled_with_the_error_in_a_result_or_an_exception_in_a_tuple_proves_nothing) {
    net::cancellation_signal stop_result, stop_tuple;
    net::co_spawn(
        loop,
        [&]() -> net::awaitable<void> {
            (void)co_await co_call(payments, [&]() -> net::awaitable<result<int, error_code>> {
                const auto [error] = co_await never.async_wait(net::as_tuple(net::use_awaitable));
                co_return error;
            });
        },
        net::bind_cancellation_slot(stop_result.slot(), net::detached));
    net::co_spawn(
        loop,
        [&]() -> net::awaitable<void> {
            (void)co_await co_call(payments,
                                   [&] { return net::co_spawn(loop, hang(), net::as_tuple(net::use_awaitable)); });
        },
        net::bind_cancellation_slot(stop_tuple.slot(), net::detached));
    loop.poll();
    stop_result.emit(net::cancellation_type::terminal);
    stop_tuple.emit(net::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_EQ(payments.observe().totals.ignored, 2U);
}

TEST_F(co_calls, called_off_by_somebody_else_is_judged) {
    net::co_spawn(
        loop, [&]() -> net::awaitable<void> { (void)co_await co_call(payments, [&] { return hang(); }); },
        [](std::exception_ptr) {});
    loop.poll();
    never.cancel();
    loop.restart();
    loop.poll();
    EXPECT_EQ(payments.observe().totals.failures, 1U);
}

TEST_F(co_calls, failed_after_the_cancellation_is_still_a_failure) {
    net::cancellation_signal stop;
    net::co_spawn(
        loop,
        [&]() -> net::awaitable<void> {
            (void)co_await co_call(payments, [&]() -> net::awaitable<void> {
                co_await never.async_wait(net::as_tuple(net::use_awaitable));
                throw system_error{net::error::connection_reset};
            });
        },
        net::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
    loop.poll();
    stop.emit(net::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_EQ(payments.observe().totals.failures, 1U);
}

TEST(co_call_frame, destroyed_while_it_waits_gives_the_probe_back) {
    manual_time clock;
    breaker payments{"payments", probing_after_one, clock};
    payments.try_acquire().value().failure();
    clock.advance(5s);
    {
        net::io_context loop;
        net::steady_timer never{loop, net::steady_timer::time_point::max()};
        net::co_spawn(
            loop,
            [&]() -> net::awaitable<void> {
                (void)co_await co_call(
                    payments, [&]() -> net::awaitable<void> { co_await never.async_wait(net::use_awaitable); });
            },
            net::detached);
        loop.poll();
        ASSERT_EQ(payments.observe().current, state::half_open);
    }
    EXPECT_EQ(payments.observe().current, state::half_open);
    EXPECT_EQ(payments.observe().totals.ignored, 1U);
    EXPECT_TRUE(payments.try_acquire().has_value());
}

TEST(co_call_handle, is_held_by_the_coroutine) {
    manual_time clock;
    registry services{{}, clock};
    std::weak_ptr<breaker> watched = services.get("payments");
    {
        net::io_context loop;
        net::steady_timer never{loop, net::steady_timer::time_point::max()};
        net::co_spawn(
            loop,
            [&]() -> net::awaitable<void> {
                (void)co_await co_call(services.get("payments"), [&]() -> net::awaitable<void> {
                    co_await never.async_wait(net::use_awaitable);
                });
            },
            net::detached);
        loop.poll();
        services.remove("payments");
        EXPECT_FALSE(watched.expired()) << "a call is under way";
    }
    EXPECT_TRUE(watched.expired());
}

TEST(co_call_result, of_a_call_that_can_say_no_itself_has_one_layer) {
    using own = result<std::string>;
    const auto make = []() -> net::awaitable<own> { co_return own{"hello"}; };
    breaker payments{"payments"};
    static_assert(std::same_as<decltype(co_call(payments, make)), net::awaitable<own>>);
    static_assert(std::same_as<decltype(co_call(payments, []() -> net::awaitable<void> { co_return; })),
                               net::awaitable<result<void>>>);
}

TEST(default_judge, takes_a_result_without_a_value_for_a_failure_whatever_its_error_says) {
    EXPECT_EQ(switchgear::asio::default_judge{}(result<int, error_code>{error_code{}}), verdict::failure());
}

TEST(error_codes, have_the_class_of_their_kind) {
    EXPECT_EQ(switchgear::asio::classify({}), verdict::success());
    EXPECT_EQ(switchgear::asio::classify(net::error::timed_out), verdict::failure(failure_class::timeout));
    EXPECT_EQ(switchgear::asio::classify(make_error_code(boost::beast::error::timeout)),
              verdict::failure(failure_class::timeout));
    EXPECT_EQ(switchgear::asio::classify(net::error::host_not_found), verdict::failure(failure_class::unreachable));
    EXPECT_EQ(switchgear::asio::classify(net::error::connection_reset), verdict::failure(failure_class::error));
    EXPECT_EQ(switchgear::asio::classify(net::error::eof), verdict::failure(failure_class::error));
}

}  // namespace
