#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <switchgear/detail/atomics.hpp>
#include "atoms.hpp"

// What the explorer finds and what it lets pass, on programs of a few lines of which that is known.

namespace switchgear::interleave {
namespace {

template <class State>
report run(const limits& within, const std::function<void(std::shared_ptr<State>, play&)>& act) {
    explorer all{within};
    return all.explore([&](play& into) { act(std::make_shared<State>(), into); });
}

constexpr limits weak{.memory = memory::weak, .stale_reads = 2};

struct two_words {
    atom<int> x{0}, y{0};
    int r0 = -1, r1 = -1;
};

/// What the two threads of each read, as "r0 r1", over all schedules.
std::set<std::string> seen(const limits& within, std::memory_order store, std::memory_order load, bool crossed) {
    std::set<std::string> results;
    const auto found = run<two_words>(within, [&](const auto& s, play& p) {
        if (crossed) {  // store buffering
            p.thread([=] { s->x.store(1, store), s->r0 = s->y.load(load); });
            p.thread([=] { s->y.store(1, store), s->r1 = s->x.load(load); });
        } else {  // message passing
            p.thread([=] { s->x.store(1, std::memory_order_relaxed), s->y.store(1, store); });
            p.thread([=] { s->r0 = s->y.load(load), s->r1 = s->x.load(std::memory_order_relaxed); });
        }
        p.afterwards([=, &results] { results.insert(std::to_string(s->r0) + ' ' + std::to_string(s->r1)); });
    });
    EXPECT_TRUE(found.complete);
    return results;
}

TEST(memory_orders, stores_may_wait_in_a_buffer_unless_all_is_seq_cst) {
    EXPECT_EQ(seen(weak, std::memory_order_release, std::memory_order_acquire, true),
              (std::set<std::string>{"0 0", "0 1", "1 0", "1 1"}));
    EXPECT_EQ(seen(weak, std::memory_order_seq_cst, std::memory_order_seq_cst, true),
              (std::set<std::string>{"0 1", "1 0", "1 1"}));
    EXPECT_EQ(seen({}, std::memory_order_relaxed, std::memory_order_relaxed, true),
              (std::set<std::string>{"0 1", "1 0", "1 1"}));
}

TEST(memory_orders, a_message_needs_release_and_acquire) {
    const std::set<std::string> whole{"0 0", "0 1", "1 1"};
    std::set<std::string> torn = whole;
    torn.insert("1 0");
    EXPECT_EQ(seen(weak, std::memory_order_release, std::memory_order_acquire, false), whole);
    EXPECT_EQ(seen(weak, std::memory_order_relaxed, std::memory_order_acquire, false), torn);
    EXPECT_EQ(seen(weak, std::memory_order_release, std::memory_order_relaxed, false), torn);
}

TEST(memory_orders, one_location_never_goes_back_for_one_reader) {
    const auto found = run<two_words>(weak, [](const auto& s, play& p) {
        p.thread([=] { s->x.store(1, std::memory_order_relaxed), s->x.store(2, std::memory_order_relaxed); });
        p.thread([=] {
            s->r0 = s->x.load(std::memory_order_relaxed);
            s->r1 = s->x.load(std::memory_order_relaxed);
            if (s->r1 < s->r0) explorer::current().fail("went back");
        });
    });
    EXPECT_EQ(found.failure, "");
    EXPECT_TRUE(found.complete);
}

TEST(memory_orders, a_modification_in_between_continues_a_release) {
    const auto found = run<two_words>(weak, [](const auto& s, play& p) {
        p.thread([=] { s->x.store(1, std::memory_order_relaxed), s->y.store(1, std::memory_order_release); });
        p.thread([=] { s->y.fetch_add(1, std::memory_order_relaxed); });
        p.thread([=] {
            if (s->y.load(std::memory_order_acquire) == 2 && s->x.load(std::memory_order_relaxed) == 0) {
                explorer::current().fail("the message was lost");
            }
        });
    });
    // Two is only ever the released one and the one added to it.
    EXPECT_EQ(found.failure, "");
    EXPECT_TRUE(found.complete);
}

struct guarded {
    detail::brief_lock<explored_atomics> lock;
    plain<int> inside{0};
};

TEST(locks, the_lock_of_the_core_keeps_others_out) {
    for (const limits& within : {limits{}, weak}) {
        const auto found = run<guarded>(within, [](const auto& s, play& p) {
            for (int i = 0; i < 3; ++i) {
                p.thread([=] {
                    const std::lock_guard held{s->lock};
                    s->inside.write(s->inside.read() + 1);
                });
            }
            p.afterwards([=] {
                if (s->inside.read() != 3) explorer::current().fail("an addition was lost");
            });
        });
        EXPECT_EQ(found.failure, "");
        EXPECT_TRUE(found.complete);
    }
}

struct hasty_lock {
    atom<bool> held{false};
    plain<int> inside{0};
};

TEST(planted_faults, a_lock_that_looks_and_then_takes_is_found) {
    const auto found = run<hasty_lock>({}, [](const auto& s, play& p) {
        for (int i = 0; i < 2; ++i) {
            p.thread([=] {
                while (s->held.load()) explored_atomics::wait_a_moment();
                s->held.store(true);
                s->inside.write(s->inside.read() + 1);
                s->held.store(false);
            });
        }
    });
    EXPECT_NE(found.failure.find("data race"), std::string::npos) << found.failure;
    EXPECT_NE(found.schedule, "");
}

TEST(planted_faults, a_lock_released_without_release_is_found) {
    const auto found = run<hasty_lock>({}, [](const auto& s, play& p) {
        for (int i = 0; i < 2; ++i) {
            p.thread([=] {
                while (s->held.exchange(true, std::memory_order_acquire)) {
                    while (s->held.load(std::memory_order_relaxed)) explored_atomics::wait_a_moment();
                }
                s->inside.write(s->inside.read() + 1);
                s->held.store(false, std::memory_order_relaxed);
            });
        }
    });
    EXPECT_NE(found.failure.find("data race"), std::string::npos) << found.failure;
}

struct shown {
    std::unique_ptr<atom<int>> made;
    atom<atom<int>*> where{nullptr};
    static report show(std::memory_order with, std::memory_order seen) {
        return run<shown>(weak, [=](const auto& s, play& p) {
            p.thread([=] {
                s->made = std::make_unique<atom<int>>(1);
                s->where.store(s->made.get(), with);
            });
            p.thread([=] {
                if (auto* there = s->where.load(seen)) there->load();
            });
        });
    }
};

TEST(planted_faults, an_atom_that_is_shown_before_it_is_there_is_found) {
    constexpr auto release = std::memory_order_release, acquire = std::memory_order_acquire;
    constexpr auto relaxed = std::memory_order_relaxed;
    EXPECT_EQ(shown::show(release, acquire).failure, "");
    EXPECT_NE(shown::show(relaxed, acquire).failure, "");
    EXPECT_NE(shown::show(release, relaxed).failure, "");
}

TEST(planted_faults, an_addition_in_two_steps_is_found) {
    const auto found = run<two_words>({}, [](const auto& s, play& p) {
        for (int i = 0; i < 2; ++i) p.thread([=] { s->x.store(s->x.load() + 1); });
        p.afterwards([=] {
            if (s->x.load() != 2) explorer::current().fail("an addition was lost");
        });
    });
    EXPECT_EQ(found.failure, "an addition was lost");
}

/// The epoch apart from the count, instead of in one word.
struct untagged_tally {
    atom<std::uint64_t> epoch{1}, count{0};
    bool add(std::uint64_t in) {
        if (epoch.load() != in) return false;
        count.fetch_add(1);
        return true;
    }
};

TEST(planted_faults, a_tally_without_a_tag_counts_in_a_window_it_never_saw) {
    const auto found = run<untagged_tally>({}, [](const auto& s, play& p) {
        const auto begun_at = std::make_shared<std::uint64_t>(0);
        p.thread([=] { s->add(1); });
        p.thread([=] { s->epoch.store(2), *begun_at = s->count.load(); });
        p.afterwards([=] {
            if (s->count.load() != *begun_at) explorer::current().fail("counted after the window had begun");
        });
    });
    EXPECT_EQ(found.failure, "counted after the window had begun");
}

TEST(progress, two_locks_taken_crosswise_are_a_deadlock) {
    struct two_locks {
        detail::brief_lock<explored_atomics> a, b;
    };
    const auto found = run<two_locks>({}, [](const auto& s, play& p) {
        p.thread([=] { s->a.lock(), s->b.lock(), s->b.unlock(), s->a.unlock(); });
        p.thread([=] { s->b.lock(), s->a.lock(), s->a.unlock(), s->b.unlock(); });
    });
    EXPECT_NE(found.failure.find("deadlock"), std::string::npos) << found.failure;
}

TEST(progress, a_loop_that_nobody_ends_is_a_livelock) {
    const auto found = run<two_words>({.steps = 500}, [](const auto& s, play& p) {
        p.thread([=] {
            while (s->x.load() == 0) {
            }
        });
        p.thread([=] { s->y.store(1); });
    });
    EXPECT_NE(found.failure.find("livelock"), std::string::npos) << found.failure;
}

struct made_by_one {
    atom<atom<int>*> where{nullptr};
    std::unique_ptr<atom<int>> made;
    int read = -1;
};

report hand_over_an_atom(std::memory_order store, std::memory_order load) {
    return run<made_by_one>(weak, [=](const auto& s, play& p) {
        p.thread([=] {
            s->made = std::make_unique<atom<int>>(7);
            s->where.store(s->made.get(), store);
        });
        p.thread([=] {
            if (auto* const there = s->where.load(load)) s->read = there->load(std::memory_order_relaxed);
        });
    });
}

TEST(atoms, that_another_thread_makes_are_used_after_it_has_published_them) {
    const auto good = hand_over_an_atom(std::memory_order_release, std::memory_order_acquire);
    EXPECT_EQ(good.failure, "");
    EXPECT_TRUE(good.complete);
    for (const auto& [store, load] : {std::pair{std::memory_order_relaxed, std::memory_order_acquire},
                                      {std::memory_order_release, std::memory_order_relaxed}}) {
        EXPECT_NE(hand_over_an_atom(store, load).failure.find("nothing orders the two"), std::string::npos);
    }
}

/// Three threads that read and write three atoms, so that what each reads depends on the order.
std::pair<std::set<std::string>, report> outcomes_of_a_mix(const limits& within) {
    struct mix {
        atom<int> a{0}, b{0}, c{0};
        std::string read[3];
    };
    std::set<std::string> all;
    const auto found = run<mix>(within, [&](const auto& s, play& p) {
        p.thread([=] { s->a.store(1), s->read[0] = std::to_string(s->b.fetch_add(1)) + std::to_string(s->c.load()); });
        p.thread([=] {
            int expected = 1;
            s->b.compare_exchange_strong(expected, 5);
            s->read[1] = std::to_string(expected) + std::to_string(s->a.load());
            s->c.store(2);
        });
        p.thread([=] { s->read[2] = std::to_string(s->c.load()) + std::to_string(s->a.exchange(3)); });
        p.afterwards([=, &all] {
            all.insert(s->read[0] + ' ' + s->read[1] + ' ' + s->read[2] + ' ' + std::to_string(s->a.load()) +
                       std::to_string(s->b.load()));
        });
    });
    return {all, found};
}

TEST(reduction, leaves_no_outcome_out) {
    const auto [every, slow] = outcomes_of_a_mix({.reduce = false});
    const auto [reduced, fast] = outcomes_of_a_mix({});
    EXPECT_TRUE(slow.complete && fast.complete);
    EXPECT_EQ(slow.executions, 560U);  // 8! / (3! 3! 2!)
    EXPECT_EQ(reduced, every);
    EXPECT_GT(every.size(), 10U);
    EXPECT_LT(fast.executions, slow.executions / 4);
    EXPECT_EQ(outcomes_of_a_mix({.switches = 8}).first, every);
}

}  // namespace
}  // namespace switchgear::interleave
