#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "explorer.hpp"
#include "stage.hpp"

namespace switchgear::interleave {

/// A few operations that race, on a breaker with these settings.
struct scenario {
    std::string_view name;
    std::string_view what;  ///< one line for people
    settings given;
    /// Brings the breaker to where it begins, and gives each thread its operations.
    std::function<void(stage&, play&)> act;
    /// Whether the outcome has to be that of whole operations in some order; else only the audit holds.
    bool as_in_order = true;
    /// Switches away from a thread that could go on, in one execution; nothing: all schedules.
    std::optional<std::uint32_t> switches{};
    /// With memory that is weak: the same, tighter or looser.
    std::optional<std::uint32_t> weak_switches = switches;
};

/// All of them, in the order in which they are shown.
const std::vector<scenario>& scenarios();

// By what races (scenarios_….cpp).
std::vector<scenario> closing_and_opening();
std::vector<scenario> probes();
std::vector<scenario> orders();
std::vector<scenario> reloads();

struct verdict_on {
    interleave::report report;
    std::size_t outcomes = 0;  ///< that whole operations in some order have
};

/// Tries the schedules of a scenario: every execution is audited, and its outcome is one that whole operations in
/// some order have.
verdict_on examine(const scenario& of, const limits& within);

/// The limits of a scenario with sequential or weak memory.
limits limits_of(const scenario& of, memory how);

}  // namespace switchgear::interleave
