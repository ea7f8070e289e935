#include "scenario.hpp"

// New settings while calls run.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;

settings with_run(std::uint32_t failures, std::uint32_t calls = 4) {
    settings given;
    given.trip = {
        .consecutive_failures = failures, .failure_ratio = {}, .window = last_calls{calls}, .minimum_calls = 1};
    given.recovery = {.open_for = 5s, .backoff = 1, .jitter = 0, .probe_timeout = 10s};
    return given;
}

settings with_probes(std::uint32_t probes) {
    settings given = with_run(1);
    given.recovery.probes = probes;
    given.recovery.successes_to_close = 10;
    return given;
}

}  // namespace

std::vector<scenario> reloads() {
    return {
        {"reload_and_calls", "another window while a success and a failure come", with_run(3),
         [by = planned(with_run(3, 2))](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s, by] { s.apply(by, 1 * ms); });
             p.thread([&s] { s.success(0, 1 * ms), s.failure(1, 1 * ms); });
         }},
        {"reload_lowers_the_threshold", "the verdict after the reload trips, not the reload", with_run(3),
         [by = planned(with_run(2))](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             s.failure(0, 0);
             p.thread([&s, by] { s.apply(by, 1 * ms); });
             p.thread([&s] { s.failure(1, 1 * ms); });
         }},
        {"reload_and_a_probe", "settings are read while they are replaced", with_run(1),
         [by = planned(with_run(2))](stage& s, play& p) {
             s.trip(0);
             p.thread([&s, by] { s.apply(by, due); });
             p.thread([&s] { s.acquire(0, due), s.success(0, due); });
         }},
        {"reload_of_probes_and_a_lease_that_is_over",
         "a younger lease beside it hides it from nobody",
         with_probes(2),
         [one = planned(with_probes(1)), two = planned(with_probes(2))](stage& s, play& p) {
             s.trip(0), s.acquire(0, due), s.acquire(1, due);
             s.success(0, due);  // the lease that is left stands in the second slot
             s.apply(one, due);
             p.thread([&s, two] { s.apply(two, due); });
             p.thread([&s] { s.acquire(2, due + 9 * seconds); });
             p.thread([&s] { s.acquire(3, due + 10 * seconds); });
         },
         {},
         true},
        {"two_reloads_and_a_reader", "the settings of the reload before last are replaced", with_run(1),
         [one = planned(with_run(2)), two = planned(with_run(3))](stage& s, play& p) {
             s.trip(0), s.acquire(0, due);
             p.thread([&s, one, two] { s.apply(one, due), s.apply(two, due); });
             p.thread([&s] { s.failure(0, due); });
         }},
        {"reload_adds_a_ramp_as_probing_ends",
         "who was closing goes on to close",
         with_run(1),
         [by = planned([] {
              settings ramps = with_run(1);
              ramps.recovery.ramp = ramp_rule{.over = 10s, .from = 1.0};
              return ramps;
          }())](stage& s, play& p) {
             s.acquire(0, 0), s.failure(0, 0), s.acquire(1, due);
             p.thread([&s] { s.success(1, due); });
             p.thread([&s, by] { s.apply(by, due), s.acquire(2, due), s.success(2, due); });
         },
         {{"others begin the ramp while the thread that closes stands still; it ends when that goes on, and what was "
           "counted on it belongs to a window that ended with it (rule 22)",
           {"2 counted in 3", "2 counted in 2"},
           {"window 1/0/0", "window 0/0/0"}}}},
        {"reload_and_trip", "the swing of the reload and the swing of the trip", with_run(1),
         [by = planned(with_run(1, 8))](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s, by] { s.apply(by, 1 * ms); });
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms); });
         }},
    };
}

}  // namespace switchgear::interleave
