#include "scenario.hpp"

#include "adaptive/watch.hpp"

// What races where the adaptive rule is in force.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;
constexpr std::size_t spare = 7;  ///< for the calls before the threads

settings without_it() {
    settings given;
    given.trip = {.consecutive_failures = {}, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1};
    given.recovery = {.open_for = 5s, .backoff = 1, .jitter = 0, .probe_timeout = 10s};
    return given;
}
settings with_it() {
    settings given = without_it();
    given.trip.adaptive = adaptive_rule{.deadline = 1s};
    return given;
}

constexpr std::string_view met_before_judgement =
    "a failure that an order meets before its judgement counts once, in the window that the order ends (rules 1 and "
    "24): it is gone, and trips nothing";

/// The times of the failures from the first one on.
constexpr ticks time_of(int failure) { return (failure + 1) * 100 * ms; }

/// How many failures in a row are found out of the ordinary by a breaker that knows nothing yet.
int enough() {
    static const int count = [] {
        detail::watch<detail::std_atomics> one{detail::plan{with_it()}, 0};
        for (int i = 0;; ++i) {
            one.add(0, {.at = time_point{duration{time_of(i)}}, .took = duration{1}, .failed = true});
            if (one.found(time_of(i))) return i + 1;
        }
    }();
    return count;
}

/// All but the failures that are missing to a trip. Returns: the time.
ticks nearly(stage& s, int missing = 1) {
    const int so_far = enough() - missing;
    for (int i = 0; i < so_far; ++i) s.acquire(spare, time_of(i) - 1 * ms), s.failure(spare, time_of(i));
    return time_of(so_far);
}

std::vector<scenario> verdicts() {
    return {
        {"adaptive_trips_once", "two failures, and either is enough", with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now), s.acquire(1, now);
             p.thread([&s, now] { s.failure(0, now); });
             p.thread([&s, now] { s.failure(1, now); });
         }},
        {"adaptive_failure_and_success",
         "a good call on its way, and the bad one that trips",
         with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now), s.acquire(1, now);
             p.thread([&s, now] { s.failure(0, now); });
             p.thread([&s, now] { s.success(1, now); });
         },
         {{"two verdicts that settle together have no order of their own: the failure comes first in the run, which "
           "the success ends (rule 7), and last for the rule, which knows the success then",
           {"run 1", "run 0"}}}},
        {"adaptive_failure_and_an_observer", "whoever looks takes the good calls in", with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now), s.acquire(1, now);
             s.success(1, now);
             p.thread([&s, now] { s.failure(0, now); });
             p.thread([&s, now] { s.observe(now); });
         }},
        {"adaptive_good_calls_come_together", "one takes in what another has left, or leaves it to a failure",
         with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s, 2);
             s.acquire(0, now), s.acquire(1, now), s.acquire(2, now);
             s.success(0, now);
             p.thread([&s, now] { s.success(1, now + 5 * ms); });
             p.thread([&s, now] { s.failure(2, now + 5 * ms); });
         }},
        {"adaptive_slow_success_and_failure", "a success that took too long is evidence as a failure is", with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now), s.acquire(1, now + 2 * seconds - 1 * ms);
             p.thread([&s, now] { s.success(0, now + 2 * seconds); });
             p.thread([&s, now] { s.failure(1, now + 2 * seconds); });
         }},
        {"adaptive_overdue_and_failure", "a call that hangs is told of while another fails", with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now), s.acquire(1, now + 2 * seconds - 1 * ms);
             p.thread([&s, now] { s.overdue(0, now + 2 * seconds), s.failure(0, now + 2 * seconds); });
             p.thread([&s, now] { s.failure(1, now + 2 * seconds); });
         }},
        {"adaptive_late_failure", "the failure that would trip, and an operator who opens and closes", with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now);
             p.thread([&s, now] { s.failure(0, now); });
             p.thread([&s, now] { s.trip(now), s.reset(now); });
         }},
    };
}

std::vector<scenario> orders_and_reloads() {
    return {
        {"adaptive_off_and_on", "what was suspected before does not open after", with_it(),
         [off = planned(without_it()), on = planned(with_it())](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now);
             p.thread([&s, now, off, on] { s.apply(off, now), s.apply(on, now); });
             p.thread([&s, now] { s.failure(0, now); });
         }},
        {"adaptive_on", "the rule comes while calls run", without_it(),
         [on = planned(with_it())](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s, on] { s.apply(on, 1 * ms); });
             p.thread([&s] { s.acquire(2, 1 * ms), s.success(2, 2 * ms), s.failure(0, 2 * ms); });
         }},
        {"adaptive_off_and_a_success", "a success is judged by a rule that goes", with_it(),
         [off = planned(without_it())](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s, off] { s.apply(off, 1 * ms); });
             p.thread([&s] { s.success(0, 1 * ms), s.success(1, 6 * ms); });
         }},
        {"adaptive_reset_and_failure",
         "a reset forgets, whichever call it meets",
         with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now), s.acquire(1, now);
             p.thread([&s, now] { s.reset(now); });
             p.thread([&s, now] { s.failure(0, now), s.failure(1, now); });
         },
         {{met_before_judgement, {"window 2/2/0 run 2", "window 1/1/0 run 1"}}}},
        {"adaptive_reset_and_good_calls", "a reset forgets while good calls are taken in", with_it(),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             s.success(0, 0);
             p.thread([&s] { s.reset(5 * ms); });
             p.thread([&s] { s.success(1, 5 * ms), s.success(2, 5 * ms); });
         }},
        {"adaptive_forced_closed_and_failure",
         "the finding is told of, or of a window that an order ended",
         with_it(),
         [](stage& s, play& p) {
             const ticks now = nearly(s);
             s.acquire(0, now);
             p.thread([&s, now] { s.force_closed(now); });
             p.thread([&s, now] { s.failure(0, now); });
         },
         {{met_before_judgement, {"window 1/1/0 run 1", "window 0/0/0 run 0"}}}},
        {"adaptive_probe_and_observer",
         "the probe tells what the trip was, and closes",
         with_it(),
         [](stage& s, play& p) {
             ticks now = nearly(s);
             s.acquire(0, now), s.failure(0, now);
             now += due;
             s.acquire(0, now);
             p.thread([&s, now] { s.success(0, now), s.acquire(1, now), s.failure(1, now); });
             p.thread([&s, now] { s.observe(now); });
         },
         {{"between the probe's end and the change of state the breaker is half-open with no probe out: that is seen "
           "as of one instant (rule 31)",
           {"wait 10000000000", "wait 0"}}}},
    };
}

}  // namespace

std::vector<scenario> adaptive_rules() {
    auto all = verdicts();
    auto more = orders_and_reloads();
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
