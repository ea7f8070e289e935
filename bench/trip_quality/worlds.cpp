// The troubles: what happens to calls before and after the onset.
#include <algorithm>
#include <cmath>
#include <utility>

#include "scenarios.hpp"

namespace switchgear::trip_quality {
namespace {

constexpr double usual_median = 0.02, usual_sigma = 0.5;

/// Calls at random times; `fate(begins, takes, fails, chance)` may change what becomes of one.
template <class Fate>
std::vector<call_in_a_world> calls_of(double rate, double normal_failing, double length, chance& random, Fate fate) {
    std::vector<call_in_a_world> out;
    out.reserve(static_cast<std::size_t>(rate * length * 1.1) + 16);
    for (double now = random.exponential() / rate; now < length; now += random.exponential() / rate) {
        call_in_a_world one{now, random.lognormal(usual_median, usual_sigma), random.happens(normal_failing)};
        fate(one, random);
        out.push_back(one);
    }
    return out;
}

scenario slower(std::string name, double factor, double rate) {
    return {std::move(name), 6'000 / rate + 300, 6'000 / rate + 600, [=](chance& random, double onset, double length) {
                return calls_of(rate, 0.005, length, random, [&](call_in_a_world& one, chance&) {
                    if (one.begins >= onset) one.takes *= factor;
                });
            }};
}

scenario hang(std::string name, double rate) {
    return {std::move(name), 6'000 / rate + 300, 6'000 / rate + 360, [=](chance& random, double onset, double length) {
                return calls_of(rate, 0.005, length, random, [&](call_in_a_world& one, chance&) {
                    // Calls in flight at the onset hang with the rest, until the client's timeout.
                    if (one.begins + one.takes >= onset) one.takes = 10, one.fails = true;
                });
            }};
}

/// From `onset` on a share of the calls fails that `failing(seconds since)` tells.
template <class Failing>
scenario errors(std::string name, double rate, double normal, double onset, double after, Failing failing) {
    return {std::move(name), onset, onset + after, [=](chance& random, double begins, double length) {
                return calls_of(rate, normal, length, random, [&](call_in_a_world& one, chance& more) {
                    if (one.begins >= begins) one.fails = more.happens(failing(one.begins - begins));
                });
            }};
}

scenario after_bursts(std::string name, double failing) {
    // Two days of bursts of 15 calls at 60 %, every 5,000 calls.
    return {std::move(name), 2 * 86'400.0, 2 * 86'400.0 + 300, [=](chance& random, double onset, double length) {
                int left = 0;
                return calls_of(10, 0.002, length, random, [&, left](call_in_a_world& one, chance& more) mutable {
                    if (one.begins >= onset) {
                        one.fails = more.happens(failing);
                        return;
                    }
                    if (left == 0 && more.happens(1.0 / 5'000)) left = 15;
                    if (left > 0) --left, one.fails = more.happens(0.6);
                });
            }};
}

}  // namespace

std::vector<scenario> troubles() {
    const auto always = [](double share) { return [share](double) { return share; }; };
    return {slower("latency × 5, 10/s", 5, 10),
            slower("latency × 5, 200/s", 5, 200),
            slower("latency × 2, 200/s", 2, 200),
            hang("hang behind 10 s timeout, 10/s", 10),
            hang("hang behind 10 s timeout, 200/s", 200),
            errors("ramp 0.5 → 60 % in 300 s, 100/s", 100, 0.005, 600, 400,
                   [](double since) { return std::min(0.6, 0.005 + 0.595 * since / 300); }),
            errors("blip of 0.5 s, 100/s", 100, 0.005, 600, 0.5, always(1)),
            errors("1 call in 20 s, → 100 %", 0.05, 0.005, 3 * 86'400.0, 3'600, always(1)),
            errors("1 call in 20 s, → 50 %", 0.05, 0.005, 3 * 86'400.0, 3'600, always(0.5)),
            errors("cold: → 100 % after 200 calls, 10/s", 10, 0.0, 20, 60, always(1)),
            after_bursts("100 % after bursty days, 10/s", 1),
            after_bursts("50 % after bursty days, 10/s", 0.5)};
}

}  // namespace switchgear::trip_quality
