#include <switchgear/wire/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::wire;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

parsed<settings> read(std::string_view text) {
    return from_json<settings>(boost::json::parse({text.data(), text.size()}));
}

std::vector<std::string> fields_refused(std::string_view text) {
    const auto given = read(text);
    std::vector<std::string> fields;
    if (!given) {
        for (const auto& wrong : given.error()) fields.push_back(wrong.field);
    }
    return fields;
}

std::string message_of(std::string_view text) {
    const auto given = read(text);
    return given || given.error().size() != 1 ? "not one violation" : given.error().front().message;
}

settings every_field_set() {
    return {.trip = {.consecutive_failures = 7,
                     .failures = 12.5,
                     .failure_ratio = 0.3,
                     .slow = slow_rule{.after = 1500ms, .ratio = 0.1},
                     .limits = {.error = 1,
                                .timeout = 2,
                                .unreachable = 3,
                                .overloaded = 4,
                                .custom_1 = 5,
                                .custom_2 = 6,
                                .custom_3 = 7,
                                .custom_4 = 8},
                     .weights = {.error = 0.25,
                                 .timeout = 2,
                                 .unreachable = 3,
                                 .overloaded = 4,
                                 .custom_1 = 5,
                                 .custom_2 = 6,
                                 .custom_3 = 7,
                                 .custom_4 = 8},
                     .window = last_calls{100},
                     .minimum_calls = 11},
            .recovery = {.open_for = 250ms,
                         .backoff = 1.5,
                         .max_open_for = 90s,
                         .jitter = 0.2,
                         .jitter_seed = 18'446'744'073'709'551'615U,
                         .max_retry_after = 0ms,
                         .probes = 2,
                         .successes_to_close = 3,
                         .probe_timeout = 10min,
                         .ramp = ramp_rule{.over = 1h, .from = 0.05, .by = ramp_by::evidence},
                         .pacing = pacing::learned,
                         .probe_price = 7.5},
            .mode = mode::observe};
}

TEST(settings_json, comes_back_the_same) {
    const settings everything = every_field_set();
    ASSERT_THAT(validate(everything), ElementsAre());
    for (const settings& given : {settings{}, everything}) {
        const std::string text = boost::json::serialize(to_json(given));
        const auto back = read(text);
        ASSERT_TRUE(back.has_value()) << text;
        EXPECT_EQ(*back, given) << text;
    }
}

TEST(settings_json, comes_back_the_same_with_every_rule_off) {
    settings nothing;
    nothing.trip.consecutive_failures.reset();
    nothing.trip.failure_ratio.reset();
    const auto back = from_json<settings>(to_json(nothing));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, nothing);
}

TEST(settings_json, reads_like_the_configuration_file) {
    EXPECT_EQ(boost::json::serialize(to_json(settings{})),
              R"({"trip":{"consecutive_failures":5,"failures":null,"failure_ratio":5E-1,"slow":null,)"
              R"("limits":{"error":null,"timeout":null,"unreachable":null,"overloaded":null,)"
              R"("custom_1":null,"custom_2":null,"custom_3":null,"custom_4":null},"adaptive":null,)"
              R"("weights":{"error":1E0,"timeout":1E0,"unreachable":1E0,"overloaded":1E0,)"
              R"("custom_1":1E0,"custom_2":1E0,"custom_3":1E0,"custom_4":1E0},)"
              R"("window":{"last":"10s"},"minimum_calls":20},)"
              R"("recovery":{"open_for":"5s","backoff":2E0,"max_open_for":"1m","jitter":1E-1,"jitter_seed":null,)"
              R"("max_retry_after":"10m","probes":1,"successes_to_close":1,"probe_timeout":"30s","ramp":null,)"
              R"("pacing":"fixed","probe_price":5E0},)"
              R"("mode":"enforce"})");
}

TEST(settings_json, takes_defaults_for_what_is_missing) {
    EXPECT_EQ(read("{}").value(), settings{});
    EXPECT_EQ(read(R"({"trip": {"slow": {}}})").value().trip.slow, slow_rule{});
    EXPECT_EQ(read(R"({"recovery": {"ramp": {"over": "1m"}}})").value().recovery.ramp, ramp_rule{.over = 60s});
}

TEST(settings_json, adaptive_switches_off_the_thresholds_that_are_not_named) {
    const auto alone = read(R"({"trip": {"adaptive": true}})").value().trip;
    EXPECT_EQ(alone.consecutive_failures, std::nullopt);
    EXPECT_EQ(alone.failure_ratio, std::nullopt);
    const auto beside =
        read(R"({"trip": {"adaptive": true, "consecutive_failures": 7, "failure_ratio": 0.25}})").value().trip;
    EXPECT_EQ(beside.consecutive_failures, 7U);
    EXPECT_EQ(beside.failure_ratio, 0.25);
    EXPECT_EQ(read(R"({"trip": {"adaptive": false}})").value().trip.consecutive_failures, 5U);
}

TEST(settings_json, adaptive_may_be_just_true) {
    EXPECT_EQ(read(R"({"trip": {"adaptive": true}})").value().trip.adaptive, adaptive_rule{});
    EXPECT_EQ(read(R"({"trip": {"adaptive": {}}})").value().trip.adaptive, adaptive_rule{});
    EXPECT_EQ(read(R"({"trip": {"adaptive": false}})").value().trip.adaptive, std::nullopt);
    EXPECT_EQ(read(R"({"trip": {"adaptive": "off"}})").value().trip.adaptive, std::nullopt);
    EXPECT_EQ(read(R"({"trip": {"adaptive": {"false_trip_budget": "7d", "care": "20%"}}})").value().trip.adaptive,
              (adaptive_rule{.false_trip_budget = 168h, .care = 0.2}));
}

TEST(settings_json, adaptive_times_are_whole_hours) {
    EXPECT_THAT(fields_refused(R"({"trip": {"adaptive": {"false_trip_budget": "90m", "memory": "0h", "typo": 1}}})"),
                UnorderedElementsAre("trip.adaptive.false_trip_budget", "trip.adaptive.memory", "trip.adaptive.typo"));
}

TEST(settings_json, takes_percent_and_off) {
    const auto given = read(R"({"trip": {"failure_ratio": "30%", "consecutive_failures": "off"},
                                "recovery": {"jitter": "5%"}})");
    ASSERT_TRUE(given.has_value());
    EXPECT_EQ(given->trip.failure_ratio, 0.3);
    EXPECT_EQ(given->trip.consecutive_failures, std::nullopt);
    EXPECT_EQ(given->recovery.jitter, 0.05);
}

TEST(settings_json, tells_everything_that_is_wrong_with_its_path) {
    EXPECT_THAT(
        fields_refused(R"({
        "trip": {"failure_ratio": 1.5, "slow": {"after": 2, "ratio": "half"}, "limits": {"error": -1, "typo": 1},
                 "weights": {"timeout": 1001}, "window": {"last": "10"}, "minimum_calls": 1.5},
        "recovery": {"open_for": "5 s", "probes": 0, "backof": 2},
        "mode": "shadow", "name": "payments"})"),
        UnorderedElementsAre("trip.failure_ratio", "trip.slow.after", "trip.slow.ratio", "trip.limits.error",
                             "trip.limits.typo", "trip.weights.timeout", "trip.window.last", "trip.minimum_calls",
                             "recovery.open_for", "recovery.probes", "recovery.backof", "mode", "name"));
}

TEST(settings_json, tells_what_would_be_right) {
    EXPECT_EQ(message_of(R"({"mode": "shadow"})"), R"("shadow": must be one of enforce, observe)");
    EXPECT_EQ(message_of(R"({"trip": {"minimum_calls": -1}})"), "-1: must be a whole number within [1, 1000000000]");
    EXPECT_THAT(message_of(R"({"recovery": {"open_for": 5}})"), HasSubstr("5: must be a duration such as"));
    EXPECT_THAT(message_of(R"({"recovery": {"ramp": {"till": 1}}})"), HasSubstr("known are over, from, by"));
    EXPECT_THAT(message_of(R"({"trip": []})"), HasSubstr("[]: must be an object"));
    EXPECT_THAT(message_of(R"(["trip"])"), HasSubstr("must be an object"));
    EXPECT_THAT(message_of(R"({"trip": {"adaptive": "yes"}})"),
                HasSubstr(R"("yes": must be true, false, null, "off" or an object)"));
}

TEST(settings_json, tells_one_range_of_a_count_whether_it_can_be_held_or_not) {
    const auto range_of = [](std::string path, const std::string& count) {
        std::string text = count;
        for (std::size_t dot = path.rfind('.'); !path.empty(); dot = path.rfind('.')) {
            text = R"({")" + path.substr(dot + 1) + R"(": )" + text + "}";
            path.erase(dot == std::string::npos ? 0 : dot);
        }
        const std::string message = message_of(text);
        return message.starts_with(count + ": must be ") ? message.substr(message.find('[')) : message;
    };
    for (const std::string field : {"trip.consecutive_failures", "trip.minimum_calls", "trip.window.last_calls",
                                    "recovery.probes", "recovery.successes_to_close"}) {
        const std::string told = range_of(field, "0");
        EXPECT_THAT(told, HasSubstr("[1, ")) << field;
        EXPECT_EQ(range_of(field, "-1"), told) << field;
        EXPECT_EQ(range_of(field, "5000000000"), told) << field;
    }
    EXPECT_EQ(range_of("trip.limits.error", "-1"), "[1, 1000000000]");
}

TEST(settings_json, unknown_member_hides_nothing) {
    EXPECT_THAT(fields_refused(R"({"trip": {"minimum_calls": 0, "minimum_calls_": 3}})"),
                UnorderedElementsAre("trip.minimum_calls", "trip.minimum_calls_"));
    EXPECT_THAT(fields_refused(R"({"trip": {"window": {"last_calls": 0, "last_cals": 3}}})"),
                UnorderedElementsAre("trip.window", "trip.window.last_cals"));
    EXPECT_THAT(fields_refused(R"({"recovery": {"open_for": "0ms", "open_for_ms": 500}})"),
                UnorderedElementsAre("recovery.open_for", "recovery.open_for_ms"));
}

TEST(settings_json, member_that_cannot_be_read_makes_no_other_wrong) {
    EXPECT_THAT(fields_refused(R"({"recovery": {"max_open_for": "bogus", "open_for": "2m"}})"),
                ElementsAre("recovery.max_open_for"));
    EXPECT_THAT(fields_refused(R"({"trip": {"failures": 100, "window": {"last_calls": 10}, "minimum_calls": 10,
                                           "weights": {"error": "x"}}})"),
                ElementsAre("trip.weights.error"));
}

TEST(settings_json, window_is_of_one_kind) {
    EXPECT_THAT(fields_refused(R"({"trip": {"window": {"last": "10s", "last_calls": 100}}})"),
                ElementsAre("trip.window"));
    EXPECT_THAT(fields_refused(R"({"trip": {"window": {}}})"), ElementsAre("trip.window"));
    EXPECT_THAT(fields_refused(R"({"trip": {"window": "10s"}})"), ElementsAre("trip.window"));
    EXPECT_THAT(fields_refused(R"({"trip": {"window": {"last_calls": "many"}}})"),
                ElementsAre("trip.window.last_calls"));
}

TEST(settings_json, long_values_are_cut_in_messages_at_a_character) {
    std::string long_word;
    for (int i = 0; i < 100; ++i) long_word += "ä";
    const std::string message = message_of(R"({"mode": ")" + long_word + R"("})");
    EXPECT_LT(message.size(), 120U);
    EXPECT_THAT(message, HasSubstr("ä…: must be one of"));
}

}  // namespace
