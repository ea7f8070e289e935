#include <switchgear/http/retry_after.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using namespace switchgear::http;
using namespace std::chrono_literals;
using std::chrono::sys_days;

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
constexpr wall_time example = sys_days{1994y / 11 / 6} + 8h + 49min + 37s;

auto headers(std::map<std::string_view, std::string_view> fields) {
    return [fields](std::string_view name) -> std::optional<std::string_view> {
        const auto found = fields.find(name);
        if (found == fields.end()) return std::nullopt;
        return found->second;
    };
}

TEST(retry_after, is_read_in_seconds) {
    EXPECT_EQ(parse_retry_after("0", example), 0s);
    EXPECT_EQ(parse_retry_after("120", example), 120s);
    EXPECT_EQ(parse_retry_after(" \t7\t ", example), 7s);
    EXPECT_EQ(parse_retry_after("007", example), 7s);
}

TEST(retry_after, is_read_as_any_of_the_three_dates) {
    const wall_time ten_seconds_before = example - 10s;
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", ten_seconds_before), 10s);
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", ten_seconds_before), 10s);
    EXPECT_EQ(parse_retry_after("Sun Nov  6 08:49:37 1994", ten_seconds_before), 10s);
    EXPECT_EQ(parse_retry_after("Wed Nov 16 08:49:37 1994", example), 240h);
}

TEST(retry_after, of_a_date_counts_the_part_of_a_second_that_has_passed) {
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", example - 9'700ms), 9'700ms);
}

TEST(retry_after, of_a_past_date_is_now) {
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", example), 0s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", example + 400ms), 0s);
    EXPECT_EQ(parse_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", example), 0s);
    EXPECT_EQ(parse_retry_after("Sat, 01 Jan 0000 00:00:00 GMT", example), 0s);
}

TEST(retry_after, takes_a_year_in_two_digits_as_at_most_fifty_ahead) {
    const wall_time in_2024 = sys_days{2024y / 11 / 22};
    EXPECT_EQ(parse_retry_after("Friday, 22-Nov-24 00:00:30 GMT", in_2024), 30s);
    EXPECT_EQ(parse_retry_after("Thursday, 22-Nov-74 00:00:00 GMT", in_2024), longest_retry_after);
    EXPECT_EQ(parse_retry_after("Saturday, 22-Nov-75 00:00:30 GMT", in_2024), 0s);
}

TEST(retry_after, takes_a_year_in_two_digits_as_past_if_the_date_is_fifty_years_and_a_second_ahead) {
    const wall_time in_2024 = sys_days{2024y / 11 / 22};
    EXPECT_EQ(parse_retry_after("Thursday, 22-Nov-74 00:00:01 GMT", in_2024), 0s);
    EXPECT_EQ(parse_retry_after("Thursday, 22-Nov-74 00:00:01 GMT", in_2024 + 1s), longest_retry_after);
    EXPECT_EQ(parse_retry_after("Monday, 31-Dec-74 23:59:59 GMT", in_2024), 0s);
    const wall_time leap_day = sys_days{2024y / 2 / 29};
    EXPECT_EQ(parse_retry_after("Thursday, 01-Mar-74 00:00:00 GMT", leap_day), longest_retry_after);
    EXPECT_EQ(parse_retry_after("Thursday, 01-Mar-74 00:00:01 GMT", leap_day), 0s);
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", wall_time::max()), longest_retry_after);
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", wall_time::min()), longest_retry_after);
}

TEST(retry_after, takes_a_year_in_two_digits_across_the_turn_of_a_century) {
    const wall_time eve = sys_days{2099y / 12 / 31} + 23h + 59min + 50s;
    EXPECT_EQ(parse_retry_after("Friday, 01-Jan-00 00:00:10 GMT", eve), 20s);
    EXPECT_EQ(parse_retry_after("Thursday, 31-Dec-99 23:59:59 GMT", eve), 9s);
    EXPECT_EQ(parse_retry_after("Thursday, 31-Dec-99 23:59:59 GMT", sys_days{2000y / 1 / 1}), 0s);
    EXPECT_EQ(parse_retry_after("Tuesday, 29-Feb-00 00:00:00 GMT", eve), 0s) << "there is none in 2100";
}

TEST(retry_after, knows_the_calendar) {
    const wall_time leap_day = sys_days{2024y / 2 / 28} + 23h + 59min + 58s;
    EXPECT_EQ(parse_retry_after("Thu, 29 Feb 2024 00:00:00 GMT", leap_day), 2s);
    EXPECT_FALSE(parse_retry_after("Wed, 29 Feb 2023 00:00:00 GMT", leap_day));
    EXPECT_FALSE(parse_retry_after("Sun, 00 Nov 1994 08:49:37 GMT", example));
    EXPECT_FALSE(parse_retry_after("Sun, 31 Nov 1994 08:49:37 GMT", example));
    EXPECT_FALSE(parse_retry_after("Sun, 06 Nov 1994 24:00:00 GMT", example));
    EXPECT_FALSE(parse_retry_after("Sun, 06 Nov 1994 08:60:00 GMT", example));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:60 GMT", example), 23s) << "a leap second";
}

TEST(retry_after, absurdly_long_is_cut_without_overflow) {
    EXPECT_EQ(parse_retry_after("31622400", example), longest_retry_after);
    EXPECT_EQ(parse_retry_after("31622399", example), 31'622'399s);
    EXPECT_EQ(parse_retry_after("9223372036854775807", example), longest_retry_after);
    EXPECT_EQ(parse_retry_after("18446744073709551616", example), longest_retry_after);
    EXPECT_EQ(parse_retry_after(std::string(4'000, '9'), example), longest_retry_after);
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", example), longest_retry_after);
    EXPECT_EQ(parse_retry_after_ms("99999999999999999999999"), longest_retry_after);
}

TEST(retry_after, junk_is_ignored) {
    for (const std::string_view text : {"",
                                        " ",
                                        "-1",
                                        "+1",
                                        "1.5",
                                        "1e3",
                                        "0x10",
                                        "1 2",
                                        "5s",
                                        "soon",
                                        "Sun",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "Sun, 06 Nov 1994 08:49:37 UTC",
                                        "Sun, 06 Nov 1994 08:49:37 GMT+1",
                                        "sun, 06 nov 1994 08:49:37 gmt",
                                        "Sun, 6 Nov 1994 08:49:37 GMT",
                                        "Son, 06 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Now 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 94 08:49:37 GMT",
                                        "Sunday, 06-Nov-1994 08:49:37 GMT",
                                        "Sun Nov 6 08:49:37 1994",
                                        "1994-11-06T08:49:37Z",
                                        "Sun, 06 Nov 1994 8:49:37 GMT",
                                        "\xff\xfe"}) {
        EXPECT_FALSE(parse_retry_after(text, example)) << '"' << text << '"';
    }
    EXPECT_FALSE(parse_retry_after(std::string_view("5\0", 2), example));
    for (const std::string_view text : {"", "-1", "1.5", "1ms", "Sun, 06 Nov 1994 08:49:37 GMT"}) {
        EXPECT_FALSE(parse_retry_after_ms(text)) << '"' << text << '"';
    }
}

TEST(retry_after, in_milliseconds_wins_over_seconds) {
    EXPECT_EQ(retry_after_of(headers({{"Retry-After", "2"}}), example), 2s);
    EXPECT_EQ(retry_after_of(headers({{"Retry-After", "2"}, {"retry-after-ms", "1500"}}), example), 1'500ms);
    EXPECT_EQ(retry_after_of(headers({{"retry-after-ms", "1500"}, {"x-ms-retry-after-ms", "1250"}}), example), 1'250ms);
}

TEST(retry_after, is_read_from_a_string_that_the_lookup_hands_out) {
    const std::string seconds = std::string(100, '0') + "120", milliseconds = std::string(100, '0') + "1500";
    const auto a_string = [&](std::string_view) { return seconds; };
    EXPECT_EQ(retry_after_of(a_string, example), 120ms);
    const auto perhaps = [&](std::string_view asked) {
        return asked == "Retry-After" ? std::optional{seconds} : std::nullopt;
    };
    EXPECT_EQ(retry_after_of(perhaps, example), 120s);
    const auto finer = [&](std::string_view asked) {
        return asked == "retry-after-ms" ? std::optional{milliseconds} : std::nullopt;
    };
    EXPECT_EQ(retry_after_of(finer, example), 1'500ms);
}

TEST(retry_after, with_junk_counts_as_absent) {
    EXPECT_EQ(retry_after_of(headers({{"Retry-After", "2"}, {"x-ms-retry-after-ms", "soon"}}), example), 2s);
    EXPECT_EQ(retry_after_of(headers({{"Retry-After", "soon"}}), example), std::nullopt);
    EXPECT_EQ(retry_after_of(no_headers{}, example), std::nullopt);
}

TEST(retry_after, is_written_in_whole_seconds_rounded_up_at_least_one) {
    EXPECT_EQ(format_retry_after(0s), "1");
    EXPECT_EQ(format_retry_after(1ns), "1");
    EXPECT_EQ(format_retry_after(1s), "1");
    EXPECT_EQ(format_retry_after(1'001ms), "2");
    EXPECT_EQ(format_retry_after(3'200ms), "4");
    EXPECT_EQ(format_retry_after(-5s), "1");
}

TEST(retry_after, that_was_written_is_never_read_back_shorter) {
    for (auto wait = 1ns; wait < 10min; wait = wait * 3 + 7ns) {
        const auto back = parse_retry_after(format_retry_after(wait), example);
        ASSERT_TRUE(back);
        EXPECT_GE(*back, wait);
        EXPECT_LT(*back, wait + 1s);
    }
}

}  // namespace
