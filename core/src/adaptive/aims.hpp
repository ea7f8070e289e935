#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <switchgear/settings.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

#include "../class_table.hpp"

namespace switchgear::adaptive {

/// What a detector is asked to keep: an adaptive_rule with its times as durations, so that a simulation can
/// ask for a budget of minutes.
struct aims {
    aims() = default;
    explicit aims(const adaptive_rule& rule, const class_weights& by = {})
        : budget{rule.false_trip_budget},
          care{rule.care},
          slow_care{rule.slow_care},
          memory{rule.memory},
          weights{by_class(by)} {
        // A deadline of centuries is allowed, and must not overflow.
        if (rule.deadline) deadline = std::min<std::chrono::milliseconds>(*rule.deadline, std::chrono::hours{24 * 365});
    }

    duration budget = std::chrono::hours{24 * 30};
    double care = 0.10;
    double slow_care = 0.50;
    std::optional<duration> deadline{};
    duration memory = std::chrono::hours{24};
    /// A class of weight 0 is no evidence; among the others the weights share out the attention that single
    /// classes get.
    std::array<double, failure_class_count> weights{1, 1, 1, 1, 1, 1, 1, 1};
};

}  // namespace switchgear::adaptive
