#include <switchgear/http/classify.hpp>

#include <chrono>
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using namespace switchgear;
using namespace switchgear::http;
using namespace std::chrono_literals;

constexpr wall_time some_day{std::chrono::sys_days{std::chrono::year{2024} / 11 / 22}};

auto retry_after(std::string_view value) {
    return [value](std::string_view name) -> std::optional<std::string_view> {
        if (name != "Retry-After") return std::nullopt;
        return value;
    };
}

TEST(status, of_2xx_to_4xx_is_success_except_429) {
    for (unsigned status = 200; status <= 499; ++status) {
        if (status == 429) continue;
        EXPECT_EQ(classify(status, no_headers{}, some_day), verdict::success()) << status;
    }
}

TEST(status, of_5xx_is_failure_except_501_and_505) {
    for (unsigned status = 500; status <= 599; ++status) {
        if (status == 501 || status == 503 || status == 505) continue;
        EXPECT_EQ(classify(status, no_headers{}, some_day), verdict::failure(failure_class::error)) << status;
    }
    EXPECT_EQ(classify(501), verdict::success());
    EXPECT_EQ(classify(505), verdict::success());
}

TEST(status, of_429_and_503_is_overload_with_its_hint) {
    for (const unsigned status : {429U, 503U}) {
        EXPECT_EQ(classify(status, no_headers{}, some_day), verdict::failure(failure_class::overloaded));
        EXPECT_EQ(classify(status, retry_after("7"), some_day), verdict::failure(failure_class::overloaded, 7s));
        EXPECT_EQ(classify(status, retry_after("Fri, 22 Nov 2024 00:00:09 GMT"), some_day),
                  verdict::failure(failure_class::overloaded, 9s));
        EXPECT_EQ(classify(status, retry_after("soon"), some_day), verdict::failure(failure_class::overloaded));
    }
}

TEST(status, without_a_given_time_reads_the_same) {
    EXPECT_EQ(classify(503, retry_after("7")), verdict::failure(failure_class::overloaded, 7s));
    EXPECT_EQ(classify(200, retry_after("7")), verdict::success());
}

TEST(status, hint_on_another_status_is_not_a_failure) {
    EXPECT_EQ(classify(301, retry_after("7"), some_day), verdict::success());
    EXPECT_EQ(classify(500, retry_after("7"), some_day), verdict::failure(failure_class::error));
}

TEST(status, of_1xx_says_nothing_yet_but_101_is_final) {
    EXPECT_EQ(classify(100), verdict::ignored());
    EXPECT_EQ(classify(103), verdict::ignored());
    EXPECT_EQ(classify(101), verdict::success());
}

TEST(status, that_is_none_is_a_failure) {
    for (const unsigned status : {0U, 99U, 600U, 999U}) {
        EXPECT_EQ(classify(status), verdict::failure(failure_class::error)) << status;
    }
}

TEST(transport, that_reached_nobody_is_unreachable) {
    for (const auto error :
         {transport_error::dns, transport_error::connect, transport_error::tls, transport_error::reset}) {
        EXPECT_EQ(classify(error), verdict::failure(failure_class::unreachable)) << to_string(error);
    }
}

TEST(transport, timeout_has_its_own_class) {
    EXPECT_EQ(classify(transport_error::timeout), verdict::failure(failure_class::timeout));
}

TEST(transport, that_broke_off_or_is_not_http_is_an_error) {
    EXPECT_EQ(classify(transport_error::truncated), verdict::failure(failure_class::error));
    EXPECT_EQ(classify(transport_error::framing), verdict::failure(failure_class::error));
}

TEST(transport, words_are_read_and_written) {
    for (const std::string_view word : {"dns", "connect", "tls", "reset", "timeout", "truncated", "framing"}) {
        const auto error = parse_transport_error(word);
        ASSERT_TRUE(error) << word;
        EXPECT_EQ(to_string(*error), word);
    }
    EXPECT_FALSE(parse_transport_error("DNS"));
    EXPECT_FALSE(parse_transport_error(""));
    EXPECT_FALSE(parse_transport_error("?"));
}

}  // namespace
