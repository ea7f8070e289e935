// What a refusal costs, and the ramp, on which some calls are refused and some let through.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include <switchgear/switchgear.hpp>

#include "clocks.hpp"
#include "rows.hpp"

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

/// At the beginning of a ramp of a day: the share hardly moves while it is measured.
template <int Percent>
staged ramping(const time_source& time) {
    const ramp_rule ramp{.over = 24h, .from = Percent / 100.0};
    auto made = std::make_shared<stage>(settings{.recovery = lasting(ramp)}, time);
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

void mixed(benchmark::State& state, breaker& subject) {
    std::uint64_t admitted = 0;
    for (auto _ : state) {
        auto answer = subject.try_acquire();
        if (answer) {
            ++admitted;
            answer->success();
        } else {
            benchmark::DoNotOptimize(answer.error());
        }
    }
    const bool long_enough = state.iterations() >= 1'000;  // the first, trying runs are of a few calls
    if (long_enough && admitted == 0) state.SkipWithError("nothing was admitted: this row is about the ramp");
}

void add_rows(const std::string& what, staged (*make)(const time_source&),
              void (*measure)(benchmark::State&, breaker&)) {
    for (const named_clock& clock : clocks()) {
        if (clock.name == "callers") continue;
        for (const int threads : {1, 2}) {
            const std::string name = what + "/" + std::string(clock.name) + (threads == 1 ? "/1" : "/2on1");
            benchmark::RegisterBenchmark(name.c_str(), [on = make(clock.time), measure](
                                                           benchmark::State& state) { measure(state, on->subject); })
                ->Threads(threads)
                ->UseRealTime();
        }
    }
}

}  // namespace

void register_refused() {
    add_rows("refused/open", open, refusals);
    add_rows("refused/forced_open", forced_open, refusals);
    add_rows("refused/half_open", half_open, refusals);
    add_rows("ramp/half_admitted", ramping<50>, mixed);
    add_rows("ramp/tenth_admitted", ramping<10>, mixed);
}

}  // namespace switchgear::bench
