#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <switchgear/settings.hpp>
#include <switchgear/simulation/outages.hpp>

namespace switchgear::simulation {

/// Why a setting has its value: "trip.failure_ratio", "three times …".
struct reason {
    std::string field;
    std::string why;
};

/// Settings for a service with such a history, each number with its reason.
struct advice {
    switchgear::settings settings{};
    std::vector<reason> reasons{};
    /// What no setting can mend, in words. Empty: nothing.
    std::string note{};
};

/// Of fewer calls than this nothing can be said about what is normal.
constexpr std::uint64_t fewest_calls = 100;

/// The rules, each so that a healthy service meets it at most about once in 30 days if its failures come
/// independently of each other. When at least 80 % of the failures of all outages are of one key of several, what
/// was found is no outage of the service: the note says so, and the recovery stays at its defaults.
/// `keys`: the names of the recording's keys; the first is empty and stands for calls without one.
advice advise(const history&, const std::vector<std::string>& keys = {});

/// As a file of settings: YAML that `switchgear simulate --settings` and a service's `breaker:` take, with each
/// reason as a comment.
std::string to_yaml(const advice&);

}  // namespace switchgear::simulation
