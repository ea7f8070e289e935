// What counts when windows are moved, cleared and replaced while calls run; tables made smaller.
#include <string>

#include <switchgear/ticked_time.hpp>
#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings slow_calls(window w) {
    settings s{.trip = no_rules()};
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1};
    s.trip.minimum_calls = 1'000;
    s.trip.window = w;
    return s;
}

// ---- rules 8 and 10

TEST(rule_10_overdue, is_dated_when_it_was_found_so_though_nothing_else_came) {
    auto b = bench_of(slow_calls(last{10s}));
    auto p = b.acquire();
    b.advance(5s);
    p.overdue();
    b.advance(8s);  // younger than 0.9 × 10 s counts
    EXPECT_EQ(b.now().window.slow, 1U);
    EXPECT_EQ(b.now().window.calls, 1U);
}

TEST(rule_10_overdue, that_fails_when_it_has_left_the_window_is_a_call_again) {
    auto b = bench_of(slow_calls(last{10s}));
    auto p = b.acquire();
    b.advance(1s);
    p.overdue();
    // A bucket is 624.375 ms long: this one is sixteen after that of the first second.
    b.advance(9'700ms);
    p.failure();
    EXPECT_EQ(b.now().window.calls, 1U);
    EXPECT_EQ(b.now().window.failures, 1U);
    EXPECT_EQ(b.now().window.slow, 0U);
}

TEST(rule_10_overdue, that_fails_after_a_reset_is_a_call_again) {
    for (const window& w : {window{last{1h}}, window{last_calls{1'000}}}) {
        auto b = bench_of(slow_calls(w));
        auto p = b.acquire();
        b.advance(2s);
        p.overdue();
        b.it.reset(by("alice"));
        p.failure();
        EXPECT_EQ(b.now().window.calls, 1U);
        EXPECT_EQ(b.now().window.failures, 1U);
    }
}

// ---- rule 35

TEST(rule_35_apply, of_a_larger_window_does_not_bring_back_what_the_smaller_one_let_go_of) {
    settings s{.trip = no_rules()};
    s.trip.window = last_calls{4};
    auto b = bench_of(s);
    b.fail();
    b.succeed(4);
    s.trip.window = last_calls{10};
    b.it.apply(s);
    EXPECT_EQ(b.now().window.calls, 4U);
    EXPECT_EQ(b.now().window.failures, 0U);
}

// ---- rule 19

TEST(rule_19_answered, of_a_call_that_is_not_timed_reads_no_clock) {
    struct counting final : time_source {
        testing::manual_time exact;
        mutable int readings = 0;
        time_point now() const noexcept override { return ++readings, exact.now(); }
        time_point coarse() const noexcept override { return exact.now(); }
    } clock;
    breaker it{"untimed", {.trip = no_rules()}, clock};
    auto p = it.try_acquire();
    clock.readings = 0;
    (*p).answered();
    EXPECT_EQ(clock.readings, 0);
    (*p).success();
}

// ---- rule 32

TEST(rule_32_ticked_time, begins_at_the_present_and_follows_each_tick_but_never_back) {
    testing::manual_time exact;
    struct behind final : time_source {
        const testing::manual_time& of;
        duration by{};
        explicit behind(const testing::manual_time& time) : of{time} {}
        time_point now() const noexcept override { return of.now() - by; }
        time_point coarse() const noexcept override { return now(); }
    } clock{exact};
    ticked_time ticked{clock};
    const auto begin = exact.now();
    EXPECT_EQ(ticked.coarse(), begin);
    exact.advance(5ms);
    EXPECT_EQ(ticked.coarse(), begin);
    ticked.tick();
    EXPECT_EQ(ticked.coarse(), begin + 5ms);
    clock.by = 3ms;
    ticked.tick();
    EXPECT_EQ(ticked.coarse(), begin + 5ms);
}

// ---- rules 37 and 38

TEST(rule_38_pattern, without_a_wildcard_is_for_its_own_key_alone) {
    testing::manual_time clock;
    settings other;
    other.trip.consecutive_failures = 7;
    registry all{{.rules = {{"ab", other}}}, clock};
    EXPECT_EQ(all.get("ab")->current_settings(), other);
    EXPECT_EQ(all.get("abab")->current_settings(), settings{});
}

TEST(rule_38_apply, of_a_smaller_size_leaves_what_may_not_go) {
    testing::manual_time clock;
    registry all{{}, clock};
    for (const std::string key : {"a", "b", "c"}) all.get(key)->trip(by("alice"));
    all.apply({.max_entries = 1});
    EXPECT_EQ(all.size(), 3U);
}

}  // namespace
}  // namespace switchgear::rules
