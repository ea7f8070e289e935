#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "explorer.hpp"
#include "stage.hpp"

namespace switchgear::interleave {

/// An outcome that no order of whole operations has, and that is right all the same.
///
/// It is written as an outcome that an order has, with a text or two of it replaced: so it is this one alone. What is
/// replaced may be in several outcomes, but all but one of them have to become what an order has, or examine() fails.
class stray {
public:
    struct replaced {
        std::string_view text, by;
    };

    /// `why`: what happens, and the rule that permits it.
    consteval stray(std::string_view why, replaced first, replaced second = {}) : texts_{first, second} {
        if (why.empty() || first.text.empty()) throw "a stray has a reason, and a text to know it by";
    }

    /// Returns: nothing if these outcomes make it none, or more than one.
    std::optional<std::string> outcome(const std::set<std::string>& of_orders) const;

private:
    std::array<replaced, 2> texts_;
};

/// A few operations that race, on a breaker with these settings.
struct scenario {
    std::string_view name;
    std::string_view what;  ///< one line for people
    settings given;
    /// Brings the breaker to where it begins, and gives each thread its operations.
    std::function<void(stage&, play&)> act;
    std::vector<stray> strays{};
    /// So many schedules that only those with few switches are tried, in the long run too.
    bool large = false;
};

/// All of them, in the order in which they are shown.
const std::vector<scenario>& scenarios();

// By what races (scenarios_….cpp).
std::vector<scenario> closing_and_opening();
std::vector<scenario> probes();
std::vector<scenario> ramps_by_evidence();
std::vector<scenario> orders();
std::vector<scenario> reloads();
std::vector<scenario> adaptive_rules();
std::vector<scenario> stalled_verdicts();
std::vector<scenario> judging();
std::vector<scenario> admissions();

struct verdict_on {
    interleave::report report;
    std::size_t outcomes = 0;  ///< that whole operations in some order have
    std::size_t strays = 0;    ///< known ones that were seen
};

/// Tries the schedules of a scenario: every execution is audited, and its outcome is one that whole operations in
/// some order have, but for the strays that are known. An operation that changes the state several times may be
/// in order in parts: each reaches to a change of the state word.
verdict_on examine(const scenario& of, const limits& within);

enum class effort : std::uint8_t {
    quick,  ///< at most a few switches in a scenario that is large; else all schedules
    all,    ///< all schedules but in those that are too large for any patience
};
limits limits_of(const scenario& of, memory how, effort much);

}  // namespace switchgear::interleave
