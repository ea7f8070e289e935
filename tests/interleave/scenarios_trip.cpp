#include "scenario.hpp"

// What races to open a closed breaker, and with its opening.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

settings of(trip_rules trip) {
    settings given;
    given.trip = std::move(trip);
    given.recovery = {.open_for = 5s, .jitter = 0, .probe_timeout = 30s};
    return given;
}

settings in_a_row(std::uint32_t failures, window size = last_calls{4}) {
    return of({.consecutive_failures = failures, .failure_ratio = {}, .window = size, .minimum_calls = 1});
}

settings by_ratio(double ratio, std::uint32_t minimum, window size = last_calls{4}) {
    return of({.consecutive_failures = {}, .failure_ratio = ratio, .window = size, .minimum_calls = minimum});
}

settings slow(double ratio, std::uint32_t minimum) {
    auto given = by_ratio(0.9, minimum);
    given.trip.slow = slow_rule{.after = 1s, .ratio = ratio};
    return given;
}

settings observing(settings given) {
    given.mode = mode::observe;
    return given;
}

std::vector<scenario> enforced() {
    return {
        {"two_failures_trip_once", "each failure alone would trip", in_a_row(1),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.failure(1, 1 * ms); });
         }},
        {"second_failure_in_a_row", "two failures together trip; a success in between would end the run", in_a_row(2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             p.thread([&s] { s.failure(0, 1 * ms), s.failure(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
         }},
        {"success_reaches_the_minimum",
         "a success brings the window to minimum_calls while a failure is filed (rule 4)", by_ratio(0.5, 2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms); });
         }},
        {"two_successes_reach_the_minimum", "either may be the one that trips", by_ratio(0.3, 3),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
         }},
        {"two_successes_pass_the_minimum", "counted together they are past the count at which the ratio holds (rule 4)",
         by_ratio(0.5, 2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
         }},
        {"two_successes_pass_the_minimum_and_a_snapshot", "who looks on takes nothing away", by_ratio(0.5, 2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms), s.observe(1 * ms); });
         }},
        {"two_successes_pass_the_minimum_and_a_failure", "a failure is filed while they are on their way to look",
         by_ratio(0.6, 2),
         [](stage& s, play& p) {
             for (std::size_t i = 0; i < 4; ++i) s.acquire(i, 0);
             s.failure(0, 0);
             p.thread([&s] { s.success(1, 1 * ms), s.success(2, 1 * ms); });
             p.thread([&s] { s.failure(3, 1 * ms); });
         }},
        {"two_successes_after_a_silence", "whoever of them moves the window, both are in it (rule 8)",
         by_ratio(0.9, 20, last{1s}),
         [](stage& s, play& p) {
             s.acquire(0, 5 * seconds), s.acquire(1, 5 * seconds);
             p.thread([&s] { s.success(0, 5 * seconds); });
             p.thread([&s] { s.success(1, 5 * seconds); });
         }},
        {"calls_around_a_trip", "a caller comes, and its success, while another one trips", in_a_row(1),
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.acquire(1, 1 * ms), s.success(1, 1 * ms); });
         }},
        {"two_failures_and_a_success", "three threads; the success may end the run between the failures", in_a_row(2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0), s.acquire(2, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.failure(1, 1 * ms); });
             p.thread([&s] { s.success(2, 1 * ms); });
         }},
        {"window_of_time_moves_on", "a success and a failure find the present bucket over", by_ratio(0.5, 3, last{1s}),
         [](stage& s, play& p) {
             for (std::size_t i = 0; i < 4; ++i) s.acquire(i, 0);
             s.success(0, 0), s.failure(1, 0);
             p.thread([&s] { s.failure(2, 500 * ms); });
             p.thread([&s] { s.success(3, 500 * ms); });
         }},
        {"overdue_and_a_failure", "a call is found overdue while another one fails", slow(0.5, 2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s] { s.overdue(0, 2 * seconds), s.success(0, 3 * seconds); });
             p.thread([&s] { s.failure(1, 1 * ms); });
         }},
        {"slow_and_quick_successes", "the slow one is evidence, the quick one brings the minimum", slow(0.5, 2),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 1900 * ms);
             p.thread([&s] { s.success(0, 2 * seconds); });
             p.thread([&s] { s.success(1, 2 * seconds); });
         }},
        {"trip_verdict_and_a_success",
         "one verdict opens whatever the counts",
         in_a_row(5),
         [](stage& s, play& p) {
             s.acquire(0, 0), s.acquire(1, 0);
             p.thread([&s] { s.settle(0, verdict::trip(7s), 1 * ms); });
             p.thread([&s] { s.success(1, 1 * ms), s.acquire(2, 1 * ms); });
         },
         {{"a success that comes between the judgement of the verdict that trips and the change of epoch counts, as it "
           "is of the present epoch (rule 1), and is not in the evidence, which is of the judgement (rule 30)",
           {"2 failures 1", "1 failures 1"}}}},
    };
}

/// Every call is admitted (rule 25): one that enforcing would refuse counts in the totals alone.
std::vector<scenario> observed() {
    constexpr ticks due = 5 * seconds;
    return {
        {"observing_as_it_trips", "a caller counts in the window, or is let by", observing(in_a_row(1)),
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.failure(0, 1 * ms); });
             p.thread([&s] { s.acquire(2, 1 * ms), s.failure(2, 1 * ms), s.acquire(3, 1 * ms), s.success(3, 1 * ms); });
         }},
        {"observing_as_probing_begins", "of two callers one probes, and the other one is let by",
         observing(in_a_row(1)),
         [](stage& s, play& p) {
             s.trip(0);
             p.thread([&s] { s.acquire(0, due); });
             p.thread([&s] { s.acquire(1, due); });
         }},
        {"observing_beside_a_probe", "a caller is let by, or comes to a closed breaker", observing(in_a_row(1)),
         [](stage& s, play& p) {
             s.trip(0), s.acquire(0, due);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.acquire(1, due), s.success(1, due); });
         }},
        {"observing_and_force_open", "the order refuses nobody", observing(in_a_row(1)),
         [](stage& s, play& p) {
             s.acquire(0, 0);
             p.thread([&s] { s.force_open(1 * ms); });
             p.thread([&s] { s.acquire(1, 1 * ms), s.failure(1, 1 * ms), s.success(0, 1 * ms); });
         }},
    };
}

}  // namespace

std::vector<scenario> closing_and_opening() {
    auto all = enforced();
    auto more = observed();
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
