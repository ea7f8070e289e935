#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;
using testing::accepted;
using ::testing::ElementsAre;
using ::testing::Pair;
using testing::with_service;
using testing::with_top;

/// As the reference has it.
constexpr std::string_view reference_example = R"(listeners:
  - address: 127.0.0.1:8080
admin:
  address: 127.0.0.1:9901
  token_file: /etc/switchgear/token
defaults:
  timeouts: {connect: 1s, request_headers: 10s, first_byte: 10s, between_bytes: 30s, total: 60s}
  breaker: {trip: {consecutive_failures: 5}, recovery: {open_for: 5s}}
services:
  payments:
    endpoints: [http://127.0.0.1:9000, https://pay.example.com]
    host: endpoint
    breaker:
      scope: key
      key: {header: X-Tenant}
      trip: {consecutive_failures: 3, failure_ratio: 50%, window: {last: 10s}, minimum_calls: 20}
      recovery: {open_for: 5s, probes: 1, successes_to_close: 2}
    classify:
      - {status: [429, 503], as: trip, when: retry_after}
      - {status: 404, as: failure, class: custom_1}
      - {error: [dns, tls], as: ignored}
    on_failure: pass
    fallback: {when: refused, status: 200, headers: {Content-Type: application/json}, body: '{"items": []}'}
    health_check: {path: /healthz, every: 5s, while: open}
    expose: true
    half_close: continue
routes:
  - {match: {path_prefix: /pay/, methods: [GET, POST]}, service: payments, strip_prefix: false}
)";

TEST(config_example, listeners_and_admin_are_as_written) {
    const config all = accepted(reference_example);
    ASSERT_EQ(all.listeners.size(), 1U);
    EXPECT_EQ(all.listeners[0].address, (socket_address{"127.0.0.1", 8080}));
    EXPECT_EQ(all.listeners[0].tls, std::nullopt);
    EXPECT_EQ(all.listeners[0].at, (source_position{2, 14}));
    EXPECT_EQ(all.admin.address, (socket_address{"127.0.0.1", 9901}));
    EXPECT_EQ(all.admin.token_file, "/etc/switchgear/token");
}

TEST(config_example, endpoints_are_as_written_with_the_ports_of_their_schemes) {
    const config all = accepted(reference_example);
    ASSERT_EQ(all.services.size(), 1U);
    const service& payments = all.services[0];
    EXPECT_EQ(payments.name, "payments");
    ASSERT_EQ(payments.endpoints.size(), 2U);
    EXPECT_EQ(payments.endpoints[0], (endpoint{url_scheme::http, "127.0.0.1", 9000}));
    EXPECT_EQ(payments.endpoints[1], (endpoint{url_scheme::https, "pay.example.com", 443}));
    EXPECT_EQ(to_string(payments.endpoints[1]), "https://pay.example.com");
    EXPECT_EQ(host_and_port(payments.endpoints[1]), "pay.example.com:443");
    EXPECT_EQ(authority(payments.endpoints[0]), "127.0.0.1:9000");
    EXPECT_EQ(payments.host, host_policy::endpoint);
}

TEST(config_example, the_breaker_is_as_written_over_the_defaults) {
    const breaker_rules breaker = accepted(reference_example).services.at(0).breaker;
    EXPECT_EQ(breaker.scope, breaker_scope::key);
    EXPECT_EQ(breaker.key_header, "X-Tenant");
    EXPECT_EQ(breaker.max_keys, 1'000U);
    settings wanted;
    wanted.trip.consecutive_failures = 3;
    wanted.trip.failure_ratio = 0.5;
    wanted.trip.window = last{10s};
    wanted.trip.minimum_calls = 20;
    wanted.recovery.open_for = 5s;
    wanted.recovery.probes = 1;
    wanted.recovery.successes_to_close = 2;
    EXPECT_EQ(breaker.settings, wanted);
}

TEST(config_example, classification_is_as_written) {
    const service payments = accepted(reference_example).services.at(0);
    ASSERT_EQ(payments.classify.size(), 3U);
    EXPECT_THAT(payments.classify[0].statuses, ElementsAre(429, 503));
    EXPECT_EQ(payments.classify[0].as, rule_verdict::trip);
    EXPECT_EQ(payments.classify[0].when, rule_condition::retry_after);
    EXPECT_THAT(payments.classify[1].statuses, ElementsAre(404));
    EXPECT_EQ(payments.classify[1].as, rule_verdict::failure);
    EXPECT_EQ(payments.classify[1].failed_with, failure_class::custom_1);
    EXPECT_EQ(payments.classify[1].when, rule_condition::always);
    EXPECT_THAT(payments.classify[2].errors, ElementsAre(http::transport_error::dns, http::transport_error::tls));
    EXPECT_EQ(payments.classify[2].as, rule_verdict::ignored);
}

TEST(config_example, the_rest_of_the_service_is_as_written) {
    const service payments = accepted(reference_example).services.at(0);
    EXPECT_EQ(payments.on_failure, failure_answer::pass);
    ASSERT_TRUE(payments.fallback);
    EXPECT_EQ(payments.fallback->when, fallback_when::refused);
    EXPECT_EQ(payments.fallback->status, 200);
    EXPECT_THAT(payments.fallback->headers, ElementsAre(Pair("Content-Type", "application/json")));
    EXPECT_EQ(payments.fallback->body, R"({"items": []})");
    ASSERT_TRUE(payments.health_check);
    EXPECT_EQ(payments.health_check->path, "/healthz");
    EXPECT_EQ(payments.health_check->every, 5s);
    EXPECT_TRUE(payments.expose);
    EXPECT_EQ(payments.half_close, half_close_policy::serve);
    EXPECT_EQ(payments.timeouts, (timeouts{1s, 10s, 10s, 30s, 60s, 60s}));
}

TEST(config_example, the_route_is_as_written) {
    const config all = accepted(reference_example);
    ASSERT_EQ(all.routes.size(), 1U);
    EXPECT_EQ(all.routes[0].path_prefix, "/pay/");
    EXPECT_THAT(all.routes[0].methods, ElementsAre("GET", "POST"));
    EXPECT_EQ(all.routes[0].service, "payments");
    EXPECT_EQ(all.routes[0].service_index, 0U);
    EXPECT_FALSE(all.routes[0].strip_prefix);
}

TEST(config_example, the_smallest_one_is_filled_in_with_the_documented_defaults) {
    const config all = accepted(with_service(""));
    EXPECT_EQ(all.admin.address, (socket_address{"127.0.0.1", 9901}));
    EXPECT_TRUE(all.admin.token_file.empty());
    EXPECT_EQ(all.limits, (limits{64 * 1024, 100, 10'000}));
    const service& one = all.services.at(0);
    EXPECT_EQ(one.breaker, breaker_rules{});
    EXPECT_EQ(one.timeouts, timeouts{});
    EXPECT_TRUE(one.classify.empty());
    EXPECT_FALSE(one.fallback);
    EXPECT_FALSE(one.health_check);
    EXPECT_TRUE(one.expose);
    EXPECT_EQ(one.half_close, half_close_policy::abort);
}

TEST(config_example, the_header_with_the_state_is_off_with_scope_key_unless_asked_for) {
    const std::string keyed = "    breaker: {scope: key, key: {header: X-Tenant}}\n";
    EXPECT_FALSE(accepted(with_service(keyed)).services.at(0).expose);
    EXPECT_TRUE(accepted(with_service(keyed + "    expose: true\n")).services.at(0).expose);
    EXPECT_FALSE(accepted(with_service("    expose: false\n")).services.at(0).expose);
}

TEST(config_example, off_and_null_switch_rules_off) {
    for (const std::string off : {"off", "null", "~", ""}) {
        SCOPED_TRACE(off);
        const service one =
            accepted(with_service("    breaker:\n      trip:\n        consecutive_failures: " + off +
                                  "\n        failure_ratio: " + off + "\n        slow: " + off +
                                  "\n      recovery:\n        ramp: " + off + "\n    fallback: " + off +
                                  "\n    health_check: " + off + "\n    timeouts:\n      total: " + off + "\n"))
                .services.at(0);
        EXPECT_EQ(one.breaker.settings.trip.consecutive_failures, std::nullopt);
        EXPECT_EQ(one.breaker.settings.trip.failure_ratio, std::nullopt);
        EXPECT_EQ(one.breaker.settings.trip.slow, std::nullopt);
        EXPECT_EQ(one.breaker.settings.recovery.ramp, std::nullopt);
        EXPECT_FALSE(one.fallback);
        EXPECT_FALSE(one.health_check);
        EXPECT_EQ(one.timeouts.total, std::nullopt);
    }
}

TEST(config_example, every_setting_of_the_library_can_be_written) {
    const settings read = accepted(with_service(R"(    breaker:
      mode: observe
      trip:
        consecutive_failures: 7
        failures: 12.5
        failure_ratio: 0.25
        slow: {after: 800ms, ratio: 60%}
        limits: {error: 1, timeout: 2, unreachable: 3, overloaded: 4, custom_1: 5, custom_2: 6, custom_3: 7, custom_4: 8}
        adaptive: {false_trip_budget: 7d, care: 20%, slow_care: 0.6, deadline: 2s, memory: 12h}
        weights: {error: 8, timeout: 7, unreachable: 6, overloaded: 5, custom_1: 4, custom_2: 3, custom_3: 2, custom_4: 0.5}
        window: {last_calls: 100}
        minimum_calls: 30
      recovery:
        open_for: 1500ms
        backoff: 1.5
        max_open_for: 2m
        jitter: 20%
        jitter_seed: 18446744073709551615
        max_retry_after: 0s
        probes: 3
        successes_to_close: 9
        probe_timeout: 4s
        ramp: {over: 1m, from: 5%, by: evidence}
        pacing: learned
        probe_price: 7.5
)"))
                              .services.at(0)
                              .breaker.settings;
    settings wanted;
    wanted.mode = mode::observe;
    wanted.trip = {7,
                   12.5,
                   0.25,
                   slow_rule{800ms, 0.6},
                   {1, 2, 3, 4, 5, 6, 7, 8},
                   adaptive_rule{168h, 0.2, 0.6, 2s, 12h},
                   {8, 7, 6, 5, 4, 3, 2, 0.5},
                   last_calls{100},
                   30};
    wanted.recovery = {
        1500ms,          1.5, 2min, 0.2, 18446744073709551615U, 0s, 3, 9, 4s, ramp_rule{1min, 0.05, ramp_by::evidence},
        pacing::learned, 7.5};
    EXPECT_EQ(read, wanted);
}

TEST(config_example, adaptive_switches_off_the_thresholds_that_are_not_named) {
    const auto trip = [](const std::string& written) {
        return accepted(with_service("    breaker: {trip: " + written + "}\n")).services.front().breaker.settings.trip;
    };
    EXPECT_EQ(trip("{adaptive: true}").consecutive_failures, std::nullopt);
    EXPECT_EQ(trip("{adaptive: true}").failure_ratio, std::nullopt);
    EXPECT_EQ(trip("{adaptive: true, consecutive_failures: 7}").consecutive_failures, 7U);
    EXPECT_EQ(trip("{adaptive: true, failure_ratio: 25%}").failure_ratio, 0.25);
    EXPECT_EQ(trip("{adaptive: false}").consecutive_failures, 5U);
}

TEST(config_example, adaptive_may_be_just_true) {
    const auto rule = [](const std::string& written) {
        return accepted(with_service("    breaker: {trip: {adaptive: " + written + "}}\n"))
            .services.at(0)
            .breaker.settings.trip.adaptive;
    };
    EXPECT_EQ(rule("true"), adaptive_rule{});
    EXPECT_EQ(rule("{}"), adaptive_rule{});
    EXPECT_EQ(rule("false"), std::nullopt);
    EXPECT_EQ(rule("off"), std::nullopt);
    EXPECT_EQ(rule("{false_trip_budget: 30d}"), adaptive_rule{});
}

TEST(config_example, addresses_are_numeric_when_read) {
    const config all = accepted(
        "listeners: [{address: localhost:80}, {address: '[0:0:0:0:0:0:0:1]:80'}, {address: 0.0.0.0:81}]\n"
        "services: {a: {endpoints: ['http://[::1]:9000', HTTPS://EXAMPLE.com:8443/]}}\nroutes: [{service: a}]\n");
    EXPECT_EQ(to_string(all.listeners.at(0).address), "127.0.0.1:80");
    EXPECT_EQ(to_string(all.listeners.at(1).address), "[::1]:80");
    EXPECT_TRUE(is_loopback(all.listeners.at(1).address));
    EXPECT_FALSE(is_loopback(all.listeners.at(2).address));
    EXPECT_EQ(host_and_port(all.services.at(0).endpoints.at(0)), "[::1]:9000");
    EXPECT_EQ(to_string(all.services.at(0).endpoints.at(1)), "https://example.com:8443");
}

TEST(config_example, limits_are_as_written) {
    EXPECT_EQ(accepted(with_top("limits: {header_bytes: 8KiB, header_count: 50, connections: 20}\n")).limits,
              (limits{8 * 1024, 50, 20}));
}

/// The files that are shipped are checked as a user would check them.
class shipped_file : public ::testing::TestWithParam<const char*> {};

TEST_P(shipped_file, passes_the_check) {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(check_config(std::string{SWITCHGEAR_EXAMPLE_CONFIGS} + GetParam(), out, err), 0) << err.str();
    EXPECT_THAT(out.str(), ::testing::HasSubstr(": ok: "));
}

INSTANTIATE_TEST_SUITE_P(config_example, shipped_file, ::testing::Values("/sidecar.yaml", "/full.yaml"));

}  // namespace
}  // namespace switchgear::gateway
