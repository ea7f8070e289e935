// Replay of recorded intervals: is what healthy recordings hold left alone, and are injected issues found?
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "petshop_data.hpp"
#include "sections.hpp"
#include "watched.hpp"

namespace switchgear::trip_quality {
namespace {

using std::chrono::seconds;

adaptive::finished as_seen(const replayed_call& call) {
    return {.at = call.at, .took = call.took, .failed = call.failed};
}

struct healthy_result {
    double days = 0, later_days = 0;
    std::uint64_t trips = 0, later_trips = 0;
};

/// Runs a healthy recording; leaves what was learned in `into`.
void run_healthy(const series& from, watched& into, chance& random, healthy_result& out) {
    const double begin = from.intervals.front().begins;
    for (const interval& one : from.intervals) {
        const double day = (one.begins - begin) / 86'400;
        const auto at = time_point{} + std::chrono::duration_cast<duration>(std::chrono::duration<double>(one.begins));
        for (const replayed_call& call : expand(one, at, random)) {
            if (!into.feed(as_seen(call))) continue;
            ++out.trips;
            if (day >= 1) ++out.later_trips;
        }
    }
    out.days += static_cast<double>(from.intervals.size()) / 288;
    for (const interval& one : from.intervals) out.later_days += one.begins - begin >= 86'400 ? 1.0 / 288 : 0;
}

bool run_issue(const series& from, watched& subject, time_point begins, chance& random) {
    bool found = false;
    const double first = from.intervals.front().begins;
    for (const interval& one : from.intervals) {
        const auto at =
            begins + std::chrono::duration_cast<duration>(std::chrono::duration<double>(one.begins - first));
        for (const replayed_call& call : expand(one, at, random)) found |= subject.feed(as_seen(call)) && one.in_issue;
    }
    return found;
}

struct share {
    std::uint64_t found = 0, of = 0;
    void add(bool hit) {
        ++of;
        found += hit ? 1 : 0;
    }
    std::string text() const { return std::to_string(found) + " of " + std::to_string(of); }
    double value() const { return of == 0 ? std::nan("") : static_cast<double>(found) / static_cast<double>(of); }
};

constexpr double least_requests = 60;  // in five minutes: below that there is no share to speak of

struct known {
    watched subject;
    const series* healthy;
    double usual_p50 = 0, usual_p90 = 0;
};

double median_of(const series& from, double interval::* which) {
    std::vector<double> all;
    for (const interval& one : from.intervals) all.push_back(one.*which);
    std::ranges::nth_element(all, all.begin() + static_cast<long>(all.size() / 2));
    return all[all.size() / 2];
}

/// What the issues of a file did, and which were found.
struct findings {
    healthy_result health;
    share down, slow, slow_tail, made_slow, mild;
    double slowest = 0;  ///< the longest median latency in an issue, to the usual one
};

time_point after(const series& one) {
    return time_point{seconds{static_cast<long>(one.intervals.back().begins) + 300}};
}

/// Twenty minutes as healthy as those before them, but each call takes three times as long.
bool finds_made_slowness(known from, chance& random) {
    series made = *from.healthy;
    if (made.intervals.size() > 4) made.intervals.erase(made.intervals.begin(), made.intervals.end() - 4);
    for (interval& one : made.intervals) {
        one.in_issue = true;
        for (double* each : {&one.p50, &one.p90, &one.p99}) *each *= 3;
    }
    return run_issue(made, from.subject, after(*from.healthy), random);
}

void judge_issue(const series& one, const known& of, chance& random, findings& out) {
    double worst = 1, p50 = 0, p90 = 0;
    for (const interval& i : one.intervals) {
        if (!i.in_issue) continue;
        worst = std::min(worst, i.availability);
        // Those without a latency are NaN, which max passes over in this order.
        p50 = std::max(p50, i.p50), p90 = std::max(p90, i.p90);
    }
    watched subject = of.subject;
    const bool found = run_issue(one, subject, after(*of.healthy), random);
    out.slowest = std::max(out.slowest, p50 / of.usual_p50);
    const bool is_down = worst < 0.9, is_slow = p50 > 3 * of.usual_p50, has_tail = p90 > 3 * of.usual_p90;
    if (is_down) out.down.add(found);
    if (is_slow) out.slow.add(found);
    if (!is_down && !is_slow) (has_tail ? out.slow_tail : out.mild).add(found);
}

findings replay(const std::vector<series>& all, unsigned rounds) {
    findings out;
    for (unsigned round = 0; round < rounds; ++round) {
        chance random{1'000 + round};
        std::map<std::string, known> trained;
        for (const series& one : all) {
            if (!one.issue.empty() || one.mean_requests() < least_requests || one.mean_availability() < 0.95) continue;
            watched subject{time_point{seconds{static_cast<long>(one.intervals.front().begins)}}};
            run_healthy(one, subject, random, out.health);
            const known of{subject, &one, median_of(one, &interval::p50), median_of(one, &interval::p90)};
            trained.insert_or_assign(one.component, of);
            out.made_slow.add(finds_made_slowness(of, random));
        }
        for (const series& one : all) {
            const auto found = trained.find(one.component);
            if (!one.issue.empty() && found != trained.end()) judge_issue(one, found->second, random, out);
        }
    }
    return out;
}

}  // namespace

void petshop(const options& asked, report& out) {
    if (asked.petshop.empty()) {
        for (const char* what : {"PetShop: issues under 90 % availability found", "… with tripled median latency found",
                                 "… needless trips in 30 healthy component-days after the first day"}) {
            out.target(what, "", "no data given", outcome::not_run);
        }
        return;
    }
    const unsigned rounds = asked.quick ? 2 : 10;
    const findings got = replay(read_petshop(asked.petshop), rounds);
    const double per_30 = static_cast<double>(got.health.later_trips) / got.health.later_days * 30;
    out.target("PetShop: issues under 90 % availability found", "≥ 85 %", got.down.text(),
               got.down.of == 0 ? outcome::not_run : met_if(got.down.value() >= 0.85));
    const auto issues = (got.down.of + got.slow.of + got.slow_tail.of + got.mild.of) / rounds;
    out.target("… with tripled median latency found", "≥ 90 %",
               got.slow.of > 0 ? got.slow.text()
                               : "none in this file: of " + std::to_string(issues) +
                                     " issues of components with traffic, the slowest has " + shown(got.slowest) +
                                     " × the usual median",
               got.slow.of == 0 ? outcome::not_run : met_if(got.slow.value() >= 0.9));
    out.target("… needless trips in 30 healthy component-days after the first day", "≤ 1", shown(per_30),
               met_if(per_30 <= 1));
    out.also("PetShop: twenty healthy minutes of each component made three times as slow, found", "≥ 90 %",
             got.made_slow.text(), met_if(got.made_slow.value() >= 0.9));
    const auto each = [&](double n) { return shown(n / rounds); };
    out.table("**PetShop.** Components with " + whole(least_requests) +
                  " requests in five minutes or more, each interval expanded into calls, " + std::to_string(rounds) +
                  " times with other random numbers.",
              {{"healthy component-days", "trips", "… after the first day", "issues under 90 %", "tripled median",
                "tripled 90th percentile only", "mild issues tripped"},
               {each(got.health.days), each(static_cast<double>(got.health.trips)),
                each(static_cast<double>(got.health.later_trips)) + " in " + each(got.health.later_days) + " days",
                got.down.text(), got.slow.text(), got.slow_tail.text(), got.mild.text()}});
    if (got.slow.of > 0) return;
    out.text(
        "No issue of this file triples the median latency of a component with traffic (the step functions that do have "
        "a handful of calls in five minutes, and as often outside of issues), so the row above says nothing. In its "
        "place twenty healthy minutes of each component are made three times as slow.");
}

}  // namespace switchgear::trip_quality
