// How long each trouble lasts until somebody opens.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "adaptive/detector.hpp"

#include "designs.hpp"
#include "scenarios.hpp"
#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

time_point moment(double seconds) { return time_point{duration{static_cast<duration::rep>(seconds * 1e9)}}; }
duration span(double seconds) { return duration{static_cast<duration::rep>(seconds * 1e9)}; }

/// What happens to a call after it has begun: it passes the latency limit, or it ends.
struct happening {
    double at;
    std::size_t call;
    bool ends;
    bool operator>(const happening& other) const { return at > other.at; }
};

/// The detector with a timer for each call in flight, as the adapters have them.
/// Returns: seconds from the onset to the trip.
double adaptive_delay(const std::vector<call_in_a_world>& calls, double onset) {
    adaptive::detector subject{adaptive::aims{}, time_point{}};
    std::priority_queue<happening, std::vector<happening>, std::greater<>> ahead;
    std::vector<bool> overdue(calls.size());
    std::size_t next = 0;
    double reopens = 0;
    while (next < calls.size() || !ahead.empty()) {
        if (ahead.empty() || (next < calls.size() && calls[next].begins <= ahead.top().at)) {
            const auto& one = calls[next];
            if (one.begins >= reopens) {
                ahead.push({one.begins + one.takes, next, true});
                const auto limit = subject.limit();
                const double late = limit ? std::chrono::duration<double>(*limit).count() : never;
                if (late < one.takes) ahead.push({one.begins + late, next, false});
            }
            ++next;
            continue;
        }
        const happening now = ahead.top();
        ahead.pop();
        std::optional<adaptive::finding> why;
        if (now.ends) {
            const auto& one = calls[now.call];
            const adaptive::finished over{
                .at = moment(now.at), .took = span(one.takes), .failed = one.fails, .slow_already = overdue[now.call]};
            why = subject.observe({&over, 1});
        } else {
            overdue[now.call] = true;
            why = subject.overdue(moment(now.at));
        }
        if (!why) continue;
        if (now.at >= onset) return now.at - onset;
        subject.opened(moment(now.at));
        subject.judged(adaptive::trip_was::needless, moment(now.at));
    }
    return never;
}

double delay_of(design& subject, const std::vector<call_in_a_world>& calls, double onset) {
    std::vector<std::size_t> order(calls.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto end = [&](std::size_t i) { return calls[i].begins + calls[i].takes; };
    std::ranges::sort(order, {}, end);
    subject.reset();
    for (const std::size_t i : order) {
        // What happens long before the onset does not matter to a window; a trip there does not count.
        if (end(i) < onset - 600) continue;
        if (!subject.feed({end(i), calls[i].fails})) continue;
        if (end(i) >= onset) return end(i) - onset;
        subject.reset();
    }
    return never;
}

std::string median(std::vector<double> delays) {
    const auto missed = static_cast<double>(std::ranges::count(delays, never)) / static_cast<double>(delays.size());
    if (missed > 0.5) return "missed";
    std::ranges::nth_element(delays, delays.begin() + static_cast<long>(delays.size() / 2));
    const std::string text = shown(delays[delays.size() / 2]);
    return missed > 0 ? text + " (" + shown(100 * missed) + " % missed)" : text;
}

double middle(std::vector<double> delays) {
    std::ranges::nth_element(delays, delays.begin() + static_cast<long>(delays.size() / 2));
    return delays[delays.size() / 2];
}

}  // namespace

void scenarios(const options& asked, report& out) {
    const auto all = troubles();
    const auto others = designs();
    std::vector<std::vector<std::string>> table(others.size() + 2);
    table[0] = {"design"};
    for (std::size_t i = 0; i < others.size(); ++i) table[i + 1] = {others[i].name};
    table.back() = {"**adaptive, one needless trip in 30 days**"};
    for (const scenario& one : all) {
        // Those with days of history cost the most and vary the least.
        const std::size_t runs = (asked.quick ? 5U : 25U) * (one.onset > 10'000 ? 1U : 2U);
        std::vector<std::vector<double>> delays(others.size() + 1);
        for (std::size_t run = 0; run < runs; ++run) {
            chance random{500 + run};
            const auto calls = one.calls(random, one.onset, one.length);
            for (std::size_t i = 0; i < others.size(); ++i) {
                delays[i].push_back(delay_of(*others[i].make(), calls, one.onset));
            }
            delays.back().push_back(adaptive_delay(calls, one.onset));
        }
        table[0].push_back(one.name);
        for (std::size_t i = 0; i < delays.size(); ++i) table[i + 1].push_back(median(delays[i]));
        if (one.name.starts_with("latency × 5, 200") || one.name.starts_with("hang behind 10 s timeout, 200")) {
            const double seconds = middle(delays.back());
            out.target(one.name + ": median seconds to the trip", "≤ 0.25", shown(seconds), met_if(seconds <= 0.25));
        }
    }
    out.table("**Scenarios.** Median seconds from the onset to the trip.", table);
}

}  // namespace switchgear::trip_quality
