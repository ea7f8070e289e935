#pragma once

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

// Real threads, for what holds in every schedule.

namespace switchgear::rules {

inline constexpr int threads = 8;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SWITCHGEAR_TESTS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SWITCHGEAR_TESTS_SANITIZED
#endif
#endif
#ifdef SWITCHGEAR_TESTS_SANITIZED
inline constexpr int rounds = 300;
#else
inline constexpr int rounds = 4'000;
#endif

/// Runs `work(number of the thread)` on all threads at once.
inline void all_at_once(const std::function<void(int)>& work) {
    std::barrier start{threads};
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            start.arrive_and_wait();
            work(i);
        });
    }
}

/// Threads that stay, and do `work(thread, round)` together, round after round, with `between(round)` in
/// between on one of them.
inline void in_rounds(const std::function<void(int, int)>& work, const std::function<void(int)>& between) {
    std::barrier together{threads};
    all_at_once([&](int thread) {
        for (int round = 0; round < rounds; ++round) {
            together.arrive_and_wait();
            work(thread, round);
            together.arrive_and_wait();
            if (thread == 0) between(round);
        }
    });
}

}  // namespace switchgear::rules
