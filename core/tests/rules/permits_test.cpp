// Rules 26 to 28: the permit.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings probing() { return {.trip = {.consecutive_failures = 2}, .recovery = {.open_for = 5s}}; }

// ---- rule 26

TEST(rule_26_permit, takes_one_verdict_of_each_kind) {
    auto b = bench_of({.trip = no_rules()});
    b.acquire().success();
    b.acquire().failure();
    b.acquire().failure(failure_class::custom_4, 3s);
    b.acquire().ignore();
    b.acquire().settle(verdict::failure(failure_class::timeout));
    {
        permit dropped = b.acquire();
    }
    const auto t = b.now().totals;
    EXPECT_EQ(t.successes, 1U);
    EXPECT_EQ(t.failures, 3U);
    EXPECT_EQ(t.ignored, 2U);
    EXPECT_EQ(t.failures_by_class.at(7), 1U);
    EXPECT_EQ(t.failures_by_class.at(1), 1U);
}

#ifdef NDEBUG
TEST(rule_26_permit, a_second_verdict_is_a_no_op) {
    auto b = bench_of({.trip = {.consecutive_failures = 2}});
    permit p = b.acquire();
    p.failure();
    p.failure();
    p.success();
    p.ignore();
    p.settle(verdict::trip(1h));
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 1U);
    EXPECT_EQ(b.now().failures_in_a_row, 1U);
    EXPECT_EQ(b.now().totals.successes, 0U);
    EXPECT_EQ(b.now().totals.ignored, 0U);
}

TEST(rule_26_permit, a_probe_settled_twice_frees_one_slot) {
    settings s = probing();
    s.recovery.probes = 2;
    s.recovery.successes_to_close = 5;
    auto b = bench_of(s);
    b.break_down();
    permit one = b.probe();
    permit two = b.acquire();
    one.success();
    one.ignore();
    one.success();
    permit three = b.acquire();
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
}
#else
TEST(rule_26_permit_death_test, a_second_verdict_asserts_in_debug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto b = bench_of();
            permit p = b.acquire();
            p.success();
            p.success();
        },
        "settle");
}
#endif

TEST(rule_26_permit, is_not_counted_again_when_it_is_destroyed) {
    auto b = bench_of({.trip = no_rules()});
    {
        permit p = b.acquire();
        p.success();
    }
    EXPECT_EQ(b.now().totals.ignored, 0U);
    EXPECT_EQ(b.now().totals.successes, 1U);
}

TEST(rule_26_permit, takes_its_duty_along_when_it_moves) {
    auto b = bench_of(probing());
    b.break_down();
    std::optional<permit> held;
    {
        permit first = b.probe();
        permit second = std::move(first);
        held.emplace(std::move(second));
    }
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    EXPECT_EQ(b.now().totals.ignored, 0U);
    held->success();
    b.expect_closed();
}

TEST(rule_26_permit, overwritten_gives_its_slot_back) {
    auto b = bench_of(probing());
    auto other = bench_of();
    b.break_down();
    permit p = b.probe();
    p = other.acquire();
    EXPECT_EQ(b.now().totals.ignored, 1U);
    EXPECT_TRUE(b.admits());
    p.success();
    EXPECT_EQ(other.now().totals.successes, 1U);
}

TEST(rule_26_permit, may_settle_on_another_thread) {
    auto b = bench_of(probing());
    b.break_down();
    permit probe = b.probe();
    std::thread{[p = std::move(probe)]() mutable { p.success(); }}.join();
    b.expect_closed();
}

TEST(rule_26_permit, may_be_dropped_by_an_unwinding_stack) {
    auto b = bench_of(probing());
    b.break_down();
    b.wait_for_pause();
    try {
        permit p = b.acquire();
        throw std::runtime_error{"cancelled"};
    } catch (const std::runtime_error&) {
    }
    b.expect_half_open();
    EXPECT_EQ(b.now().totals.ignored, 1U);
    b.succeed();
    b.expect_closed();
}

TEST(rule_26_permit, knows_its_epoch) {
    auto b = bench_of(probing());
    const permit closed = b.acquire();
    EXPECT_EQ(closed.epoch(), b.epoch());
    b.break_down();
    const permit probe = b.probe();
    EXPECT_EQ(probe.epoch(), b.epoch());
    EXPECT_EQ(probe.epoch(), closed.epoch() + 2);
}

// ---- rule 27

TEST(rule_27_lifetime, a_removed_breaker_lives_as_long_as_it_is_held) {
    testing::manual_time clock;
    registry all{{}, clock};
    auto held = all.get("payments");
    auto admitted = held->try_acquire();
    ASSERT_TRUE(admitted);
    EXPECT_TRUE(all.remove("payments"));
    (*admitted).success();
    EXPECT_EQ(held->observe().totals.successes, 1U);
    EXPECT_EQ(held->name(), "payments");
}

TEST(rule_27_lifetime, removing_detaches) {
    testing::manual_time clock;
    registry all{{}, clock};
    auto old = all.get("payments");
    all.remove("payments");
    auto fresh = all.get("payments");
    EXPECT_NE(old, fresh);
    old->trip(by("alice"));
    EXPECT_EQ(fresh->observe().current, state::closed);
}

TEST(rule_27_lifetime, handles_outlive_the_registry) {
    testing::manual_time clock;
    std::shared_ptr<breaker> held;
    {
        registry all{{}, clock};
        held = all.get("payments");
    }
    EXPECT_EQ(held->call([] { return 7; }).value(), 7);
    held->trip(by("alice"));
    EXPECT_EQ(held->observe().current, state::open);
}

TEST(rule_27_lifetime, a_held_breaker_is_not_evicted) {
    testing::manual_time clock;
    registry all{{.max_entries = 5}, clock};
    auto held = all.get("held");
    for (int i = 0; i < 1'000; ++i) (void)all.get("key-" + std::to_string(i));
    EXPECT_EQ(all.find("held"), held);
    EXPECT_EQ(all.get("held"), held);
}

// ---- rule 28

struct broken_judge {
    [[noreturn]] verdict operator()(const int&) const { throw std::logic_error{"judge"}; }
    [[noreturn]] verdict operator()(const std::exception_ptr&) const { throw std::logic_error{"judge of exceptions"}; }
};

TEST(rule_28_exceptions, of_a_classifier_reach_the_caller_and_give_the_slot_back) {
    auto b = bench_of(probing());
    b.break_down();
    b.wait_for_pause();
    for (int i = 0; i < 5; ++i) {
        EXPECT_THROW((void)b.it.call([] { return 1; }, broken_judge{}), std::logic_error);
        EXPECT_THROW((void)b.it.call([]() -> int { throw 42; }, broken_judge{}), std::logic_error);
        b.expect_half_open();
    }
    EXPECT_EQ(b.now().totals.ignored, 10U);
    EXPECT_EQ(b.it.call([] { return 1; }).value(), 1);
    b.expect_closed();
}

TEST(rule_28_exceptions, that_are_not_standard_are_failures_like_any_other) {
    auto b = bench_of({.trip = {.consecutive_failures = 2, .failure_ratio = {}}});
    int caught = 0;
    for (int i = 0; i < 2; ++i) {
        try {
            (void)b.it.call([]() -> int { throw 42; });
        } catch (int thrown) {
            caught = thrown;
        }
        EXPECT_EQ(std::exchange(caught, 0), 42);
    }
    b.expect_open();
    EXPECT_EQ(b.now().totals.failures, 2U);
}

TEST(rule_28_exceptions, of_the_call_reach_the_caller_untouched) {
    auto b = bench_of({.trip = no_rules()});
    struct own : std::runtime_error {
        using std::runtime_error::runtime_error;
    };
    try {
        (void)b.it.call([] { throw own{"mine"}; });
        FAIL();
    } catch (const own& e) {
        EXPECT_STREQ(e.what(), "mine");
    }
    EXPECT_EQ(b.now().totals.failures, 1U);
}

TEST(rule_28_exceptions, are_judged_where_the_judge_takes_them) {
    auto b = bench_of({.trip = no_rules()});
    const auto judge =
        classify_by{[](const std::exception_ptr&) { return verdict::failure(failure_class::unreachable); }};
    EXPECT_THROW((void)b.it.call([] { throw 42; }, judge), int);
    EXPECT_EQ(b.now().totals.failures_by_class.at(2), 1U);
    const auto forgiving = classify_by{[](const std::exception_ptr&) { return verdict::ignored(); }};
    EXPECT_THROW((void)b.it.call([] { throw 42; }, forgiving), int);
    EXPECT_EQ(b.now().totals.ignored, 1U);
}

#ifdef __GLIBC__
// There a thread that is cancelled, or exits, unwinds its stack, and `catch (...)` sees it, without any exception.
void ends_its_thread(bench& b, const auto& judge) {
    std::jthread{[&] {
        (void)b.it.call([] { pthread_exit(nullptr); }, judge);
        ADD_FAILURE() << "the thread went on";
    }};
}
void is_cancelled(bench& b, const auto& judge) {
    std::jthread{[&] {
        (void)b.it.call(
            [] {
                pthread_cancel(pthread_self());
                pthread_testcancel();
            },
            judge);
        ADD_FAILURE() << "the thread went on";
    }};
}

TEST(rule_28_ended_threads, give_the_slot_back_and_prove_nothing) {
    auto b = bench_of();
    b.break_down();
    b.wait_for_pause();
    ends_its_thread(b, default_classifier{});
    is_cancelled(b, default_classifier{});
    b.expect_half_open();
    EXPECT_EQ(b.now().totals.successes, 0U);
    EXPECT_EQ(b.now().totals.ignored, 2U);
    EXPECT_TRUE(b.admits());
}

TEST(rule_28_ended_threads, are_nothing_for_a_judge_of_exceptions) {
    auto b = bench_of();
    const auto judge = classify_by{[](const std::exception_ptr& thrown) {
        EXPECT_NE(thrown, nullptr);
        return verdict::failure();
    }};
    ends_its_thread(b, judge);
    is_cancelled(b, judge);
    EXPECT_EQ(b.now().totals.failures, 0U);
    EXPECT_EQ(b.now().totals.ignored, 2U);
}
#endif

}  // namespace
}  // namespace switchgear::rules
