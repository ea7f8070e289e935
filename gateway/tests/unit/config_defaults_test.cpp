#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;
using testing::accepted;
using ::testing::ElementsAre;
using testing::expect_refused;
using ::testing::Pair;
using testing::violations_of;

/// Two services; `a` has keys of its own.
std::string with_defaults(std::string_view defaults, std::string_view a = "") {
    return "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{match: {path_prefix: /a/}, service: a}, {service: b}]\n"
           "defaults:\n" +
           std::string{defaults} + "services:\n  b: {endpoints: [http://b]}\n  a:\n    endpoints: [http://a]\n" +
           std::string{a};
}

TEST(config_defaults, maps_merge_key_by_key) {
    const config all = accepted(
        with_defaults("  breaker: {trip: {consecutive_failures: 9, minimum_calls: 50}, recovery: {probes: 4}}\n",
                      "    breaker: {trip: {consecutive_failures: 2}}\n"));
    const trip_rules& a = all.services.at(1).breaker.settings.trip;
    EXPECT_EQ(a.consecutive_failures, 2U);
    EXPECT_EQ(a.minimum_calls, 50U);
    EXPECT_EQ(all.services.at(1).breaker.settings.recovery.probes, 4U);
    EXPECT_EQ(all.services.at(0).breaker.settings.trip.consecutive_failures, 9U);
}

TEST(config_defaults, stay_where_a_service_leaves_a_section_empty) {
    const std::string defaults =
        "  breaker: {trip: {minimum_calls: 50, weights: {timeout: 2}}, recovery: {open_for: 30s}}\n"
        "  timeouts: {connect: 3s}\n";
    for (const char* empty : {"    breaker:\n    timeouts:\n", "    breaker:\n      trip:\n      recovery:\n",
                              "    breaker:\n      trip:\n        weights:\n"}) {
        const service a = accepted(with_defaults(defaults, empty)).services.at(1);
        EXPECT_EQ(a.breaker.settings.trip.minimum_calls, 50U) << empty;
        EXPECT_EQ(a.breaker.settings.recovery.open_for, 30s) << empty;
        EXPECT_EQ(a.timeouts.connect, 3s) << empty;
        EXPECT_EQ(a.breaker.settings.trip.weights.timeout, 2) << empty;
    }
}

TEST(config_defaults, lists_replace) {
    const config all = accepted(with_defaults("  classify: [{status: 404, as: failure}, {error: dns, as: ignored}]\n",
                                              "    classify: [{status: 405, as: failure}]\n"));
    EXPECT_EQ(all.services.at(0).classify.size(), 2U);
    ASSERT_EQ(all.services.at(1).classify.size(), 1U);
    EXPECT_THAT(all.services.at(1).classify[0].statuses, ElementsAre(405));
}

TEST(config_defaults, a_window_replaces_because_it_is_of_one_kind) {
    const config all = accepted(with_defaults("  breaker: {trip: {window: {last: 30s}}}\n",
                                              "    breaker: {trip: {window: {last_calls: 100}}}\n"));
    EXPECT_EQ(all.services.at(0).breaker.settings.trip.window, window{last{30s}});
    EXPECT_EQ(all.services.at(1).breaker.settings.trip.window, window{last_calls{100}});
}

TEST(config_defaults, off_in_a_service_takes_away_what_the_defaults_have) {
    const config all = accepted(
        with_defaults("  fallback: {status: 200, body: x}\n  health_check: {path: /up}\n  timeouts: {total: 5s}\n"
                      "  breaker: {recovery: {ramp: {over: 1s}}}\n  classify: [{status: 404, as: failure}]\n",
                      "    fallback: off\n    health_check: null\n    timeouts: {total: off}\n"
                      "    breaker: {recovery: {ramp: off}}\n    classify: []\n"));
    EXPECT_TRUE(all.services.at(0).fallback && all.services.at(0).health_check);
    EXPECT_EQ(all.services.at(0).timeouts.total, 5s);
    EXPECT_TRUE(all.services.at(0).breaker.settings.recovery.ramp);
    EXPECT_FALSE(all.services.at(1).fallback || all.services.at(1).health_check);
    EXPECT_EQ(all.services.at(1).timeouts.total, std::nullopt);
    EXPECT_FALSE(all.services.at(1).breaker.settings.recovery.ramp);
    EXPECT_TRUE(all.services.at(1).classify.empty());
}

TEST(config_defaults, what_the_defaults_switch_off_a_service_switches_on) {
    const config all = accepted(with_defaults("  breaker: {trip: {failure_ratio: off, slow: off}}\n",
                                              "    breaker: {trip: {failure_ratio: 25%, slow: {after: 2s}}}\n"));
    EXPECT_EQ(all.services.at(0).breaker.settings.trip.failure_ratio, std::nullopt);
    EXPECT_EQ(all.services.at(1).breaker.settings.trip.failure_ratio, 0.25);
    EXPECT_EQ(all.services.at(1).breaker.settings.trip.slow, (slow_rule{2s, 0.5}));
}

TEST(config_defaults, header_names_merge_whatever_the_case_of_their_letters) {
    const config all = accepted(with_defaults("  fallback: {headers: {Content-Type: text/plain, X-A: 1}}\n",
                                              "    fallback: {headers: {content-type: text/html}}\n"));
    ASSERT_TRUE(all.services.at(1).fallback);
    EXPECT_THAT(all.services.at(1).fallback->headers, ElementsAre(Pair("content-type", "text/html"), Pair("X-A", "1")));
}

TEST(config_defaults, a_violation_in_them_is_reported_once_where_they_stand) {
    expect_refused(with_defaults("  timeouts: {connect: @@soon, @@conect: 1s}\n  breaker: {recovery: {probes: @@0}}\n"
                                 "  fallback: {status: @@99, headers: {@@Via: x}}\n"),
                   {{"defaults.timeouts.connect", "expected a duration"},
                    {"defaults.timeouts.conect", "unknown key"},
                    {"defaults.breaker.recovery.probes", "0: must be within [1, 1024]"},
                    {"defaults.fallback.status", "99: must be within [200, 599]"},
                    {"defaults.fallback.headers.Via", "is written by the gateway itself"}});
}

TEST(config_defaults, a_violation_in_them_is_reported_even_if_every_service_sets_the_key_again) {
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a}]\n"
        "defaults: {breaker: {recovery: {probes: @@0}}, timeouts: {connect: @@1}}\n"
        "services: {a: {endpoints: [http://a], breaker: {recovery: {probes: 1}}, timeouts: {connect: 1s}}}\n",
        {{"defaults.breaker.recovery.probes", "0: must be within"},
         {"defaults.timeouts.connect", "expected a duration"}});
}

TEST(config_defaults, have_no_endpoints) {
    expect_refused(with_defaults("  @@endpoints: [http://x]\n"), {{"defaults.endpoints", "unknown key"}});
}

TEST(config_defaults, that_only_a_service_makes_unreachable_are_told_in_the_service) {
    expect_refused(with_defaults("  breaker: {trip: {minimum_calls: 50}}\n",
                                 "    breaker: {trip: @@{window: {last_calls: 10}}}\n"),
                   {{"services.a.breaker.trip.minimum_calls", "50: cannot be reached within a window of 10 calls"}});
}

TEST(config_defaults, that_are_unreachable_for_every_service_are_told_once) {
    expect_refused(with_defaults("  breaker: {trip: @@{window: {last_calls: 10}}}\n"),
                   {{"defaults.breaker.trip.minimum_calls", "20: cannot be reached within a window of 10 calls"}});
}

TEST(config_defaults, left_incomplete_are_in_order_if_every_service_completes_them) {
    EXPECT_TRUE(
        violations_of("listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a}]\n"
                      "defaults: {breaker: {scope: key, trip: {window: {last_calls: 10}}}, health_check: {every: 1s}}\n"
                      "services: {a: {endpoints: [http://a], health_check: {path: /up},\n"
                      "  breaker: {key: {header: X}, trip: {minimum_calls: 5}}}}\n")
            .empty());
}

TEST(config_defaults, with_a_key_header_leave_services_of_another_scope_alone) {
    const config all =
        accepted(with_defaults("  breaker: {key: {header: X-Tenant}, max_keys: 5}\n", "    breaker: {scope: key}\n"));
    EXPECT_EQ(all.services.at(0).breaker.key_header, "");
    EXPECT_EQ(all.services.at(1).breaker.key_header, "X-Tenant");
    EXPECT_EQ(all.services.at(1).breaker.max_keys, 5U);
}

TEST(config_defaults, give_a_client_the_longest_time_for_a_head_that_any_service_allows) {
    const config all = accepted(with_defaults("  timeouts: {request_headers: 3s, idle: 7s}\n",
                                              "    timeouts: {request_headers: 8s, idle: 1s}\n"));
    EXPECT_EQ(all.client_timeouts.request_headers, 8s);
    EXPECT_EQ(all.client_timeouts.idle, 7s);
    EXPECT_EQ(all.services.at(0).timeouts.request_headers, 3s);
    EXPECT_EQ(all.services.at(1).timeouts.idle, 1s);
}

TEST(config_defaults, may_be_empty) { EXPECT_TRUE(violations_of(with_defaults("")).empty()); }

}  // namespace
}  // namespace switchgear::gateway
