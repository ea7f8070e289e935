#include <string>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <switchgear/gateway/config_text.hpp>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using testing::accepted;
using testing::with_service;
using testing::with_top;

boost::json::value json_of(const std::string& yaml) { return boost::json::parse(config_json(accepted(yaml))); }

TEST(config_text, defaults_are_filled_in_and_durations_are_texts) {
    const auto all = json_of(with_service(""));
    EXPECT_EQ(all.at_pointer("/admin/address"), "127.0.0.1:9901");
    EXPECT_EQ(all.at_pointer("/limits/header_bytes"), "64KiB");
    EXPECT_EQ(all.at_pointer("/limits/connections"), 10'000);
    EXPECT_EQ(all.at_pointer("/services/a/timeouts/connect"), "1s");
    EXPECT_EQ(all.at_pointer("/services/a/timeouts/total"), "1m");
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/consecutive_failures"), 5);
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/failure_ratio"), 0.5);
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/window/last"), "10s");
    EXPECT_EQ(all.at_pointer("/services/a/breaker/recovery/open_for"), "5s");
    EXPECT_EQ(all.at_pointer("/services/a/breaker/scope"), "service");
    EXPECT_EQ(all.at_pointer("/services/a/on_failure"), "pass");
    EXPECT_EQ(all.at_pointer("/services/a/half_close"), "abort");
    EXPECT_EQ(all.at_pointer("/routes/0/match/path_prefix"), "/");
}

TEST(config_text, the_access_log_is_shown_as_it_was_asked_for) {
    EXPECT_TRUE(json_of(with_service("")).at_pointer("/access_log").is_null());
    EXPECT_TRUE(json_of(with_top("access_log: off\n")).at_pointer("/access_log").is_null());
    EXPECT_EQ(json_of(with_top("access_log: stderr\n")).at_pointer("/access_log"), "stderr");
    EXPECT_EQ(json_of(with_top("access_log: ./requests.log\n")).at_pointer("/access_log"), "./requests.log");
}

TEST(config_text, what_is_off_is_null) {
    const auto all = json_of(with_service("    breaker: {trip: {failure_ratio: off}}\n    timeouts: {total: off}\n"));
    EXPECT_TRUE(all.at_pointer("/services/a/breaker/trip/failure_ratio").is_null());
    EXPECT_TRUE(all.at_pointer("/services/a/breaker/trip/slow").is_null());
    EXPECT_TRUE(all.at_pointer("/services/a/timeouts/total").is_null());
    EXPECT_TRUE(all.at_pointer("/services/a/fallback").is_null());
    EXPECT_TRUE(all.at_pointer("/admin/token_file").is_null());
}

TEST(config_text, adaptive_is_shown_with_every_default) {
    const auto all = json_of(with_service("    breaker: {trip: {adaptive: true}}\n"));
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/adaptive/false_trip_budget"), "30d");
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/adaptive/care"), 0.1);
    EXPECT_TRUE(all.at_pointer("/services/a/breaker/trip/adaptive/deadline").is_null());
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/adaptive/memory"), "1d");
}

TEST(config_text, what_was_written_is_shown_in_the_same_words) {
    const auto all =
        json_of(with_service(R"(    breaker: {scope: key, key: {header: X-Tenant}, trip: {window: {last_calls: 50}}}
    classify:
      - {status: [429, 503], as: trip, when: retry_after}
      - {error: dns, as: failure, class: custom_2}
    fallback: {when: both, status: 503, headers: {Content-Type: text/plain}, body: sorry}
    health_check: {path: /up}
)"));
    EXPECT_EQ(all.at_pointer("/services/a/breaker/key/header"), "X-Tenant");
    EXPECT_EQ(all.at_pointer("/services/a/breaker/max_keys"), 1'000);
    EXPECT_EQ(all.at_pointer("/services/a/breaker/trip/window/last_calls"), 50);
    EXPECT_EQ(all.at_pointer("/services/a/classify/0/status/1"), 503);
    EXPECT_EQ(all.at_pointer("/services/a/classify/0/when"), "retry_after");
    EXPECT_EQ(all.at_pointer("/services/a/classify/1/error/0"), "dns");
    EXPECT_EQ(all.at_pointer("/services/a/classify/1/class"), "custom_2");
    EXPECT_EQ(all.at_pointer("/services/a/fallback/headers/Content-Type"), "text/plain");
    EXPECT_EQ(all.at_pointer("/services/a/health_check/every"), "5s");
    EXPECT_EQ(all.at_pointer("/services/a/expose"), false);
    EXPECT_EQ(all.at_pointer("/services/a/endpoints/0"), "http://127.0.0.1:9000");
}

TEST(config_text, secrets_are_masked) {
    const std::string shown = config_json(accepted(with_service(
        "    fallback: {headers: {authorization: Basic c2VjcmV0, Set-Cookie: id=secret, X-Plain: visible}}\n")));
    EXPECT_EQ(shown.find("c2VjcmV0"), std::string::npos);
    EXPECT_EQ(shown.find("id=secret"), std::string::npos);
    EXPECT_NE(shown.find("visible"), std::string::npos);
    EXPECT_NE(shown.find("***"), std::string::npos);
}

}  // namespace
}  // namespace switchgear::gateway
