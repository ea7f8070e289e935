#pragma once

#include <cstdint>

#include <switchgear/settings.hpp>

namespace switchgear::trip_quality {

/// A service that fails and comes back, and the clients that never stop calling it.
struct closed_loop {
    std::uint32_t clients = 20;  ///< each with a breaker of its own; 700 calls a second in all
    bool cold = true;            ///< it comes back four times as slow, and warms with the calls that it serves
    settings of_each{};
    std::uint64_t seed = 1;
};

struct aftermath {
    double lost = 0;              ///< calls that arrived after the outage and got no answer
    double peak = 0;              ///< attempts that reached the service in its busiest second after the outage
    double demand_peak = 0;       ///< calls that arrived in the busiest second after the outage
    double sent_into_outage = 0;  ///< attempts made during the outage
    bool relapsed = false;        ///< fewer than 90 % answered, two to three minutes after
};

/// One run: a minute of health, an outage of 60 s +- 40 %, three minutes after it. Deterministic by its seed.
///
/// Calls arrive at random (Poisson). An attempt is given up after 0.5 s and made again twice, after up to 0.1 s;
/// one that a breaker refuses is not. The service has 20 workers at 20 ms, a queue of 2,000, and does not know
/// which callers have given up. In the outage it refuses connections. Cold, a call takes 20 ms * (1 + 3 *
/// exp(-served / 3000)).
aftermath run(const closed_loop&);

/// Calls that nobody could have saved: those above what the cold service can serve, when it is kept busy.
double unavoidable_loss();

}  // namespace switchgear::trip_quality
