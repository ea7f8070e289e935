#include <switchgear/simulation/recording.hpp>

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "recording_file.hpp"

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

std::string refusal_of(std::string_view content, recording::options with = {}) {
    try {
        read_recording read{content, with};
    } catch (const unreadable_recording& error) {
        const std::string text = error.what();
        return text.substr(text.find(": ") + 2);
    }
    return "not refused";
}

TEST(csv, columns_are_found_by_name) {
    const read_recording read{
        "other,verdict,duration,key,time,class,retry_after\n"
        "x,success,0.25,a,10,,\n"
        "x,failure,1,b,11.5,timeout,3\n"
        "x,ignored,0,a,12,,\n"};
    EXPECT_EQ(read.format, recording_format::csv);
    ASSERT_EQ(read.calls.size(), 3U);
    EXPECT_EQ(read.calls[0].start, 10s);
    EXPECT_EQ(read.calls[0].lasts, 250ms);
    EXPECT_EQ(read.calls[1].how, verdict::failure(failure_class::timeout, 3s));
    EXPECT_EQ(read.calls[2].how, verdict::ignored());
    EXPECT_EQ(read.keys[read.calls[1].key], "b");
    EXPECT_EQ(read.calls[0].key, read.calls[2].key);
    EXPECT_EQ(read.counts.lines, 3U);
    EXPECT_EQ(read.counts.bad, 0U);
}

TEST(csv, windows_line_ends_a_byte_order_mark_blanks_and_quotes_change_nothing) {
    const read_recording read{
        "\xEF\xBB\xBF\"time\", duration ,status,key\r\n"
        "\r\n"
        " 1 ,\"0.5\",200,\"a \"\"b\"\", c\"\r\n"
        "2,0.5,503,\r\n"};
    ASSERT_EQ(read.calls.size(), 2U);
    EXPECT_EQ(read.keys[read.calls[0].key], "a \"b\", c");
    EXPECT_EQ(read.calls[0].how, verdict::success());
    EXPECT_EQ(read.calls[1].how, verdict::failure(failure_class::overloaded));
    EXPECT_EQ(read.keys[read.calls[1].key], "");
}

TEST(csv, bad_lines_are_counted_and_the_first_ten_named) {
    std::string text = "time,duration,verdict\n1,1,success\n";
    for (int i = 0; i < 12; ++i) text += "x,1,success\n";
    text += "2,1,success\n";
    const read_recording read{text};
    EXPECT_EQ(read.calls.size(), 2U);
    EXPECT_EQ(read.counts.lines, 14U);
    EXPECT_EQ(read.counts.bad, 12U);
    ASSERT_EQ(read.counts.first_bad.size(), 10U);
    EXPECT_EQ(read.counts.first_bad[0].number, 3U);
    EXPECT_EQ(read.counts.first_bad[0].why, "time \"x\": expected seconds from 0 to 8000000000");
}

TEST(csv, each_kind_of_bad_line_says_what_is_wrong) {
    const struct {
        std::string line, why;
    } all[] = {{"nan,1,success", "time \"nan\": expected seconds from 0 to 8000000000"},
               {"1,-1,success", "duration \"-1\": expected seconds from 0 to 604800"},
               {"1,1e99,success", "duration \"1e99\": expected seconds from 0 to 604800"},
               {"1,1,good", "verdict \"good\": expected success, failure or ignored"},
               {"1,1,", "neither a verdict nor a status"},
               {"1,1", "2 fields where the header has 3"},
               {"1,1,success,x", "more fields where the header has 3"},
               {"1,1,\"success", "a quoted field is not closed, or something follows its end"},
               {"1,1,\"success\"x", "a quoted field is not closed, or something follows its end"}};
    for (const auto& one : all) {
        const read_recording read{"time,duration,verdict\n" + one.line + "\n"};
        ASSERT_EQ(read.counts.first_bad.size(), 1U) << one.line;
        EXPECT_EQ(read.counts.first_bad[0].why, one.why);
    }
}

TEST(csv, a_line_too_long_is_bad_and_the_next_is_read) {
    const read_recording read{"time,duration,verdict\n" + std::string(3'000'000, '1') + "\n2,1,success\n"};
    EXPECT_EQ(read.calls.size(), 1U);
    EXPECT_EQ(read.counts.first_bad.at(0).why, "longer than 65536 bytes");
}

TEST(csv, calls_come_out_in_order_and_what_is_too_late_is_bad) {
    const read_recording read{"time,duration,verdict\n20,1,success\n11,1,failure\n25,1,success\n14,1,success\n"};
    ASSERT_EQ(read.calls.size(), 3U);
    EXPECT_EQ(read.calls[0].start, 11s);
    EXPECT_EQ(read.calls[1].start, 20s);
    EXPECT_EQ(read.counts.first_bad.at(0).why, "it began at 14, more than 10 s before a call above");
    EXPECT_EQ(read.counts.first_bad.at(0).number, 5U);
}

TEST(csv, a_time_far_ahead_is_bad_and_not_what_follows_it) {
    std::string text = "time,duration,verdict\n";
    for (int i = 1; i <= 20; ++i) text += (i == 5 ? std::string{"7000000000"} : std::to_string(i)) + ",1,success\n";
    text += "x,1,success\n";
    const read_recording read{text};
    EXPECT_EQ(read.calls.size(), 19U);
    EXPECT_EQ(read.counts.lines, 21U);
    ASSERT_EQ(read.counts.bad, 2U);
    EXPECT_EQ(read.counts.first_bad[0].number, 6U);
    EXPECT_EQ(read.counts.first_bad[0].why, "it began at 7000000000, more than 10 s after most of the calls below");
    EXPECT_EQ(read.counts.first_bad[1].number, 22U);
}

TEST(csv, bad_lines_are_in_the_order_of_the_file_although_a_jump_is_told_late) {
    std::string text = "time,duration,verdict\n1,1,success\n900,1,success\n";
    for (int i = 0; i < 12; ++i) text += "x,1,success\n";
    for (int i = 2; i <= 20; ++i) text += std::to_string(i) + ",1,success\n";
    const read_recording read{text};
    EXPECT_EQ(read.counts.bad, 13U);
    ASSERT_EQ(read.counts.first_bad.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(read.counts.first_bad[i].number, 3 + i);
}

TEST(csv, a_night_without_calls_is_no_mistake) {
    const read_recording read{
        "time,duration,verdict\n1,1,success\n2,1,success\n30000,1,success\n30001,1,success\n90000,1,success\n"};
    EXPECT_EQ(read.calls.size(), 5U);
    EXPECT_EQ(read.counts.bad, 0U);
}

TEST(csv, a_header_without_what_is_needed_is_refused_by_name) {
    EXPECT_NE(refusal_of("time,verdict\n1,success\n").find("no column duration:"), std::string::npos);
    EXPECT_NE(refusal_of("when,duration\n1,1\n").find("no column time, verdict or status:"), std::string::npos);
    EXPECT_EQ(refusal_of("time,time,duration,verdict\n"), "the header has the column time twice");
}

TEST(recordings, that_are_none_are_refused) {
    EXPECT_EQ(refusal_of(""), "the file is empty");
    EXPECT_EQ(refusal_of("\n\r\n  \n"), "the file is empty");
    EXPECT_EQ(refusal_of(std::string{"PK\0\3", 4}), "it is no text, and not compressed by gzip");
    EXPECT_NE(refusal_of("Dear diary\n").find("expected a CSV header"), std::string::npos);
}

TEST(recordings, the_format_can_be_forced) {
    const read_recording read{"time,duration,verdict\n", {.path = {}, .format = recording_format::json, .service = {}}};
    EXPECT_EQ(read.counts.bad, 1U);
    EXPECT_EQ(read.counts.first_bad.at(0).why, "it is no JSON object");
}

constexpr std::string_view nginx_line =
    R"(10.0.0.1 - - [22/Nov/2024:16:31:00 +0100] "GET /a HTTP/1.1" 200 612 "-" "curl/8" 0.250)"
    "\n";

TEST(recordings, that_begin_within_a_line_are_known_by_the_next) {
    const read_recording nginx{"TTP/1.1\" 200 612 \"-\" \"curl/8\" 0.250\n" + std::string{nginx_line}};
    EXPECT_EQ(nginx.format, recording_format::combined);
    EXPECT_EQ(nginx.calls.size(), 1U);
    ASSERT_EQ(nginx.counts.bad, 1U);
    EXPECT_EQ(nginx.counts.first_bad[0].number, 1U);
    const read_recording json{R"(us":200,"duration_ms":3})"
                              "\n\nworse\n"
                              R"({"time":5,"status":200,"duration_ms":1})"
                              "\n"};
    EXPECT_EQ(json.format, recording_format::json);
    EXPECT_EQ(json.calls.size(), 1U);
    EXPECT_EQ(json.counts.first_bad.at(1).number, 3U);
}

TEST(recordings, whose_format_cannot_be_told_name_the_option_that_tells_it) {
    EXPECT_NE(refusal_of("a\nb\nc\nd\ne\n" + std::string{nginx_line}).find("--format says which"), std::string::npos);
    EXPECT_NE(refusal_of("a\n" + std::string{nginx_line}, {.path = {}, .format = recording_format::csv, .service = {}})
                  .find("no column"),
              std::string::npos);
}

TEST(json_log, a_call_began_its_duration_before_its_line) {
    const read_recording read{
        R"({"time":"2024-11-22T15:31:00.250Z","level":"info","message":"x","method":"GET","status":200,"duration_ms":250.5,"service":"pay","breaker":"pay/t1","verdict":"success"})"
        "\n"
        R"({"time":"2024-11-22T15:31:01.000Z","status":503,"duration_ms":1000,"service":"pay","verdict":"failure","class":"overloaded","retry_after_ms":1500})"
        "\n"};
    EXPECT_EQ(read.format, recording_format::json);
    ASSERT_EQ(read.calls.size(), 2U);
    EXPECT_EQ(read.calls[0].start, 1'732'289'459'999'500us);
    EXPECT_EQ(read.keys[read.calls[0].key], "pay/t1");
    EXPECT_EQ(read.calls[1].how, verdict::failure(failure_class::overloaded, 1'500ms));
}

constexpr std::string_view tenants =
    R"({"time":1,"status":200,"duration_ms":1,"service":"pay","breaker":"pay/t1","key":"t1"})"
    "\n"
    R"({"time":2,"status":200,"duration_ms":1,"service":"shop","breaker":"shop/t1","key":"t1"})"
    "\n";

TEST(json_log, a_key_is_one_of_its_service) {
    const read_recording both{tenants};
    EXPECT_EQ(both.keys, (std::vector<std::string>{"", "pay/t1", "shop/t1"}));
    EXPECT_EQ(both.keys_are, key_meaning::keys);
    const read_recording one{tenants, {.path = {}, .format = {}, .service = "shop"}};
    EXPECT_EQ(one.keys, (std::vector<std::string>{"", "t1"}));
    EXPECT_EQ(one.services, (std::vector<std::string>{"", "pay", "shop"}));
}

TEST(json_log, a_key_is_what_is_asked_for) {
    const std::string text =
        R"({"time":1,"status":200,"duration_ms":1,"service":"pay","breaker":"pay","endpoint":"http://a"})"
        "\n"
        R"({"time":2,"status":200,"duration_ms":1,"service":"pay","breaker":"pay/t1","key":"t1","endpoint":"http://b"})"
        "\n";
    const auto read_by = [&text](key_source keys) {
        return read_recording{text, {.path = {}, .format = {}, .service = "pay", .keys = keys}};
    };
    EXPECT_EQ(read_by(key_source::any).keys, (std::vector<std::string>{"", "pay", "t1"}));
    EXPECT_EQ(read_by(key_source::endpoint).keys, (std::vector<std::string>{"", "http://a", "http://b"}));
    EXPECT_EQ(read_by(key_source::endpoint).counts.without_key, 0U);
    EXPECT_EQ(read_by(key_source::key).keys, (std::vector<std::string>{"", "t1"}));
    EXPECT_EQ(read_by(key_source::key).counts.without_key, 1U);
}

TEST(csv, a_key_may_be_an_endpoint) {
    const read_recording read{"time,duration,status,key\n1,1,200,http://a\n",
                              {.path = {}, .format = {}, .service = {}, .keys = key_source::endpoint}};
    EXPECT_EQ(read.keys, (std::vector<std::string>{"", "http://a"}));
}

TEST(json_log, a_breaker_stands_for_a_key_and_is_known_to_be_none) {
    const read_recording read{R"({"time":1,"status":200,"duration_ms":1,"service":"pay","breaker":"pay"})"
                              "\n"};
    EXPECT_EQ(read.keys, (std::vector<std::string>{"", "pay"}));
    EXPECT_EQ(read.keys_are, key_meaning::breakers);
}

TEST(json_log, a_time_may_have_a_zone_and_a_status_a_fraction_of_nothing) {
    const read_recording read{R"({"time":"2024-11-22T16:31:00.250+01:00","status":200.0,"duration_ms":250})"
                              "\n"
                              R"({"time":"2024-11-22T10:01:01-0530","status":2.0E2,"duration_ms":0})"
                              "\n"};
    EXPECT_EQ(read.counts.bad, 0U);
    ASSERT_EQ(read.calls.size(), 2U);
    EXPECT_EQ(read.calls[0].start, 1'732'289'460s);
    EXPECT_EQ(read.calls[1].start, 1'732'289'461s);
}

TEST(json_log, what_is_no_call_is_passed_over) {
    const read_recording read{
        R"({"time":"2024-11-22T15:31:00.000Z","level":"error","message":"Circuit opened after repeated downstream failures."})"
        "\n"
        R"({"time":"2024-11-22T15:31:00.000Z","status":503,"duration_ms":0,"reason":"open"})"
        "\n"
        R"({"time":"2024-11-22T15:31:00.000Z","status":200,"duration_ms":1,"service":"other"})"
        "\n"
        R"({"time":"2024-11-22T15:31:00.000Z","status":200,"duration_ms":1,"service":"pay"})"
        "\n",
        {.path = {}, .format = {}, .service = "pay"}};
    EXPECT_EQ(read.calls.size(), 1U);
    EXPECT_EQ(read.counts.lines, 1U);
    EXPECT_EQ(read.counts.other, 3U);
}

TEST(json_log, what_is_wrong_in_a_line_is_named) {
    const struct {
        std::string line, why;
    } all[] = {
        {R"({"status":200,"duration_ms":1,"time":"now"})",
         "time \"now\": expected a time such as 2024-11-22T15:31:00.123Z, or seconds from 0 to 8000000000"},
        {R"({"status":200,"duration_ms":1,"time":"9999-01-01T00:00:00Z"})",
         "time \"9999-01-01T00:00:00Z\": expected a time such as 2024-11-22T15:31:00.123Z, or seconds from 0 to "
         "8000000000"},
        {R"({"status":200,"duration_ms":1,"time":1732289460000})",
         "time \"1732289460000\": expected a time such as 2024-11-22T15:31:00.123Z, or seconds from 0 to 8000000000"},
        {R"({"status":200,"duration_ms":1})",
         "time \"\": expected a time such as 2024-11-22T15:31:00.123Z, or seconds from 0 to 8000000000"},
        {R"({"status":200,"duration_ms":-1,"time":1})",
         "duration_ms \"-1\": expected milliseconds from 0 to 604800000"},
        {R"({"status":200,"duration_ms":null,"time":1})",
         "duration_ms \"null\": expected milliseconds from 0 to 604800000"},
        {R"({"status":200,"duration":1e300,"time":1})", "duration \"1e+300\": expected seconds from 0 to 604800"},
        {R"({"status":200,"duration":"fast","time":1})", "duration \"fast\": expected seconds from 0 to 604800"},
        {R"({"status":503,"duration":1,"retry_after_ms":-5,"time":1})",
         "retry_after_ms \"-5\": expected milliseconds from 0 to 31622400000"},
        {R"({"status":"x","duration":1,"time":1})", "status \"x\": expected a number from 100 to 599"},
        {R"({"status":200.5,"duration":1,"time":1})", "status \"200.5\": expected a number from 100 to 599"},
        {R"({"status":200,"duration":1,"time":"2024-11-22T15:31:00+24:00"})",
         "time \"2024-11-22T15:31:00+24:00\": expected a time such as 2024-11-22T15:31:00.123Z, or seconds from 0 to "
         "8000000000"},
        {R"({"status":200,)", "it is no JSON object"}};
    for (const auto& one : all) {
        const read_recording read{one.line + "\n"};
        ASSERT_EQ(read.counts.first_bad.size(), 1U) << one.line;
        EXPECT_EQ(read.counts.first_bad[0].why, one.why);
    }
}

TEST(json_log, a_call_too_long_to_be_put_in_order_is_told_as_such) {
    std::string text;
    for (int i = 990; i < 1'000; ++i) text += R"({"status":200,"duration":1,"time":)" + std::to_string(i) + "}\n";
    const read_recording read{text + R"({"time":1000,"status":504,"duration":180})"
                                     "\n"
                                     R"({"time":800,"status":200,"duration":1})"
                                     "\n"};
    ASSERT_EQ(read.counts.bad, 2U);
    EXPECT_EQ(read.counts.first_bad[0].why, "it took 180 s; in a log, calls of more than 120 s cannot be put in order");
    EXPECT_EQ(read.counts.first_bad[1].why, "it began at 799, more than 120 s before a call above");
    EXPECT_EQ(read.counts.late, 1U);
}

TEST(combined_log, of_nginx_a_call_began_before_its_line) {
    const read_recording read{
        R"(10.0.0.1 - - [22/Nov/2024:16:31:00 +0100] "GET /a HTTP/1.1" 200 612 "-" "curl/8 \"quoted\"" 0.250)"
        "\n"
        R"(10.0.0.1 - joe smith [22/Nov/2024:15:31:01 +0000] "POST / HTTP/1.1" 502 0 "-" "x" up=0.4 rt=1.5)"
        "\n"
        R"(10.0.0.1 - - [22/Nov/2024:15:31:01 +0000] "GET / HTTP/1.1" 499 0 "-" "x" 0.001)"
        "\n"};
    EXPECT_EQ(read.format, recording_format::combined);
    ASSERT_EQ(read.calls.size(), 3U);
    EXPECT_EQ(read.calls[0].start, 1'732'289'459'500ms);
    EXPECT_EQ(read.calls[0].how, verdict::failure());
    EXPECT_EQ(read.calls[1].start, 1'732'289'459'750ms);
    EXPECT_EQ(read.calls[1].how, verdict::success());
    EXPECT_EQ(read.calls[2].how, verdict::ignored());
}

TEST(combined_log, of_apache_a_call_begins_at_its_time) {
    const read_recording read{R"(::1 - - [29/Feb/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x" 1500)"
                              "\n"};
    ASSERT_EQ(read.calls.size(), 1U);
    EXPECT_EQ(read.calls[0].start, 1'709'164'800s);
    EXPECT_EQ(read.calls[0].lasts, 1'500us);
}

TEST(combined_log, a_request_time_may_stand_in_quotes) {
    const std::string line = R"(10.0.0.1 - - [22/Nov/2024:15:31:00 +0000] "GET /a HTTP/1.1" 200 612 "-" "curl/8" )";
    const read_recording read{line + "\"0.250\"\n" + line + "rt=0.1 urt=\"0.033\"\n" + line + "\"1500\"\n" + line +
                              "\"x\"y\"\n"};
    ASSERT_EQ(read.calls.size(), 3U);
    EXPECT_EQ(read.calls[0].lasts, 250ms);
    EXPECT_EQ(read.calls[1].lasts, 33ms);
    EXPECT_EQ(read.calls[2].lasts, 1'500us);
    EXPECT_NE(read.counts.first_bad.at(0).why.find("request time \"x'y\": expected"), std::string::npos);
}

std::string doubt_about(std::string_view request_time, int lines) {
    std::string text;
    for (int i = 0; i < lines; ++i) {
        text += R"(::1 - - [29/Feb/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x" )" +
                std::string{i == 0 ? request_time : "3"} + "\n";
    }
    const recording_file file{text};
    recording from{{.path = file.path()}};
    while (from.next()) {
    }
    return from.doubt();
}

TEST(combined_log, whole_request_times_that_are_all_tiny_are_doubted) {
    EXPECT_NE(doubt_about("999", 100).find("all 100 whole request times are below 1000, read as microseconds"),
              std::string::npos);
    EXPECT_EQ(doubt_about("1000", 100), "");
    EXPECT_EQ(doubt_about("999", 99), "");
}

TEST(combined_log, without_a_request_time_every_line_is_bad) {
    const read_recording read{R"(::1 - - [22/Nov/2024:15:31:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8")"
                              "\n"
                              R"(::1 - - [31/Feb/2024:15:31:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x" 0.1)"
                              "\n"};
    ASSERT_EQ(read.counts.first_bad.size(), 2U);
    EXPECT_NE(read.counts.first_bad[0].why.find("request time"), std::string::npos);
    EXPECT_NE(read.counts.first_bad[1].why.find("31/Feb/2024"), std::string::npos);
}

}  // namespace
