#include "scenario.hpp"

// Callers that have read the state, and what comes before they act on it.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

constexpr ticks due = 5 * seconds;

settings probing_with(std::uint32_t probes, std::optional<ramp_rule> ramp = {}) {
    settings given;
    given.trip = {.consecutive_failures = 1, .failure_ratio = {}, .window = last_calls{4}, .minimum_calls = 1};
    given.recovery = {.open_for = 5s, .backoff = 1, .jitter = 0, .probes = probes, .probe_timeout = 10s, .ramp = ramp};
    return given;
}

void probe(stage& s, std::size_t calls) {
    s.trip(0);
    for (std::size_t i = 0; i < calls; ++i) s.acquire(i, due);
}
void on_ramp(stage& s) { probe(s, 1), s.success(0, due); }

constexpr std::string_view lease_not_written =
    "two places are taken, and the lease of one, which is over, is not written yet: refused as beside any two probes "
    "(rule 17)";
constexpr std::string_view lease_not_written_and_then_found =
    "the same, and who has the second place finds that lease over, and re-opens (rule 20)";

std::vector<scenario> places() {
    return {
        {"a_place_is_free_as_probing_ends", "the caller probes, or comes to a closed breaker", probing_with(2),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.success(0, due); });
             p.thread([&s] { s.acquire(1, due); });
         }},
        {"a_place_is_free_as_probing_is_reset", "the same, and an operator closes", probing_with(2),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.reset(due); });
             p.thread([&s] { s.acquire(1, due), s.success(1, due); });
         }},
        {"a_lease_begins_late_beside_two_callers",
         "they are let in before it is written, or find it over; with two places taken before that, they are refused",
         probing_with(2),
         [](stage& s, play& p) {
             probe(s, 1), s.ignore(0, due);
             p.thread([&s] { s.acquire(1, due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
             p.thread([&s] { s.acquire(3, 3 * due); });
         },
         {{lease_not_written_and_then_found,
           {"2 refused open", "2 refused probes_busy"},
           {"3 refused open", "3 refused open"}},
          {lease_not_written_and_then_found,
           {"2 refused open", "2 refused open"},
           {"3 refused open", "3 refused probes_busy"}},
          {lease_not_written, {"1 refused probes_busy", "1 probe in 2"}, {"2 probe in 2", "2 refused probes_busy"}},
          {lease_not_written, {"1 refused probes_busy", "1 probe in 2"}, {"3 probe in 2", "3 refused probes_busy"}}},
         true},
        {"lease_runs_out_as_probing_is_reset", "a closed breaker is not opened by it", probing_with(1),
         [](stage& s, play& p) {
             probe(s, 1);
             p.thread([&s] { s.reset(3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due); });
         }},
    };
}

std::vector<scenario> ramps() {
    const auto given = probing_with(2, ramp_rule{.over = 10s, .from = 0.5});
    auto longer = given;
    longer.recovery.ramp->over = 1h;
    return {
        {"lease_runs_out_as_the_ramp_begins", "it re-opens before, or is of no matter", given,
         [](stage& s, play& p) {
             probe(s, 2);
             p.thread([&s] { s.success(1, 2 * due); });
             p.thread([&s] { s.acquire(2, 3 * due); });
         }},
        {"ramp_is_reset_as_its_first_caller_comes", "whichever comes first, that call is admitted", given,
         [](stage& s, play& p) {
             on_ramp(s);
             p.thread([&s] { s.reset(due); });
             p.thread([&s] { s.acquire(1, due); });
         }},
        {"ramp_is_shut_and_reset", "it does not end by itself before its time", given,
         [](stage& s, play& p) {
             on_ramp(s);
             p.thread([&s] { s.force_open(2 * due), s.reset(2 * due); });
             p.thread([&s] { s.acquire(1, 2 * due); });
         }},
        {"ramp_is_made_longer_as_it_ends", "who found it over ends it all the same", given,
         [by = planned(longer)](stage& s, play& p) {
             on_ramp(s);
             p.thread([&s, by] { s.apply(by, 3 * due); });
             p.thread([&s] { s.acquire(1, 3 * due), s.success(1, 3 * due); });
         }},
    };
}

std::vector<scenario> overrides() {
    return {
        {"override_ends_as_another_is_ordered", "the later one stays", probing_with(1),
         [](stage& s, play& p) {
             s.force_open(0, 1 * seconds);
             p.thread([&s] { s.force_closed(due); });
             p.thread([&s] { s.acquire(0, due); });
         }},
    };
}

}  // namespace

std::vector<scenario> admissions() {
    auto all = places();
    for (auto more : {ramps(), overrides()}) all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace switchgear::interleave
