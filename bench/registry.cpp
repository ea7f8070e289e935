// What it costs to find a breaker by its key among a million, and to make a call through it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <switchgear/switchgear.hpp>

#include "calls.hpp"
#include "rows.hpp"
#include "subjects.hpp"

namespace switchgear::bench {

namespace {

constexpr std::size_t million = 1'000'000;

/// A registry of a million keys with the default settings, and two of thresholds that failures do not reach.
class crowd {
public:
    crowd() : keyed_({.defaults = {}, .rules = {{"failing-*", tolerant({})}}, .max_entries = million + 2}) {
        std::vector<std::uint32_t> numbers(million);
        std::iota(numbers.begin(), numbers.end(), 0U);
        std::shuffle(numbers.begin(), numbers.end(), std::mt19937{1});
        names_.resize(million);
        for (std::size_t i = 0; i < million; ++i) {
            std::snprintf(names_[i].data(), names_[i].size(), "customer-%06u", numbers[i]);
            (void)keyed_.get(name(i));
        }
        for (const std::string_view key : failing) (void)keyed_.get(key);
        std::shuffle(names_.begin(), names_.end(), std::mt19937{2});  // not in the order in which they were made
    }

    /// The texts lie in the order of i, so that walking over them is not what is measured.
    std::string_view name(std::size_t i) const { return {names_[i].data(), length}; }
    registry& keyed() { return keyed_; }

    static constexpr std::array<std::string_view, 2> failing{"failing-000001", "failing-000002"};

private:
    static constexpr std::size_t length = 15;  // "customer-123456"
    std::vector<std::array<char, length + 1>> names_;
    registry keyed_;
};

/// Made by the first row that asks: a run of other rows does not pay for it.
crowd& everybody() {
    static crowd all;
    return all;
}

/// get() alone, of the first Keys keys in turn.
template <std::size_t Keys>
void get(benchmark::State& state) {
    crowd& all = everybody();
    if constexpr (Keys <= 1'000) {  // other rows ran since the last time: bring these few back into the caches
        for (std::size_t i = 0; i < Keys; ++i) benchmark::DoNotOptimize(all.keyed().get(all.name(i)));
    }
    std::size_t next = static_cast<std::size_t>(state.thread_index()) * (Keys / 2);
    for (auto _ : state) {
        benchmark::DoNotOptimize(all.keyed().get(all.name(next)));
        if (++next == Keys) next = 0;
    }
}

/// get() of one key and a call; threads share the key or have one each.
template <std::uint32_t FailEvery, std::size_t Keys>
void get_and_call(benchmark::State& state) {
    crowd& all = everybody();
    const std::size_t mine = static_cast<std::size_t>(state.thread_index()) % Keys;
    const std::string_view key = FailEvery == 0 ? all.name(mine) : crowd::failing[mine];
    calls<FailEvery>(state, [&] { return all.keyed().get(key); });
}

void add_row(const char* name, void (*measure)(benchmark::State&), int threads) {
    benchmark::RegisterBenchmark(name, measure)->Threads(threads)->UseRealTime();
}

template <std::uint32_t FailEvery>
void add_calls(const std::string& failures) {
    const std::string prefix = "admitted/get_and_call/system/" + failures;
    add_row((prefix + "/1").c_str(), get_and_call<FailEvery, 1>, 1);
    add_row((prefix + "/2on1").c_str(), get_and_call<FailEvery, 1>, 2);
    add_row((prefix + "/2on2").c_str(), get_and_call<FailEvery, 2>, 2);
}

}  // namespace

void register_registry() {
    add_row("registry/get/one_key/1", get<1>, 1);
    add_row("registry/get/one_key/2on1", get<1>, 2);
    add_row("registry/get/thousand_keys/1", get<1'000>, 1);
    add_row("registry/get/million_keys/1", get<million>, 1);
    add_calls<0>("healthy");
    add_calls<100>("1pct");
    add_calls<5>("20pct");
}

}  // namespace switchgear::bench
