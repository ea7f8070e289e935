#include "scenario.hpp"

// What races with how a window is judged: evidence, successes that are counted and not judged yet, and orders.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;  ///< the pause is over

settings with(trip_rules trip, std::optional<ramp_rule> ramp = {}) {
    settings given;
    given.trip = std::move(trip);
    given.recovery = {.open_for = 5s, .backoff = 1, .jitter = 0, .probe_timeout = 30s, .ramp = ramp};
    return given;
}
settings by_ratio(double ratio, std::uint32_t minimum, window in) {
    return with({.consecutive_failures = {}, .failure_ratio = ratio, .window = in, .minimum_calls = minimum});
}
/// 4 calls at least: half of them slow, or nine tenths failed.
settings slow_or_failing() {
    return with({.consecutive_failures = {},
                 .failure_ratio = 0.9,
                 .slow = slow_rule{.after = 1s, .ratio = 0.5},
                 .window = last_calls{8},
                 .minimum_calls = 4});
}
settings on_a_ramp(trip_rules trip) { return with(std::move(trip), ramp_rule{.over = 10s, .from = 1.0}); }

void admit(stage& s, std::size_t calls) {
    for (std::size_t i = 0; i < calls; ++i) s.acquire(i, 0);
}
/// On the ramp, with three calls on it.
void ramp(stage& s) {
    s.trip(0), s.acquire(0, due), s.success(0, due);
    for (std::size_t i = 1; i < 4; ++i) s.acquire(i, due);
}

std::vector<scenario> evidence_and_successes() {
    return {
        {"failure_after_a_success_that_is_not_judged_yet", "one of the two is the fourth call, of which two are slow",
         slow_or_failing(),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.success(0, 2 * seconds), s.success(1, 2 * seconds);
             for (std::size_t i = 2; i < 5; ++i) s.acquire(i, 2 * seconds);
             s.success(2, 2 * seconds);
             p.thread([&s] { s.success(3, 2 * seconds); });
             p.thread([&s] { s.failure(4, 2 * seconds); });
         }},
        {"failure_without_weight_after_a_success_that_is_not_judged_yet", "it adds a call, and no failure",
         [] {
             settings given = by_ratio(0.5, 4, last_calls{8});
             given.trip.weights.timeout = 0;
             return given;
         }(),
         [](stage& s, play& p) {
             admit(s, 5);
             s.success(2, 0), s.failure(0, 0), s.failure(1, 0);
             p.thread([&s] { s.success(3, 1 * ms); });
             p.thread([&s] { s.settle(4, verdict::failure(failure_class::timeout), 1 * ms); });
         }},
        {"first_failure_as_successes_come",
         "they see no suspicion and look no further: the next failure is judged with them",
         by_ratio(0.6, 2, last_calls{8}),
         [](stage& s, play& p) {
             admit(s, 4);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms), s.success(2, 1 * ms), s.failure(3, 1 * ms); });
         }},
        {"first_failure_as_a_success_comes_before_one_that_trips",
         "the success after it sees the suspicion, and completes the minimum", by_ratio(0.3, 3, last_calls{8}),
         [](stage& s, play& p) {
             admit(s, 3);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms), s.success(2, 1 * ms); });
         }},
        {"second_failure_as_a_success_comes",
         "fewer successes reach the minimum than after the first, and the one that does so looks again",
         by_ratio(0.5, 4, last_calls{8}),
         [](stage& s, play& p) {
             admit(s, 4);
             s.failure(0, 1 * ms), s.success(1, 1 * ms);
             p.thread([&s] { s.failure(2, 1 * ms); });
             p.thread([&s] { s.success(3, 1 * ms); });
         }},
        {"successes_that_are_not_judged_yet_and_a_larger_window",
         "the failure that each of them needs is in it",
         by_ratio(0.5, 2, last_calls{2}),
         [larger = planned(by_ratio(0.5, 2, last_calls{3}))](stage& s, play& p) {
             admit(s, 3);
             s.failure(0, 1 * ms);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
             p.thread([&s, larger] { s.apply(larger, 1 * ms); });
         },
         {},
         true},
        {"success_as_a_shorter_window_with_a_smaller_minimum_comes",
         "where it looks again and where the window begins are of one suspicion", by_ratio(0.2, 5, last{10s}),
         [shorter = planned(by_ratio(0.2, 2, last{2s}))](stage& s, play& p) {
             admit(s, 5);
             for (std::size_t i = 0; i < 3; ++i) s.success(i, 0);
             s.failure(3, 5 * seconds);
             p.thread([&s] { s.success(4, 5 * seconds); });
             p.thread([&s, shorter] { s.apply(shorter, 5 * seconds); });
         }},
        {"success_between_failures_in_a_row", "it is in one place, in the run as in the window",
         [] {
             settings given =
                 with({.consecutive_failures = 2, .failure_ratio = 0.5, .window = last_calls{8}, .minimum_calls = 1});
             given.trip.weights.timeout = 0.5;
             return given;
         }(),
         [](stage& s, play& p) {
             admit(s, 4);
             s.success(0, 1 * ms);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] {
                 s.failure(2, 1 * ms);
                 s.settle(3, verdict::failure(failure_class::timeout), 1 * ms);
             });
         }},
        {"overdue_after_a_success_that_is_not_judged_yet", "a call that is found slow is one of its own",
         [] {
             settings given = by_ratio(0.5, 4, last_calls{8});
             given.trip.slow = slow_rule{.after = 1s, .ratio = 0.9};
             return given;
         }(),
         [](stage& s, play& p) {
             s.acquire(4, 0);
             for (std::size_t i = 0; i < 4; ++i) s.acquire(i, 2 * seconds);
             s.success(2, 2 * seconds), s.failure(0, 2 * seconds), s.failure(1, 2 * seconds);
             p.thread([&s] { s.success(3, 2 * seconds); });
             p.thread([&s] { s.overdue(4, 2 * seconds); });
         }},
        {"successes_that_are_not_judged_yet_as_the_edge_moves",
         "one leaves the window of time, and who is the fourth call then is judged",
         by_ratio(0.5, 4, last{1s}),
         [](stage& s, play& p) {
             admit(s, 6);
             s.success(0, 0), s.failure(1, 500 * ms), s.failure(2, 500 * ms);
             p.thread([&s] { s.success(3, 500 * ms); });
             p.thread([&s] { s.success(4, 500 * ms); });
             p.thread([&s] { s.success(5, 1000 * ms); });
         },
         {},
         true},
        {"snapshot_of_a_success_that_is_not_judged_yet",
         "who looks forgets nothing that the success needs",
         by_ratio(0.5, 2, last_calls{2}),
         [](stage& s, play& p) {
             admit(s, 3);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
             p.thread([&s] { s.glance_at(1 * ms); });
         },
         {},
         true},
    };
}

std::vector<scenario> orders_and_judging() {
    return {
        {"reload_adds_a_ratio_as_successes_come", "the failure after them is judged with them",
         with({.consecutive_failures = 100, .failure_ratio = {}, .window = last_calls{8}, .minimum_calls = 2}),
         [by = planned(
              with({.consecutive_failures = 100, .failure_ratio = 0.5, .window = last_calls{8}, .minimum_calls = 2}))](
             stage& s, play& p) {
             admit(s, 5);
             s.failure(0, 0), s.success(1, 0);
             p.thread([&s, by] { s.apply(by, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms), s.success(3, 1 * ms), s.failure(4, 1 * ms); });
         }},
        {"force_open_as_two_successes_trip",
         "what was found stays found, under the order",
         by_ratio(0.5, 2, last_calls{8}),
         [](stage& s, play& p) {
             admit(s, 3);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
             p.thread([&s] { s.force_open(1 * ms); });
         },
         {},
         true},
    };
}

/// Who closes has opened the next window, and stands still before the word swings.
std::vector<scenario> as_the_ramp_ends() {
    const trip_rules half_fail{
        .consecutive_failures = {}, .failure_ratio = 0.5, .window = last_calls{8}, .minimum_calls = 2};
    return {
        {"success_and_failure_as_the_ramp_ends", "the success counts where the failure does", on_a_ramp(half_fail),
         [](stage& s, play& p) {
             ramp(s);
             s.success(1, due);
             p.thread([&s] { s.success(2, 3 * due), s.failure(3, 3 * due); });
             p.thread([&s] { s.acquire(4, 3 * due); });
         }},
        {"success_and_failure_as_a_reset_ends_the_ramp", "the same under an order", on_a_ramp(half_fail),
         [](stage& s, play& p) {
             ramp(s);
             s.success(1, due);
             p.thread([&s] { s.success(2, due), s.failure(3, due); });
             p.thread([&s] { s.reset(due); });
         }},
        {"success_between_two_failures_as_the_ramp_ends", "it ends the run",
         on_a_ramp({.consecutive_failures = 2, .failure_ratio = {}, .window = last_calls{8}, .minimum_calls = 2}),
         [](stage& s, play& p) {
             ramp(s);
             s.failure(1, due);
             p.thread([&s] { s.success(2, 3 * due), s.failure(3, 3 * due); });
             p.thread([&s] { s.acquire(4, 3 * due); });
         }},
        {"slow_success_and_failure_as_the_ramp_ends", "so with one that is slow",
         on_a_ramp({.consecutive_failures = {},
                    .failure_ratio = 0.5,
                    .slow = slow_rule{.after = 6s, .ratio = 0.9},
                    .window = last_calls{8},
                    .minimum_calls = 2}),
         [](stage& s, play& p) {
             ramp(s);
             s.success(1, due);
             p.thread([&s] { s.success(2, 3 * due), s.failure(3, 3 * due); });
             p.thread([&s] { s.acquire(4, 3 * due); });
         }},
        {"failure_of_a_marked_probe_as_the_ramp_begins",
         "nobody scored the lease: the failure counts on the ramp",
         [] {
             settings given = on_a_ramp(
                 {.consecutive_failures = 1, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1});
             given.recovery.probes = 3;
             given.recovery.probe_timeout = 10s;
             return given;
         }(),
         [](stage& s, play& p) {
             s.trip(0), s.acquire(0, due), s.acquire(1, 2 * due);
             p.thread([&s] { s.failure(0, 3 * due); });
             p.thread([&s] { s.success(1, 3 * due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
         },
         {{"the probe has ended its lease in time and is about to re-open when a caller comes for the last place "
           "(rules 17 and 18)",
           {"2 counted in 2", "2 probe in 2"},
           {"consecutive_failures", "probe_failed"}},
          {"the same where the ramp begins before it does", {"2 counted in 2", "2 probe in 2"}}},
         true},
    };
}

}  // namespace

std::vector<scenario> judging() {
    std::vector<scenario> all = evidence_and_successes();
    for (auto more : {orders_and_judging(), as_the_ramp_ends()}) all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
