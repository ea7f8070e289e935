// breaker::call, call_or and guarded: the shapes of functions, results and exceptions.
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rules/bench.hpp"

namespace switchgear {
namespace {

using rules::bench;
using rules::bench_of;
using namespace std::chrono_literals;

bench failing_once_opens() { return bench_of({.trip = {.consecutive_failures = 1, .failure_ratio = {}}}); }

TEST(call, wraps_a_plain_value) {
    auto b = failing_once_opens();
    auto r = b.it.call([] { return 7; });
    static_assert(std::is_same_v<decltype(r), result<int>>);
    EXPECT_EQ(r.value(), 7);
    EXPECT_EQ(b.now().totals.successes, 1U);
}

TEST(call, of_void_says_done) {
    auto b = failing_once_opens();
    int runs = 0;
    auto r = b.it.call([&] { ++runs; });
    static_assert(std::is_same_v<decltype(r), result<void>>);
    EXPECT_TRUE(r.has_value());
    EXPECT_EQ(runs, 1);
    b.break_down();
    EXPECT_EQ(b.it.call([&] { ++runs; }).error().reason, reject_reason::open);
    EXPECT_EQ(runs, 1);
}

TEST(call, keeps_a_result_whose_error_can_be_made_from_a_rejection) {
    struct failure {
        std::string text;
        failure(std::string t) : text{std::move(t)} {}
        failure(rejection r) : text{to_string(r.reason)} {}
    };
    auto b = failing_once_opens();
    const auto ask = [&](bool good) {
        return b.it.call([&]() -> result<int, failure> {
            if (good) return 7;
            return failure{"broken"};
        });
    };
    static_assert(std::is_same_v<decltype(ask(true)), result<int, failure>>);
    EXPECT_EQ(ask(true).value(), 7);
    EXPECT_EQ(ask(false).error().text, "broken");  // one failure opens
    EXPECT_EQ(ask(true).error().text, "open");
}

TEST(call, wraps_a_result_whose_error_cannot) {
    auto b = failing_once_opens();
    const auto ask = [&] { return b.it.call([]() -> result<int, std::string> { return std::string{"broken"}; }); };
    static_assert(std::is_same_v<decltype(ask()), result<result<int, std::string>>>);
    EXPECT_EQ(ask()->error(), "broken");
    EXPECT_EQ(ask().error().reason, reject_reason::open);
}

/// As of tl::expected: its error alone does not make one.
struct outcome {
    struct error_type {
        error_type(rejection) {}
    };
    int held;
    bool has_value() const { return true; }
    error_type error() const { return rejection{}; }
};

TEST(call, wraps_what_is_like_a_result_but_none_of_ours) {
    auto b = failing_once_opens();
    const auto ask = [&] { return b.it.call([] { return outcome{.held = 7}; }); };
    static_assert(std::is_same_v<decltype(ask()), result<outcome>>);
    EXPECT_EQ(ask()->held, 7);
    b.break_down();
    EXPECT_EQ(ask().error().reason, reject_reason::open);
}

TEST(call, hands_references_on) {
    auto b = failing_once_opens();
    int here = 1;
    auto r = b.it.call([&]() -> int& { return here; });
    static_assert(std::is_same_v<decltype(r), result<int&>>);
    EXPECT_EQ(&r.value(), &here);
}

TEST(call, hands_on_what_can_only_be_moved) {
    auto b = failing_once_opens();
    auto r = b.it.call([] { return std::make_unique<int>(7); });
    ASSERT_TRUE(r);
    EXPECT_EQ(**r, 7);
}

TEST(call, takes_a_function_that_can_only_be_moved_or_called_once) {
    auto b = failing_once_opens();
    struct once {
        std::unique_ptr<int> held = std::make_unique<int>(7);
        std::unique_ptr<int> operator()() && { return std::move(held); }
    };
    EXPECT_EQ(**b.it.call(once{}), 7);
}

TEST(call, takes_a_member_function_by_reference) {
    auto b = failing_once_opens();
    struct client {
        int calls = 0;
        int operator()() { return ++calls; }
    } c;
    EXPECT_EQ(b.it.call(c).value(), 1);
    EXPECT_EQ(b.it.call(c).value(), 2);
}

TEST(call, judges_what_was_returned) {
    auto b = failing_once_opens();
    const auto by_status = classify_by{[](const int& s) { return s < 500 ? verdict::success() : verdict::failure(); }};
    EXPECT_EQ(b.it.call([] { return 404; }, by_status).value(), 404);
    b.expect_closed();
    EXPECT_EQ(b.it.call([] { return 503; }, by_status).value(), 503);
    b.expect_open();
}

TEST(call, judges_what_no_lambda_takes_by_default) {
    auto b = failing_once_opens();
    const auto only_exceptions = classify_by{[](const std::exception_ptr&) { return verdict::ignored(); }};
    EXPECT_EQ(b.it.call([] { return std::string{"x"}; }, only_exceptions).value(), "x");
    EXPECT_EQ(b.now().totals.successes, 1U);
    const auto only_numbers = classify_by{[](const int&) { return verdict::success(); }};
    EXPECT_THROW((void)b.it.call([]() -> int { throw std::runtime_error{"x"}; }, only_numbers), std::runtime_error);
    b.expect_open();
}

TEST(call, takes_a_verdict_that_is_const_or_somebody_elses) {
    auto b = bench_of({.trip = {.consecutive_failures = 9, .failure_ratio = {}}});
    const verdict kept = verdict::failure();
    (void)b.it.call([] { return 1; }, [](int) -> const verdict { return verdict::failure(); });
    (void)b.it.call([] { return 1; }, [&](int) -> const verdict& { return kept; });
    EXPECT_EQ(b.now().totals.failures, 2U);
}

TEST(call, takes_a_member_for_a_judge) {
    auto b = failing_once_opens();
    struct reply {
        verdict went() const { return verdict::failure(); }
    };
    (void)b.it.call([] { return reply{}; }, &reply::went);
    b.expect_open();
}

TEST(call, counts_no_failure_where_no_exception_is_returned) {
    auto b = failing_once_opens();
    (void)b.it.call([]() -> std::exception_ptr { return nullptr; });
    EXPECT_EQ(b.now().totals.successes, 1U);
    (void)b.it.call([] { return std::make_exception_ptr(std::runtime_error{"x"}); });
    b.expect_open();
}

TEST(call, lets_an_exception_through_and_counts_it) {
    auto b = failing_once_opens();
    EXPECT_THROW((void)b.it.call([] { throw std::out_of_range{"mine"}; }), std::out_of_range);
    b.expect_open();
}

TEST(call, settles_before_it_returns) {
    auto b = failing_once_opens();
    std::uint64_t settled_inside = 99;
    (void)b.it.call([&] { settled_inside = b.now().totals.successes; });
    EXPECT_EQ(settled_inside, 0U);
    EXPECT_EQ(b.now().totals.successes, 1U);
}

TEST(call_or, returns_what_the_call_returned) {
    auto b = failing_once_opens();
    auto r = b.it.call_or([] { return std::string{"fresh"}; }, [](rejection) { return "stale"; });
    static_assert(std::is_same_v<decltype(r), std::string>);
    EXPECT_EQ(r, "fresh");
}

TEST(call_or, asks_the_fallback_with_the_rejection_when_refused) {
    auto b = failing_once_opens();
    b.break_down();
    const auto r = b.it.call_or([] { return std::string{"fresh"}; },
                                [](rejection why) { return std::string{to_string(why.reason)}; });
    EXPECT_EQ(r, "open");
}

TEST(call_or, does_not_ask_the_fallback_when_the_call_failed) {
    auto b = failing_once_opens();
    EXPECT_THROW((void)b.it.call_or([]() -> int { throw std::runtime_error{"x"}; }, [](rejection) { return 1; }),
                 std::runtime_error);
}

TEST(call_or, of_void_and_of_references) {
    auto b = failing_once_opens();
    int runs = 0, fallbacks = 0;
    b.it.call_or([&] { ++runs; }, [&](rejection) { ++fallbacks; });
    int here = 1, there = 2;
    int& first = b.it.call_or([&]() -> int& { return here; }, [&](rejection) -> int& { return there; });
    EXPECT_EQ(&first, &here);
    b.break_down();
    b.it.call_or([&] { ++runs; }, [&](rejection) { ++fallbacks; });
    int& second = b.it.call_or([&]() -> int& { return here; }, [&](rejection) -> int& { return there; });
    EXPECT_EQ(&second, &there);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(fallbacks, 1);
}

TEST(call_or, of_references_takes_what_refers_to_something) {
    auto b = failing_once_opens();
    b.break_down();
    struct base {};
    struct derived : base {
    } there;
    const base here;
    const auto ask = [&]() -> const base& { return here; };
    EXPECT_EQ(&b.it.call_or(ask, [&](rejection) -> derived& { return there; }), &there);
    EXPECT_EQ(&b.it.call_or(ask, [&](rejection) { return std::cref(here); }), &here);
    EXPECT_EQ(&b.it.call_or(ask, [&](rejection) -> derived&& { return std::move(there); }), &there);
}

TEST(guarded, takes_what_the_function_takes) {
    auto b = failing_once_opens();
    auto joined = guarded(b.it, [](const std::string& a, std::unique_ptr<int> n, int& out) {
        out = *n;
        return a + std::to_string(*n);
    });
    int out = 0;
    EXPECT_EQ(joined("x", std::make_unique<int>(7), out).value(), "x7");
    EXPECT_EQ(out, 7);
    b.break_down();
    EXPECT_EQ(joined("x", std::make_unique<int>(8), out).error().reason, reject_reason::open);
    EXPECT_EQ(out, 7);
}

TEST(guarded, keeps_its_judge) {
    auto b = failing_once_opens();
    auto ask = guarded(
        b.it, [](int status) { return status; },
        classify_by{[](const int& s) { return s < 500 ? verdict::success() : verdict::failure(); }});
    EXPECT_EQ(ask(200).value(), 200);
    EXPECT_EQ(ask(500).value(), 500);
    EXPECT_FALSE(ask(200));
}

TEST(guarded, may_call_a_function_with_a_state_of_its_own) {
    auto b = failing_once_opens();
    auto count = guarded(b.it, [n = 0]() mutable { return ++n; });
    EXPECT_EQ(count().value(), 1);
    EXPECT_EQ(count().value(), 2);
}

TEST(breaker, does_not_move) {
    static_assert(!std::is_copy_constructible_v<breaker> && !std::is_move_constructible_v<breaker>);
    static_assert(!std::is_copy_assignable_v<breaker> && !std::is_move_assignable_v<breaker>);
    static_assert(!std::is_copy_constructible_v<registry> && !std::is_copy_constructible_v<subscription>);
}

TEST(breaker, works_on_the_steady_clock_with_default_settings) {
    breaker payments{"payments"};
    EXPECT_EQ(payments.name(), "payments");
    for (int i = 0; i < 5; ++i) (*payments.try_acquire()).failure();
    EXPECT_FALSE(payments.try_acquire());
    EXPECT_EQ(payments.observe().current, state::open);
}

}  // namespace
}  // namespace switchgear
