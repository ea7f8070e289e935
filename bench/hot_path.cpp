// What a protected call costs beside the call itself: admitted and refused, alone and with every core on the
// same breaker. Build the preset `release`, then run build/release/bench/bench_hot_path.
#include <chrono>
#include <optional>

#include <benchmark/benchmark.h>

#include <switchgear/switchgear.hpp>

using namespace std::chrono_literals;

namespace {

switchgear::settings tripped_by_failures_in_a_row() { return {.trip = {.failure_ratio = std::nullopt}}; }

switchgear::settings with_time_window() { return {}; }

switchgear::settings with_call_window() { return {.trip = {.window = switchgear::last_calls{100}}}; }

switchgear::settings with_slow_rule() { return {.trip = {.slow = switchgear::slow_rule{.after = 1s}}}; }

// One breaker for all threads of a run; made anew for each run, before its threads meet in the loop.
std::optional<switchgear::breaker> shared;

void make_breaker(const switchgear::settings& settings) { shared.emplace("bench", settings); }

template <switchgear::settings (*Settings)()>
void admitted(benchmark::State& state) {
    for (auto _ : state) {
        if (auto permit = shared->try_acquire()) permit->success();
    }
    state.SetItemsProcessed(state.iterations());
}

template <switchgear::settings (*Settings)()>
void set_up(const benchmark::State&) {
    make_breaker(Settings());
}

void refused(benchmark::State& state) {
    for (auto _ : state) {
        auto permit = shared->try_acquire();
        benchmark::DoNotOptimize(permit);
    }
    state.SetItemsProcessed(state.iterations());
}

void set_up_forced_open(const benchmark::State&) {
    make_breaker({});
    shared->force_open({.reason = "benchmark", .actor = "bench"});
}

void set_up_open(const benchmark::State&) {
    make_breaker({.recovery = {.open_for = 1h, .max_open_for = 1h}});
    shared->trip({.reason = "benchmark", .actor = "bench"});
}

void tear_down(const benchmark::State&) { shared.reset(); }

#define SWITCHGEAR_BENCH_ADMITTED(settings) \
    BENCHMARK(admitted<settings>)->Setup(set_up<settings>)->Teardown(tear_down)->ThreadRange(1, 2)->UseRealTime()

SWITCHGEAR_BENCH_ADMITTED(tripped_by_failures_in_a_row);
SWITCHGEAR_BENCH_ADMITTED(with_time_window);
SWITCHGEAR_BENCH_ADMITTED(with_call_window);
SWITCHGEAR_BENCH_ADMITTED(with_slow_rule);
BENCHMARK(refused)->Name("refused/open")->Setup(set_up_open)->Teardown(tear_down)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(refused)
    ->Name("refused/forced_open")
    ->Setup(set_up_forced_open)
    ->Teardown(tear_down)
    ->ThreadRange(1, 2)
    ->UseRealTime();

}  // namespace
