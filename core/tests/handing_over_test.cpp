// What one thread has made, another finds whole. The threads hand over by a relaxed flag alone: nothing but the
// memory orders of the code under test is between them. What these tests are for, the thread sanitizer sees.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <switchgear/breaker.hpp>
#include <switchgear/testing/manual_time.hpp>

#include "listeners.hpp"

namespace switchgear {
namespace {

using namespace std::chrono_literals;

/// One thread does the first, then another one, which was there before, the second.
void one_after_another(const std::function<void()>& first, const std::function<void()>& second) {
    std::atomic<bool> done{false};
    std::jthread other{[&] {
        while (!done.load(std::memory_order_relaxed)) std::this_thread::yield();
        second();
    }};
    first();
    done.store(true, std::memory_order_relaxed);
}

struct audience {
    std::shared_ptr<detail::listeners> hub = std::make_shared<detail::listeners>();
    int told = 0;  ///< plain: each test tells from one thread at a time

    subscription subscribe() {
        return hub->subscribe([this](const transition&) { ++told; });
    }
};

TEST(listeners, subscribe_after_one_on_another_thread) {
    audience a;
    std::array<subscription, 2> both;
    one_after_another([&] { both[0] = a.subscribe(); }, [&] { both[1] = a.subscribe(); });
    a.hub->tell({});
    EXPECT_EQ(a.told, 2);
}

TEST(listeners, subscribe_where_one_has_left_on_another_thread) {
    audience a;
    subscription last;
    one_after_another([&] { const subscription gone = a.subscribe(); }, [&] { last = a.subscribe(); });
    a.hub->tell({});
    EXPECT_EQ(a.told, 1);
}

TEST(listeners, are_told_by_another_thread_than_theirs) {
    audience a;
    subscription mine;
    one_after_another([&] { mine = a.subscribe(); }, [&] { a.hub->tell({}); });
    EXPECT_EQ(a.told, 1);
}

TEST(listeners, are_told_by_another_thread_in_the_place_of_one_that_left) {
    audience a;
    {
        const subscription gone = a.subscribe();
    }
    subscription mine;
    one_after_another([&] { mine = a.subscribe(); }, [&] { a.hub->tell({}); });
    EXPECT_EQ(a.told, 1);
}

TEST(listeners, leave_after_another_thread_has_told_them) {
    audience a;
    subscription mine = a.subscribe();
    one_after_another([&] { a.hub->tell({}); }, [&] { const subscription gone = std::move(mine); });
    a.hub->tell({});
    EXPECT_EQ(a.told, 1);
}

TEST(listeners, are_told_of_all_that_several_threads_tell) {
    constexpr int threads = 4, each = 5'000;
    auto hub = std::make_shared<detail::listeners>();
    std::atomic<int> told{0}, ready{0};
    const subscription mine = hub->subscribe([&](const transition&) { told.fetch_add(1, std::memory_order_relaxed); });
    {
        std::vector<std::jthread> all;
        for (int t = 0; t < threads; ++t) {
            all.emplace_back([&] {
                for (++ready; ready != threads;) std::this_thread::yield();
                for (int i = 0; i < each; ++i) hub->tell({});
            });
        }
    }
    EXPECT_EQ(told.load(), threads * each);
}

TEST(breaker_listeners, are_told_of_by_a_thread_that_never_met_theirs) {
    testing::manual_time clock;
    breaker it{"handed over", {}, clock};
    int told = 0;
    subscription mine;
    one_after_another([&] { mine = it.subscribe([&](const transition&) { ++told; }); },
                      [&] { it.trip({.reason = "r", .actor = "a", .until = {}}); });
    EXPECT_EQ(told, 1);
}

TEST(breaker_settings, are_replaced_after_another_thread_has_read_them) {
    testing::manual_time clock;
    breaker it{"handed over", {}, clock};
    settings next = it.current_settings(), last = next;
    next.recovery.probes = 2;
    last.recovery.probes = 3;
    std::string record;
    one_after_another([&] { record = it.save(); }, [&] { it.apply(next), it.apply(last); });
    EXPECT_EQ(it.current_settings().recovery.probes, 3U);
}

}  // namespace
}  // namespace switchgear
