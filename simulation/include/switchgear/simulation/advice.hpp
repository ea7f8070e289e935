#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <switchgear/settings.hpp>
#include <switchgear/simulation/outages.hpp>
#include <switchgear/simulation/recording.hpp>

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
    /// The share of failing calls that every reason goes by: the normal one, or where nothing failed one call in as
    /// many as there were.
    double normal_share = 0;
    /// Why what is taken for normal is none. Empty: it may be.
    std::string warning{};
    /// What no setting can mend, in words, a sentence each.
    std::vector<std::string> notes{};
};

/// Of fewer calls than this, outside of outages, nothing can be said about what is normal.
constexpr std::uint64_t fewest_calls = 100;

/// The rules, each so that a healthy service meets it at most about once in 30 days if its failures come
/// independently of each other.
///
/// Outages in which fewer than a quarter of the calls failed are left alone, and the rules are such that they do not
/// open in them: that would refuse more than three good calls for each bad one. A limit for slow calls lies between
/// normal and the slow outages, where there is room. When at least 80 % of the failures of all outages are of one
/// key of several, what was found is no outage of the service: a note says so, and the recovery stays at its
/// defaults.
/// `keys`: the names of the recording's keys; the first is empty and stands for calls without one. Each has a breaker
/// of its own, as in a replay: windows hold the calls of one. Where they are breakers, `scope: key` is no remedy.
advice advise(const history&, const std::vector<std::string>& keys = {}, key_meaning keys_are = key_meaning::keys);

/// Whether such an outage is better left alone.
bool is_left_alone(const outage&) noexcept;

/// A line of a file of settings, and the reason for it; empty where it is only a heading.
struct settings_line {
    std::string text;
    std::string why;
};
std::vector<settings_line> settings_lines(const advice&);

/// As a file of settings: YAML that `switchgear simulate --settings` and a service's `breaker:` take, with each
/// reason as a comment.
std::string to_yaml(const advice&);

}  // namespace switchgear::simulation
