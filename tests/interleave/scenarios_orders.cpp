#include "scenario.hpp"

// Operators, health checks and observers, racing calls and each other.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;

settings plain_settings() {
    settings given;
    given.trip = {.consecutive_failures = 2, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1};
    given.recovery = {.open_for = 5s, .backoff = 1, .jitter = 0, .probe_timeout = 10s};
    return given;
}

settings timed_window() {
    settings given = plain_settings();
    given.trip.window = last{10s};
    return given;
}

constexpr std::string_view filed_and_swept =
    "a failure that was filed when the order emptied the window (rule 24), and not judged yet, counts once, in the "
    "window that ended (rule 1), and trips nothing";

void probe(stage& s) { s.trip(0), s.acquire(0, due); }

std::vector<scenario> resets_and_trips() {
    const auto given = plain_settings();
    return {
        {"reset_and_a_success", "an empty window in the same epoch, while a success and a failure come", given,
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             s.failure(0, 0);
             p.thread([&s] { s.reset(1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms); });
         }},
        {"reset_and_a_failure",
         "the failure trips before, or is the first one after",
         given,
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             s.failure(0, 0);
             p.thread([&s] { s.reset(1 * ms); });
             p.thread([&s] { s.failure(1, 1 * ms); });
         },
         {{filed_and_swept, {"window 1/1/0 run 1", "window 0/0/0 run 0"}}}},
        {"reset_and_a_trip_verdict",
         "the verdict opens by what the window held, before or after",
         timed_window(),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s] { s.settle(0, verdict::trip(7s), 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms), s.reset(1 * ms); });
         },
         {{"a trip verdict that was filed when the order emptied the window (rule 24) opens whatever the counts (rule "
           "9): there are none in its evidence",
           {"trip_verdict calls 1 failures 1 pause 7000000000 attempt 1\nat the end",
            "trip_verdict calls 0 failures 0 pause 7000000000 attempt 1\nat the end"}}}},
        {"reset_and_two_successes", "the new window begins between them, before or after", given,
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s] { s.reset(1 * ms); });
             p.thread([&s] { s.success(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms); });
         }},
        {"tally_grows", "one meets two successes of another, and the tally gets further cells", given,
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0), s.acquire(3, 0);
             p.thread([&s] { s.success(0, 1 * ms), s.success(3, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms), s.success(2, 1 * ms); });
         }},
        {"tally_grows_as_it_is_reset", "the cells are added before, while or after a window begins", given,
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0), s.acquire(3, 0);
             p.thread([&s] { s.success(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms), s.success(2, 1 * ms), s.success(3, 1 * ms); });
             p.thread([&s] { s.reset(1 * ms); });
         }},
        {"reset_and_trip", "two operators", given,
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.reset(1 * ms); });
             p.thread([&s] { s.trip(1 * ms); });
             p.thread([&s] { s.success(0, 1 * ms); });
         }},
        {"reset_while_open_and_a_caller", "the caller probes, or comes to a closed breaker", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.reset(due); });
             p.thread([&s] { s.acquire(0, due), s.success(0, due); });
         }},
        {"reset_and_a_probe", "the probe closes, or is late", given,
         [](stage& s, play& p) {
             probe(s);
             p.thread([&s] { s.reset(due); });
             p.thread([&s] { s.success(0, due); });
         }},
        {"trip_and_a_probe", "the operator re-opens while the probe closes", given,
         [](stage& s, play& p) {
             probe(s);
             p.thread([&s] { s.trip(due); });
             p.thread([&s] { s.success(0, due), s.acquire(1, due), s.success(1, due); });
         }},
    };
}

std::vector<scenario> overrides() {
    const auto given = plain_settings();
    return {
        {"force_open_and_a_caller", "the caller and its success, while an operator shuts the breaker", given,
         [](stage& s, play& p) {
             p.thread([&s] { s.force_open(0), s.lift(1 * ms); });
             p.thread([&s] { s.acquire(0, 1 * ms), s.success(0, 1 * ms); });
         }},
        {"force_closed_and_failures",
         "it would have opened, or it does",
         given,
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             s.failure(0, 0);
             p.thread([&s] { s.force_closed(1 * ms); });
             p.thread([&s] { s.failure(1, 1 * ms); });
         },
         {{filed_and_swept, {"window 1/1/0 run 1", "window 0/0/0 run 0"}}}},
        {"force_closed_and_a_probe", "an operator closes while the probe fails", given,
         [](stage& s, play& p) {
             probe(s);
             p.thread([&s] { s.force_closed(due); });
             p.thread([&s] { s.failure(0, due); });
         }},
        {"override_is_over_for_two_callers", "its time has come: one of them ends it", given,
         [](stage& s, play& p) {
             s.force_open(0, 1 * seconds);
             p.thread([&s] { s.acquire(0, due); });
             p.thread([&s] { s.acquire(1, due); });
         }},
        {"lift_and_a_caller", "forced_closed over an open breaker is lifted", given,
         [](stage& s, play& p) {
             s.force_closed(0), s.trip(0);
             p.thread([&s] { s.lift(1 * ms); });
             p.thread([&s] { s.acquire(0, 1 * ms), s.success(0, 1 * ms); });
         }},
        {"two_operators", "one forces open, the other one closed", given,
         [](stage& s, play& p) {
             p.thread([&s] { s.force_open(0); });
             p.thread([&s] { s.force_closed(0), s.lift(0); });
         }},
    };
}

/// The override's time has come, and nobody has called since.
std::vector<scenario> as_an_override_ends() {
    const auto given = plain_settings();
    constexpr ticks until = 1 * seconds;
    return {
        {"reset_as_forced_open_ends", "the caller probes, or comes to a closed breaker", given,
         [](stage& s, play& p) {
             s.force_open(0, until);
             p.thread([&s] { s.reset(due); });
             p.thread([&s] { s.acquire(0, due); });
         }},
        {"trip_as_forced_open_ends", "the caller probes before, or is refused", given,
         [](stage& s, play& p) {
             s.force_open(0, until);
             p.thread([&s] { s.trip(due); });
             p.thread([&s] { s.acquire(0, due); });
         }},
        {"reset_as_forced_closed_ends", "what was open underneath closes once", given,
         [](stage& s, play& p) {
             s.force_closed(0, until), s.trip(0);
             p.thread([&s] { s.reset(due); });
             p.thread([&s] { s.acquire(0, due); });
         }},
        {"trip_as_forced_closed_ends", "what was open underneath closes, and the order opens it", given,
         [](stage& s, play& p) {
             s.force_closed(0, until), s.trip(0);
             p.thread([&s] { s.trip(due); });
             p.thread([&s] { s.acquire(0, due), s.success(0, due); });
         }},
    };
}

std::vector<scenario> beside_a_probe() {
    const auto given = plain_settings();
    return {
        {"force_open_and_a_probe_that_succeeds", "the probe is let in before, and closes what is underneath", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.force_open(due); });
             p.thread([&s] { s.acquire(0, due), s.success(0, due); });
         }},
        {"force_open_and_a_probe_that_fails", "the probe is let in before, and re-opens what is underneath", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.force_open(due); });
             p.thread([&s] { s.acquire(0, due), s.failure(0, due); });
         }},
        {"forced_open_is_lifted_over_a_probe", "the probe closes what is underneath, or is late", given,
         [](stage& s, play& p) {
             probe(s), s.force_open(due);
             p.thread([&s] { s.lift(due); });
             p.thread([&s] { s.success(0, due), s.acquire(1, due); });
         }},
    };
}

std::vector<scenario> pauses() {
    const auto given = plain_settings();
    return {
        {"end_pause_and_a_caller", "the caller is refused, or probes", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.end_pause(); });
             p.thread([&s] { s.acquire(0, 1 * ms); });
         }},
        {"end_and_extend_pause", "two health checks disagree while a caller comes", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.end_pause(); });
             p.thread([&s] { s.extend_pause(2 * due, 1 * ms); });
             p.thread([&s] { s.acquire(0, 1 * ms); });
         }},
        {"extend_pause_at_the_deadline", "the caller probes before, or is refused", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.extend_pause(due, due); });
             p.thread([&s] { s.acquire(0, due), s.success(0, due); });
         }},
    };
}

std::vector<scenario> observers() {
    auto given = plain_settings();
    given.trip.consecutive_failures = 1;
    return {
        {"observed_while_it_trips", "state, epoch, attempt and pause of one instant", given,
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.observe(1 * ms), s.observe(1 * ms); });
         }},
        {"observed_while_probing", "state, epoch, share and the wait of one instant", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.acquire(0, due), s.success(0, due); });
             p.thread([&s] { s.observe(due); });
         }},
        {"observed_over_two_changes", "the record of the first pause is filled again while it is read", given,
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.reset(0), s.trip(0, 9 * seconds); });
             p.thread([&s] { s.observe(0); });
         }},
        {"observed_under_orders", "override and state of one instant", given,
         [](stage& s, play& p) {
             p.thread([&s] { s.force_open(0), s.lift(1 * ms); });
             p.thread([&s] { s.observe(1 * ms); });
         }},
    };
}

}  // namespace

std::vector<scenario> orders() {
    auto all = resets_and_trips();
    for (auto more : {overrides(), as_an_override_ends(), beside_a_probe(), pauses(), observers()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
