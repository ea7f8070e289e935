// What a refusal costs, what a probe does, and the ramp, on which some calls are refused and some let through.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <switchgear/switchgear.hpp>

#include "calls.hpp"
#include "clocks.hpp"
#include "rows.hpp"
#include "subjects.hpp"

namespace switchgear::bench {

namespace {

using namespace std::chrono_literals;

const order by_bench{.reason = "benchmark", .actor = "bench", .until = {}};

/// Long enough that nothing ends while it is measured.
recovery_rules lasting(std::optional<ramp_rule> ramp = {}) {
    return {.open_for = 1h, .max_open_for = 1h, .probe_timeout = 24h, .ramp = ramp};
}

/// A breaker in the state that a row is about.
struct stage {
    explicit stage(const settings& from, const time_source& time) : subject("bench", from, time) {}

    breaker subject;
    std::optional<permit> probe{};  // the one that keeps the others out
};

using staged = std::shared_ptr<stage>;

staged open(const time_source& time) {
    auto made = std::make_shared<stage>(settings{.recovery = lasting()}, time);
    made->subject.trip(by_bench);
    return made;
}

staged forced_open(const time_source& time) {
    auto made = std::make_shared<stage>(settings{.recovery = lasting()}, time);
    made->subject.force_open(by_bench);
    return made;
}

permit first_probe(breaker& subject) {
    subject.trip(by_bench);
    subject.end_pause();
    auto admitted = subject.try_acquire();
    if (!admitted) {
        std::fputs("bench: an open breaker whose pause was ended refused its first probe\n", stderr);
        std::exit(1);
    }
    return std::move(*admitted);
}

staged half_open(const time_source& time) {
    auto made = std::make_shared<stage>(settings{.recovery = lasting()}, time);
    made->probe = first_probe(made->subject);
    return made;
}

/// Half-open, with a place for each of two threads.
staged probing(const time_source& time) {
    settings from{.recovery = lasting()};
    from.recovery.probes = 2;
    auto made = std::make_shared<stage>(from, time);
    first_probe(made->subject).ignore();
    return made;
}

/// At the beginning of a ramp of a day: the share hardly moves while it is measured.
template <int Percent>
staged ramping(const time_source& time) {
    const ramp_rule ramp{.over = 24h, .from = Percent / 100.0};
    auto made = std::make_shared<stage>(tolerant({.recovery = lasting(ramp)}), time);
    first_probe(made->subject).success();
    return made;
}

void refusals(benchmark::State& state, breaker& subject) {
    for (auto _ : state) {
        auto answer = subject.try_acquire();
        if (answer) [[unlikely]] {
            state.SkipWithError("admitted: this row is about refusals");
            break;
        }
        benchmark::DoNotOptimize(answer.error());
    }
}

/// Probes, each of which gives its place back.
void probes(benchmark::State& state, breaker& subject) {
    for (auto _ : state) {
        auto admitted = subject.try_acquire();
        if (!admitted) [[unlikely]] {
            state.SkipWithError("refused: this row is about probes that are let through");
            break;
        }
        admitted->ignore();
    }
}

/// Of what is admitted, one in FailEvery fails; 0: none does.
template <std::uint32_t FailEvery>
void mixed(benchmark::State& state, breaker& subject) {
    std::uint64_t admitted = 0;
    for (auto _ : state) {
        auto answer = subject.try_acquire();
        if (!answer) {
            benchmark::DoNotOptimize(answer.error());
            continue;
        }
        ++admitted;
        if constexpr (FailEvery > 0) {
            if (admitted % FailEvery == 0) {
                answer->failure();
                continue;
            }
        }
        answer->success();
    }
    const bool long_enough = state.iterations() >= 1'000;  // the first, trying runs are of a few calls
    if (long_enough && admitted == 0) state.SkipWithError("nothing was admitted: this row is about the ramp");
}

void add_rows(const std::string& what, staged (*make)(const time_source&),
              void (*measure)(benchmark::State&, breaker&)) {
    for (const named_clock& clock : clocks()) {
        if (clock.name == "callers") continue;
        for (const load& how : loads) {
            const std::string name = what + "/" + std::string(clock.name) + "/" + std::string(how.name);
            std::vector<staged> on;
            for (std::size_t i = 0; i < how.breakers; ++i) on.push_back(make(clock.time));
            benchmark::RegisterBenchmark(name.c_str(),
                                         [on = std::move(on), measure](benchmark::State& state) {
                                             const auto mine = static_cast<std::size_t>(state.thread_index());
                                             measure(state, on[mine % on.size()]->subject);
                                         })
                ->Threads(how.threads)
                ->UseRealTime();
        }
    }
}

}  // namespace

void register_refused() {
    add_rows("refused/open", open, refusals);
    add_rows("refused/forced_open", forced_open, refusals);
    add_rows("refused/half_open", half_open, refusals);
    add_rows("probe/ignored", probing, probes);
    add_rows("ramp/half_admitted", ramping<50>, mixed<0>);
    add_rows("ramp/half_admitted_1pct", ramping<50>, mixed<100>);
    add_rows("ramp/half_admitted_20pct", ramping<50>, mixed<5>);
    add_rows("ramp/tenth_admitted", ramping<10>, mixed<0>);
}

}  // namespace switchgear::bench
