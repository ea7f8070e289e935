#include <switchgear/simulation/output.hpp>

#include <chrono>

#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

open_period opened_by(cause why, evidence seen) { return {.key = {}, .begin = 1s, .cause = why, .evidence = seen}; }

TEST(cause_words, give_the_evidence) {
    EXPECT_EQ(cause_words(
                  opened_by(cause::consecutive_failures, {.calls = 20, .failures = 14, .observed = 5, .threshold = 5})),
              "consecutive_failures 5 of 5 (14 of 20 calls failed)");
}

TEST(cause_words, of_slowness_tell_of_slow_calls) {
    EXPECT_EQ(cause_words(opened_by(cause::slow_ratio, {.calls = 20, .slow = 12, .observed = 0.6, .threshold = 0.5})),
              "slow_ratio 0.6 of 0.5 (12 of 20 calls slow)");
}

TEST(cause_words, do_not_contradict_themselves_where_a_run_is_longer_than_the_window) {
    EXPECT_EQ(
        cause_words(opened_by(cause::consecutive_failures, {.calls = 1, .failures = 1, .observed = 5, .threshold = 5})),
        "consecutive_failures 5 of 5 (the run is longer than the window, in which 1 of 1 call failed)");
}

TEST(summary_text, leaves_keys_readable) {
    outcome did{.opened = 1};
    did.periods.push_back({.key = "ünï\x1B", .begin = 1s});
    EXPECT_NE(summary_text({{.name = "A"}}, {did}).find("ünï?  "), std::string::npos);
}

}  // namespace
