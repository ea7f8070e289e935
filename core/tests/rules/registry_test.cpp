// Rules 37 and 38: one breaker for each key. Racing threads: concurrency_test.cpp.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

struct many {
    testing::manual_time clock;
    registry all;

    explicit many(registry_settings s = {}) : all{std::move(s), clock} {}

    std::vector<std::string> visited() const {
        std::vector<std::string> names;
        all.for_each([&](breaker& b) { names.emplace_back(b.name()); });
        std::sort(names.begin(), names.end());
        return names;
    }
    std::uint32_t run_limit(std::string_view key) {
        return all.get(key)->current_settings().trip.consecutive_failures.value_or(0);
    }
};

settings limited(std::uint32_t failures) { return {.trip = {.consecutive_failures = failures}}; }

std::string key(int i) { return "key-" + std::to_string(i); }

// ---- rule 37

TEST(rule_37_registry, has_one_breaker_for_each_key) {
    many m;
    const auto first = m.all.get("a");
    EXPECT_EQ(m.all.get("a"), first);
    EXPECT_NE(m.all.get("b"), first);
    EXPECT_EQ(m.all.find("a"), first);
    EXPECT_EQ(m.all.find("c"), nullptr);
    EXPECT_EQ(first->name(), "a");
    EXPECT_EQ(m.all.size(), 2U);
    EXPECT_EQ(m.visited(), (std::vector<std::string>{"a", "b"}));
}

TEST(rule_37_registry, takes_any_text_as_a_key) {
    many m;
    for (const std::string& odd : {std::string{}, std::string{"*"}, std::string{"a\0b", 3}, std::string(10'000, 'x')}) {
        EXPECT_EQ(m.all.get(odd)->name(), odd);
        EXPECT_EQ(m.all.find(odd), m.all.get(odd));
    }
    EXPECT_EQ(m.all.size(), 4U);
}

TEST(rule_37_registry, keys_fail_independently) {
    many m;
    m.all.get("a")->trip(by("alice"));
    EXPECT_FALSE(m.all.get("a")->try_acquire());
    EXPECT_TRUE(m.all.get("b")->try_acquire());
}

TEST(rule_37_memory, is_bounded_by_max_entries) {
    many m{{.max_entries = 100}};
    for (int i = 0; i < 20'000; ++i) {
        const auto b = m.all.get(key(i));
        ASSERT_TRUE(b->try_acquire());
        ASSERT_LE(m.all.size(), 100U);
    }
    EXPECT_EQ(m.all.overflowed(), 0U);
    EXPECT_GE(m.all.size(), 50U);
    EXPECT_LE(m.visited().size(), 100U);
}

TEST(rule_37_memory, of_a_single_entry_works_too) {
    many m{{.max_entries = 1}};
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(m.all.get(key(i))->name(), key(i));
        EXPECT_EQ(m.all.size(), 1U);
    }
}

TEST(rule_37_eviction, never_takes_what_is_open_half_open_overridden_or_held) {
    many m{{.max_entries = 10}};
    m.all.get("open")->trip(by("alice"), 24h);
    m.all.get("half-open")->trip(by("alice"), 1ms);
    m.all.get("forced-open")->force_open(by("alice"));
    m.all.get("forced-closed")->force_closed(by("alice"));
    const auto held = m.all.get("held");
    m.clock.advance(1ms);
    (*m.all.get("half-open")->try_acquire()).ignore();

    for (int i = 0; i < 5'000; ++i) (void)m.all.get(key(i));

    ASSERT_NE(m.all.find("open"), nullptr);
    EXPECT_EQ(m.all.find("open")->observe().current, state::open);
    ASSERT_NE(m.all.find("half-open"), nullptr);
    EXPECT_EQ(m.all.find("half-open")->observe().current, state::half_open);
    ASSERT_NE(m.all.find("forced-open"), nullptr);
    EXPECT_EQ(m.all.find("forced-open")->observe().override, override_mode::forced_open);
    ASSERT_NE(m.all.find("forced-closed"), nullptr);
    EXPECT_EQ(m.all.find("forced-closed")->observe().override, override_mode::forced_closed);
    EXPECT_EQ(m.all.find("held"), held);
    EXPECT_LE(m.all.size(), 10U);
    EXPECT_EQ(m.all.overflowed(), 0U);
}

TEST(rule_37_eviction, takes_what_became_idle_and_closed_again) {
    many m{{.max_entries = 2}};
    m.all.get("a")->trip(by("alice"));
    auto b = m.all.get("b");
    EXPECT_EQ(m.all.get("c")->name(), "(overflow)");
    m.all.get("a")->reset(by("alice"));
    EXPECT_EQ(m.all.get("c")->name(), "c");
    EXPECT_EQ(m.all.find("a"), nullptr);
    EXPECT_EQ(m.all.find("b"), b);
}

TEST(rule_37_eviction, spares_a_key_that_was_just_made) {
    many m{{.max_entries = 64}};
    int gone = 0;
    for (int i = 0; i < 2'000; ++i) {
        (void)m.all.get(key(i));
        if (i > 0) gone += m.all.find(key(i - 1)) == nullptr ? 1 : 0;
    }
    EXPECT_LE(gone, 2);  // only where all others are as new
}

TEST(rule_37_eviction, takes_the_first_it_meets_where_all_were_used_and_let_go) {
    many m{{.max_entries = 10'000}};
    for (int i = 0; i < 10'000; ++i) (void)m.all.get(key(i));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(m.all.get("late-" + key(i))->name(), "late-" + key(i));
    EXPECT_EQ(m.all.overflowed(), 0U);
    EXPECT_EQ(m.all.size(), 10'000U);
}

TEST(rule_37_eviction, comes_down_at_once_to_a_limit_that_was_lowered) {
    many m{{.max_entries = 10'000}};
    for (int i = 0; i < 10'000; ++i) (void)m.all.get(key(i));
    const auto held = m.all.get(key(5'000));
    m.all.apply({.max_entries = 10});
    EXPECT_EQ(m.all.size(), 10U);
    EXPECT_EQ(m.all.find(key(5'000)), held);
}

TEST(rule_37_eviction, comes_down_to_a_lowered_limit_once_what_was_held_is_let_go) {
    many m{{.max_entries = 100}};
    std::vector<std::shared_ptr<breaker>> held;
    for (int i = 0; i < 100; ++i) held.push_back(m.all.get(key(i)));
    m.all.apply({.max_entries = 10});
    EXPECT_EQ(m.all.size(), 100U);
    held.clear();
    EXPECT_EQ(m.all.get("new")->name(), "new");
    EXPECT_EQ(m.all.size(), 10U);
}

TEST(rule_37_eviction, finds_what_may_go_in_a_table_that_was_made_for_many_more) {
    for (const bool were_held : {false, true}) {
        many m{{.max_entries = 20'000}};
        std::vector<std::shared_ptr<breaker>> held;
        for (int i = 0; i < 20'000; ++i) {
            auto one = m.all.get(key(i));
            if (were_held) held.push_back(std::move(one));
        }
        m.all.apply({.max_entries = 10});
        held.clear();
        for (int i = 0; i < 100; ++i) (void)m.all.get("late-" + key(i));
        const auto before = m.all.overflowed();
        for (int i = 100; i < 1'000; ++i) (void)m.all.get("late-" + key(i));
        EXPECT_EQ(m.all.overflowed(), before) << were_held;
        EXPECT_LE(m.all.size(), 10U) << were_held;
    }
}

TEST(rule_37_overflow, serves_new_keys_when_nothing_can_go_and_is_counted) {
    many m{{.defaults = limited(7), .rules = {{"x-*", limited(9)}}, .max_entries = 3}};
    std::vector<std::shared_ptr<breaker>> held;
    for (int i = 0; i < 3; ++i) held.push_back(m.all.get(key(i)));

    const auto one = m.all.get("x-1");
    const auto two = m.all.get("x-2");
    EXPECT_EQ(one, two);
    EXPECT_EQ(one->name(), "(overflow)");
    EXPECT_EQ(one->current_settings().trip.consecutive_failures, 7U);
    EXPECT_EQ(m.all.overflowed(), 2U);
    EXPECT_EQ(m.all.size(), 3U);
    EXPECT_EQ(m.all.find("x-1"), nullptr);
    EXPECT_EQ(m.all.find("(overflow)"), nullptr);
    EXPECT_EQ(m.visited(), (std::vector<std::string>{"(overflow)", "key-0", "key-1", "key-2"}));
    EXPECT_EQ(m.all.get(key(1)), held[1]);
    EXPECT_EQ(m.all.overflowed(), 2U);
}

TEST(rule_37_overflow, is_a_breaker_like_any_other) {
    many m{{.max_entries = 1}};
    testing::event_log log{m.all};
    const auto held = m.all.get("a");
    const auto shared = m.all.get("b");
    shared->trip(by("alice"));
    EXPECT_FALSE(m.all.get("c")->try_acquire());
    ASSERT_EQ(log.size(), 1U);
    EXPECT_EQ(log.last().name, "(overflow)");
}

TEST(rule_37_overflow, is_left_when_there_is_room_again) {
    many m{{.max_entries = 1}};
    auto held = m.all.get("a");
    EXPECT_EQ(m.all.get("b")->name(), "(overflow)");
    held.reset();
    EXPECT_EQ(m.all.get("b")->name(), "b");
}

// ---- rule 38

TEST(rule_38_settings, come_by_exact_key_then_by_pattern_then_default) {
    many m{{.defaults = limited(1), .rules = {{"shard-*", limited(2)}, {"shard-7", limited(3)}, {"*", limited(4)}}}};
    EXPECT_EQ(m.run_limit("shard-7"), 3U);
    EXPECT_EQ(m.run_limit("shard-8"), 2U);
    EXPECT_EQ(m.run_limit("other"), 4U);

    many n{{.defaults = limited(1), .rules = {{"shard-*", limited(2)}}}};
    EXPECT_EQ(n.run_limit("shard"), 1U);
    EXPECT_EQ(n.run_limit("shard-"), 2U);
}

TEST(rule_38_settings, of_patterns_the_first_listed_wins) {
    many m{{.defaults = limited(1), .rules = {{"*-eu", limited(2)}, {"pay-*", limited(3)}}}};
    EXPECT_EQ(m.run_limit("pay-eu"), 2U);
    EXPECT_EQ(m.run_limit("pay-us"), 3U);
}

TEST(rule_38_pattern, has_its_wildcard_anywhere) {
    many m{{.defaults = limited(1), .rules = {{"ab*ba", limited(2)}, {"*.eu", limited(3)}}}};
    EXPECT_EQ(m.run_limit("abba"), 2U);
    EXPECT_EQ(m.run_limit("ab-x-ba"), 2U);
    EXPECT_EQ(m.run_limit("aba"), 1U);  // the two ends may not overlap
    EXPECT_EQ(m.run_limit("ab"), 1U);
    EXPECT_EQ(m.run_limit(".eu"), 3U);
    EXPECT_EQ(m.run_limit("x.eu"), 3U);
    EXPECT_EQ(m.run_limit("x.eu.com"), 1U);
}

TEST(rule_38_apply, reaches_the_breakers_that_exist) {
    many m{{.defaults = limited(1), .rules = {{"a*", limited(2)}}}};
    const auto a = m.all.get("a1");
    const auto b = m.all.get("b1");
    b->trip(by("alice"));
    m.all.apply({.defaults = limited(5), .rules = {{"a1", limited(6)}}});
    EXPECT_EQ(a->current_settings().trip.consecutive_failures, 6U);
    EXPECT_EQ(b->current_settings().trip.consecutive_failures, 5U);
    EXPECT_EQ(b->observe().current, state::open);
    EXPECT_EQ(m.run_limit("c1"), 5U);
}

TEST(rule_38_apply, reaches_the_overflow_breaker) {
    many m{{.defaults = limited(1), .max_entries = 1}};
    const auto held = m.all.get("a");
    const auto shared = m.all.get("b");
    m.all.apply({.defaults = limited(5), .max_entries = 1});
    EXPECT_EQ(shared->current_settings().trip.consecutive_failures, 5U);
}

TEST(rule_38_apply, of_invalid_settings_changes_nothing) {
    many m{{.defaults = limited(4)}};
    const auto a = m.all.get("a");
    registry_settings bad{.defaults = limited(5)};
    bad.rules.push_back({"x", limited(0)});
    EXPECT_THROW(m.all.apply(bad), invalid_settings);
    EXPECT_EQ(a->current_settings().trip.consecutive_failures, 4U);
    EXPECT_EQ(m.run_limit("b"), 4U);
}

TEST(rule_38_removing, takes_the_breaker_out_of_every_view) {
    many m;
    (void)m.all.get("a");
    (void)m.all.get("b");
    EXPECT_TRUE(m.all.remove("a"));
    EXPECT_FALSE(m.all.remove("a"));
    EXPECT_FALSE(m.all.remove("never"));
    EXPECT_EQ(m.all.size(), 1U);
    EXPECT_EQ(m.all.find("a"), nullptr);
    EXPECT_EQ(m.visited(), std::vector<std::string>{"b"});
}

TEST(rule_38_views, may_use_the_registry_while_they_are_told) {
    many m;
    for (int i = 0; i < 20; ++i) (void)m.all.get(key(i));
    int visited = 0;
    m.all.for_each([&](breaker& b) {
        ++visited;
        const std::string own{b.name()};
        (void)m.all.get(own);
        (void)m.all.get("new-" + own);
        m.all.remove(own);
        b.trip(by("visitor"));
    });
    EXPECT_GE(visited, 20);
}

TEST(rule_38_views, keep_no_key_from_being_evicted_while_others_are_visited) {
    many m{{.max_entries = 3}};
    for (int i = 0; i < 3; ++i) (void)m.all.get(key(i));
    int fresh = 0;
    m.all.for_each([&](breaker&) { EXPECT_NE(m.all.get("fresh-" + std::to_string(fresh++))->name(), "(overflow)"); });
    EXPECT_EQ(m.all.overflowed(), 0U);
    EXPECT_GE(fresh, 1);
}

TEST(rule_38_subscription, is_to_all_present_and_future) {
    many m;
    const auto before = m.all.get("before");
    std::vector<std::string> told;
    {
        const subscription s = m.all.subscribe([&](const transition& t) { told.emplace_back(t.name); });
        const auto after = m.all.get("after");
        before->trip(by("alice"));
        after->trip(by("alice"));
        EXPECT_EQ(told, (std::vector<std::string>{"before", "after"}));
    }
    before->reset(by("alice"));
    EXPECT_EQ(told.size(), 2U);
}

}  // namespace
}  // namespace switchgear::rules
