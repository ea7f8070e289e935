// Makes COUNT calls of one kind: `bench_instructions ROW COUNT`; without arguments it lists the rows. The script
// bench/instructions runs it under callgrind with two counts; the difference is what the calls cost, exactly.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/switchgear.hpp>

#include "subjects.hpp"

namespace switchgear::bench {

namespace {

using namespace std::chrono_literals;

/// Stands still, so that a run counts the same instructions as the one before it. Rows called `…/system` have
/// the system's clock instead, whose reading is a call into the kernel under callgrind.
class still_clock final : public time_source {
public:
    time_point now() const noexcept override { return time_point{24h}; }
};

const time_source& still() {
    static const still_clock time;
    return time;
}

const order by_bench{.reason = "benchmark", .actor = "bench", .until = {}};

settings of(std::string_view name) {
    for (const subject& one : subjects()) {
        if (one.name == name) return one.settings;
    }
    std::fprintf(stderr, "bench_instructions: no settings are called '%.*s'\n", static_cast<int>(name.size()),
                 name.data());
    std::exit(2);
}

recovery_rules lasting(std::optional<ramp_rule> ramp = {}) {
    return {.open_for = 1h, .max_open_for = 1h, .jitter_seed = 1, .probe_timeout = 24h, .ramp = ramp};
}

void expect(bool held, const char* what) {
    if (held) return;
    std::fprintf(stderr, "bench_instructions: %s\n", what);
    std::exit(1);
}

void successes(breaker& subject, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        if (auto permit = subject.try_acquire()) permit->success();
    }
    expect(subject.observe().totals.successes == count, "a call was refused or not counted");
}

void healthy(std::string_view name, const time_source& time, std::uint64_t count) {
    breaker subject{"bench", of(name), time};
    successes(subject, count);
}

/// A success and a failure in turn; counts as one, so the figure is that of the pair.
void pairs(std::string_view name, std::uint64_t count) {
    breaker subject{"bench", tolerant(of(name)), still()};
    for (std::uint64_t i = 0; i < count; ++i) {
        if (auto permit = subject.try_acquire()) permit->success();
        if (auto permit = subject.try_acquire()) permit->failure();
    }
    expect(subject.observe().totals.failures == count, "a failure was refused or not counted");
}

void refusals(breaker& subject, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        if (subject.try_acquire()) expect(false, "a call was admitted that should have been refused");
    }
    expect(subject.observe().totals.rejected == count, "a refusal was not counted");
}

void open(std::uint64_t count) {
    breaker subject{"bench", {.recovery = lasting()}, still()};
    subject.trip(by_bench);
    refusals(subject, count);
}

void forced_open(std::uint64_t count) {
    breaker subject{"bench", {.recovery = lasting()}, still()};
    subject.force_open(by_bench);
    refusals(subject, count);
}

void half_open(std::uint64_t count) {
    breaker subject{"bench", {.recovery = lasting()}, still()};
    subject.trip(by_bench);
    subject.end_pause();
    const auto probe = subject.try_acquire();
    expect(probe.has_value(), "the first probe was refused");
    refusals(subject, count);
}

/// Half of the calls admitted.
void ramp(std::uint64_t count) {
    breaker subject{"bench", {.recovery = lasting(ramp_rule{.over = 24h, .from = 0.5})}, still()};
    subject.trip(by_bench);
    subject.end_pause();
    if (auto probe = subject.try_acquire()) probe->success();
    for (std::uint64_t i = 0; i < count; ++i) {
        if (auto permit = subject.try_acquire()) permit->success();
    }
    const auto rejected = subject.observe().totals.rejected;
    expect(rejected >= count / 2 - 1 && rejected <= count / 2 + 1, "the ramp did not admit half");
}

void get(std::uint64_t count) {
    registry keyed{{}, still()};
    for (int i = 0; i < 1'000; ++i) (void)keyed.get("customer-" + std::to_string(100'000 + i));
    const std::string key = "customer-100500";
    for (std::uint64_t i = 0; i < count; ++i) (void)keyed.get(key);
}

void held_handle(std::uint64_t count) {
    registry keyed{{}, still()};
    const auto handle = keyed.get("customer");
    successes(*handle, count);
}

using row = void (*)(std::uint64_t);

const std::map<std::string_view, row>& rows() {
    static const std::map<std::string_view, row> all{
        {"admitted/in_a_row", [](std::uint64_t count) { healthy("in_a_row", still(), count); }},
        {"admitted/last_100", [](std::uint64_t count) { healthy("last_100", still(), count); }},
        {"admitted/last_10s", [](std::uint64_t count) { healthy("last_10s", still(), count); }},
        {"admitted/last_10s/system", [](std::uint64_t count) { healthy("last_10s", time_source::steady(), count); }},
        {"admitted/slow_1s", [](std::uint64_t count) { healthy("slow_1s", still(), count); }},
        {"admitted/adaptive", [](std::uint64_t count) { healthy("adaptive", still(), count); }},
        {"admitted/slow_5ms", [](std::uint64_t count) { healthy("slow_5ms", still(), count); }},
        {"admitted/defaults", [](std::uint64_t count) { healthy("defaults", still(), count); }},
        {"admitted/defaults/system", [](std::uint64_t count) { healthy("defaults", time_source::steady(), count); }},
        {"admitted/held_handle", held_handle},
        {"success_and_failure/in_a_row", [](std::uint64_t count) { pairs("in_a_row", count); }},
        {"success_and_failure/last_100", [](std::uint64_t count) { pairs("last_100", count); }},
        {"success_and_failure/last_10s", [](std::uint64_t count) { pairs("last_10s", count); }},
        {"success_and_failure/slow_1s", [](std::uint64_t count) { pairs("slow_1s", count); }},
        {"success_and_failure/defaults", [](std::uint64_t count) { pairs("defaults", count); }},
        {"refused/open", open},
        {"refused/forced_open", forced_open},
        {"refused/half_open", half_open},
        {"ramp/half_admitted", ramp},
        {"registry/get", get},
    };
    return all;
}

}  // namespace

}  // namespace switchgear::bench

int main(int argc, char** argv) {
    const auto& rows = switchgear::bench::rows();
    if (argc == 1) {
        for (const auto& [name, unused] : rows) std::printf("%.*s\n", static_cast<int>(name.size()), name.data());
        return 0;
    }
    const auto row = rows.find(argv[1]);
    if (argc != 3 || row == rows.end()) {
        std::fprintf(stderr, "usage: bench_instructions [ROW COUNT]\n");
        return 2;
    }
    row->second(std::strtoull(argv[2], nullptr, 10));
}
