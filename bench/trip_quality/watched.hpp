#pragma once

#include <cstdint>

#include "adaptive/detector.hpp"

namespace switchgear::trip_quality {

/// A breaker as far as a replay needs one: closed until the detector trips; then each call is a probe, and the first
/// good one closes.
class watched {
public:
    explicit watched(time_point now) : subject_{adaptive::aims{}, now} {}

    /// Returns: whether this call tripped.
    bool feed(const adaptive::finished& call) {
        if (open_) {
            probe(call);
            return false;
        }
        if (!subject_.observe({&call, 1})) return false;
        subject_.opened(call.at);
        open_ = true;
        failed_probes_ = 0;
        opened_at_ = call.at;
        return true;
    }

private:
    void probe(const adaptive::finished& call) {
        const auto limit = subject_.limit();
        if (call.failed || (limit && call.took > *limit)) {
            ++failed_probes_;
            return;
        }
        subject_.judged(adaptive::what_it_was(failed_probes_, call.at - opened_at_), call.at);
        open_ = false;
    }

    adaptive::detector subject_;
    bool open_ = false;
    std::uint32_t failed_probes_ = 0;
    time_point opened_at_{};
};

}  // namespace switchgear::trip_quality
