#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/simulation/advice.hpp>
#include <switchgear/simulation/outages.hpp>
#include <switchgear/simulation/replay.hpp>

namespace switchgear::simulation {

/// What one of the settings tried would have done.
struct tried_settings {
    outcome did{};
    /// Of the outages found that are not left alone: in how many of them a breaker opened.
    std::uint64_t outages_met = 0;
    /// Times that a breaker opened in none of the outages found.
    std::uint64_t opened_outside = 0;
};

/// Advice beside `trip: {adaptive: true}`, on the recording that the advice is from.
struct tried_advice {
    tried_settings advised{};
    tried_settings adaptive{};
    /// The outages found that are not left alone.
    std::uint64_t outages = 0;
    /// Whether one of them was slow rather than failing: what was refused in it counts as good calls.
    bool any_slow = false;

    /// More outages met and no more opening for nothing, or as many met and less of that; without slow outages also
    /// clearly fewer calls lost, refused good ones and bad ones let through.
    bool adaptive_is_better() const noexcept;
    /// More good calls refused than bad ones kept away. Where outages are slow nothing can be said.
    bool advice_does_harm() const noexcept;
};

/// Replays the recording once more, with the advice and with the adaptive rule, a breaker for each key: as many as a
/// candidate keeps by default.
class advice_trial {
public:
    advice_trial(const history&, const advice&);
    advice_trial(const advice_trial&) = delete;
    advice_trial& operator=(const advice_trial&) = delete;

    /// Requires: the same calls as before, in the order of their starts.
    void take(const recorded_call& call, std::string_view key) { through_.take(call, key); }
    /// Nothing can be taken afterwards.
    tried_advice finish();

private:
    struct course {
        std::vector<bool> met;
        std::uint64_t opened_outside = 0;
    };
    void heard(std::size_t which, const transition&, recorded_time at);

    std::vector<outage> outages_;
    std::vector<course> courses_;
    replay through_;
};

}  // namespace switchgear::simulation
