#include "scenario.hpp"

// What races while the breaker is open, probing, or on the ramp.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;  ///< the pause is over

/// One failure trips; the pause is five seconds.
settings probing_with(std::uint32_t probes, std::uint32_t successes = 1, std::optional<ramp_rule> ramp = {}) {
    settings given;
    given.trip = {.consecutive_failures = 1, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1};
    given.recovery = {.open_for = 5s,
                      .backoff = 1,
                      .jitter = 0,
                      .probes = probes,
                      .successes_to_close = successes,
                      .probe_timeout = 10s,
                      .ramp = ramp};
    return given;
}

void open(stage& s) { s.acquire(7, 0), s.failure(7, 0); }
/// Half-open, with these calls as probes.
void probe(stage& s, std::size_t calls) {
    open(s);
    for (std::size_t i = 0; i < calls; ++i) s.acquire(i, due);
}

std::vector<scenario> beginning() {
    return {
        {"deadline_and_two_callers", "both come when the pause is over: one half-open, one probe", probing_with(1),
         [](stage& s, play& p) {
             open(s);
             p.thread([&s] { s.acquire(0, due); });
             p.thread([&s] { s.acquire(1, due); });
         }},
        {"two_probes_three_callers", "three callers, two places", probing_with(2),
         [](stage& s, play& p) {
             probe(s, 1), s.ignore(0, due);
             p.thread([&s] { s.acquire(0, due); });
             p.thread([&s] { s.acquire(1, due); });
             p.thread([&s] { s.acquire(2, due); });
         }},
        {"place_given_back", "a probe that says nothing frees its place for one of two callers", probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.ignore(0, due); });
             p.thread([&s] { s.acquire(1, due); });
             p.thread([&s] { s.acquire(2, due); });
         }},
        {"stalled_over_an_epoch",
         "a caller stalls in half-open while it fails and half-open comes again",
         probing_with(3),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.acquire(1, due); });
             p.thread([&s] { s.failure(0, due), s.acquire(2, 2 * due), s.acquire(3, 2 * due), s.success(2, 2 * due); });
         },
         {},
         true},
        {"stalled_at_the_limit",
         "the same, and the probes of the later half-open are as many as allowed",
         probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.acquire(1, due); });
             p.thread([&s] { s.failure(0, due), s.acquire(2, 2 * due), s.acquire(3, 2 * due), s.success(2, 2 * due); });
         },
         {},
         true},
    };
}

std::vector<scenario> ending() {
    return {
        {"probe_succeeds_and_fails", "the first of the two decides, the other one is late", probing_with(2),
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.failure(1, due); });
         }},
        {"two_probes_close", "two successes are needed, and two come", probing_with(2, 2),
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.success(1, due); });
         }},
        {"probes_close_and_a_caller",
         "a caller comes while the deciding success is on its way",
         probing_with(2, 2),
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.success(1, due); });
             p.thread([&s] { s.acquire(2, due), s.success(2, due); });
         },
         {},
         true},
        {"two_probes_fail", "one of them re-opens", probing_with(2),
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.failure(0, due); });
             p.thread([&s] { s.failure(1, due); });
         }},
        {"lease_expires_while_its_verdict_comes",
         "a caller scores the lease, or its own success comes first",
         probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.success(0, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due); });
         },
         {{"between the end of the lease and that of the place the permit is still out, so that a caller is refused as "
           "beside any probe (rule 17), and a verdict whose lease nobody has scored is valid (rule 20)",
           {"1 counted in 3", "1 refused probes_busy"},
           {"rejected 0", "rejected 1"}}}},
        {"a_failure_finds_its_lease_marked",
         "whoever finds it scores it, so that the success after it does not close (rules 18, 20)",
         probing_with(2),
         [](stage& s, play& p) {
             open(s), s.acquire(0, due), s.acquire(1, 2 * due);
             p.thread([&s] { s.failure(0, 3 * due), s.success(1, 3 * due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
         },
         {{"between the end of the lease and the re-opening the permit is still out: a caller is refused as beside any "
           "probe "
           "(rule 17)",
           {"probe_failed", "probe_failed"},
           {"2 refused open", "2 refused probes_busy"}}}},
        {"snapshot_as_a_probe_fails",
         "the wait that it shows is of the epoch that it shows",
         probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.failure(0, due), s.acquire(1, 2 * due); });
             p.thread([&s] { s.observe(2 * due); });
         },
         {{"the probe has ended its lease and is about to re-open: how long none ends is not known (rule 31)",
           {"epoch 2 attempt 1 wait 5000000000", "epoch 2 attempt 1 wait 10000000000"}}}},
        {"places_are_given_back_as_a_caller_comes",
         "the leases are over, and where none is left there is a place: it is not told that all are busy",
         probing_with(2),
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.ignore(0, 3 * due), s.ignore(1, 3 * due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
         }},
        {"two_callers_find_an_expired_lease", "one of them re-opens", probing_with(2),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.acquire(1, 3 * due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
         }},
        {"a_lease_that_is_over_is_written_late",
         "a probe writes a lease that is over by then, and gives another place free: nobody is let in beside it",
         probing_with(2),
         [](stage& s, play& p) {
             open(s), s.acquire(0, 3 * due);
             p.thread([&s] { s.acquire(1, due), s.ignore(0, 3 * due), s.acquire(3, 3 * due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
         },
         {{"between a probe's place and its lease the permit is out, and no lease is over yet that could be scored: a "
           "caller is refused as beside any other two probes (rule 17)",
           {"2 refused open", "2 refused probes_busy"}}},
         true},
        {"answer_begins_while_its_lease_expires", "the clock of the lease stops, or it was scored", probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.answered(0, 3 * due), s.success(0, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due); });
         }},
        {"late_verdicts_while_probing", "a success and a failure of the closed breaker come late", probing_with(1),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             open(s);
             p.thread([&s] { s.success(0, due), s.failure(1, due); });
             p.thread([&s] { s.acquire(2, due), s.success(2, due); });
         }},
    };
}

std::vector<scenario> leases_under_orders() {
    return {
        {"lease_runs_out_as_it_is_forced_open",
         "a caller scores it before, or is refused by the order",
         probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.force_open(3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due), s.success(0, 3 * due); });
         },
         {{"the order comes after the caller has found the lease over, and before that is scored: it re-opens what is "
           "underneath (rules 20 and 24), and its verdict is late",
           {"told 3: half_open -> closed epoch 3 probes_succeeded calls 0 failures 0 pause 0 attempt 1\n"
            "at the end closed override forced_open epoch 3 attempt 0",
            "told 3: half_open -> open epoch 3 probe_expired calls 1 failures 1 pause 5000000000 attempt 2\n"
            "at the end open override forced_open epoch 3 attempt 2"}}}},
        {"lease_runs_out_under_forced_open",
         "nobody scores it there: its verdict closes what is underneath, or is late", probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1), s.force_open(due, 4 * due);
             p.thread([&s] { s.success(0, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due), s.acquire(2, 4 * due); });
         }},
        {"lease_runs_out_and_forced_open_is_lifted", "a caller probes anew beside the call whose lease is over",
         probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1), s.force_open(due);
             p.thread([&s] { s.lift(3 * due), s.failure(0, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due), s.success(1, 3 * due); });
         }},
    };
}

/// On the ramp, with these calls admitted on it.
void on_ramp(stage& s, std::size_t calls) {
    probe(s, 1), s.success(0, due);
    for (std::size_t i = 0; i < calls; ++i) s.acquire(i, due);
}

std::vector<scenario> ramps() {
    const auto given = probing_with(2, 1, ramp_rule{.over = 10s, .from = 0.5});
    return {
        {"ramp_begins",
         "the probe that is still out, and a caller, while the deciding success begins the ramp",
         given,
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.success(1, due); });
         },
         {{"the ramp begins after the deciding success: one that comes between is a probe's, and those are not in the "
           "window of the ramp (rule 22)",
           {"window 1/0/0", "window 0/0/0"}}}},
        {"ramp_begins_as_a_probe_fails", "the failure re-opens before the ramp, or trips it", given,
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.failure(1, due); });
         }},
        {"ramp_shares", "two callers draw from one account", given,
         [](stage& s, play& p) {
             on_ramp(s, 0);
             p.thread([&s] { s.acquire(0, due), s.acquire(1, due); });
             p.thread([&s] { s.acquire(2, due), s.acquire(3, due); });
         }},
        {"ramp_stalled_over_an_epoch",
         "an arrival on a ramp stalls until there is another ramp",
         given,
         [](stage& s, play& p) {
             on_ramp(s, 1);
             p.thread([&s] { s.acquire(1, 2 * due); });
             p.thread([&s] {
                 s.failure(0, due), s.acquire(2, 2 * due), s.success(2, 2 * due);
                 for (std::size_t i = 3; i < 6; ++i) s.acquire(i, 2 * due);
             });
         },
         {},
         true},
        {"ramp_ends_with_two_callers", "both find it over: one close", given,
         [](stage& s, play& p) {
             on_ramp(s, 0);
             p.thread([&s] { s.acquire(0, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due); });
         }},
        {"ramp_ends_as_a_call_fails", "the caller closes, or the failure trips", given,
         [](stage& s, play& p) {
             on_ramp(s, 1);
             p.thread([&s] { s.failure(0, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due); });
         }},
        {"ramp_ends_as_calls_end", "a success and a failure of the ramp while it ends", given,
         [](stage& s, play& p) {
             on_ramp(s, 3);
             p.thread([&s] { s.failure(0, 3 * due); });
             p.thread([&s] { s.success(2, 3 * due); });
             p.thread([&s] { s.acquire(3, 3 * due); });
         }},
        {"ramp_ends_as_calls_succeed", "each success counts on the ramp, or is late, and none in the closed window",
         given,
         [](stage& s, play& p) {
             on_ramp(s, 3);
             p.thread([&s] { s.success(0, 3 * due); });
             p.thread([&s] { s.success(2, 3 * due); });
             p.thread([&s] { s.acquire(3, 3 * due); });
         }},
        {"tally_grows_as_the_ramp_ends", "no success of the ramp is counted in the closed window, in no cell", given,
         [](stage& s, play& p) {
             on_ramp(s, 5);  // every second one is admitted
             p.thread([&s] { s.success(0, 3 * due); });
             p.thread([&s] { s.success(2, 3 * due), s.success(4, 3 * due); });
             p.thread([&s] { s.acquire(5, 3 * due), s.success(5, 3 * due); });
         }},
    };
}

}  // namespace

std::vector<scenario> probes() {
    auto all = beginning();
    for (auto more : {ending(), leases_under_orders(), ramps()}) all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
