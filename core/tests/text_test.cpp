// The words of enumerators: the same in logs, metrics, API and pages, so they are part of the contract.
#include <cstddef>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/switchgear.hpp>

namespace switchgear {
namespace {

template <class Enum>
void expect_words(const std::vector<std::string_view>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) EXPECT_EQ(to_string(static_cast<Enum>(i)), words[i]);
}

TEST(to_string, of_states) { expect_words<state>({"closed", "open", "half_open"}); }

TEST(to_string, of_overrides) { expect_words<override_mode>({"none", "forced_open", "forced_closed"}); }

TEST(to_string, of_reasons) { expect_words<reject_reason>({"open", "probes_busy", "ramping", "forced_open"}); }

TEST(to_string, of_modes) { expect_words<mode>({"enforce", "observe"}); }

TEST(to_string, of_failure_classes) {
    expect_words<failure_class>(
        {"error", "timeout", "unreachable", "overloaded", "custom_1", "custom_2", "custom_3", "custom_4"});
}

TEST(to_string, of_causes) {
    expect_words<cause>({"consecutive_failures", "failure_count", "failure_ratio", "slow_ratio", "class_limit",
                         "trip_verdict", "adaptive", "probe_failed", "probe_expired", "pause_over", "probes_succeeded",
                         "ramp_finished", "operator_order", "restored"});
}

}  // namespace
}  // namespace switchgear
