#include "answers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "header_rules.hpp"

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view today = "Sun, 06 Nov 1994 08:49:37 GMT";

own_answer refusal() {
    own_answer answer;
    answer.status = 503;
    answer.detail = "No.";
    answer.reason = "open";
    answer.proxy_error = "destination_unavailable";
    answer.breaker = told_state{"payments", state::open, 3'199'500us};
    answer.retry_later = true;
    return answer;
}

std::string written(const own_answer& answer, answer_delivery how = {false, "", today}) {
    std::string out;
    write_own_answer(out, answer, how);
    return out;
}

TEST(answers, a_refusal_says_who_why_and_when_to_come_back) {
    const std::string body = R"({"title":"Service Unavailable","status":503,"detail":"No.","reason":"open",)"
                             R"("breaker":"payments","state":"open","retry_after_ms":3200})"
                             "\n";
    EXPECT_EQ(
        written(refusal()),
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n"
        "Content-Length: " +
            std::to_string(body.size()) +
            "\r\nRetry-After: 4\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nProxy-Status: switchgear; "
            "error=destination_unavailable\r\n"
            "Circuit-Breaker: payments; state=open; reason=open; retry-after-ms=3200\r\nVia: 1.1 " +
            std::string{own_pseudonym()} + "\r\n\r\n" + body);
}

TEST(answers, the_answer_to_head_says_the_same_without_a_body) {
    const std::string whole = written(refusal());
    const std::string head = written(refusal(), {true, "", today});
    EXPECT_EQ(whole.substr(0, head.size()), head);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(answers, without_a_breaker_nothing_is_said_about_one) {
    own_answer answer;
    answer.status = 405;
    answer.reason = "method_not_allowed";
    answer.proxy_error = "http_request_error";
    answer.allow = "GET";
    const std::string text = written(answer, {false, "close", today});
    EXPECT_EQ(text.find("Circuit-Breaker"), std::string::npos);
    EXPECT_EQ(text.find("Retry-After"), std::string::npos);
    EXPECT_NE(text.find("\r\nAllow: GET\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST(answers, a_fallback_is_sent_as_written_with_the_state_beside_it) {
    const fallback_answer fallback{
        .when = fallback_when::refused, .status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = "later"};
    std::string out;
    write_fallback(out, fallback, refusal(), {false, "", today});
    EXPECT_EQ(out,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nProxy-Status: switchgear; error=destination_unavailable\r\n"
              "Circuit-Breaker: payments; state=open; reason=open; retry-after-ms=3200\r\nVia: 1.1 " +
                  std::string{own_pseudonym()} + "\r\n\r\nlater");
}

TEST(answers, a_fallback_without_a_body_says_no_length) {
    for (const std::uint16_t status : {std::uint16_t{204}, std::uint16_t{304}}) {
        const fallback_answer fallback{.when = fallback_when::refused, .status = status, .headers = {}, .body = ""};
        std::string out;
        write_fallback(out, fallback, refusal(), {false, "", today});
        EXPECT_EQ(out.find("Content-Length"), std::string::npos) << out;
        EXPECT_TRUE(out.ends_with("\r\n\r\n")) << out;
    }
}

TEST(answers, names_that_are_no_tokens_are_quoted) {
    EXPECT_EQ(circuit_breaker_value({"pay/127.0.0.1:80", state::closed, 0s}, {}), "pay/127.0.0.1:80; state=closed");
    EXPECT_EQ(circuit_breaker_value({"pay/(none)", state::closed, 0s}, {}), "\"pay/(none)\"; state=closed");
    EXPECT_EQ(circuit_breaker_value({"1pay", state::half_open, 1us}, "ramping"),
              "\"1pay\"; state=half_open; reason=ramping; retry-after-ms=1");
}

}  // namespace
}  // namespace switchgear::gateway
