#include "scenario.hpp"

// What races on a ramp that goes by evidence.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;               ///< the pause is over
constexpr ticks began = due + 2 * seconds;       ///< the probe has taken two seconds: two calls may be in
constexpr ticks answered = began + 4 * seconds;  ///< a round trip later

/// No rule trips: only what the ramp goes by, and a trip verdict.
settings by_evidence() {
    settings given;
    given.trip = {.consecutive_failures = {}, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1};
    given.recovery = {
        .open_for = 5s, .backoff = 1, .jitter = 0, .probe_timeout = 10s, .ramp = ramp_rule{.by = ramp_by::evidence}};
    return given;
}

/// On the ramp, with these calls on it.
void on_ramp(stage& s, std::size_t calls) {
    for (std::size_t i = 0; i < 2; ++i) s.acquire(i, 0), s.success(i, 0);
    s.acquire(7, 0), s.settle(7, verdict::trip(duration::zero()), 0);
    s.acquire(0, due), s.success(0, began);
    for (std::size_t i = 0; i < calls; ++i) s.acquire(i, began);
}

std::vector<scenario> coming_and_going() {
    return {
        {"evidence_places", "three callers, two places", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 0);
             p.thread([&s] { s.acquire(0, began), s.acquire(1, began); });
             p.thread([&s] { s.acquire(2, began); });
         }},
        {"evidence_place_given_back", "a dropped call frees its place for one of two callers", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             p.thread([&s] { s.ignore(0, began); });
             p.thread([&s] { s.acquire(2, began); });
             p.thread([&s] { s.acquire(3, began); });
         }},
        {"evidence_answer_begins", "the place is free when the answer begins, once", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             p.thread([&s] { s.answered(0, answered), s.ignore(0, answered); });
             p.thread([&s] { s.acquire(2, answered), s.acquire(3, answered); });
         }},
        {"evidence_stalled_over_an_epoch",
         "an arrival stalls until there is another ramp",
         by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 1);
             p.thread([&s] { s.acquire(1, began); });
             p.thread([&s] {
                 s.settle(0, verdict::trip(duration::zero()), began);
                 s.acquire(2, began + due), s.success(2, began + due + 2 * seconds);
                 for (std::size_t i = 3; i < 6; ++i) s.acquire(i, began + due + 2 * seconds);
             });
         },
         {},
         true},
        {"evidence_late_place", "a call of an earlier ramp takes no place of this one", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             s.settle(0, verdict::trip(duration::zero()), began);
             s.acquire(2, began + due), s.success(2, began + due + 2 * seconds);
             s.acquire(3, began + due + 2 * seconds);
             p.thread([&s] { s.ignore(1, began + due + 2 * seconds); });
             p.thread([&s] { s.acquire(4, began + due + 2 * seconds), s.acquire(5, began + due + 2 * seconds); });
         }},
    };
}

std::vector<scenario> steered() {
    return {
        {"evidence_success_lets_in_more",
         "a good answer frees its place and adds one",
         by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             p.thread([&s] { s.success(0, answered); });
             p.thread([&s] { s.acquire(2, answered), s.acquire(3, answered); });
         },
         {{"its place is free before one more is allowed: the first caller takes it, and the second is refused while "
           "the share is what it was (rule 22)",
           {"2 refused ramping; 3 counted in 2", "2 counted in 2; 3 refused ramping"}}}},
        {"evidence_success_and_failure",
         "one more and half as many, in either order",
         by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             p.thread([&s] { s.success(0, answered); });
             p.thread([&s] { s.failure(1, answered); });
         },
         // Two verdicts that settle together have no order of their own: the window and the run of failures have one
         // (rule 7), and what steers the ramp another (rule 22), each of both verdicts.
         {{"the success comes first in the window, the failure first at the ramp", {"share 125", "share 250"}},
          {"the failure comes first in the window, the success first at the ramp", {"share 250", "share 125"}}}},
        {"evidence_relapses_once", "the seventh and the eighth failure of the last ten", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             s.success(0, answered), s.success(1, answered);
             s.acquire(0, answered), s.acquire(1, answered);
             for (int i = 0; i < 6; ++i) s.acquire(2, answered), s.success(2, answered);
             for (int i = 0; i < 6; ++i) s.acquire(2, answered), s.failure(2, answered);
             p.thread([&s] { s.failure(0, answered); });
             p.thread([&s] { s.failure(1, answered); });
         }},
        {"evidence_relapses_as_an_order_comes", "the seventh failure of the last ten, while an operator forces it open",
         by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 1);
             for (int i = 0; i < 6; ++i) s.acquire(2, answered + i * seconds), s.failure(2, answered + i * seconds);
             p.thread([&s] { s.failure(0, answered + 6 * seconds); });
             p.thread([&s] { s.force_open(answered + 6 * seconds); });
         }},
        {"evidence_closes_with_two_callers", "both find it steady: one close", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 0);
             ticks now = began;
             for (int i = 0; i < 20; ++i, now += seconds) s.acquire(0, now), s.success(0, now);
             p.thread([&s, now] { s.acquire(0, now); });
             p.thread([&s, now] { s.acquire(1, now); });
         }},
        {"evidence_closes_as_a_call_fails", "a caller closes, and a failure of the ramp is counted or late",
         by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 1);
             ticks now = began;
             for (int i = 0; i < 20; ++i, now += seconds / 4) s.acquire(1, now), s.success(1, now);
             p.thread([&s, now] { s.failure(0, now); });
             p.thread([&s, now] { s.acquire(1, now); });
         }},
        {"evidence_finds_a_lost_call", "its place is given up once, and its verdict comes all the same", by_evidence(),
         [](stage& s, play& p) {
             on_ramp(s, 2);
             const ticks late = began + 20 * seconds;
             p.thread([&s] { s.acquire(2, late); });
             p.thread([&s] { s.success(0, late); });
         }},
    };
}

}  // namespace

std::vector<scenario> ramps_by_evidence() {
    auto all = coming_and_going();
    auto more = steered();
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
