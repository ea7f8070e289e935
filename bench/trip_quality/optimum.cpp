#include "optimum.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace switchgear::trip_quality {
namespace {

/// One way from nothing to nothing or to a trip.
struct cycle {
    double calls;  // mean
    double trips;  // probability
};

/// The distribution of the statistic after n calls is one over the number of failures among them, so
/// it can be followed exactly, without a grid.
cycle follow(double truth, double up, double down, double threshold) {
    std::vector<double> now{1}, next;  // now[i]: failures == first + i, none ended yet
    long first = 0;
    cycle out{0, 0};
    for (long n = 0;; ++n) {
        double alive = 0;
        for (const double p : now) alive += p;
        if (alive < 1e-17 * (n > 0 ? 1 : 0) || alive == 0) return out;
        out.calls += alive;
        next.assign(now.size() + 1, 0);
        for (std::size_t i = 0; i < now.size(); ++i) {
            next[i + 1] += now[i] * truth;
            next[i] += now[i] * (1 - truth);
        }
        for (std::size_t i = 0; i < next.size(); ++i) {
            const auto failures = static_cast<double>(first + static_cast<long>(i));
            const double value = up * failures - down * (static_cast<double>(n + 1) - failures);
            if (value >= threshold - 1e-9) out.trips += next[i];
            if (value >= threshold - 1e-9 || value <= 1e-12) next[i] = 0;
        }
        // Only a narrow band of failures has any probability left.
        std::size_t begin = 0, end = next.size();
        while (begin < end && next[begin] == 0) ++begin;
        while (end > begin && next[end - 1] == 0) --end;
        now.assign(next.begin() + static_cast<long>(begin), next.begin() + static_cast<long>(end));
        first += static_cast<long>(begin);
        if (now.empty()) return out;
    }
}

}  // namespace

double fewest_calls(double healthy, double failing, double between_trips) {
    const double most = std::min(failing, 1 - 1e-9);
    const double up = std::log(most / healthy), down = std::log((1 - healthy) / (1 - most));
    double low = 0, high = 30;
    for (int i = 0; i < 50; ++i) {
        const double middle = (low + high) / 2;
        const cycle in_health = follow(healthy, up, down, middle);
        (in_health.calls >= between_trips * in_health.trips ? high : low) = middle;
    }
    const cycle after = follow(failing, up, down, high);
    return after.calls / after.trips;
}

}  // namespace switchgear::trip_quality
