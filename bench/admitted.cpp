// What a call costs that is let through: try_acquire and its verdict, around a call that does nothing.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <switchgear/switchgear.hpp>

#include "calls.hpp"
#include "clocks.hpp"
#include "rows.hpp"
#include "subjects.hpp"

namespace switchgear::bench {

namespace {

using breakers = std::vector<std::shared_ptr<breaker>>;

template <std::uint32_t FailEvery>
void add_row(const std::string& name, const load& how, breakers on) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [on = std::move(on)](benchmark::State& state) {
                                     const auto mine = static_cast<std::size_t>(state.thread_index()) % on.size();
                                     calls<FailEvery>(state, [it = on[mine].get()] { return it; });
                                 })
        ->Threads(how.threads)
        ->UseRealTime();
}

/// Makes `count` breakers with these settings and this clock.
using maker = breakers (*)(std::size_t count, const settings&, const time_source&);

breakers made_directly(std::size_t count, const settings& from, const time_source& time) {
    breakers made;
    for (std::size_t i = 0; i < count; ++i) made.push_back(std::make_shared<breaker>("bench", from, time));
    return made;
}

breakers handles_of_a_registry(std::size_t count, const settings& from, const time_source& time) {
    registry keyed{{.defaults = from}, time};  // handles outlive it
    breakers held;
    for (std::size_t i = 0; i < count; ++i) held.push_back(keyed.get("key-" + std::to_string(i)));
    return held;
}

void add_rows(std::string_view subject_name, const settings& healthy, const named_clock& clock, maker make) {
    const std::string prefix = "admitted/" + std::string(subject_name) + "/" + std::string(clock.name) + "/";
    const settings failing = tolerant(healthy);
    for (const load& how : loads) {
        const std::string suffix = "/" + std::string(how.name);
        add_row<0>(prefix + "healthy" + suffix, how, make(how.breakers, healthy, clock.time));
        add_row<100>(prefix + "1pct" + suffix, how, make(how.breakers, failing, clock.time));
        add_row<5>(prefix + "20pct" + suffix, how, make(how.breakers, failing, clock.time));
    }
}

}  // namespace

void register_admitted() {
    const auto& [system, ticking, callers] = clocks();
    for (const subject& one : subjects()) {
        add_rows(one.name, one.settings, system, made_directly);
        add_rows(one.name, one.settings, ticking, made_directly);
        add_row<0>("admitted/" + std::string(one.name) + "/callers/healthy/1", loads[0],
                   made_directly(1, one.settings, callers.time));
    }
    add_rows("held_handle", {}, system, handles_of_a_registry);
    add_rows("held_handle", {}, ticking, handles_of_a_registry);
}

}  // namespace switchgear::bench
