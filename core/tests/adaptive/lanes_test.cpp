// Good calls from threads that nothing but the lanes brings together. The thread sanitizer runs these tests too: what
// one thread made and another uses has to be handed over by good_calls itself.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include <switchgear/detail/atomics.hpp>

#include "adaptive/good_calls.hpp"

namespace switchgear::detail {
namespace {

/// Tells another thread that something has happened, and orders nothing.
class relaxed_flag {
public:
    void raise() noexcept { up_.store(true, std::memory_order_relaxed); }
    void wait() const noexcept {
        while (!up_.load(std::memory_order_relaxed)) std::this_thread::yield();
    }

private:
    std::atomic<bool> up_{false};
};

/// One thread empties the first lane, another one meets it there and makes the others, and only then the first one
/// looks at them, by `use`.
struct threads_that_meet {
    good_calls<std_atomics> calls;
    relaxed_flag emptying, made;
    std::vector<ticks> taken;

    void run(const std::function<void()>& use) {
        calls.keep(1, 10, 1);
        std::thread other{[this] {
            emptying.wait();
            calls.keep(1, 20, 1);
            made.raise();
        }};
        calls.take_own(1, [this](std::span<const adaptive::finished> some) {
            emptying.raise();
            made.wait();
            take(some);
        });
        use();
        other.join();
        take_all();
    }
    void take_all() {
        calls.take_all(1, [this](std::span<const adaptive::finished> some) { take(some); });
    }
    void take(std::span<const adaptive::finished> some) {
        for (const auto& one : some) taken.push_back(in_ticks(one.at));
    }
};

TEST(lanes_of_good_calls, are_there_for_who_takes_all_in) {
    threads_that_meet both;
    both.run([&] { both.take_all(); });
    EXPECT_EQ(both.taken, (std::vector<ticks>{10, 20}));
}

TEST(lanes_of_good_calls, are_there_for_who_takes_its_own_in) {
    threads_that_meet both;
    both.run([&] { both.calls.take_own(1, [&](std::span<const adaptive::finished> some) { both.take(some); }); });
    EXPECT_EQ(both.taken, (std::vector<ticks>{10, 20}));
}

TEST(lanes_of_good_calls, are_there_for_who_keeps_one_more) {
    threads_that_meet both;
    both.run([&] { both.calls.keep(1, 30, 1); });
    EXPECT_EQ(both.taken.size(), 3U);
}

TEST(lanes_of_good_calls, are_there_for_who_forgets) {
    threads_that_meet both;
    both.run([&] { both.calls.forget(); });
    EXPECT_EQ(both.taken, std::vector<ticks>{10});
}

}  // namespace
}  // namespace switchgear::detail
