#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <latch>
#include <map>
#include <thread>
#include <vector>

#include "options.hpp"
#include "quiet.hpp"
#include "user.hpp"

namespace switchgear::stress {

using namespace std::chrono_literals;

namespace {

constexpr unsigned threads = 8;

/// All threads at work for so long; they end, so that each round has new ones.
void work_together(place& shared, std::chrono::milliseconds how_long, unsigned seed) {
    std::atomic<bool> over{false};
    std::latch start{threads + 1};
    std::vector<std::jthread> all;
    for (unsigned i = 0; i < threads; ++i) {
        all.emplace_back([&, i] {
            user one{shared, seed * threads + i};
            start.arrive_and_wait();
            while (!over.load(std::memory_order_relaxed)) {
                one.do_something();
                if (i == 0) one.let_time_pass();
            }
        });
    }
    start.arrive_and_wait();
    std::this_thread::sleep_for(how_long);
    over = true;
}

settings exact(settings under, const watched& of) {
    under.recovery.jitter = 0;
    under.mode = mode::enforce;
    if (!of.free.many_probes) under.recovery.probes = freedoms::fixed_probes;
    return under;
}

void print_what_happened(const place& shared) {
    std::map<cause, std::uint64_t> causes;
    std::array<std::uint64_t, 4> refused{};
    std::uint64_t calls = 0, epochs = 0;
    for (const auto& one : shared.them) {
        one->heard.add_to(causes);
        calls += one->admitted();
        epochs += one->heard.epochs();
        for (std::size_t i = 0; i < refused.size(); ++i) refused[i] += one->refused(i);
    }
    std::printf("%llu calls, %llu changes of state\n", static_cast<unsigned long long>(calls),
                static_cast<unsigned long long>(epochs));
    for (const auto& [why, n] : causes) {
        std::printf("  %-22s %llu\n", to_string(why).data(), static_cast<unsigned long long>(n));
    }
    for (std::size_t i = 0; i < refused.size(); ++i) {
        std::printf("  refused, %-13s %llu\n", to_string(static_cast<reject_reason>(i)).data(),
                    static_cast<unsigned long long>(refused[i]));
        EXPECT_GT(refused[i], 0U) << "the mix never came to it";
    }
    std::printf("  evicted                %llu\n", static_cast<unsigned long long>(shared.evicted.load()));
    EXPECT_GT(shared.evicted, 0U) << "no key was ever evicted";
    for (unsigned i = 0; i <= static_cast<unsigned>(cause::restored); ++i) {
        EXPECT_TRUE(causes.contains(static_cast<cause>(i))) << to_string(static_cast<cause>(i)) << " never happened";
    }
}

TEST(everything_at_once, keeps_exact_books_and_tells_every_change_once) {
    place shared;
    std::mt19937 random{given.seed};
    const auto until = std::chrono::steady_clock::now() + given.how_long;
    for (unsigned round = 0; round == 0 || std::chrono::steady_clock::now() < until; ++round) {
        SCOPED_TRACE("round " + std::to_string(round) + ", --seed " + std::to_string(given.seed));
        work_together(shared, std::min(given.how_long, 1'000ms), given.seed + round);
        expect_exact_books(shared);
        for (const auto& one : shared.them) {
            expect_as_good_as_new(shared, *one, exact(any_settings(random, one->free), *one));
        }
        expect_exact_books(shared);
        if (HasFailure()) return;
    }

    for (running& left : shared.take_all()) {
        if (left.by != nullptr) left.by->settles(left.call.epoch(), verdict::success());
        left.call.success();
    }
    expect_exact_books(shared);
    const order tester{.reason = "end", .actor = "tester"};
    shared.all.for_each([&](breaker& one) {
        one.lift_override(tester);
        one.reset(tester);
    });
    shared.all.apply({.max_entries = 3});
    EXPECT_LE(shared.all.size(), 3U) << "what is idle and closed can go";
    print_what_happened(shared);
}

}  // namespace
}  // namespace switchgear::stress
