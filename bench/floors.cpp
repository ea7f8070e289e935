// What the machine itself asks for the things a breaker is made of; the ratios of bench/run are to these.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <mutex>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <benchmark/benchmark.h>

#include "clocks.hpp"
#include "rows.hpp"

namespace switchgear::bench {

namespace {

struct alignas(128) line {  // two of the usual cache lines: neighbours are fetched in pairs
    std::atomic<std::uint64_t> value{0};
};

line shared;
std::array<line, 2> own;
std::mutex lock;

inline void nothing() { benchmark::ClobberMemory(); }  // or the loop would be gone too

[[gnu::noinline]] void nothing_elsewhere() { benchmark::ClobberMemory(); }

// relaxed throughout: what is measured is the instruction, no other memory depends on these words …
void add(std::atomic<std::uint64_t>& to) { to.fetch_add(1, std::memory_order_relaxed); }

void exchange(std::atomic<std::uint64_t>& in) {
    std::uint64_t seen = in.load(std::memory_order_relaxed);
    while (!in.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) {
    }
}

void empty_call(benchmark::State& state) {
    for (auto _ : state) nothing();
}

void call_elsewhere(benchmark::State& state) {
    for (auto _ : state) nothing_elsewhere();
}

void acquire_load(benchmark::State& state) {
    // … but this one, which pairs with nothing either: it is here for what an acquire costs.
    for (auto _ : state) benchmark::DoNotOptimize(shared.value.load(std::memory_order_acquire));
}

void add_to_own_line(benchmark::State& state) {
    auto& mine = own[static_cast<std::size_t>(state.thread_index())].value;
    for (auto _ : state) add(mine);
}

void add_to_shared_line(benchmark::State& state) {
    for (auto _ : state) add(shared.value);
}

void compare_and_swap(benchmark::State& state) {
    for (auto _ : state) exchange(shared.value);
}

void lock_and_unlock(benchmark::State& state) {
    for (auto _ : state) {
        const std::lock_guard held(lock);
        benchmark::ClobberMemory();
    }
}

void read_steady_clock(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}

void read_coarse_clock(benchmark::State& state) {
    for (auto _ : state) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
        benchmark::DoNotOptimize(now);
    }
}

/// The exact form of the clock of a thread, as a breaker reads it.
void read_clock_told(benchmark::State& state) {
    const time_source* time = &clocks()[1].time;
    benchmark::DoNotOptimize(time);
    for (auto _ : state) benchmark::DoNotOptimize(time->now());
}

void read_clock_in_memory(benchmark::State& state) {
    const time_source* time = &clocks()[2].time;
    benchmark::DoNotOptimize(time);  // or the virtual call would be resolved by the compiler
    for (auto _ : state) benchmark::DoNotOptimize(time->coarse());
}

#if defined(__x86_64__)
void read_tsc(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(__rdtsc());
}
#endif

void add_row(const char* name, void (*measure)(benchmark::State&), int threads = 1) {
    benchmark::RegisterBenchmark(name, measure)->Threads(threads)->UseRealTime();
}

}  // namespace

void register_floors() {
    add_row("floor/empty_call/1", empty_call);
    add_row("floor/call_not_inlined/1", call_elsewhere);
    add_row("floor/acquire_load/1", acquire_load);
    add_row("floor/acquire_load/2on1", acquire_load, 2);
    add_row("floor/atomic_add/1", add_to_own_line);
    add_row("floor/atomic_add/2on2", add_to_own_line, 2);
    add_row("floor/atomic_add/2on1", add_to_shared_line, 2);
    add_row("floor/compare_and_swap/1", compare_and_swap);
    add_row("floor/compare_and_swap/2on1", compare_and_swap, 2);
    add_row("floor/mutex/1", lock_and_unlock);
    add_row("floor/mutex/2on1", lock_and_unlock, 2);
    add_row("floor/clock_steady/1", read_steady_clock);
    add_row("floor/clock_told/1", read_clock_told);
    add_row("floor/clock_coarse/1", read_coarse_clock);
    add_row("floor/clock_in_memory/1", read_clock_in_memory);
#if defined(__x86_64__)
    add_row("floor/clock_tsc/1", read_tsc);
#endif
}

}  // namespace switchgear::bench
