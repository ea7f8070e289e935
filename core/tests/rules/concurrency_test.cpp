// Rules 1, 16, 17, 22, 29, 31, 35, 37 and 39 with real threads. All of it at once: everything_at_once_test.cpp.
// What these tests assert holds in every schedule; the thread sanitizer runs them too.
#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "threads.hpp"

namespace switchgear::rules {
namespace {

// ---- rule 1

TEST(rule_01_threads, verdicts_of_all_threads_add_up_exactly) {
    const std::vector<window> windows{last{1h}, last_calls{65'536}};
    for (const window& w : windows) {
        settings s{.trip = no_rules()};
        s.trip.window = w;
        auto b = bench_of(s);
        constexpr int each = 8'000;  // all of them fit the window of calls
        all_at_once([&](int thread) {
            for (int i = 0; i < each; ++i) {
                if (i % 100 == 0) b.advance(1ms);
                b.settle((i + thread) % 5 == 0 ? verdict::failure() : verdict::success());
            }
        });
        const snapshot end = b.now();
        EXPECT_EQ(end.window.calls, static_cast<std::uint64_t>(threads * each));
        EXPECT_EQ(end.window.failures, static_cast<std::uint64_t>(threads * each / 5));
        EXPECT_EQ(end.totals.successes + end.totals.failures, static_cast<std::uint64_t>(threads * each));
    }
}

TEST(rule_01_threads, a_window_of_calls_stays_exactly_full) {
    settings s{.trip = no_rules()};
    s.trip.window = last_calls{100};
    auto b = bench_of(s);
    all_at_once([&](int thread) {
        for (int i = 0; i < 20 * rounds; ++i) {
            b.settle((i * 7 + thread) % (i / 1'000 % 2 == 0 ? 3 : 200) == 0 ? verdict::failure() : verdict::success());
        }
    });
    EXPECT_EQ(b.now().window.calls, 100U);
    b.fail(30);
    b.succeed(70);
    EXPECT_EQ(b.now().window.failures, 30U);
    b.succeed(29);
    EXPECT_EQ(b.now().window.failures, 1U);
    b.succeed();
    EXPECT_EQ(b.now().window.failures, 0U);
}

// ---- rules 16 and 17

TEST(rule_16_threads, arriving_at_the_deadline_move_it_once) {
    auto b = bench_of({.recovery = {.open_for = 1s, .backoff = 1}});
    b.break_down();
    b.advance(1s);
    std::atomic<int> admitted{0};
    std::vector<std::optional<permit>> probe(threads);
    in_rounds(
        [&](int thread, int) {
            if (auto p = b.it.try_acquire()) {
                ++admitted;
                probe[static_cast<std::size_t>(thread)].emplace(std::move(*p));
            } else {
                EXPECT_EQ(p.error().reason, reject_reason::probes_busy);
            }
        },
        [&](int round) {
            EXPECT_EQ(admitted.exchange(0), 1) << "round " << round;
            EXPECT_EQ(b.log.count(state::open, state::half_open), static_cast<std::size_t>(round + 1));
            for (auto& p : probe) {
                if (p) p->failure();
                p.reset();
            }
            b.expect_open();
            b.advance(1s);
        });
}

TEST(rule_17_threads, never_have_more_probes_out_than_allowed) {
    constexpr std::uint32_t limit = 3;
    auto b = bench_of({.recovery = {.open_for = 1s, .probes = limit, .successes_to_close = 10'000}});
    b.break_down();
    b.advance(1s);
    std::atomic<int> out{0}, most{0}, admitted{0};
    all_at_once([&](int thread) {
        for (int i = 0; i < 20 * rounds; ++i) {
            auto p = b.it.try_acquire();
            if (!p) continue;
            ++admitted;
            const int now = ++out;
            int seen = most.load();
            while (now > seen && !most.compare_exchange_weak(seen, now)) {
            }
            if ((i + thread) % 3 == 0) std::this_thread::yield();
            --out;  // before the slot is free again
            (*p).ignore();
        }
    });
    EXPECT_LE(most.load(), static_cast<int>(limit));
    EXPECT_GT(admitted.load(), 0);
    b.expect_half_open();
    std::vector<permit> all;
    for (std::uint32_t i = 0; i < limit; ++i) all.push_back(b.acquire());  // no slot was lost
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
}

TEST(rule_17_threads, at_most_so_many_probes_are_admitted_at_once) {
    constexpr std::uint32_t limit = 3;
    auto b = bench_of({.recovery = {.open_for = 1s, .probes = limit, .successes_to_close = 10'000}});
    b.break_down();
    b.advance(1s);
    std::vector<std::optional<permit>> probe(threads);
    std::atomic<std::uint32_t> admitted{0};
    in_rounds(
        [&](int thread, int) {
            if (auto p = b.it.try_acquire()) {
                ++admitted;
                probe[static_cast<std::size_t>(thread)].emplace(std::move(*p));
            }
        },
        [&](int round) {
            EXPECT_EQ(admitted.exchange(0), limit) << "round " << round;
            for (auto& p : probe) p.reset();
        });
}

// ---- rule 22

TEST(rule_22_threads, are_admitted_evenly_together) {
    settings s{.recovery = {.open_for = 1s, .ramp = ramp_rule{.over = 1h, .from = 0.25}}};
    auto b = bench_of(s);
    b.break_down();
    b.probe().success();
    std::atomic<int> admitted{0};
    constexpr int each = 4'000;
    all_at_once([&](int) {
        for (int i = 0; i < each; ++i) admitted += b.admits() ? 1 : 0;
    });
    EXPECT_NEAR(admitted.load(), threads * each / 4, 1 + threads);
}

// ---- rule 24

TEST(rule_24_threads, that_fail_under_force_closed_are_told_of_once) {
    breaker it{"storm", {.trip = {.consecutive_failures = 3}, .recovery = {.open_for = 1h, .max_open_for = 1h}}};
    it.force_closed(by("alice"));
    testing::event_log log{it};
    all_at_once([&](int) {
        for (int i = 0; i < rounds; ++i) it.try_acquire()->failure();
    });
    EXPECT_EQ(log.size(), 1U) << log;
}

// ---- rule 29

TEST(rule_29_threads, no_lock_of_ours_is_held_while_a_listener_runs) {
    auto b = bench_of({.recovery = {.open_for = 1s}});
    std::latch in_listener{1}, others_done{1};
    const subscription s = b.it.subscribe([&](const transition& t) {
        if (t.cause != cause::trip_verdict) return;
        in_listener.count_down();
        others_done.wait();  // for ever, if the others need a lock that is held now
    });
    std::jthread other{[&] {
        in_listener.wait();
        (void)b.it.observe();
        b.it.apply(b.it.current_settings());
        b.it.reset(by("other"));
        b.settle(verdict::failure());
        b.it.force_open(by("other"));
        b.it.lift_override(by("other"));
        (void)b.it.save();
        const subscription another = b.it.subscribe([](const transition&) {});
        others_done.count_down();
    }};
    b.break_down();
    other.join();
    EXPECT_EQ(b.state(), state::open);
}

TEST(rule_29_threads, no_lock_of_ours_is_held_while_the_operation_or_its_judge_runs) {
    auto b = bench_of({.recovery = {.open_for = 1s}});
    const auto elsewhere = [&] {
        std::jthread{[&] {
            (void)b.it.observe();
            b.it.apply(b.it.current_settings());
            b.it.trip(by("other"));
            b.it.reset(by("other"));
        }}.join();
        return 1;
    };
    EXPECT_EQ(b.it.call(elsewhere, classify_by{[&](const int&) { return elsewhere(), verdict::success(); }}).value(),
              1);
    b.it.trip(by("alice"));
    EXPECT_EQ(b.it.call_or([] { return 0; }, [&](rejection) { return elsewhere(); }), 1);
}

TEST(rule_29_threads, subscriptions_come_and_go_while_events_are_told) {
    auto b = bench_of({.recovery = {.open_for = 1ms}});
    std::atomic<std::uint64_t> told{0};
    all_at_once([&](int thread) {
        for (int i = 0; i < rounds; ++i) {
            if (thread % 2 == 0) {
                const subscription s = b.it.subscribe([&](const transition&) { ++told; });
                b.it.trip(by("even"));
            } else {
                b.it.reset(by("odd"));
            }
        }
    });
    EXPECT_GT(told.load(), 0U);
}

// ---- what is made when it is first needed

/// Each round a breaker that has seen nothing yet, and all threads at it at once.
void at_new_breakers(const settings& s, const std::function<void(int, breaker&)>& work) {
    testing::manual_time clock;
    std::shared_ptr<breaker> fresh = std::make_shared<breaker>("first", s, clock);
    in_rounds([&](int thread, int) { work(thread, *fresh); },
              [&](int) { fresh = std::make_shared<breaker>("next", s, clock); });
}

TEST(rule_29_threads, the_first_listener_comes_while_events_are_told) {
    at_new_breakers({}, [](int thread, breaker& b) {
        std::atomic<int> told{0};
        subscription s;
        if (thread < 2) s = b.subscribe([&](const transition&) { ++told; });
        for (int i = 0; i < 3; ++i) b.trip(by("all")), b.reset(by("all"));
        if (thread < 2) {
            EXPECT_GE(told.load(), 3);  // a reset is told of whatever the state was
        }
    });
}

TEST(rule_35_threads, more_probes_are_allowed_while_callers_find_probing_busy) {
    settings few{.recovery = {.open_for = 1ms, .jitter = 0, .probes = 4, .successes_to_close = 100}};
    settings many = few;
    many.recovery.probes = 40;
    at_new_breakers(few, [&](int thread, breaker& b) {
        if (thread == 0) b.trip(by("all"), 0ns);
        std::vector<permit> held;
        for (int i = 0; i < 10; ++i) {
            if (thread == 0 && i == 5) b.apply(many);
            if (auto p = b.try_acquire()) held.push_back(std::move(*p));
        }
        for (auto& p : held) p.ignore();
    });
}

TEST(rule_37_threads, a_key_fails_for_all_of_them_first) {
    testing::manual_time clock;
    registry all{{.defaults = {.trip = no_rules()}}, clock};
    in_rounds(
        [&](int, int round) {
            const auto b = all.get("k" + std::to_string(round));
            for (int i = 0; i < 3; ++i) {
                if (auto p = b->try_acquire()) (*p).failure();
                if (auto p = b->try_acquire()) (*p).success();
            }
        },
        [&](int round) {
            const auto totals = all.find("k" + std::to_string(round))->observe().totals;
            EXPECT_EQ(totals.failures, 3U * threads);
            EXPECT_EQ(totals.successes, 3U * threads);
        });
}

// ---- rule 31

TEST(rule_31_threads, a_snapshot_is_of_one_instant) {
    auto b = bench_of({.trip = {.consecutive_failures = 1}, .recovery = {.open_for = 1s, .backoff = 1}});
    std::atomic<bool> done{false};
    std::jthread mover{[&] {
        for (int i = 0; i < 20 * rounds; ++i) {
            b.fail();
            b.probe().failure();
            b.probe().success();
        }
        done = true;
    }};
    while (!done) {
        const snapshot s = b.now();
        switch (s.current) {
            case state::closed:
                ASSERT_EQ(s.attempt, 0U);
                ASSERT_EQ(s.admitted_share, 1);
                ASSERT_EQ(s.retry_after, 0ns);
                ASSERT_FALSE(s.probe_due);
                break;
            case state::open:
                ASSERT_GE(s.attempt, 1U);
                ASSERT_EQ(s.admitted_share, 0);
                ASSERT_NE(s.probe_due, s.retry_after > 0ns);
                break;
            case state::half_open:
                ASSERT_GE(s.attempt, 1U);
                ASSERT_FALSE(s.probe_due);
                break;
        }
    }
}

// ---- rule 37

TEST(rule_37_threads, racing_for_a_key_get_one_breaker) {
    testing::manual_time clock;
    registry all{{}, clock};
    std::vector<std::shared_ptr<breaker>> got(threads);
    in_rounds(
        [&](int thread, int round) { got[static_cast<std::size_t>(thread)] = all.get("k" + std::to_string(round)); },
        [&](int round) {
            EXPECT_EQ(std::set<std::shared_ptr<breaker>>(got.begin(), got.end()).size(), 1U);
            EXPECT_EQ(all.size(), static_cast<std::size_t>(round + 1));
        });
}

TEST(rule_37_threads, racing_for_the_last_place_get_one_breaker) {
    testing::manual_time clock;
    registry all{{.max_entries = 1}, clock};
    std::vector<std::shared_ptr<breaker>> got(threads);
    in_rounds(
        [&](int thread, int round) { got[static_cast<std::size_t>(thread)] = all.get("k" + std::to_string(round)); },
        [&](int round) {
            for (auto& one : got) {
                EXPECT_EQ(one->name(), "k" + std::to_string(round));
                one.reset();
            }
        });
    EXPECT_EQ(all.overflowed(), 0U);
}

TEST(rule_37_threads, share_a_bounded_registry) {
    testing::manual_time clock;
    registry all{{.max_entries = 64}, clock};
    all_at_once([&](int thread) {
        std::mt19937 random{static_cast<unsigned>(thread)};
        for (int i = 0; i < 10 * rounds; ++i) {
            const std::string k = std::to_string(random() % 500);
            switch (random() % 20) {
                case 0: all.remove(k); break;
                case 1: (void)all.find(k); break;
                case 2: (void)all.size(); break;
                case 3:
                    if (i % 10 == 0) all.for_each([](breaker& b) { (void)b.observe(); });
                    break;
                default: {
                    const auto b = all.get(k);
                    if (auto p = b->try_acquire()) (*p).success();
                }
            }
        }
    });
    EXPECT_LE(all.size(), 64U);
}

// ---- rule 39

TEST(rule_39_failure_storm, trips_exactly_once) {
    auto b = bench_of({.trip = {.consecutive_failures = 5, .failures = 5, .failure_ratio = 0.5, .minimum_calls = 5},
                       .recovery = {.open_for = 1s}});
    in_rounds(
        [&](int, int) {
            std::vector<permit> mine;
            for (int i = 0; i < 4; ++i) {
                if (auto p = b.it.try_acquire()) mine.push_back(std::move(*p));
            }
            for (permit& p : mine) p.failure();
        },
        [&](int round) {
            b.expect_open();
            EXPECT_EQ(b.log.count(state::closed, state::open), static_cast<std::size_t>(round + 1));
            EXPECT_EQ(b.log.last().epoch, b.epoch());
            b.it.reset(by("tester"));
        });
}

TEST(rule_39_failure_storm, trips_at_the_same_count_as_one_thread_would) {
    for (const window& w : std::vector<window>{last{10s}, last_calls{100}}) {
        settings s{.trip = no_rules(), .recovery = {.open_for = 1s}};
        s.trip.failures = threads;
        s.trip.window = w;
        s.trip.minimum_calls = 1;
        auto b = bench_of(s);
        in_rounds([&](int, int) { b.it.try_acquire().value().failure(); },
                  [&](int round) {
                      ASSERT_EQ(b.state(), state::open) << "round " << round;
                      EXPECT_EQ(b.log.last().evidence.failures, static_cast<std::uint64_t>(threads));
                      b.it.reset(by("tester"));
                      b.log.clear();
                  });
    }
}

TEST(rule_39_probes, failing_together_reopen_exactly_once) {
    auto b = bench_of({.recovery = {.open_for = 1s, .backoff = 1, .probes = threads, .successes_to_close = threads}});
    b.break_down();
    b.advance(1s);
    in_rounds(
        [&](int, int) {
            if (auto p = b.it.try_acquire()) (*p).failure();
        },
        [&](int round) {
            b.expect_open();
            EXPECT_EQ(b.log.count(state::half_open, state::open), static_cast<std::size_t>(round + 1));
            EXPECT_EQ(b.now().attempt, static_cast<std::uint32_t>(round + 2));
            b.advance(1s);
        });
}

TEST(rule_39_stalled_thread, changes_nothing_in_a_later_epoch) {
    auto b = bench_of({.trip = {.consecutive_failures = 1}, .recovery = {.open_for = 1s}});
    std::vector<permit> stalled;
    for (int epoch = 0; epoch < 50; ++epoch) {
        stalled.push_back(b.acquire());
        stalled.push_back(b.acquire());
        b.break_down();
        permit probe = b.probe();
        probe.success();
    }
    const std::uint64_t epoch = b.epoch();
    for (std::size_t i = 0; i < stalled.size(); ++i) {
        stalled[i].overdue();
        stalled[i].answered();
        stalled[i].settle(i % 2 == 0 ? verdict::failure() : verdict::trip(1h));
    }
    b.expect_closed();
    EXPECT_EQ(b.epoch(), epoch);
    EXPECT_EQ(b.late(), 100U);
    EXPECT_EQ(b.now().window.calls, 0U);
}

}  // namespace
}  // namespace switchgear::rules
