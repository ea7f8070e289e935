#include "explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/array.hpp>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace json = boost::json;

wire::breaker_view at(state now) {
    wire::breaker_view out;
    out.name = "shop";
    out.state = now;
    out.epoch = 2;
    out.admitted_share = now == state::closed ? 1 : 0;
    return out;
}

wire::transition_view into(state to, cause why) {
    wire::transition_view out;
    out.name = "shop";
    out.to = to;
    out.from = to == state::open ? state::closed : state::open;
    out.epoch = 2;
    out.cause = why;
    return out;
}

std::string why(const json::object& told) { return std::string(told.at("why").as_string()); }

/// The change by that cause; an empty object if there is none.
json::object change(const json::object& told, std::string_view by) {
    for (const json::value& one : told.at("changes").as_array()) {
        if (one.at("cause").as_string() == by) return one.as_object();
    }
    return {};
}

TEST(explanation, of_a_closed_breaker_counts_up_to_each_rule_that_is_on) {
    auto now = at(state::closed);
    now.failures_in_a_row = 2;
    now.window = {.calls = 10, .failures = 4, .slow = 0};
    const json::object told =
        explain(now, {.trip = {.consecutive_failures = 3, .failures = {}, .failure_ratio = 0.5}}, {});
    const json::object run = change(told, "consecutive_failures");
    EXPECT_EQ(run.at("to"), "open");
    EXPECT_EQ(run.at("observed").to_number<double>(), 2);
    EXPECT_EQ(run.at("threshold").to_number<double>(), 3);
    EXPECT_THAT(std::string(change(told, "failure_ratio").at("words").as_string()), HasSubstr("now 4 of 10"));
    EXPECT_THAT(std::string(change(told, "failure_ratio").at("words").as_string()), HasSubstr("below 20 calls"));
    EXPECT_TRUE(change(told, "failure_count").empty());
    EXPECT_TRUE(change(told, "slow_ratio").empty());
    EXPECT_FALSE(change(told, "trip_verdict").empty());
}

TEST(explanation, of_the_adaptive_rule_says_what_is_normal_and_how_near_a_trip_is) {
    auto now = at(state::closed);
    now.normal = {.failure_share = 0.004, .slow_share = 0.01, .slow_after = 20ms, .evidence = 0.25, .penalty = 0};
    const settings adaptive{.trip = {.consecutive_failures = {}, .failure_ratio = {}, .adaptive = adaptive_rule{}}};
    const json::object rule = change(explain(now, adaptive, {}), "adaptive");
    EXPECT_EQ(rule.at("to"), "open");
    EXPECT_EQ(rule.at("observed").to_number<double>(), 0.25);
    EXPECT_EQ(rule.at("threshold").to_number<double>(), 1);
    EXPECT_THAT(std::string(rule.at("words").as_string()),
                ::testing::AllOf(HasSubstr("once in 30d"), HasSubstr("now at 25%"), HasSubstr("0.4% failed"),
                                 HasSubstr("1% slower than 20ms"), ::testing::Not(HasSubstr("needless"))));
    now.normal->penalty = 1.5;
    now.normal->slow_after.reset();
    EXPECT_THAT(std::string(change(explain(now, adaptive, {}), "adaptive").at("words").as_string()),
                ::testing::AllOf(HasSubstr("not known yet"), HasSubstr("has tripped needlessly")));
    EXPECT_TRUE(change(explain(now, {}, {}), "adaptive").empty());
}

TEST(explanation, of_an_adaptive_trip_tells_its_evidence_in_words) {
    auto opened = into(state::open, cause::adaptive);
    opened.evidence = {
        .calls = 9, .failures = 7, .slow = 0, .observed = 0.78, .threshold = 0.004, .by_chance_once_in = 24h * 31};
    EXPECT_THAT(why(explain(at(state::open), {}, {opened})),
                HasSubstr("7 of the last 9 calls failed; normal is 0.4 %; such a run comes by chance once in 31 days"));
}

TEST(explanation, of_an_open_breaker_says_why_it_opened_and_when_a_probe_is_due) {
    auto now = at(state::open);
    now.retry_after = 3200ms;
    auto opened = into(state::open, cause::consecutive_failures);
    opened.evidence = {.calls = 3, .failures = 3, .slow = 0, .observed = 3, .threshold = 3};
    const json::object told = explain(now, {}, {opened});
    EXPECT_THAT(why(told), HasSubstr("open since "));
    EXPECT_THAT(why(told), HasSubstr("3 failures in a row, threshold 3"));
    EXPECT_EQ(change(told, "pause_over").at("to"), "half_open");
    EXPECT_EQ(change(told, "pause_over").at("in_ms").to_number<int>(), 3200);
    EXPECT_EQ(change(told, "operator_order").at("to"), "closed");
}

TEST(explanation, of_an_old_transition_is_not_given_for_a_newer_state) {
    auto now = at(state::open);
    now.epoch = 4;
    EXPECT_EQ(why(explain(now, {}, {into(state::open, cause::failure_ratio)})), "open");
}

TEST(explanation, of_half_open_says_what_the_probes_decide) {
    const json::object told = explain(at(state::half_open), {.recovery = {.successes_to_close = 3}}, {});
    EXPECT_EQ(change(told, "probes_succeeded").at("to"), "closed");
    EXPECT_EQ(change(told, "probes_succeeded").at("threshold").to_number<int>(), 3);
    EXPECT_EQ(change(told, "probe_failed").at("to"), "open");
    EXPECT_EQ(change(told, "probe_expired").at("to"), "open");
}

TEST(explanation, on_the_ramp_has_its_end_and_the_rules_of_closed) {
    auto now = at(state::half_open);
    now.admitted_share = 0.4;
    const json::object told = explain(now, {.recovery = {.ramp = {{.over = 30s}}}}, {});
    EXPECT_THAT(std::string(change(told, "ramp_finished").at("words").as_string()), HasSubstr("now 40%"));
    EXPECT_FALSE(change(told, "consecutive_failures").empty());
    EXPECT_TRUE(change(told, "probe_failed").empty());
}

TEST(explanation, on_the_ramp_by_evidence_says_what_it_waits_for) {
    auto now = at(state::half_open);
    now.admitted_share = 0.4;
    const json::object told = explain(now, {.recovery = {.ramp = {{.by = ramp_by::evidence}}}}, {});
    EXPECT_THAT(std::string(change(told, "ramp_finished").at("words").as_string()),
                HasSubstr("none was refused for a second; now about 40%"));
}

TEST(explanation, on_the_ramp_by_evidence_has_its_own_rule_and_not_the_adaptive_one) {
    auto now = at(state::half_open);
    now.admitted_share = 0.4;
    now.normal.emplace();
    const json::object told =
        explain(now, {.trip = {.adaptive = adaptive_rule{}}, .recovery = {.ramp = {{.by = ramp_by::evidence}}}}, {});
    EXPECT_TRUE(change(told, "adaptive").empty());
    EXPECT_THAT(std::string(change(told, "failure_ratio").at("words").as_string()), HasSubstr("seven of the last ten"));
}

TEST(explanation, of_a_breaker_that_observes_its_probes_tells_of_them) {
    auto now = at(state::half_open);
    now.admitted_share = 1;
    const json::object told = explain(now, {.recovery = {.probes = 3}, .mode = mode::observe}, {});
    EXPECT_TRUE(change(told, "ramp_finished").empty());
    EXPECT_FALSE(change(told, "probe_failed").empty());
}

TEST(explanation, under_an_override_begins_with_its_end_and_its_author) {
    auto now = at(state::closed);
    now.override = override_mode::forced_open;
    now.order = wire::order_view{.reason = "deploying", .actor = "ann", .until = {}};
    const json::object told = explain(now, {}, {});
    EXPECT_THAT(why(told), HasSubstr("forced_open until it is lifted (ann: deploying)"));
    EXPECT_EQ(told.at("changes").at(0).at("cause"), "operator_order");
    EXPECT_FALSE(told.at("changes").at(0).as_object().contains("to"));
}

TEST(explanation, says_that_an_observing_breaker_refuses_nobody) {
    EXPECT_THAT(why(explain(at(state::open), {.mode = mode::observe}, {})), HasSubstr("observe"));
}

}  // namespace
}  // namespace switchgear::gateway
