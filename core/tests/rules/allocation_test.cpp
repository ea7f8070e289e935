// Rule 40: the admitted and the refused path take no lock and allocate nothing, whatever the state. A kind
// of failure that a breaker has never seen may take memory once: `acquainted` has seen them all.
// The program's own operator new counts (counted_memory.hpp). Locks are shown by progress: a call goes through while
// other threads stand still inside the members that may lock.
#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <switchgear/detail/tally.hpp>

#include "../interrupted.hpp"
#include "bench.hpp"
#include "counted_memory.hpp"

namespace switchgear::rules {
namespace {

static_assert(noexcept(std::declval<breaker&>().try_acquire()));
static_assert(noexcept(std::declval<permit&>().success()));
static_assert(noexcept(std::declval<permit&>().failure()));
static_assert(noexcept(std::declval<permit&>().ignore()));
static_assert(noexcept(std::declval<permit&>().settle(verdict::success())));
static_assert(noexcept(std::declval<permit&>().overdue()));
static_assert(noexcept(std::declval<permit&>().answered()));
static_assert(noexcept(std::declval<breaker&>().end_pause()));
static_assert(noexcept(std::declval<breaker&>().extend_pause(duration{})));
static_assert(std::is_nothrow_move_constructible_v<permit> && std::is_nothrow_move_assignable_v<permit>);
static_assert(std::is_nothrow_destructible_v<permit>);
static_assert(std::is_trivially_copyable_v<verdict>);

/// What `work` allocates.
std::uint64_t allocated_by(const std::function<void()>& work) {
    const std::uint64_t before = allocations;
    work();
    return allocations - before;
}

/// A breaker without a log, because the log allocates when it is told.
struct quiet {
    testing::manual_time clock;
    breaker it;

    explicit quiet(const settings& s) : it{"quiet", s, clock} {}

    void ask(verdict v) {
        if (auto p = it.try_acquire()) (*p).settle(v);
    }
};

settings every_rule(window w) {
    return {.trip = {.consecutive_failures = 50,
                     .failures = 60,
                     .failure_ratio = 0.9,
                     .slow = slow_rule{.after = 1s, .ratio = 0.9},
                     .limits = {.timeout = 70},
                     .window = w,
                     .minimum_calls = 80},
            .recovery = {.open_for = 1s, .jitter = 0, .probes = 2, .successes_to_close = 3, .ramp = ramp_rule{}}};
}

/// A breaker that has had a failure of each class, a slow call and an overdue one, and was reset.
struct acquainted : quiet {
    explicit acquainted(const settings& s) : quiet{s} {
        for (int i = 0; i < 8; ++i) ask(verdict::failure(static_cast<failure_class>(i)));
        for (const verdict v : {verdict::success(), verdict::failure()}) {
            auto p = it.try_acquire();
            clock.advance(2s);
            (*p).overdue();
            (*p).settle(v);
        }
        it.reset({});
    }
};

const std::vector<window> both_windows{last{10s}, last_calls{100}};

TEST(rule_40_allocations, counter_counts) {
    EXPECT_EQ(allocated_by([] { ::operator delete(::operator new(1)); }), 1U);  // a compiler may leave `new int` out
    EXPECT_GE(allocated_by([] { std::vector<int>(1'000); }), 1U);
}

TEST(rule_40_allocations, none_while_closed) {
    for (const window& w : both_windows) {
        settings s = every_rule(w);
        s.trip.failures.reset();
        s.trip.limits = {};
        acquainted b{s};
        EXPECT_EQ(allocated_by([&] {
                      for (int i = 0; i < 10'000; ++i) {
                          b.clock.advance(1ms);
                          b.ask(i % 3 == 0   ? verdict::failure(static_cast<failure_class>(i % 8))
                                : i % 7 == 0 ? verdict::ignored()
                                             : verdict::success());
                      }
                  }),
                  0U);
        EXPECT_EQ(b.it.observe().current, state::closed);
    }
}

TEST(rule_40_allocations, none_for_a_listener_that_takes_the_place_of_one_that_ended) {
    acquainted b{every_rule(both_windows[0])};
    const auto comes_and_goes = [&] { subscription own = b.it.subscribe([](const transition&) {}); };
    comes_and_goes();
    EXPECT_EQ(allocated_by([&] {
                  for (int i = 0; i < 10; ++i) comes_and_goes();
              }),
              0U);
}

TEST(rule_40_allocations, none_for_a_listener_though_events_were_told_since_one_ended) {
    acquainted b{every_rule(both_windows[0])};
    const auto comes_and_goes = [&] { subscription own = b.it.subscribe([](const transition&) {}); };
    comes_and_goes();
    for (int i = 0; i < 3; ++i) b.it.reset({});
    EXPECT_EQ(allocated_by(comes_and_goes), 0U);
}

TEST(rule_40_allocations, of_a_key_do_not_grow_with_a_few_probes) {
    const auto of_a_key = [](std::uint32_t probes) {
        testing::manual_time clock;
        registry all{{.defaults = {.recovery = {.probes = probes}}}, clock};
        (void)all.get("first");
        return allocated_by([&] { (void)all.get("next"); });
    };
    EXPECT_EQ(of_a_key(4), of_a_key(1));
}

TEST(rule_40_allocations, of_a_key_grow_by_one_with_every_four_probes) {
    const auto of_a_key = [](std::uint32_t probes) {
        testing::manual_time clock;
        registry all{{.defaults = {.recovery = {.probes = probes}}}, clock};
        (void)all.get("first");
        return allocated_by([&] { (void)all.get("next"); });
    };
    const auto of_eight = of_a_key(8);
    EXPECT_EQ(of_a_key(5), of_eight);
    EXPECT_EQ(of_a_key(9), of_eight + 1);
    EXPECT_EQ(of_a_key(12), of_eight + 1);
}

TEST(rule_40_memory, of_a_window_of_calls_is_sixteen_bytes_for_each) {
    const auto of_a_breaker = [](std::uint32_t calls, std::optional<slow_rule> slow) {
        const std::uint64_t before = bytes;
        quiet b{{.trip = {.slow = slow, .window = last_calls{calls}}}};
        return bytes - before;
    };
    constexpr double more = 10'000, spare = 4'096;  // what the allocator gives beyond what was asked for
    for (const auto& slow : {std::optional<slow_rule>{}, std::optional{slow_rule{}}}) {
        const auto grows_by =
            static_cast<double>(of_a_breaker(20'000, slow)) - static_cast<double>(of_a_breaker(10'000, slow));
        EXPECT_NEAR(grows_by, 16 * more, spare);
    }
}

TEST(rule_40_memory, for_more_cells_of_the_tally_may_be_missing) {
    using detail::interrupted;
    for (std::uint64_t there = 0; there <= 2; ++there) {
        const std::uint64_t made = allocations, gone = frees;
        {
            detail::tally<interrupted> it;
            interrupted::atom<std::uint64_t> now{0};
            std::uint64_t counted = 0;
            const auto add = [&] { counted += it.add(0, now) ? 1 : 0; };
            const auto add_and_meet = [&] {
                interrupted::begin();
                interrupted::before(4, [&] {
                    until_memory_runs_out = ~std::uint64_t{0};
                    add();
                    until_memory_runs_out = there;
                });
                add();
                until_memory_runs_out = ~std::uint64_t{0};
            };
            interrupted::this_lane = 0;
            add_and_meet(), add_and_meet(), add();
            EXPECT_EQ(counted, 5U);
            EXPECT_EQ(it.sum(), 5U);
            EXPECT_EQ(interrupted::this_lane, there == 2 ? 1U : 0U)
                << "there are lanes if there was memory for both parts";
        }
        EXPECT_EQ(allocations - made, frees - gone) << there;
    }
}

TEST(rule_40_allocations, none_for_the_first_call_of_a_new_breaker) {
    for (const window& w : both_windows) {
        for (const verdict v : {verdict::success(), verdict::failure()}) {
            quiet b{every_rule(w)};
            EXPECT_EQ(allocated_by([&] { b.ask(v); }), 0U);
        }
    }
}

TEST(rule_40_allocations, none_for_good_calls_under_the_adaptive_rule) {
    quiet b{{.trip = {.adaptive = adaptive_rule{}}}};
    const auto succeed = [&](int times) {
        for (int i = 0; i < times; ++i) b.ask(verdict::success());
    };
    succeed(1'000);
    EXPECT_EQ(allocated_by([&] { succeed(3'000); }), 0U);
}

TEST(rule_40_allocations, none_for_slow_overdue_and_answered_calls) {
    for (const window& w : both_windows) {
        acquainted b{every_rule(w)};
        EXPECT_EQ(allocated_by([&] {
                      for (int i = 0; i < 50; ++i) {
                          auto p = b.it.try_acquire();
                          b.clock.advance(2s);
                          (*p).overdue();
                          (*p).answered();
                          (*p).success();
                      }
                  }),
                  0U);
    }
}

TEST(rule_40_allocations, none_for_a_trip_by_any_rule) {
    for (const window& w : both_windows) {
        for (const verdict v : {verdict::failure(), verdict::failure(failure_class::timeout), verdict::trip(5s)}) {
            acquainted b{every_rule(w)};
            EXPECT_EQ(allocated_by([&] {
                          for (int i = 0; i < 80; ++i) b.ask(v);
                      }),
                      0U);
            EXPECT_EQ(b.it.observe().current, state::open);
        }
    }
}

TEST(rule_40_allocations, none_while_open) {
    acquainted b{every_rule(last{10s})};
    b.ask(verdict::trip(1h));
    EXPECT_EQ(allocated_by([&] {
                  for (int i = 0; i < 1'000; ++i) b.ask(verdict::success());
              }),
              0U);
    EXPECT_EQ(b.it.observe().totals.rejected, 1'000U);
}

TEST(rule_40_allocations, none_for_late_verdicts) {
    acquainted b{every_rule(last{10s})};
    auto one = b.it.try_acquire();
    auto two = b.it.try_acquire();
    b.ask(verdict::trip(1h));
    EXPECT_EQ(allocated_by([&] {
                  (*one).failure();
                  (*two).ignore();
              }),
              0U);
}

TEST(rule_40_allocations, none_for_a_whole_cycle_through_probes_and_ramp) {
    for (const window& w : both_windows) {
        acquainted b{every_rule(w)};
        bool saw_ramp = false;
        for (int cycle = 0; cycle < 3; ++cycle) {
            EXPECT_EQ(allocated_by([&] {
                          b.ask(verdict::trip(1s));
                          b.ask(verdict::success());  // refused
                          b.clock.advance(1h);
                          {
                              auto one = b.it.try_acquire();
                              auto two = b.it.try_acquire();
                              auto three = b.it.try_acquire();  // refused
                              (*one).success();
                              (*two).ignore();
                          }
                          b.ask(verdict::success());
                          b.ask(verdict::success());
                          for (int i = 0; i < 100; ++i) {
                              b.clock.advance(100ms);
                              b.ask(i % 5 == 0 ? verdict::failure() : verdict::success());
                              const auto p = b.it.try_acquire();
                              saw_ramp = saw_ramp || (!p && p.error().reason == reject_reason::ramping);
                          }
                          b.clock.advance(1h);
                          b.ask(verdict::success());
                      }),
                      0U);
            EXPECT_EQ(b.it.observe().current, state::closed);
        }
        EXPECT_TRUE(saw_ramp);
    }
}

TEST(rule_40_allocations, none_for_failed_and_expired_probes) {
    acquainted b{every_rule(last{10s})};
    EXPECT_EQ(allocated_by([&] {
                  b.ask(verdict::trip(1s));
                  b.clock.advance(1h);
                  b.ask(verdict::failure());
                  b.clock.advance(1h);
                  auto lost = b.it.try_acquire();
                  b.clock.advance(1h);
                  b.ask(verdict::success());  // refused: the lease ran out
                  (*lost).success();
              }),
              0U);
    EXPECT_EQ(b.it.observe().current, state::open);
    EXPECT_EQ(b.it.observe().attempt, 3U);
}

TEST(rule_40_allocations, none_under_overrides_and_when_they_end_by_themselves) {
    for (const window& w : both_windows) {
        acquainted b{every_rule(w)};
        b.it.force_open(by("alice", b.clock.now() + 10s));
        EXPECT_EQ(allocated_by([&] {
                      for (int i = 0; i < 100; ++i) b.ask(verdict::success());
                  }),
                  0U);
        b.it.force_closed(by("alice"));
        EXPECT_EQ(allocated_by([&] {
                      for (int i = 0; i < 200; ++i) b.ask(verdict::failure());
                  }),
                  0U);
        EXPECT_EQ(b.it.observe().current, state::closed);
    }
}

TEST(rule_40_allocations, none_while_observing) {
    settings s = every_rule(last_calls{100});
    s.mode = mode::observe;
    acquainted b{s};
    EXPECT_EQ(allocated_by([&] {
                  for (int i = 0; i < 1'000; ++i) {
                      b.clock.advance(10ms);
                      b.ask(i / 100 % 2 == 0 ? verdict::failure() : verdict::success());
                  }
              }),
              0U);
}

TEST(rule_40_allocations, none_by_call_itself) {
    acquainted b{every_rule(last{10s})};
    EXPECT_EQ(allocated_by([&] {
                  (void)b.it.call([] { return 1; });
                  (void)b.it.call_or([] { return 1; }, [](rejection) { return 2; });
                  b.ask(verdict::trip(1h));
                  (void)b.it.call([] { return 1; });
                  (void)b.it.call_or([] { return 1; }, [](rejection) { return 2; });
              }),
              0U);
}

TEST(rule_40_locks, calls_go_through_while_others_stand_inside_a_listener) {
    acquainted b{every_rule(last{10s})};
    std::latch standing{1}, go_on{1};
    const subscription s = b.it.subscribe([&](const transition&) {
        standing.count_down();
        go_on.wait();
    });
    std::jthread trips{[&] { b.ask(verdict::trip(1s)); }};
    standing.wait();
    EXPECT_FALSE(b.it.try_acquire());
    b.clock.advance(1s);
    go_on.count_down();
    trips.join();
    EXPECT_TRUE(b.it.try_acquire());
}

}  // namespace
}  // namespace switchgear::rules
