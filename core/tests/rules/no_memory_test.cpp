// What is ordered, reloaded or made while memory runs out, at each allocation of it in turn: it is done, or nothing is.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "counted_memory.hpp"

namespace switchgear::rules {
namespace {

TEST(rule_35_apply, that_finds_no_memory_leaves_all_as_it_was) {
    settings before{.trip = no_rules()};
    before.trip.failure_ratio = 0.5;
    before.trip.window = last_calls{100};
    before.trip.minimum_calls = 50;
    before.recovery.jitter = 0;
    settings after = before;
    after.trip.window = last_calls{10};
    after.trip.minimum_calls = 10;
    after.trip.adaptive = adaptive_rule{};
    after.recovery.jitter_seed = 7;
    bool applied = false;
    for (std::uint64_t memory = 0; !applied; ++memory) {
        auto b = bench_of(before);
        b.succeed(60);
        applied = with_memory_for(memory, [&] { b.it.apply(after); });
        EXPECT_EQ(b.it.current_settings() == before, !applied) << memory;
        EXPECT_EQ(b.now().window.calls, applied ? 10U : 60U) << memory;
        for (int i = 0; i < 60 && b.now().current == state::closed; ++i) b.fail();
        EXPECT_EQ(b.now().current, state::open) << memory;
    }
}

/// In words too long for a string to hold them without memory of its own.
order at_length() { return {.reason = std::string(100, 'r'), .actor = std::string(100, 'a')}; }

struct order_to_give {
    std::string name;
    std::function<void(breaker&)> before = [](breaker&) {};
    std::function<void(breaker&, order)> give;
};

std::vector<order_to_give> orders_to_give() {
    const auto tripped = [](breaker& b) { b.trip(by("bob")); };
    const auto forced_open = [](breaker& b) { b.force_open(by("bob")); };
    return {{.name = "reset", .give = [](breaker& b, order o) { b.reset(std::move(o)); }},
            {.name = "reset of open", .before = tripped, .give = [](breaker& b, order o) { b.reset(std::move(o)); }},
            {.name = "trip", .give = [](breaker& b, order o) { b.trip(std::move(o)); }},
            {.name = "force_open", .give = [](breaker& b, order o) { b.force_open(std::move(o)); }},
            {.name = "force_closed", .give = [](breaker& b, order o) { b.force_closed(std::move(o)); }},
            {.name = "force_closed of open",
             .before = tripped,
             .give = [](breaker& b, order o) { b.force_closed(std::move(o)); }},
            {.name = "force_closed for force_open",
             .before = forced_open,
             .give = [](breaker& b, order o) { b.force_closed(std::move(o)); }},
            {.name = "lift_override", .before = forced_open, .give = [](breaker& b, order o) {
                 b.lift_override(std::move(o));
             }}};
}

/// Returns: whether so much memory was enough.
bool gives(const order_to_give& one, breaker& to, std::uint64_t memory) {
    if (auto p = to.try_acquire()) p->success();
    one.before(to);
    int told = 0;
    bool in_full = true;
    const auto heard = to.subscribe([&, words = at_length()](const transition& what) {
        ++told;
        in_full = in_full && what.order == words;
    });
    const snapshot before = to.observe();
    order words = at_length();
    const bool given = with_memory_for(memory, [&] { one.give(to, std::move(words)); });
    const snapshot after = to.observe();
    const auto what = one.name + " with memory for " + std::to_string(memory);
    EXPECT_EQ(told, given ? 1 : 0) << what;
    EXPECT_TRUE(in_full) << what;
    const bool same = after.current == before.current && after.epoch == before.epoch &&
                      after.override == before.override && after.order_in_force == before.order_in_force &&
                      after.window.calls == before.window.calls;
    EXPECT_EQ(same, !given) << what;
    return given;
}

TEST(rule_24_orders, that_find_no_memory_change_nothing_and_others_are_told) {
    for (const auto& one : orders_to_give()) {
        bool given = false;
        for (std::uint64_t memory = 0; !given; ++memory) {
            testing::manual_time clock;
            breaker own{"own", {}, clock};
            given = gives(one, own, memory);
        }
    }
}

TEST(rule_24_orders, to_a_breaker_that_never_failed_may_find_no_memory_too) {
    for (const auto& one : orders_to_give()) {
        bool given = false;
        for (std::uint64_t memory = 0; !given; ++memory) {
            testing::manual_time clock;
            registry all{{}, clock};
            given = gives(one, *all.get("key"), memory);
        }
    }
}

TEST(rule_36_restore, that_finds_no_memory_changes_nothing) {
    auto saved = bench_of();
    saved.break_down();
    const std::string record = saved.it.save();
    bool restored = false;
    for (std::uint64_t memory = 0; !restored; ++memory) {
        testing::manual_time clock;
        registry all{{}, clock};
        const auto it = all.get("key");
        restored = with_memory_for(memory, [&] { EXPECT_TRUE(it->restore(record)); });
        EXPECT_EQ(it->observe().current, restored ? state::open : state::closed) << memory;
    }
}

TEST(rule_38_apply, that_finds_no_memory_leaves_all_as_it_was) {
    settings raised;
    raised.trip.failure_ratio = 0.9;
    bool applied = false;
    for (std::uint64_t memory = 0; !applied; ++memory) {
        testing::manual_time clock;
        registry all{{}, clock};
        const auto one = all.get("one"), two = all.get("two");
        for (int i = 0; i < 200; ++i) (void)all.get(std::to_string(i));
        const registry_settings next{.defaults = raised, .max_entries = 5};
        applied = with_memory_for(memory, [&] { all.apply(next); });
        EXPECT_EQ(one->current_settings() == raised, applied) << memory;
        EXPECT_EQ(two->current_settings() == raised, applied) << memory;
        EXPECT_EQ(all.size(), applied ? 5U : 202U) << memory;
        EXPECT_EQ(all.get("to come")->current_settings() == raised, applied) << memory;
    }
}

TEST(rule_38_apply, that_finds_no_memory_for_a_breaker_leaves_that_one_as_it_was_until_it_is_applied_again) {
    registry_settings next;
    next.defaults.trip.window = last{20s};
    bool applied = false;
    for (std::uint64_t memory = 0; !applied; ++memory) {
        testing::manual_time clock;
        registry all{{}, clock};
        const std::vector present{all.get("one"), all.get("two"), all.get("three")};
        applied = with_memory_for(memory, [&] { all.apply(next); });
        const bool begun = all.get("to come")->current_settings() == next.defaults;
        EXPECT_TRUE(begun || !applied) << memory;
        for (const auto& one : present) {
            const settings has = one->current_settings();
            EXPECT_TRUE(has == next.defaults ? begun : has == settings{} && !applied) << memory;
        }
        all.apply(next);
        for (const auto& one : present) EXPECT_EQ(one->current_settings(), next.defaults) << memory;
    }
}

TEST(rule_40_memory, of_a_breaker_that_found_too_little_is_given_back) {
    const settings all_there_is{
        .trip = {.adaptive = adaptive_rule{}},
        .recovery = {.probes = 9, .ramp = ramp_rule{.by = ramp_by::evidence}, .pacing = pacing::learned}};
    bool made = false;
    for (std::uint64_t memory = 0; !made; ++memory) {
        testing::manual_time clock;
        const std::uint64_t held = allocations - frees;
        made = with_memory_for(memory, [&] { const breaker one{"one", all_there_is, clock}; });
        EXPECT_EQ(allocations - frees, held) << memory;
    }
}

}  // namespace
}  // namespace switchgear::rules
