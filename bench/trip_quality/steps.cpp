// The twelve steps from one failing share to another, beside the exact optimum.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "adaptive/detector.hpp"

#include "chance.hpp"
#include "optimum.hpp"
#include "sections.hpp"

namespace switchgear::trip_quality {
namespace {

constexpr double budget_calls = 1e6;
constexpr std::array healthy_shares{0.001, 0.01, 0.05};
constexpr std::array failing_shares{0.1, 0.3, 0.5, 1.0};
constexpr std::array rates{0.5, 10.0, 1000.0};

using adaptive::detector;
using adaptive::finished;

/// Calls at random times (Poisson), failing at random.
class traffic {
public:
    traffic(double rate, std::uint64_t seed) : mean_gap_{1e9 / rate}, chance_{seed} {}

    finished next(double failing) noexcept {
        now_ += duration{static_cast<duration::rep>(mean_gap_ * chance_.exponential())};
        return {.at = now_, .took = std::chrono::milliseconds{20}, .failed = chance_.happens(failing)};
    }

    void reseed(std::uint64_t seed) noexcept { chance_ = chance{seed}; }

private:
    double mean_gap_;
    chance chance_;
    time_point now_{};
};

struct cell {
    double calls = 0;
    std::uint64_t runs = 0, missed = 0;
};

struct result {
    double false_trips_per_million;
    std::array<cell, failing_shares.size()> after;
};

void measure(cell& into, detector from, traffic healthy, double failing) {
    constexpr std::uint64_t patience = 20'000;
    for (std::uint64_t n = 1; n <= patience; ++n) {
        const finished call = healthy.next(failing);
        if (!from.observe({&call, 1})) continue;
        into.calls += static_cast<double>(n);
        ++into.runs;
        return;
    }
    ++into.missed;
}

result run(double healthy_share, double rate, std::uint64_t calls, std::uint64_t warm_up, std::uint64_t between) {
    adaptive::aims aims;
    aims.budget = duration{static_cast<duration::rep>(budget_calls / rate * 1e9)};
    detector subject{aims, time_point{}};
    traffic healthy{rate, 42};
    chance seeds{7};
    result out{0, {}};
    std::uint64_t trips = 0;
    for (std::uint64_t n = 0; n < calls + warm_up; ++n) {
        const finished call = healthy.next(healthy_share);
        if (subject.observe({&call, 1})) {
            if (n >= warm_up) ++trips;
            subject.opened(call.at);
            subject.judged(adaptive::trip_was::needless, call.at);
        }
        if (n < warm_up || n % between != 0) continue;
        for (std::size_t i = 0; i < failing_shares.size(); ++i) {
            traffic from_here = healthy;
            from_here.reseed(static_cast<std::uint64_t>(seeds.share() * 1e18));
            measure(out.after[i], subject, from_here, failing_shares[i]);
        }
    }
    out.false_trips_per_million = static_cast<double>(trips) / static_cast<double>(calls) * 1e6;
    return out;
}

}  // namespace

void steps(const options& asked, report& out) {
    const std::uint64_t calls = asked.quick ? 4'000'000 : 40'000'000;
    const std::uint64_t between = asked.quick ? 8'000 : 20'000;
    std::vector<std::vector<std::string>> table{
        {"calls/s", "normal", "→ 10 %", "→ 30 %", "→ 50 %", "→ 100 %", "needless per million"}};
    double product = 0, worst = 0, most_trips = 0;
    std::uint64_t cells = 0, missed = 0;
    for (const double share : healthy_shares) {
        std::vector<std::string> row{"exact optimum", shown(share * 100) + " %"};
        for (const double failing : failing_shares) row.push_back(shown(fewest_calls(share, failing, budget_calls)));
        row.push_back("1");
        table.push_back(row);
        for (const double rate : rates) {
            const result got = run(share, rate, calls, 200'000, between);
            row = {shown(rate), shown(share * 100) + " %"};
            for (std::size_t i = 0; i < failing_shares.size(); ++i) {
                const double mean = got.after[i].calls / static_cast<double>(got.after[i].runs);
                const double ratio = mean / fewest_calls(share, failing_shares[i], budget_calls);
                product += std::log(ratio);
                worst = std::max(worst, ratio);
                missed += got.after[i].missed;
                ++cells;
                row.push_back(shown(mean) + " (" + shown(ratio) + ")");
            }
            most_trips = std::max(most_trips, got.false_trips_per_million);
            row.push_back(shown(got.false_trips_per_million));
            table.push_back(row);
        }
    }
    const double mean = std::exp(product / static_cast<double>(cells));
    out.target("calls to trip / exact optimum, geometric mean of 36 cells", "≤ 1.25", shown(mean),
               met_if(mean <= 1.25));
    out.target("… in the worst cell", "≤ 1.6", shown(worst), met_if(worst <= 1.6));
    out.target("… missed", "0", std::to_string(missed), met_if(missed == 0));
    out.target("needless trips per million healthy calls, worst of 9", "≤ 1", shown(most_trips),
               met_if(most_trips <= 1));
    out.table("**Steps.** Mean calls from the change to the trip (ratio to the optimum).", table);
}

}  // namespace switchgear::trip_quality
