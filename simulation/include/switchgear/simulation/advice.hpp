#pragma once

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
};

/// The rules, each so that a healthy service meets it at most about once in 30 days if its failures come
/// independently of each other.
advice advise(const history&);

/// As a file of settings: YAML that `switchgear simulate --settings` and a service's `breaker:` take, with each
/// reason as a comment.
std::string to_yaml(const advice&);

}  // namespace switchgear::simulation
