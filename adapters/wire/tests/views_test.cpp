#include <switchgear/wire/views.hpp>

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
using testing::Contains;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr both_clocks noon{.steady = time_point{2h}, .wall = std::chrono::sys_days{2024y / 11 / 22} + 12h};

snapshot busy_snapshot() {
    snapshot seen;
    seen.current = state::half_open;
    seen.override = override_mode::forced_open;
    seen.order_in_force = order{.reason = "migration", .actor = "ann", .until = noon.steady + 10min};
    seen.epoch = 18'446'744'073'709'551'615U;
    seen.probe_due = true;
    seen.retry_after = 3'200ms;
    seen.admitted_share = 0.25;
    seen.attempt = 2;
    seen.failures_in_a_row = 3;
    seen.window = {4, 5, 6};
    seen.normal = {.failure_share = 0.25, .slow_share = 0.125, .slow_after = 20ms, .evidence = 0.5, .penalty = 1.5};
    seen.learned = {.median_outage = 30s, .calls_per_second = 2.5};
    seen.totals.successes = 7;
    seen.totals.failures = 8;
    seen.totals.slow = 9;
    seen.totals.ignored = 10;
    seen.totals.late = 11;
    seen.totals.rejected = 12;
    seen.totals.failures_by_class = {1, 2, 3, 4, 5, 6, 7, 8};
    seen.totals.rejected_by_reason = {9, 10, 11, 12};
    return seen;
}

transition trip_at(time_point at) {
    return {.name = "payments",
            .from = state::closed,
            .to = state::open,
            .epoch = 2,
            .at = at,
            .cause = cause::failure_ratio,
            .evidence = {.calls = 20, .failures = 10, .slow = 1, .observed = 0.5, .threshold = 0.5},
            .pause = 5s,
            .attempt = 1,
            .order = {}};
}

template <class View>
std::vector<std::string> fields_refused(const boost::json::value& from) {
    const auto given = from_json<View>(from);
    std::vector<std::string> fields;
    if (!given) {
        for (const auto& wrong : given.error()) fields.push_back(wrong.field);
    }
    return fields;
}

TEST(views, of_texts_that_are_no_utf_8_can_be_read) {
    const auto comes_back = []<class View>(const View& view) {
        const auto back = from_json<View>(boost::json::parse(boost::json::serialize(to_json(view))));
        return back.has_value() && *back == view;
    };
    const auto shown = view_of("tenant-\xFF", {}, noon);
    EXPECT_EQ(shown.name, "tenant-\uFFFD");
    EXPECT_TRUE(comes_back(shown));

    transition told = trip_at(noon.steady);
    told.name = "\xC3 tenant";
    told.order = order{.reason = "\xFE", .actor = "\u00E4nn\xED\xA0\x80", .until = {}};
    const auto seen = view_of(told, noon);
    EXPECT_EQ(seen.name, "\uFFFD tenant");
    EXPECT_EQ(seen.order->actor, "\u00E4nn\uFFFD\uFFFD\uFFFD");
    EXPECT_TRUE(comes_back(seen));
}

TEST(breaker_json, has_every_member_of_the_snapshot_in_a_fixed_order) {
    EXPECT_EQ(
        boost::json::serialize(to_json(view_of("payments", busy_snapshot(), noon))),
        R"({"name":"payments","state":"half_open","override":"forced_open",)"
        R"("order":{"reason":"migration","actor":"ann","until":"2024-11-22T12:10:00.000Z"},)"
        R"("epoch":18446744073709551615,"probe_due":true,"retry_after_ms":3200,"admitted_share":2.5E-1,)"
        R"("attempt":2,"failures_in_a_row":3,"window":{"calls":4,"failures":5,"slow":6},)"
        R"("normal":{"failure_share":2.5E-1,"slow_share":1.25E-1,"slow_after_ms":20,"evidence":5E-1,"penalty":1.5E0},)"
        R"("learned":{"median_outage_ms":30000,"calls_per_second":2.5E0},)"
        R"("totals":{"successes":7,"failures":8,"slow":9,"ignored":10,"late":11,"rejected":12,)"
        R"("failures_by_class":{"error":1,"timeout":2,"unreachable":3,"overloaded":4,)"
        R"("custom_1":5,"custom_2":6,"custom_3":7,"custom_4":8},)"
        R"("rejected_by_reason":{"open":9,"probes_busy":10,"ramping":11,"forced_open":12}}})");
}

TEST(breaker_json, comes_back_the_same) {
    for (const snapshot& seen : {snapshot{}, busy_snapshot()}) {
        const breaker_view view = view_of("payments/10.0.0.1:80", seen, noon);
        const auto back = from_json<breaker_view>(boost::json::parse(boost::json::serialize(to_json(view))));
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(*back, view);
    }
}

TEST(breaker_json, what_is_not_known_yet_is_null) {
    snapshot seen;
    EXPECT_TRUE(to_json(view_of("b", seen, noon)).at("normal").is_null());
    seen.normal.emplace();
    const boost::json::object json = to_json(view_of("b", seen, noon));
    EXPECT_TRUE(json.at("normal").as_object().at("slow_after_ms").is_null());
    EXPECT_EQ(from_json<breaker_view>(json).value().normal, normal_view{});
}

TEST(breaker_json, time_that_is_left_never_reads_as_none) {
    snapshot seen;
    seen.retry_after = 1ns;
    EXPECT_EQ(view_of("b", seen, noon).retry_after, 1ms);
    seen.retry_after = 3'200'000'001ns;
    EXPECT_EQ(view_of("b", seen, noon).retry_after, 3'201ms);
    seen.retry_after = 0ns;
    EXPECT_EQ(view_of("b", seen, noon).retry_after, 0ms);
}

TEST(breaker_json, tells_everything_that_is_wrong_with_its_path) {
    boost::json::object json = to_json(view_of("payments", busy_snapshot(), noon));
    json["state"] = "ajar";
    json["retry_after_ms"] = -1;
    json["totals"].as_object()["failures_by_class"].as_object().erase("timeout");
    json["window"] = nullptr;
    json["order"].as_object()["until"] = "tomorrow";
    json.erase("epoch");
    EXPECT_THAT(fields_refused<breaker_view>(json),
                UnorderedElementsAre("state", "retry_after_ms", "totals.failures_by_class.timeout", "window",
                                     "order.until", "epoch"));
}

TEST(breaker_json, members_of_a_newer_server_are_passed_over) {
    boost::json::object json = to_json(view_of("payments", snapshot{}, noon));
    json["mood"] = "good";
    EXPECT_TRUE(from_json<breaker_view>(json).has_value());
}

TEST(transition_json, has_its_evidence_in_a_fixed_order) {
    EXPECT_EQ(
        boost::json::serialize(to_json(view_of(trip_at(noon.steady - 1'500ms), noon))),
        R"({"name":"payments","from":"closed","to":"open","epoch":2,"at":"2024-11-22T11:59:58.500Z",)"
        R"("cause":"failure_ratio","evidence":{"calls":20,"failures":10,"slow":1,)"
        R"("observed":5E-1,"threshold":5E-1,"by_chance_once_in_ms":0},"pause_ms":5000,"attempt":1,"order":null})");
}

TEST(transition_json, comes_back_the_same) {
    transition ordered = trip_at(noon.steady);
    ordered.order = order{.reason = R"(quotes " and \ and ü)", .actor = "ann", .until = {}};
    transition adaptive = trip_at(noon.steady);
    adaptive.evidence.by_chance_once_in = 24h * 31 + 1ms + 5ns;
    transition impossible = trip_at(noon.steady);
    impossible.evidence.by_chance_once_in = duration::max();
    for (const transition& told : {trip_at(noon.steady), ordered, adaptive, impossible}) {
        const transition_view view = view_of(told, noon);
        const auto back = from_json<transition_view>(boost::json::parse(boost::json::serialize(to_json(view))));
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(*back, view);
    }
}

TEST(transition_json, survives_the_ends_of_time) {
    transition told = trip_at(time_point::min());
    told.order = order{.reason = "r", .actor = "a", .until = time_point::max()};
    const transition_view view = view_of(told, noon);
    EXPECT_EQ(from_json<transition_view>(to_json(view)).value(), view);
}

TEST(transition_json, tells_everything_that_is_wrong_with_its_path) {
    boost::json::object json = to_json(view_of(trip_at(noon.steady), noon));
    json["cause"] = "bad luck";
    json["evidence"].as_object()["observed"] = "half";
    json["at"] = 12;
    json.erase("order");
    EXPECT_THAT(fields_refused<transition_view>(json),
                UnorderedElementsAre("cause", "evidence.observed", "at", "order"));
    EXPECT_THAT(fields_refused<transition_view>(nullptr), ElementsAre(""));
}

TEST(order_json, comes_back_the_same) {
    const order_view lasting{.reason = "r", .actor = "a", .until = {}};
    EXPECT_EQ(from_json<order_view>(to_json(lasting)).value(), lasting);
    EXPECT_THAT(fields_refused<order_view>(boost::json::object{{"reason", 1}}), Contains("reason"));
}

}  // namespace
