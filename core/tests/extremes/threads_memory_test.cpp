// Threads that come and go leave nothing behind in a breaker. This program's own operator new counts what
// is held.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "../rules/bench.hpp"

namespace {
std::atomic<std::int64_t> held{0};

void* counted(std::size_t size, std::size_t alignment) {
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* const p = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
    if (p == nullptr) throw std::bad_alloc{};
    held.fetch_add(1);
    return p;
}
void release(void* p) noexcept {
    if (p != nullptr) held.fetch_sub(1);
    std::free(p);
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) { return counted(size, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t size, std::align_val_t a) { return counted(size, static_cast<std::size_t>(a)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept try {
    return counted(size, alignof(std::max_align_t));
} catch (...) {
    return nullptr;
}
void* operator new[](std::size_t size, const std::nothrow_t& n) noexcept { return operator new(size, n); }
void* operator new[](std::size_t size, std::align_val_t a, const std::nothrow_t&) noexcept try {
    return counted(size, static_cast<std::size_t>(a));
} catch (...) {
    return nullptr;
}
void operator delete(void* p) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, std::size_t) noexcept { release(p); }
void operator delete[](void* p, std::size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { release(p); }

namespace switchgear::extremes {
namespace {

using namespace std::chrono_literals;

/// Two at a time, so that they meet in the tally.
void two_threads_come_and_go(breaker& b) {
    const auto work = [&b] {
        for (int i = 0; i < 200; ++i) {
            if (auto p = b.try_acquire()) (*p).settle(i % 50 == 0 ? verdict::failure() : verdict::success());
        }
    };
    std::jthread one{work}, other{work};
}

TEST(threads_that_come_and_go, leave_nothing_behind) {
    testing::manual_time clock;
    breaker b{"b", {.trip = {.consecutive_failures = {}, .failure_ratio = {}}}, clock};
    for (int i = 0; i < 20; ++i) two_threads_come_and_go(b);
    // Cells for threads that meet are made once, whenever that is: the breaker's and their table.
    const auto before = held.load();
    for (int i = 0; i < 500; ++i) two_threads_come_and_go(b);
    EXPECT_LE(held.load(), before + 2);
    const snapshot s = b.observe();
    EXPECT_EQ(s.totals.successes + s.totals.failures, 520U * 2 * 200);
    EXPECT_EQ(s.window.calls, 520U * 2 * 200);
}

}  // namespace
}  // namespace switchgear::extremes
