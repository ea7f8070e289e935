#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "adaptive/detector.hpp"

namespace switchgear::adaptive::testing {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A detector and the calls of one service, on a clock that only the test moves.
class stage {
public:
    explicit stage(const aims& given = {}, std::uint64_t seed = 1) : subject{given, time_point{}}, random_{seed} {}

    /// One call, `gap` after the last one.
    std::optional<finding> call(bool failed, duration gap, failure_class of = failure_class::error,
                                duration took = milliseconds{20}) {
        now += gap;
        const finished one{.at = now, .took = took, .of = of, .failed = failed};
        return subject.observe({&one, 1});
    }
    /// Calls of which a share fails, at random. Returns: how many of them it took to trip, 0 if none did.
    std::uint64_t run(std::uint64_t calls, double failing, duration gap, failure_class of = failure_class::error) {
        std::bernoulli_distribution fails{failing};
        for (std::uint64_t n = 1; n <= calls; ++n) {
            if ((why = call(fails(random_), gap, of))) return n;
        }
        return 0;
    }
    /// Goes on whatever trips, each time told what it was. Returns: how many trips.
    std::uint64_t live(std::uint64_t calls, double failing, duration gap, trip_was told = trip_was::needless) {
        std::uint64_t trips = 0;
        std::bernoulli_distribution fails{failing};
        for (std::uint64_t n = 0; n < calls; ++n) {
            if (!call(fails(random_), gap)) continue;
            ++trips;
            subject.opened(now);
            subject.judged(told, now);
        }
        return trips;
    }

    time_point now{};
    detector subject;
    std::optional<finding> why{};

private:
    std::mt19937_64 random_;
};

}  // namespace switchgear::adaptive::testing
