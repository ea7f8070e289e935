#include "format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/array.hpp>

namespace switchgear::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
namespace json = boost::json;

wire::breaker_view named(std::string name, state at = state::closed) {
    wire::breaker_view out;
    out.name = std::move(name);
    out.state = at;
    return out;
}

wire::transition_view opened() {
    wire::transition_view out;
    out.name = "shop";
    out.to = state::open;
    out.cause = cause::consecutive_failures;
    out.evidence = {.calls = 3, .failures = 3, .slow = 0, .observed = 3, .threshold = 3};
    out.pause = 5s;
    out.attempt = 1;
    return out;
}

TEST(breakers_table, columns_line_up_under_their_titles) {
    auto open = named("a-long-name/10.0.0.1:80", state::open);
    open.retry_after = 1500ms;
    const std::string table = breakers_table({named("shop"), open});
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < table.size(); at = table.find('\n', at) + 1) {
        lines.push_back(table.substr(at, table.find('\n', at) - at));
    }
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].find("closed"), lines[0].find("STATE"));
    EXPECT_EQ(lines[2].find("open"), lines[0].find("STATE"));
    EXPECT_EQ(lines[1].size(), lines[0].size());
    EXPECT_EQ(lines[2].size(), lines[0].size());
    EXPECT_THAT(lines[2], HasSubstr("1500ms"));
}

TEST(state_words, tell_a_due_probe_the_ramp_and_an_override) {
    auto open = named("shop", state::open);
    open.probe_due = true;
    EXPECT_EQ(state_words(open), "open, probe due");
    auto ramp = named("shop", state::half_open);
    ramp.admitted_share = 0.25;
    EXPECT_EQ(state_words(ramp), "half_open, admitting 25%");
    auto forced = named("shop");
    forced.override = override_mode::forced_open;
    EXPECT_EQ(state_words(forced), "closed, forced_open");
}

TEST(transition_line, has_cause_evidence_and_pause) {
    const std::string line = transition_line(opened());
    EXPECT_THAT(line, HasSubstr("shop  closed -> open  consecutive_failures 3 of 3  for 5s"));
    EXPECT_THAT(line, Not(HasSubstr("attempt")));
}

TEST(transition_line, of_an_order_has_who_and_why) {
    auto ordered = opened();
    ordered.cause = cause::operator_order;
    ordered.evidence = {};
    ordered.order = wire::order_view{.reason = "deploying", .actor = "ann", .until = {}};
    EXPECT_THAT(transition_line(ordered), HasSubstr("  (by ann: deploying)")) << "nobody can lift a trip";
    ordered.order->until = wire::wall_time{} + 1s;
    EXPECT_THAT(transition_line(ordered), HasSubstr("(until 1970-01-01T00:00:01.000Z, by ann: deploying)"));
}

TEST(breaker_details, say_that_an_override_is_in_force_until_lifted) {
    auto forced = named("shop");
    forced.override = override_mode::forced_open;
    forced.order = wire::order_view{.reason = "deploying", .actor = "ann", .until = {}};
    EXPECT_THAT(breaker_details(forced, {}), HasSubstr("order in force: until lifted, by ann: deploying"));
}

TEST(words_after_trip, tell_the_pause_in_force) {
    auto open = named("shop", state::open);
    open.retry_after = 10min;
    EXPECT_EQ(words_after_trip(open), "open for 10m");
    open.override = override_mode::forced_open;
    EXPECT_EQ(words_after_trip(open), "open, forced_open");
}

TEST(transition_line, of_an_adaptive_trip_tells_its_evidence_in_words) {
    auto adaptive = opened();
    adaptive.cause = cause::adaptive;
    adaptive.evidence = {
        .calls = 20, .failures = 0, .slow = 12, .observed = 0.6, .threshold = 0.01, .by_chance_once_in = 24h * 31};
    EXPECT_THAT(
        transition_line(adaptive),
        HasSubstr("closed -> open  adaptive: 12 of the last 20 calls were slow; normal is 1 %; such a run comes by "
                  "chance once in 31 days  for 5s"));
}

TEST(breaker_details, tell_what_was_learned) {
    auto seen = named("shop");
    EXPECT_THAT(breaker_details(seen, {}), Not(::testing::AnyOf(HasSubstr("normal"), HasSubstr("learned"))));
    seen.normal = {.failure_share = 0.004, .slow_share = 0.01, .slow_after = 20ms, .evidence = 0.25, .penalty = 1.5};
    seen.learned = {.median_outage = 30s, .calls_per_second = 12.5};
    const std::string text = breaker_details(seen, {});
    EXPECT_THAT(text,
                HasSubstr("normal: 0.4% failed, 1% slower than 20ms; evidence for a trip 25%; it takes 4.5 times the "
                          "evidence, because the breaker is new or has tripped needlessly\n"));
    EXPECT_THAT(text, HasSubstr("learned: outages of 30s (median), 12.5 good calls a second\n"));
    seen.normal->slow_after.reset();
    seen.normal->penalty = 0;
    EXPECT_THAT(breaker_details(seen, {}), HasSubstr("evidence for a trip 25%\n"));
    EXPECT_THAT(breaker_details(seen, {}), HasSubstr("how long calls take is not known yet"));
}

TEST(breaker_details, has_every_setting_and_the_transitions) {
    json::object answer;
    answer["settings"] = {
        {"trip", {{"consecutive_failures", 3}, {"failures", nullptr}, {"window", {{"last", "10s"}}}}}};
    answer["transitions"] = json::array{to_json(opened())};
    const std::string text = breaker_details(named("shop", state::open), answer);
    EXPECT_THAT(text, ::testing::ContainsRegex("trip\\.consecutive_failures +3\n"));
    EXPECT_THAT(text, ::testing::ContainsRegex("trip\\.failures +off\n"));
    EXPECT_THAT(text, ::testing::ContainsRegex("trip\\.window\\.last +10s\n"));
    EXPECT_THAT(text, HasSubstr("closed -> open"));
}

TEST(explanation, says_why_and_what_would_change_it) {
    json::object answer;
    answer["explanation"] = {{"why", "open since noon"}, {"changes", json::array{{{"words", "in 3s a probe"}}}}};
    const std::string text = explanation(named("shop", state::open), answer);
    EXPECT_THAT(text, HasSubstr("shop is open since noon"));
    EXPECT_THAT(text, HasSubstr("  in 3s a probe"));
}

}  // namespace
}  // namespace switchgear::cli
