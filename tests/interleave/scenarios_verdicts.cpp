#include "scenario.hpp"

// What races with a verdict between two of its steps: an order, a change of epoch, another verdict.

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
settings in_a_row(std::uint32_t failures) {
    return with({.consecutive_failures = failures, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1});
}
settings learning(settings given) {
    given.recovery.pacing = pacing::learned;
    return given;
}
/// Longer than a second is slow; four calls are never reached here.
settings slow(std::optional<ramp_rule> ramp = {}) {
    return with({.consecutive_failures = {},
                 .failure_ratio = 0.9,
                 .slow = slow_rule{.after = 1s, .ratio = 0.9},
                 .window = last_calls{4},
                 .minimum_calls = 4},
                ramp);
}

std::vector<scenario> over_an_epoch() {
    return {
        {"success_stalled_before_it_ends_a_run", "the run that it finds is of a later epoch, and goes on", in_a_row(3),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             s.failure(1, 0);
             p.thread([&s] { s.success(0, 1 * ms); });
             p.thread([&s] { s.trip(1 * ms), s.reset(1 * ms), s.acquire(2, 1 * ms), s.failure(2, 1 * ms); });
         }},
        {"answered_success_stalled_before_it_ends_a_run", "the same of a success that takes the long way", in_a_row(3),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.answered(0, 0);
             p.thread([&s] { s.success(0, 1 * ms); });
             p.thread([&s] { s.trip(1 * ms), s.reset(1 * ms), s.acquire(2, 1 * ms), s.failure(2, 1 * ms); });
         }},
        {"overdue_stalled_over_an_epoch", "a call that is found overdue is no slow one of a later epoch", slow(),
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.overdue(0, 2 * seconds); });
             p.thread([&s] { s.trip(2 * seconds), s.reset(2 * seconds); });
         }},
        {"slow_success_as_the_ramp_ends", "it counts on the ramp, or is late, and never both",
         slow(ramp_rule{.over = 10s, .from = 0.5}),
         [](stage& s, play& p) {
             s.trip(0), s.acquire(0, due), s.success(0, due);
             s.acquire(1, due), s.acquire(2, due), s.acquire(3, due);
             p.thread([&s] { s.success(1, 3 * due), s.success(2, 3 * due), s.success(3, 3 * due); });
             p.thread([&s] { s.acquire(4, 3 * due); });
         }},
    };
}

std::vector<scenario> and_an_order() {
    return {
        {"force_open_and_a_failure", "the failure trips what is underneath, before or after", in_a_row(1),
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.force_open(1 * ms); });
             p.thread([&s] { s.failure(0, 1 * ms); });
         }},
        {"restore_and_trip", "each of the two is told of", in_a_row(1),
         [](stage& s, play& p) {
             p.thread([&s] { s.restore({.current = state::open, .remaining = due, .pause = due, .attempt = 3}, 0); });
             p.thread([&s] { s.trip(0); });
         }},
        {"restore_closed_and_a_snapshot", "a record with lessons leaves the window, and a snapshot shows it (rule 31)",
         learning(in_a_row(5)),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.failure(0, 0);
             p.thread([&s] { s.restore({.learned = {.call_gap = 0.5F}}, 1 * ms); });
             p.thread([&s] { s.observe(1 * ms); });
         }},
        {"restore_closed_and_trip", "an open breaker is closed by a record, or opened anew", in_a_row(1),
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.restore({}, 0); });
             p.thread([&s] { s.trip(0, 9 * seconds); });
         }},
    };
}

/// A verdict dated just before an override's time, and a caller just after it.
std::vector<scenario> as_an_override_ends() {
    constexpr ticks until = 1 * seconds;
    return {
        {"success_as_forced_open_ends", "it counts in the closed breaker underneath, or is late", in_a_row(2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.force_open(0, until);
             p.thread([&s] { s.success(0, until - 1 * ms); });
             p.thread([&s] { s.acquire(1, until), s.success(1, until); });
         }},
        {"failure_as_forced_open_ends", "it trips what is underneath, or is late", in_a_row(1),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.force_open(0, until);
             p.thread([&s] { s.failure(0, until - 1 * ms); });
             p.thread([&s] { s.acquire(1, until); });
         }},
        {"failure_ends_forced_open", "a verdict and a caller find it over: one of them ends it", in_a_row(1),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.force_open(0, until);
             p.thread([&s] { s.failure(0, until); });
             p.thread([&s] { s.acquire(1, until), s.success(1, until); });
         }},
        {"success_as_forced_closed_ends", "it counts in the window that ends, or is the first one of the next",
         in_a_row(2),
         [](stage& s, play& p) {
             s.force_closed(0, until), s.acquire(0, 0), s.acquire(1, 0);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, until - 1 * ms); });
             p.thread([&s] { s.acquire(2, until), s.failure(2, until); });
         }},
        {"failure_as_forced_closed_ends",
         "it would have opened, or it does",
         in_a_row(1),
         [](stage& s, play& p) {
             s.force_closed(0, until), s.acquire(0, 0);
             p.thread([&s] { s.failure(0, until - 1 * ms); });
             p.thread([&s] { s.acquire(1, until), s.success(1, until); });
         },
         {{"a failure that was filed when the override's end emptied the window (rule 24), and not judged yet, counts "
           "once, "
           "in the window that ended (rule 1), and is no reason to open",
           {"told 0: closed -> closed epoch 0 consecutive_failures calls 1 failures 1 pause 0 attempt 0 kept closed\n",
            ""}}}},
        {"failure_ends_forced_closed", "a verdict and a caller find it over: the window that begins is one",
         in_a_row(1),
         [](stage& s, play& p) {
             s.force_closed(0, until), s.acquire(0, 0);
             p.thread([&s] { s.failure(0, until); });
             p.thread([&s] { s.acquire(1, until), s.success(1, until); });
         }},
    };
}

std::vector<scenario> and_another() {
    return {
        {"answered_success_reaches_the_minimum",
         "a success on the long way brings the window to minimum_calls (rule 4)",
         with({.consecutive_failures = {}, .failure_ratio = 0.5, .window = last_calls{4}, .minimum_calls = 2}),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.answered(1, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms); });
         }},
        {"two_probes_overdue", "one of them re-opens", slow(),
         [](stage& s, play& p) {
             s.trip(0), s.acquire(0, due);
             p.thread([&s] { s.overdue(0, due + 2 * seconds); });
             p.thread([&s] { s.success(0, due + 2 * seconds), s.acquire(1, due + 2 * seconds); });
         }},
    };
}

}  // namespace

std::vector<scenario> stalled_verdicts() {
    auto all = over_an_epoch();
    for (auto more : {and_an_order(), as_an_override_ends(), and_another()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
