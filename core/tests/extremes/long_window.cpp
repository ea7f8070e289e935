// 2^32 calls in one window, one after another: half a minute in a release build.
#include <chrono>
#include <cstdint>
#include <cstdio>

#include <switchgear/breaker.hpp>
#include <switchgear/testing/manual_time.hpp>

int main() {
    using namespace std::chrono_literals;
    using namespace switchgear;
    constexpr std::uint64_t many = std::uint64_t{1} << 32;
    bool good = true;
    const auto expect = [&](bool holds, const char* what) {
        if (!holds) std::printf("FAILED: %s\n", what);
        good = good && holds;
    };

    testing::manual_time clock;
    settings by{.trip = {.consecutive_failures = {},
                         .failure_ratio = 43.0 / static_cast<double>(many),
                         .window = last{1h},
                         .minimum_calls = 1'000'000'000},
                .recovery = {.jitter = 0}};
    breaker b{"long", by, clock};
    for (std::uint64_t i = 42; i < many; ++i) b.try_acquire().value().success();
    for (int i = 0; i < 42; ++i) b.try_acquire().value().failure();
    expect(b.observe().window.calls == many, "the window holds 2^32 calls");
    expect(b.observe().totals.successes == many - 42, "the totals hold 2^32 calls");
    b.try_acquire().value().failure();
    expect(b.observe().current == state::closed, "43 of 2^32 + 1 is below the threshold");
    b.try_acquire().value().failure();
    expect(b.observe().current == state::open, "44 of 2^32 + 2 is above it");
    std::printf("%s\n", good ? "passed" : "failed");
    return good ? 0 : 1;
}
