#include "fields.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

TEST(seconds, are_read_to_the_nanosecond) {
    EXPECT_EQ(parse_seconds("0", latest_time), 0ns);
    EXPECT_EQ(parse_seconds("12.5", latest_time), 12'500ms);
    EXPECT_EQ(parse_seconds("1693922400.123456789", latest_time), 1'693'922'400'123'456'789ns);
    EXPECT_EQ(parse_seconds("1.0000000019", latest_time), 1'000'000'001ns);
    EXPECT_EQ(parse_seconds(".5", latest_time), 500ms);
    EXPECT_EQ(parse_seconds("7.", latest_time), 7s);
    EXPECT_EQ(parse_seconds("1.5e2", latest_time), 150s);
}

TEST(seconds, that_are_none_are_refused) {
    for (const char* text : {"", " ", "abc", "1x", "1.2.3", "nan", "NaN", "inf", "-inf", "-1", "-0.5", "-0.0000000001",
                             "1e400", "1e30", "99999999999999999999", "8000000000.000000001", "0x10", "+1", "1,5"}) {
        EXPECT_FALSE(parse_seconds(text, latest_time)) << text;
    }
    EXPECT_TRUE(parse_seconds("8000000000", latest_time));
    EXPECT_FALSE(parse_seconds("604800.1", longest_call));
}

TEST(seconds, are_written_without_what_is_not_needed) {
    EXPECT_EQ(format_seconds(0ns), "0");
    EXPECT_EQ(format_seconds(12'500ms), "12.5");
    EXPECT_EQ(format_seconds(1ns), "0.000000001");
    EXPECT_EQ(format_seconds(-1'500ms), "-1.5");
}

TEST(outcomes, a_verdict_wins_over_a_status) {
    std::string why;
    EXPECT_EQ(parse_outcome({.verdict = "success", .status = "500"}, why), verdict::success());
    EXPECT_EQ(parse_outcome({.verdict = "ignored"}, why), verdict::ignored());
    EXPECT_EQ(parse_outcome({.verdict = "failure", .failed_with = "timeout"}, why),
              verdict::failure(failure_class::timeout));
}

TEST(outcomes, a_status_is_judged_as_the_gateway_does) {
    std::string why;
    EXPECT_EQ(parse_outcome({.status = "204"}, why), verdict::success());
    EXPECT_EQ(parse_outcome({.status = "404"}, why), verdict::success());
    EXPECT_EQ(parse_outcome({.status = "500"}, why), verdict::failure());
    EXPECT_EQ(parse_outcome({.status = "503", .retry_after = "2.5"}, why),
              verdict::failure(failure_class::overloaded, 2'500ms));
    EXPECT_EQ(parse_outcome({.status = "500", .failed_with = "custom_1"}, why),
              verdict::failure(failure_class::custom_1));
}

TEST(outcomes, what_is_wrong_is_named) {
    std::string why;
    EXPECT_FALSE(parse_outcome({}, why));
    EXPECT_EQ(why, "neither a verdict nor a status");
    EXPECT_FALSE(parse_outcome({.verdict = "maybe"}, why));
    EXPECT_EQ(why, "verdict \"maybe\": expected success, failure or ignored");
    EXPECT_FALSE(parse_outcome({.status = "99"}, why));
    EXPECT_EQ(why, "status \"99\": expected a number from 100 to 599");
    EXPECT_FALSE(parse_outcome({.verdict = "failure", .failed_with = "bad"}, why));
    EXPECT_FALSE(parse_outcome({.status = "503", .retry_after = "soon"}, why));
    EXPECT_EQ(why, "retry_after \"soon\": expected seconds from 0 to 31622400");
}

TEST(excerpt, leaves_letters_of_any_language_and_drops_what_is_no_letter) {
    EXPECT_EQ(excerpt("ünï 鍵 🔑"), "ünï 鍵 🔑");
    EXPECT_EQ(excerpt("a\x1B[2Jb\x7F\n"), "a?[2Jb??");
    // Latin 1, cut off, longer than needed, a surrogate, too large, a control, text turned around.
    EXPECT_EQ(excerpt("\xFC \xC3"), "? ?");
    EXPECT_EQ(excerpt("\xC0\xAF \xE0\x80\xAF \xED\xA0\x80 \xF4\x90\x80\x80"), "?? ??? ??? ????");
    EXPECT_EQ(excerpt("\xC2\x9B \xE2\x80\xAE"), "?? ???");
}

TEST(excerpt, is_cut_between_characters) {
    std::string text;
    for (int i = 0; i < 61; ++i) text += "é";
    EXPECT_EQ(excerpt(text), text.substr(0, 120) + "...");
    EXPECT_EQ(excerpt(text.substr(0, 120)), text.substr(0, 120));
}

}  // namespace
