#include <switchgear/wire/requests.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::wire;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

template <class Request>
parsed<Request> read(std::string_view text) {
    return from_json<Request>(boost::json::parse({text.data(), text.size()}));
}

template <class Request>
std::vector<std::string> fields_refused(std::string_view text) {
    const auto given = read<Request>(text);
    std::vector<std::string> fields;
    if (!given) {
        for (const auto& wrong : given.error()) fields.push_back(wrong.field);
    }
    return fields;
}

TEST(request_json, comes_back_the_same) {
    const override_request force{override_mode::forced_open, "payments migrates", "ann@example.com", 10min};
    EXPECT_EQ(from_json<override_request>(to_json(force)).value(), force);
    const override_request lift{override_mode::none, "done", "ann@example.com", {}};
    EXPECT_EQ(from_json<override_request>(to_json(lift)).value(), lift);
    const reset_request reset{"fixed", "ann"};
    EXPECT_EQ(from_json<reset_request>(to_json(reset)).value(), reset);
    for (const trip_request& trip : {trip_request{"flapping", "ann", 30s}, trip_request{"flapping", "ann", {}}}) {
        EXPECT_EQ(from_json<trip_request>(to_json(trip)).value(), trip);
    }
}

TEST(request_json, needs_a_reason_and_an_actor) {
    EXPECT_THAT(fields_refused<reset_request>("{}"), UnorderedElementsAre("reason", "actor"));
    EXPECT_THAT(fields_refused<reset_request>(R"({"reason": "", "actor": 7})"),
                UnorderedElementsAre("reason", "actor"));
    EXPECT_THAT(fields_refused<override_request>("{}"), UnorderedElementsAre("mode", "reason", "actor"));
}

TEST(request_json, texts_are_one_printable_line_of_bounded_length) {
    const auto with_reason = [](const std::string& reason) {
        return R"({"actor": "ann", "reason": ")" + reason + R"("})";
    };
    EXPECT_THAT(fields_refused<reset_request>(with_reason(R"(a\nb)")), ElementsAre("reason"));
    EXPECT_THAT(fields_refused<reset_request>(with_reason(R"(a\u001b[2J)")), ElementsAre("reason"));
    EXPECT_THAT(fields_refused<reset_request>(with_reason(std::string(1'001, 'x'))), ElementsAre("reason"));
    EXPECT_THAT(fields_refused<reset_request>(with_reason(std::string(1'000, 'x'))), ElementsAre());
    EXPECT_THAT(fields_refused<reset_request>(with_reason("Größe geändert")), ElementsAre());
}

TEST(request_json, for_is_within_a_millisecond_and_a_year) {
    const auto with_for = [](const std::string& text) {
        return R"({"reason": "r", "actor": "a", "for": )" + text + "}";
    };
    EXPECT_EQ(read<trip_request>(with_for(R"("1ms")")).value().lasts, 1ms);
    EXPECT_EQ(read<trip_request>(with_for(R"("365d")")).value().lasts, 365 * 24h);
    EXPECT_EQ(read<trip_request>(with_for("null")).value().lasts, std::nullopt);
    for (const std::string text : {R"("0s")", R"("366d")", R"("ten minutes")", "600", R"("9223372036854775807ms")"}) {
        EXPECT_THAT(fields_refused<trip_request>(with_for(text)), ElementsAre("for")) << text;
    }
}

TEST(request_json, lift_is_for_good) {
    EXPECT_THAT(fields_refused<override_request>(R"({"mode": "none", "reason": "r", "actor": "a", "for": "1m"})"),
                ElementsAre("for"));
}

TEST(request_json, unknown_members_are_refused) {
    EXPECT_THAT(fields_refused<override_request>(
                    R"({"mode": "forced_open", "reason": "r", "actor": "a", "duration": "1m", "fro": "1m"})"),
                UnorderedElementsAre("duration", "fro"));
    EXPECT_THAT(fields_refused<reset_request>(R"({"reason": "r", "actor": "a", "for": "1m"})"), ElementsAre("for"));
}

TEST(request_json, that_is_no_object_is_told_once) {
    EXPECT_THAT(fields_refused<override_request>("[]"), ElementsAre(""));
    EXPECT_THAT(fields_refused<trip_request>("null"), ElementsAre(""));
}

}  // namespace
