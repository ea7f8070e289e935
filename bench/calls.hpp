#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <benchmark/benchmark.h>

#include <switchgear/switchgear.hpp>

namespace switchgear::bench {

/// How many threads, on how many breakers.
struct load {
    std::string_view name;
    int threads;
    std::size_t breakers;
};
inline constexpr std::array<load, 3> loads{{{"1", 1, 1}, {"2on1", 2, 1}, {"2on2", 2, 2}}};

/// Calls that do nothing, each on the breaker that `find` returns (a handle or a pointer). One in FailEvery
/// fails, evenly spread; 0: none does.
template <std::uint32_t FailEvery, class Find>
void calls(benchmark::State& state, const Find& find) {
    [[maybe_unused]] std::uint32_t until_failure = FailEvery;
    for (auto _ : state) {
        const auto subject = find();
        auto permit = subject->try_acquire();
        if (!permit) [[unlikely]] {
            state.SkipWithError("refused: this row is about a closed breaker");
            break;
        }
        if constexpr (FailEvery > 0) {
            if (--until_failure == 0) {
                until_failure = FailEvery;
                permit->failure();
                continue;
            }
        }
        permit->success();
    }
}

}  // namespace switchgear::bench
