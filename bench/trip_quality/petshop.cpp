// Replay of recorded intervals: is what healthy recordings hold left alone, and are injected issues found?
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adaptive/detector.hpp"

#include "petshop_data.hpp"
#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

using adaptive::detector;
using std::chrono::seconds;

/// A breaker as far as this needs one: closed until the detector trips, then the next call is the probe.
class replay {
public:
    explicit replay(time_point now) : subject_{adaptive::aims{}, now} {}

    /// Returns: whether this call tripped.
    bool feed(const replayed_call& call) {
        const auto limit = subject_.limit();
        const bool bad = call.failed || (limit && call.took > *limit);
        if (open_) {
            if (bad) {
                ++failed_probes_;
            } else {
                subject_.judged(adaptive::what_it_was(failed_probes_, call.at - opened_at_), call.at);
                open_ = false;
            }
            return false;
        }
        const adaptive::finished one{.at = call.at, .took = call.took, .failed = call.failed};
        if (!subject_.observe({&one, 1})) return false;
        subject_.opened(call.at);
        open_ = true;
        failed_probes_ = 0;
        opened_at_ = call.at;
        return true;
    }

private:
    detector subject_;
    bool open_ = false;
    std::uint32_t failed_probes_ = 0;
    time_point opened_at_{};
};

struct healthy_result {
    double days = 0, later_days = 0;
    std::uint64_t trips = 0, later_trips = 0;
};

/// Runs a healthy recording; leaves what was learned in `into`.
void run_healthy(const series& from, replay& into, chance& random, healthy_result& out) {
    const double begin = from.intervals.front().begins;
    for (const interval& one : from.intervals) {
        const double day = (one.begins - begin) / 86'400;
        const auto at = time_point{} + std::chrono::duration_cast<duration>(std::chrono::duration<double>(one.begins));
        for (const replayed_call& call : expand(one, at, random)) {
            if (!into.feed(call)) continue;
            ++out.trips;
            if (day >= 1) ++out.later_trips;
        }
    }
    out.days += static_cast<double>(from.intervals.size()) / 288;
    for (const interval& one : from.intervals) out.later_days += one.begins - begin >= 86'400 ? 1.0 / 288 : 0;
}

bool run_issue(const series& from, replay& subject, time_point begins, chance& random) {
    bool found = false;
    const double first = from.intervals.front().begins;
    for (const interval& one : from.intervals) {
        const auto at =
            begins + std::chrono::duration_cast<duration>(std::chrono::duration<double>(one.begins - first));
        for (const replayed_call& call : expand(one, at, random)) found |= subject.feed(call) && one.in_issue;
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

}  // namespace

void petshop(const options& asked, report& out) {
    if (asked.petshop.empty()) {
        for (const char* what : {"PetShop: issues under 90 % availability found", "… with tripled median latency found",
                                 "… needless trips in 30 healthy component-days after the first day"}) {
            out.target(what, "", "no data given", outcome::not_run);
        }
        return;
    }
    const auto all = read_petshop(asked.petshop);
    const unsigned rounds = asked.quick ? 2 : 10;
    constexpr double least = 60;  // requests in five minutes: below that there is no share to speak of
    healthy_result health;
    share down, slow, mild;
    for (unsigned round = 0; round < rounds; ++round) {
        chance random{1'000 + round};
        std::map<std::string, std::pair<replay, const series*>> trained;
        for (const series& one : all) {
            if (!one.issue.empty() || one.mean_requests() < least || one.mean_availability() < 0.95) continue;
            replay subject{time_point{seconds{static_cast<long>(one.intervals.front().begins)}}};
            run_healthy(one, subject, random, health);
            trained.insert_or_assign(one.component, std::pair{subject, &one});
        }
        for (const series& one : all) {
            const auto known = trained.find(one.component);
            if (one.issue.empty() || known == trained.end()) continue;
            replay subject = known->second.first;
            const series& healthy = *known->second.second;
            double worst = 1, longest = 0, usual = 0;
            for (const interval& i : one.intervals) {
                if (i.in_issue) worst = std::min(worst, i.availability), longest = std::max(longest, i.p50);
            }
            std::vector<double> medians;
            for (const interval& i : healthy.intervals) medians.push_back(i.p50);
            std::ranges::nth_element(medians, medians.begin() + static_cast<long>(medians.size() / 2));
            usual = medians[medians.size() / 2];
            const auto begins = time_point{seconds{static_cast<long>(healthy.intervals.back().begins) + 300}};
            const bool found = run_issue(one, subject, begins, random);
            (worst < 0.9 ? down : longest > 3 * usual ? slow : mild).add(found);
        }
    }
    const double per_30 = static_cast<double>(health.later_trips) / health.later_days * 30;
    const auto met = [](bool holds) { return holds ? outcome::met : outcome::missed; };
    out.target("PetShop: issues under 90 % availability found", "≥ 85 %", down.text(),
               down.of == 0 ? outcome::not_run : met(down.value() >= 0.85));
    out.target("… with tripled median latency", "≥ 90 %", slow.text(),
               slow.of == 0 ? outcome::not_run : met(slow.value() >= 0.9));
    out.target("… needless trips in 30 healthy component-days after the first day", "≤ 1", shown(per_30),
               met(per_30 <= 1));
    out.table("**PetShop.**", {{"healthy component-days", "trips", "… after the first day", "mild issues tripped"},
                               {shown(health.days / rounds), shown(static_cast<double>(health.trips) / rounds),
                                shown(static_cast<double>(health.later_trips) / rounds) + " in " +
                                    shown(health.later_days / rounds) + " days",
                                mild.text()}});
}

}  // namespace switchgear::trip_quality
