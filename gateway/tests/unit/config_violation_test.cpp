#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using testing::expect_refused;
using ::testing::HasSubstr;
using testing::violations_of;
using testing::with_service;
using testing::with_top;

TEST(config_violation, an_unknown_key_is_refused_where_the_key_stands_with_the_nearest_known_one) {
    expect_refused(with_service("    @@breakr: {}\n"),
                   {{"services.a.breakr", "unknown key; did you mean \"breaker\"?"}});
    expect_refused(with_service("    breaker: {trip: {@@consecutive_failure: 3}}\n"),
                   {{"services.a.breaker.trip.consecutive_failure", "did you mean \"consecutive_failures\"?"}});
}

TEST(config_violation, an_unknown_key_that_is_near_to_nothing_is_answered_with_the_list) {
    expect_refused(with_top("@@zzz: 1\n"),
                   {{"zzz", "expected one of listeners, admin, access_log, limits, defaults, services, routes"}});
}

TEST(config_violation, keys_of_later_versions_are_unknown_today) {
    expect_refused(with_service("    @@retries: {}\n    fallback: {@@cached: 10m}\n"),
                   {{"services.a.retries", "unknown key"}, {"services.a.fallback.cached", "unknown key"}});
}

TEST(config_violation, a_wrong_type_is_refused_where_the_value_stands) {
    expect_refused(with_service("    breaker: @@5\n"), {{"services.a.breaker", "expected a map, got \"5\""}});
    expect_refused(with_service("    breaker: {trip: {minimum_calls: @@many}}\n"),
                   {{"services.a.breaker.trip.minimum_calls", "expected a whole number from 0, got \"many\""}});
    expect_refused(with_service("    breaker: {trip: {minimum_calls: @@\"20\"}}\n"),
                   {{"services.a.breaker.trip.minimum_calls", "expected a whole number"}});
    expect_refused(with_service("    breaker: {recovery: {backoff: @@[2]}}\n"),
                   {{"services.a.breaker.recovery.backoff", "expected a number, got a list"}});
    expect_refused(with_service("    expose: @@maybe\n"),
                   {{"services.a.expose", "expected true or false, got \"maybe\""}});
    expect_refused(with_service("    classify: @@{status: 404}\n"),
                   {{"services.a.classify", "expected a list, got a map"}});
    expect_refused("listeners: @@here\nservices: @@there\nroutes: @@everywhere\n",
                   {{"listeners", "expected a list, got \"here\""},
                    {"services", "expected a map of each service by its name"},
                    {"routes", "expected a list, got \"everywhere\""}});
    expect_refused("@@- 1\n", {{"", "expected a map, got a list"}});
}

TEST(config_violation, of_the_adaptive_rule_shows_its_map_and_days) {
    const std::string words = "expected true, false or a map such as {false_trip_budget: 30d}, got ";
    const std::string path = "services.a.breaker.trip.adaptive";
    expect_refused(with_service("    breaker: {trip: {adaptive: @@30d}}\n"), {{path, words + "\"30d\""}});
    expect_refused(with_service("    breaker: {trip: {adaptive: @@\"true\"}}\n"),
                   {{path, words + "\"true\" in quotes, a text"}});
    expect_refused(with_service("    breaker: {trip: {adaptive: {false_trip_budget: @@30}}}\n"),
                   {{path + ".false_trip_budget", "expected a duration such as 24h or 30d, got \"30\""}});
}

TEST(config_violation, nothing_in_place_of_a_needed_value_is_refused_where_it_should_stand) {
    expect_refused(with_service("    breaker:\n      recovery:\n        @@open_for:\n    expose: true\n"),
                   {{"services.a.breaker.recovery.open_for", "expected a duration, got nothing"}});
    expect_refused(with_service("    breaker: {recovery: {open_for: @@null}}\n"),
                   {{"services.a.breaker.recovery.open_for", "expected a duration, got nothing"}});
}

TEST(config_violation, an_access_log_that_nobody_can_have_meant_is_refused) {
    for (const char* wrong : {"@@true", "@@false", "@@\"\"", "@@\"-\"", "@@stdout"}) {
        expect_refused(with_top("access_log: " + std::string{wrong} + "\n"),
                       {{"access_log", "expected off, stderr or the name of a file, got "}});
    }
    expect_refused(with_top("access_log: @@[stderr]\n"),
                   {{"access_log", "expected off, stderr or the name of a file"}});
    expect_refused(with_top("access_log: @@/\n"), {{"access_log", "\"/\" is a folder"}});
    expect_refused(with_top("access_log: @@/no/such/folder/a.log\n"),
                   {{"access_log", "there is no folder \"/no/such/folder\" for the file"}});
}

TEST(config_violation, a_value_out_of_range_is_refused_with_the_value_and_the_range) {
    expect_refused(with_service("    breaker: {recovery: {probes: @@2000, backoff: @@0.5}}\n"),
                   {{"services.a.breaker.recovery.probes", "2000: must be within [1, 1024]"},
                    {"services.a.breaker.recovery.backoff", "0.5: must be within [1, 10]"}});
    expect_refused(with_service("    breaker: {trip: {consecutive_failures: @@4294967296}}\n"),
                   {{"services.a.breaker.trip.consecutive_failures", "4294967296: must be within [0, 4294967295]"}});
    expect_refused(with_service("    breaker: {trip: {window: {last: @@10ms}}}\n"),
                   {{"services.a.breaker.trip.window.last", "10 ms: must be within [1000 ms, 3600000 ms]"}});
    expect_refused(with_service("    timeouts: {connect: @@0s, total: @@25h}\n"),
                   {{"services.a.timeouts.connect", "0s: must be within [1ms, 1d]"},
                    {"services.a.timeouts.total", "25h: must be within [1ms, 1d]"}});
    expect_refused(with_top("limits: {header_bytes: @@1GiB, connections: @@0}\n"),
                   {{"limits.header_bytes", "1GiB: must be within [1KiB, 1MiB]"},
                    {"limits.connections", "0: must be within [1, 1000000]"}});
    expect_refused(with_service("    classify: [{status: [200, @@600], as: failure}]\n"),
                   {{"services.a.classify[0].status[1]", "600: must be within [200, 599]"}});
    expect_refused(with_service("    fallback: {status: @@103}\n"),
                   {{"services.a.fallback.status", "103: must be within [200, 599]"}});
}

TEST(config_violation, a_setting_that_cannot_be_reached_is_refused_where_it_was_written) {
    expect_refused(
        with_service("    breaker:\n      trip:\n        window: {last_calls: 10}\n        minimum_calls: @@20\n"),
        {{"services.a.breaker.trip.minimum_calls", "20: cannot be reached within a window of 10 calls"}});
    expect_refused(with_service("    breaker: {trip: {window: {last_calls: 50}, limits: {timeout: @@60}}}\n"),
                   {{"services.a.breaker.trip.limits.timeout", "cannot be reached within a window of 50 calls"}});
}

TEST(config_violation, a_default_that_makes_a_setting_unreachable_is_told_at_the_section_that_leaves_it_out) {
    expect_refused(with_service("    breaker: {trip: @@{window: {last_calls: 10}}}\n"),
                   {{"services.a.breaker.trip.minimum_calls", "20: cannot be reached within a window of 10 calls"}});
}

TEST(config_violation, an_unknown_service_of_a_route_is_refused) {
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\n"
        "services: {payments: {endpoints: [http://127.0.0.1:9000]}}\n"
        "routes:\n  - {match: {path_prefix: /a/}, service: @@payment}\n  - {match: {path_prefix: /b/}, @@service: }\n",
        {{"routes[0].service", "unknown service \"payment\"; did you mean \"payments\"?"},
         {"routes[1].service", "expected a text, got nothing"}});
}

TEST(config_violation, a_duplicate_key_is_refused_at_the_second_and_names_the_first) {
    expect_refused(with_service("    expose: true\n    host: preserve\n    @@expose: false\n"),
                   {{"services.a.expose", "duplicate key, first on line 6"}});
    expect_refused(with_service("  @@a: {endpoints: [http://127.0.0.1:1]}\n"),
                   {{"services.a", "duplicate key, first on line 4"}});
    expect_refused(with_service("    breaker: {mode: observe, @@mode: observe}\n"),
                   {{"services.a.breaker.mode", "duplicate key, first on line 6"}});
}

TEST(config_violation, a_bad_duration_is_refused_and_a_bare_number_is_one) {
    for (const std::string bad : {"5", "5 s", "1.5s", "-5s", "5x", "s", "99999999999999999999s", "\"\"", "soon"}) {
        SCOPED_TRACE(bad);
        expect_refused(with_service("    breaker: {recovery: {open_for: @@" + bad + "}}\n"),
                       {{"services.a.breaker.recovery.open_for", "expected a duration such as 250ms, 5s, 10m or 1h"}});
    }
    expect_refused(with_service("    breaker: {trip: {window: @@10}}\n"),
                   {{"services.a.breaker.trip.window", "expected a map, got \"10\""}});
    expect_refused(with_service("    breaker: {trip: {window: {last: @@10}}}\n"),
                   {{"services.a.breaker.trip.window.last", "expected a duration"}});
}

TEST(config_violation, a_bad_size_or_ratio_is_refused) {
    expect_refused(with_top("limits: {header_bytes: @@64 KB}\n"),
                   {{"limits.header_bytes", "expected a size such as 64KiB, got \"64 KB\""}});
    expect_refused(with_service("    breaker: {trip: {failure_ratio: @@half}}\n"),
                   {{"services.a.breaker.trip.failure_ratio", "expected a ratio such as 0.5 or 50%, got \"half\""}});
    expect_refused(with_service("    breaker: {trip: {failure_ratio: @@50}}\n"),
                   {{"services.a.breaker.trip.failure_ratio", "50: must be within (0, 1]"}});
}

TEST(config_violation, a_window_is_of_one_kind) {
    expect_refused(with_service("    breaker: {trip: {window: {last: 10s, @@last_calls: 100}}}\n"),
                   {{"services.a.breaker.trip.window.last_calls", "a window is of one kind"}});
    expect_refused(with_service("    breaker: {trip: {window: @@{}}}\n"),
                   {{"services.a.breaker.trip.window", "expected {last: 10s} or {last_calls: 100}"}});
}

TEST(config_violation, a_bad_url_is_refused_with_what_is_wrong_with_it) {
    struct bad_url {
        std::string url;
        std::string why;
    };
    const std::vector<bad_url> all{{"127.0.0.1:9000", "is no URL"},
                                   {"ftp://host", "has to begin with http:// or https://"},
                                   {"'http://'", "has no host"},
                                   {"http://host/base", "has a path"},
                                   {"http://host?x=1", "has a path"},
                                   {"'http://host#x'", "has a path"},
                                   {"http://me:pw@host", "has a user"},
                                   {"http://host:0", "port that is not within [1, 65535]"},
                                   {"http://host:70000", "port that is not within [1, 65535]"},
                                   {"http://a..b", "neither a name nor an IP address"},
                                   {"http://ho%0ast", "neither a name nor an IP address"},
                                   {"'http://ho st'", "is no URL"},
                                   {"\"http://h\\r\\nX: y\"", "is no URL"},
                                   {"'http://[::1'", "is no URL"},
                                   {"''", "is no URL"}};
    for (const auto& [url, why] : all) {
        SCOPED_TRACE(url);
        expect_refused(
            "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a}]\nservices:\n  a:\n    endpoints:\n"
            "      - http://127.0.0.1:9000\n      - @@" +
                url + "\n",
            {{"services.a.endpoints[1]", why}});
    }
}

TEST(config_violation, an_endpoint_that_is_listed_twice_is_refused_however_it_is_written) {
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a}]\n"
        "services: {a: {endpoints: [http://Host, @@\"http://host:80/\"]}}\n",
        {{"services.a.endpoints[1]", "http://host is listed twice, first on line 3"}});
}

TEST(config_violation, an_address_that_cannot_be_listened_on_is_refused) {
    for (const std::string bad : {"8080", "example.com:80", "127.0.0.1", "127.0.0.1:70000", "::1:80",
                                  "127.0.0.1:", "300.0.0.1:80", "[::ffff:127.0.0.1]:80"}) {
        SCOPED_TRACE(bad);
        expect_refused("listeners: [{address: @@\"" + bad +
                           "\"}]\nservices: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n",
                       {{"listeners[0].address", "is no address to listen on"}});
    }
}

TEST(config_violation, a_name_of_a_file_with_a_nul_is_refused) {
    const std::string rest = "\nservices: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n";
    expect_refused("access_log: @@\"/tmp/x\\0b\"\nlisteners: [{address: 127.0.0.1:8080}]" + rest,
                   {{"access_log", "expected off, stderr or the name of a file"}});
    expect_refused(
        "admin: {token_file: @@\"/tmp/x\\0b\"}\n"
        "listeners: [{address: 127.0.0.1:8080, tls: {certificate: @@\"/a\\0\", key: @@\"/b\\0\"}}]" +
            rest,
        {{"admin.token_file", "is no name of a file: it has a NUL in it"},
         {"listeners[0].tls.certificate", "is no name of a file: it has a NUL in it"},
         {"listeners[0].tls.key", "is no name of a file: it has a NUL in it"}});
}

TEST(config_violation, two_listeners_on_one_address_are_refused_and_the_admin_port_counts) {
    expect_refused(
        "listeners:\n  - address: 127.0.0.1:8080\n  - address: @@localhost:8080\n  - address: @@0.0.0.0:8080\n"
        "  - address: '[::1]:8080'\n  - address: 127.0.0.1:0\n  - address: 127.0.0.1:0\n"
        "admin: {address: @@127.0.0.1:8080}\n"
        "services: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n",
        {{"listeners[1].address", "127.0.0.1:8080 is taken by the listener on line 2"},
         {"listeners[2].address", "0.0.0.0:8080 is taken by the listener on line 2"},
         {"admin.address", "127.0.0.1:8080 is taken by the listener on line 2"}});
}

TEST(config_violation, the_default_admin_address_counts_too) {
    expect_refused(
        "listeners: [{address: @@127.0.0.1:9901}]\nservices: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n",
        {{"listeners[0].address", "is taken by the admin port"}});
}

TEST(config_violation, an_admin_address_that_others_reach_needs_a_token_file) {
    expect_refused(with_top("admin: {address: @@0.0.0.0:9901}\n"), {{"admin.address", "set admin.token_file"}});
    expect_refused(with_top("admin: {address: @@\"[::]:9901\", token_file: off}\n"),
                   {{"admin.address", "set admin.token_file"}});
    EXPECT_TRUE(violations_of(with_top("admin: {address: 0.0.0.0:9901, token_file: /etc/token}\n")).empty());
    EXPECT_TRUE(violations_of(with_top("admin: {address: '[::1]:9901'}\n")).empty());
}

TEST(config_violation, an_empty_token_file_is_no_token_file) {
    expect_refused(with_top("admin: {address: 0.0.0.0:9901, token_file: @@''}\n"),
                   {{"admin.token_file", "expected the name of a file"}});
}

TEST(config_violation, tls_needs_both_files_and_they_must_be_readable) {
    expect_refused(
        "listeners:\n  - address: 127.0.0.1:8443\n    tls: @@{certificate: @@/does/not/exist.pem}\n"
        "services: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n",
        {{"listeners[0].tls.key", "is missing"},
         {"listeners[0].tls.certificate", "the file \"/does/not/exist.pem\" cannot be read"}});
}

TEST(config_violation, nothing_to_listen_on_serve_or_route_is_refused) {
    expect_refused("listeners: @@[]\nservices: @@{}\nroutes: @@[]\n",
                   {{"listeners", "has no listener"}, {"services", "has no service"}, {"routes", "has no route"}});
    const auto found = violations_of("");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(to_string(found[0]),
              "F:1:1: listeners: is missing: where to listen, such as [{address: 127.0.0.1:8080}]");
    EXPECT_EQ(found[1].path, "routes");
    EXPECT_EQ(found[2].path, "services");
}

TEST(config_violation, a_service_without_an_endpoint_is_refused) {
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a}]\n"
        "services:\n  a: @@{}\n  b: {endpoints: @@[]}\n  @@c:\n",
        {{"services.a.endpoints", "is missing"},
         {"services.b.endpoints", "has no endpoint"},
         {"services.c.endpoints", "is missing"}});
}

TEST(config_violation, a_service_name_that_a_breaker_could_not_be_named_by_is_refused) {
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a/b}]\n"
        "services: {@@a/b: {endpoints: [http://h]}}\n",
        {{"services.a/b", "a service is named with 1 to 128 of"}});
}

TEST(config_violation, a_fallback_header_that_would_break_the_answer_is_refused) {
    expect_refused(
        with_service("    fallback:\n      headers:\n        @@\"X Y\": z\n        X-A: @@\"a\\r\\nSet-Cookie: b\"\n"
                     "        @@content-length: 5\n        X-B: @@[1]\n"),
        {{"services.a.fallback.headers.X Y", "\"X Y\" is no name of a header"},
         {"services.a.fallback.headers.X-A", "a line break or another control character"},
         {"services.a.fallback.headers.content-length", "is written by the gateway itself"},
         {"services.a.fallback.headers.X-B", "expected a text, got a list"}});
}

TEST(config_violation, a_fallback_body_needs_a_status_that_has_one) {
    expect_refused(with_service("    fallback: {status: 204, body: @@x}\n"),
                   {{"services.a.fallback.body", "an answer with status 204 has no body"}});
}

TEST(config_violation, scope_key_needs_its_header_and_no_other_scope_takes_one) {
    expect_refused(with_service("    breaker: {scope: @@key}\n"),
                   {{"services.a.breaker.key", "is missing: scope key needs the header"}});
    expect_refused(with_service("    breaker: {scope: key, key: @@{}}\n"),
                   {{"services.a.breaker.key.header", "is missing"}});
    expect_refused(with_service("    breaker: {scope: key, key: {header: @@\"X Y\"}}\n"),
                   {{"services.a.breaker.key.header", "is no name of a header"}});
    expect_refused(with_service("    breaker: {@@key: {header: X}, @@max_keys: 5}\n"),
                   {{"services.a.breaker.key", "has no effect with scope service"},
                    {"services.a.breaker.max_keys", "has no effect with scope service"}});
}

TEST(config_violation, a_classify_rule_that_says_nothing_or_too_much_is_refused) {
    expect_refused(
        with_service("    classify:\n      - @@{as: failure}\n      - @@{status: 404}\n"
                     "      - {status: 405, @@error: dns, as: failure}\n      - {status: @@[], as: failure}\n"
                     "      - {error: tls, as: trip, @@when: retry_after}\n"
                     "      - {status: 406, as: success, @@class: error}\n      - {status: 407, as: @@failed}\n"),
        {{"services.a.classify[0]", "matches nothing"},
         {"services.a.classify[1].as", "is missing"},
         {"services.a.classify[2].error", "is given beside status"},
         {"services.a.classify[3].status", "is empty"},
         {"services.a.classify[4].when", "has no effect"},
         {"services.a.classify[5].class", "has no effect with as: success"},
         {"services.a.classify[6].as", "unknown word \"failed\"; expected one of success, failure, trip, ignored"}});
}

TEST(config_violation, a_classify_rule_that_an_earlier_one_hides_is_refused) {
    expect_refused(with_service("    classify:\n      - {status: [429, 503], as: trip, when: retry_after}\n"
                                "      - {status: 503, as: ignored}\n      - {status: [500, @@503], as: failure}\n"
                                "      - {error: [dns, tls], as: ignored}\n      - {error: @@tls, as: failure}\n"),
                   {{"services.a.classify[2].status[1]", "503 never comes here: the rule on line 8 takes it first"},
                    {"services.a.classify[4].error", "tls never comes here: the rule on line 10 takes it first"}});
}

TEST(config_violation, a_health_check_needs_a_path_that_can_be_asked_for) {
    expect_refused(with_service("    health_check: @@{every: @@1ms, while: @@closed}\n"),
                   {{"services.a.health_check.path", "is missing"},
                    {"services.a.health_check.every", "1ms: must be within [100ms, 1h]"},
                    {"services.a.health_check.while", "unknown word \"closed\""}});
    expect_refused(with_service("    health_check: {path: @@healthz}\n"),
                   {{"services.a.health_check.path", "is no path of a request"}});
}

TEST(config_violation, all_of_them_come_at_once_in_the_order_of_the_file) {
    expect_refused(
        "routes:\n  - {service: @@b}\nlisteners:\n  - {address: @@nowhere}\n@@what: 1\nservices:\n  a:\n"
        "    endpoints: [@@nothing]\n    breaker: {recovery: {open_for: @@5, probes: @@0}}\n",
        {{"routes[0].service", "unknown service"},
         {"listeners[0].address", "is no address"},
         {"what", "unknown key"},
         {"services.a.endpoints[0]", "is no URL"},
         {"services.a.breaker.recovery.open_for", "expected a duration"},
         {"services.a.breaker.recovery.probes", "0: must be within [1, 1024]"}});
}

TEST(config_violation, more_of_anything_than_the_gateway_keeps_is_refused) {
    std::string endpoints = "http://h0";
    std::string headers = "X0: y";
    std::string rules = "{status: 400, as: failure}";
    for (int i = 1; i <= 1'000; ++i) {
        endpoints += ", http://h" + std::to_string(i);
        if (i <= 100) headers += ", X" + std::to_string(i) + ": y";
        if (i <= 100) rules += ", {status: " + std::to_string(400 + i) + ", as: failure}";
    }
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\nroutes: [{service: a}]\nservices:\n  a:\n    endpoints: @@[" +
            endpoints + "]\n    fallback:\n      headers: @@{" + headers + "}\n      body: @@" +
            std::string(65'537, 'x') + "\n    classify: @@[" + rules + "]\n",
        {{"services.a.endpoints", "1001 entries: at most 1000 are allowed"},
         {"services.a.fallback.headers", "101 headers: at most 100 are allowed"},
         {"services.a.fallback.body", "65537 bytes: at most 65536 are allowed"},
         {"services.a.classify", "101 entries: at most 100 are allowed"}});
}

TEST(config_violation, is_written_with_file_line_column_path_and_message) {
    EXPECT_EQ(to_string(config_violation{"gw.yaml", 12, 7, "services.a.host", "what"}),
              "gw.yaml:12:7: services.a.host: what");
    EXPECT_EQ(to_string(config_violation{"gw.yaml", 12, 7, "", "what"}), "gw.yaml:12:7: what");
    EXPECT_EQ(to_string(config_violation{"gw.yaml", 0, 0, "", "what"}), "gw.yaml: what");
}

}  // namespace
}  // namespace switchgear::gateway
