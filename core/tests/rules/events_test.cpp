// Rules 29 to 31: callbacks, events and snapshots. With several threads: concurrency_test.cpp.
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings tripping(std::uint32_t failures) {
    return {.trip = {.consecutive_failures = failures, .failure_ratio = {}}, .recovery = {.open_for = 5s}};
}

/// Everything that a member may be called for, on the breaker that is just calling us.
void use_all_of(breaker& it) {
    (void)it.observe();
    (void)it.current_settings();
    (void)it.name();
    if (auto p = it.try_acquire()) (*p).ignore();
    it.apply(it.current_settings());
    const subscription s = it.subscribe([](const transition&) {});
    it.extend_pause(0ns);
    (void)it.save();
}

// ---- rule 29

TEST(rule_29_user_code, of_the_operation_may_use_the_same_breaker) {
    auto b = bench_of(tripping(3));
    EXPECT_EQ(b.it.call([&] { return use_all_of(b.it), 1; }).value(), 1);
    EXPECT_EQ(b.it.call([&] { return b.it.call([&] { return 2; }).value(); }).value(), 2);
    (void)b.it.call([&] { b.it.trip(by("itself")); });
    b.expect_open();
    EXPECT_EQ(b.late(), 1U);
}

TEST(rule_29_user_code, of_the_classifier_may_use_the_same_breaker) {
    auto b = bench_of(tripping(3));
    const auto judge = classify_by{[&](const int&) {
        use_all_of(b.it);
        b.it.force_open(by("judge"));
        b.it.lift_override(by("judge"));
        return verdict::success();
    }};
    (void)b.it.call([] { return 1; }, judge);
    b.expect_open();
}

TEST(rule_29_user_code, of_the_fallback_may_use_the_same_breaker) {
    auto b = bench_of(tripping(3));
    b.break_down();
    const int answer = b.it.call_or([] { return 1; },
                                    [&](rejection) {
                                        use_all_of(b.it);
                                        b.it.reset(by("fallback"));
                                        return b.it.call([] { return 3; }).value();
                                    });
    EXPECT_EQ(answer, 3);
    b.expect_closed();
}

TEST(rule_29_user_code, of_a_listener_may_use_the_same_breaker) {
    auto b = bench_of(tripping(3));
    int told = 0;
    const subscription s = b.it.subscribe([&](const transition&) {
        ++told;
        use_all_of(b.it);
    });
    b.fail(3);
    EXPECT_EQ(told, 1);
    b.probe().success();
    EXPECT_EQ(told, 3);
}

TEST(rule_29_user_code, of_a_listener_may_move_the_same_breaker) {
    auto b = bench_of(tripping(3));
    const subscription s = b.it.subscribe([&](const transition& t) {
        if (t.to == state::open && t.cause == cause::consecutive_failures) b.it.reset(by("listener"));
    });
    b.fail(3);
    b.expect_closed();
    EXPECT_EQ(b.log.size(), 2U) << b.log;
    EXPECT_EQ(b.log.count(state::closed, state::open), 1U);
    EXPECT_EQ(b.log.count(state::open, state::closed), 1U);
}

TEST(rule_29_listener, may_end_its_own_subscription) {
    auto b = bench_of(tripping(3));
    int told = 0;
    std::optional<subscription> own;
    own.emplace(b.it.subscribe([&](const transition&) {
        ++told;
        own.reset();
    }));
    int others = 0;
    const subscription after = b.it.subscribe([&](const transition&) { ++others; });
    b.it.trip(by("alice"));
    b.it.reset(by("alice"));
    EXPECT_EQ(told, 1);
    EXPECT_EQ(others, 2);
}

TEST(rule_29_listener, may_end_the_subscription_of_another) {
    auto b = bench_of(tripping(3));
    std::optional<subscription> victim;
    int told = 0;
    const subscription first = b.it.subscribe([&](const transition&) { victim.reset(); });
    victim.emplace(b.it.subscribe([&](const transition&) { ++told; }));
    b.it.trip(by("alice"));
    b.it.reset(by("alice"));
    EXPECT_LE(told, 1);
}

TEST(rule_29_listener, that_throws_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto b = bench_of();
            const subscription s = b.it.subscribe([](const transition&) { throw 42; });
            b.it.trip(by("alice"));
        },
        "");
}

// ---- rule 30

TEST(rule_30_transition, tells_everything_about_a_trip) {
    auto b = bench_of(
        {.trip = {.consecutive_failures = {}, .failure_ratio = 0.5, .minimum_calls = 4}, .recovery = {.open_for = 5s}});
    const std::uint64_t epoch = b.epoch();
    b.succeed(2);
    b.advance(2s);
    b.fail(2);
    ASSERT_EQ(b.log.size(), 1U);
    const event e = b.log.last();
    EXPECT_EQ(e.name, "bench");
    EXPECT_EQ(e.from, state::closed);
    EXPECT_EQ(e.to, state::open);
    EXPECT_EQ(e.epoch, epoch + 1);
    EXPECT_EQ(e.at, b.clock.now());
    EXPECT_EQ(e.cause, cause::failure_ratio);
    EXPECT_EQ(e.evidence, (evidence{.calls = 4, .failures = 2, .slow = 0, .observed = 0.5, .threshold = 0.5}));
    EXPECT_EQ(e.pause, 5s);
    EXPECT_EQ(e.attempt, 1U);
    EXPECT_FALSE(e.order.has_value());
}

TEST(rule_30_transition, tells_the_whole_cycle_once_each) {
    auto b = bench_of(tripping(3));
    b.fail(3);
    b.probe().failure();
    b.probe().success();
    struct expected {
        state from, to;
        cause why;
        duration pause;
        std::uint32_t attempt;
    };
    const std::vector<expected> cycle{{state::closed, state::open, cause::consecutive_failures, 5s, 1},
                                      {state::open, state::half_open, cause::pause_over, 0s, 1},
                                      {state::half_open, state::open, cause::probe_failed, 10s, 2},
                                      {state::open, state::half_open, cause::pause_over, 0s, 2},
                                      {state::half_open, state::closed, cause::probes_succeeded, 0s, 2}};
    const auto told = b.log.all();
    ASSERT_EQ(told.size(), cycle.size()) << b.log;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        EXPECT_EQ(told[i].from, cycle[i].from) << told[i];
        EXPECT_EQ(told[i].to, cycle[i].to) << told[i];
        EXPECT_EQ(told[i].cause, cycle[i].why) << told[i];
        EXPECT_EQ(told[i].pause, cycle[i].pause) << told[i];
        EXPECT_EQ(told[i].attempt, cycle[i].attempt) << told[i];
        EXPECT_EQ(told[i].epoch, told[0].epoch + i) << told[i];
    }
}

TEST(rule_30_transition, is_told_after_it_is_visible_on_the_thread_that_caused_it) {
    auto b = bench_of(tripping(3));
    int told = 0;
    const auto here = std::this_thread::get_id();
    const subscription s = b.it.subscribe([&](const transition& t) {
        ++told;
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_EQ(b.it.observe().current, t.to);
        EXPECT_EQ(b.it.observe().epoch, t.epoch);
    });
    b.fail(3);
    EXPECT_EQ(told, 1);
    b.probe().success();
    EXPECT_EQ(told, 3);
}

TEST(rule_30_transition, missed_shows_as_a_gap_of_epochs) {
    auto b = bench_of(tripping(3));
    std::vector<std::uint64_t> seen;
    std::optional<subscription> s{b.it.subscribe([&](const transition& t) { seen.push_back(t.epoch); })};
    b.it.trip(by("alice"));
    s.reset();
    b.it.reset(by("alice"));
    b.it.trip(by("alice"));
    s.emplace(b.it.subscribe([&](const transition& t) { seen.push_back(t.epoch); }));
    b.it.reset(by("alice"));
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[1], seen[0] + 3);
}

TEST(rule_30_transition, reaches_every_listener) {
    auto b = bench_of(tripping(3));
    int told = 0;
    std::vector<subscription> many;
    for (int i = 0; i < 50; ++i) many.push_back(b.it.subscribe([&](const transition&) { ++told; }));
    b.it.trip(by("alice"));
    EXPECT_EQ(told, 50);
    many.clear();
    b.it.reset(by("alice"));
    EXPECT_EQ(told, 50);
}

TEST(rule_30_subscription, may_outlive_its_breaker_and_move) {
    subscription kept;
    {
        auto b = bench_of();
        subscription s = b.it.subscribe([](const transition&) {});
        kept = std::move(s);
    }
    subscription moved = std::move(kept);
}

TEST(rule_30_subscription, replaced_ends_the_one_it_held) {
    auto b = bench_of();
    int first = 0, second = 0;
    subscription s = b.it.subscribe([&](const transition&) { ++first; });
    s = b.it.subscribe([&](const transition&) { ++second; });
    b.it.trip(by("alice"));
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 1);
}

// ---- rule 31

TEST(rule_31_snapshot, agrees_with_itself_in_every_state) {
    settings s = tripping(3);
    s.recovery.ramp = ramp_rule{.over = 10s, .from = 0.5};
    auto b = bench_of(s);
    b.fail(3);
    snapshot open = b.now();
    EXPECT_EQ(open.current, state::open);
    EXPECT_EQ(open.admitted_share, 0);
    EXPECT_EQ(open.retry_after, 5s);
    EXPECT_EQ(open.attempt, 1U);

    permit probe = b.probe();
    snapshot probing = b.now();
    EXPECT_EQ(probing.current, state::half_open);
    EXPECT_EQ(probing.epoch, open.epoch + 1);
    EXPECT_EQ(probing.admitted_share, 0);
    EXPECT_FALSE(probing.probe_due);
    EXPECT_EQ(probing.attempt, 1U);

    probe.success();
    EXPECT_NEAR(b.now().admitted_share, 0.5, 1e-3);
    EXPECT_EQ(b.now().epoch, probing.epoch);
    b.advance(10s);
    b.succeed();
    EXPECT_EQ(b.now().current, state::closed);
    EXPECT_EQ(b.now().admitted_share, 1);
    EXPECT_EQ(b.now().attempt, 0U);
}

TEST(rule_31_snapshot, counters_agree_to_the_unit_when_no_call_is_running) {
    auto b = bench_of(tripping(3));
    std::uint64_t asked = 0;
    for (int i = 0; i < 2'000; ++i) {
        b.advance(37ms);
        ++asked;
        if (auto p = b.it.try_acquire()) {
            (*p).settle(i % 7 < 4   ? verdict::failure(static_cast<failure_class>(i % 8))
                        : i % 7 < 6 ? verdict::success()
                                    : verdict::ignored());
        }
        const auto t = b.now().totals;
        ASSERT_EQ(t.successes + t.failures + t.ignored + t.late + t.rejected, asked);
        std::uint64_t classes = 0, reasons = 0;
        for (const std::uint64_t n : t.failures_by_class) classes += n;
        for (const std::uint64_t n : t.rejected_by_reason) reasons += n;
        ASSERT_EQ(classes, t.failures);
        ASSERT_EQ(reasons, t.rejected);
    }
    EXPECT_GT(b.now().totals.rejected, 0U);
}

TEST(rule_31_snapshot, shows_a_call_when_it_settles) {
    auto b = bench_of(tripping(3));
    permit running = b.acquire();
    const auto before = b.now().totals;
    EXPECT_EQ(before.successes + before.failures + before.ignored + before.late, 0U);
    running.success();
    EXPECT_EQ(b.now().totals.successes, 1U);
}

}  // namespace
}  // namespace switchgear::rules
