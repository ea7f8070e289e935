#include "header_rules.hpp"

#include <gtest/gtest.h>

#include <string>

#include "parsed_request.hpp"

namespace switchgear::gateway {
namespace {

std::string us() { return std::string{own_pseudonym()}; }

std::string sent_on(const std::string& request_text, client_identity client = {"192.0.2.7", url_scheme::https}) {
    parsed_request request{request_text};
    EXPECT_FALSE(check_request_head(request.head));
    std::string out;
    write_request_head(out, request.head, {"/x", "?y", "up.test:81", client});
    return out;
}

std::string passed_back(const std::string& answer_text, answer_rewrite with = {}) {
    parsed_answer answer{answer_text};
    EXPECT_FALSE(check_answer_head(answer.head, false));
    std::string out;
    write_answer_head(out, answer.head, with);
    return out;
}

TEST(header_rules, a_request_gets_what_the_gateway_vouches_for) {
    EXPECT_EQ(sent_on("GET /old HTTP/1.1\r\nHost: a.test\r\naCCept: b\r\n\r\n"),
              "GET /x?y HTTP/1.1\r\nHost: up.test:81\r\naCCept: b\r\n"
              "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.test\r\n"
              "Via: 1.1 " +
                  us() + "\r\n\r\n");
}

TEST(header_rules, what_is_meant_for_this_hop_goes_no_further) {
    const std::string text = sent_on(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\n"
        "Trailer: T\r\nUpgrade: h2c\r\nProxy-Authorization: p\r\nProxy-Connection: c\r\nExpect: 100-continue\r\n"
        "X-Stays: 2\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(text,
              "POST /x?y HTTP/1.1\r\nHost: up.test:81\r\nX-Stays: 2\r\nTransfer-Encoding: chunked\r\n"
              "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\n"
              "Via: 1.1 " +
                  us() + "\r\n\r\n");
}

TEST(header_rules, a_peer_can_neither_claim_nor_remove_who_it_is) {
    const std::string text = sent_on(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For, Via, Host\r\nX-Forwarded-For: 6.6.6.6\r\n"
        "X-Forwarded-Port: 6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\ntraceparent: 00-6-6-6\r\n\r\n");
    EXPECT_EQ(text.substr(0, text.find("Via")).find('6'), std::string::npos) << text;
    EXPECT_NE(text.find("X-Forwarded-For: 192.0.2.7\r\n"), std::string::npos);
    EXPECT_NE(text.find("Via: 1.1 " + us() + "\r\n"), std::string::npos);
}

TEST(header_rules, via_grows_and_names_the_version_that_came) {
    EXPECT_NE(sent_on("GET / HTTP/1.0\r\nVia: 1.1 a\r\nVia: 1.0 b (c)\r\n\r\n")
                  .find("Via: 1.1 a, 1.0 b (c), 1.0 " + us() + "\r\n"),
              std::string::npos);
}

TEST(header_rules, a_loop_is_a_hop_with_our_name) {
    const auto loops = [](const std::string& via) {
        parsed_request request{"GET / HTTP/1.1\r\nHost: a\r\nVia: " + via + "\r\n\r\n"};
        return is_loop(request.head);
    };
    EXPECT_TRUE(loops("1.1 " + us()));
    EXPECT_TRUE(loops("1.0 a, HTTP/1.1  S" + us().substr(1) + " (x)"));
    EXPECT_FALSE(loops("1.1 " + us() + "s, 1.1 a (" + us() + ")"));
    EXPECT_FALSE(loops("1.1 switchgear, 1.1 switchgear-0000000")) << "another gateway";
}

TEST(header_rules, an_answer_keeps_names_order_and_doubles) {
    EXPECT_EQ(passed_back("HTTP/1.1 200 Fine\r\nset-cookie: a\r\nX-A: 1\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\n",
                          {body_framing::length, "", "", ""}),
              "HTTP/1.1 200 Fine\r\nset-cookie: a\r\nX-A: 1\r\nSet-Cookie: b\r\nContent-Length: 2\r\n"
              "Via: 1.1 " +
                  us() + "\r\n\r\n");
}

TEST(header_rules, the_state_replaces_one_from_the_service_and_only_then) {
    const std::string answer = "HTTP/1.1 200 OK\r\nCircuit-Breaker: theirs\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(passed_back(answer, {body_framing::none, "close", "ours; state=closed", ""}),
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\nCircuit-Breaker: ours; state=closed\r\n"
              "Via: 1.1 " +
                  us() + "\r\n\r\n");
    EXPECT_NE(passed_back(answer).find("Circuit-Breaker: theirs\r\n"), std::string::npos);
}

TEST(header_rules, an_answer_without_a_date_gets_one) {
    const std::string today = "Sun, 06 Nov 1994 08:49:37 GMT";
    EXPECT_EQ(passed_back("HTTP/1.1 204 None\r\nX-A: 1\r\n\r\n", {body_framing::none, "", "", today}),
              "HTTP/1.1 204 None\r\nX-A: 1\r\nDate: " + today + "\r\nVia: 1.1 " + us() + "\r\n\r\n");
    EXPECT_EQ(
        passed_back("HTTP/1.1 204 None\r\ndate: yesterday\r\nX-A: 1\r\n\r\n", {body_framing::none, "", "", today}),
        "HTTP/1.1 204 None\r\ndate: yesterday\r\nX-A: 1\r\nVia: 1.1 " + us() + "\r\n\r\n");
    EXPECT_EQ(passed_back("HTTP/1.1 204 None\r\nConnection: Date\r\nDate: this hop's\r\n\r\n",
                          {body_framing::none, "", "", today}),
              "HTTP/1.1 204 None\r\nDate: " + today + "\r\nVia: 1.1 " + us() + "\r\n\r\n");
}

TEST(header_rules, a_requests_date_passes) {
    EXPECT_NE(sent_on("GET / HTTP/1.1\r\nHost: a\r\nDate: today\r\n\r\n").find("\r\nDate: today\r\n"),
              std::string::npos);
}

TEST(header_rules, an_answer_of_unknown_length_is_chunked_or_closed) {
    const std::string answer = "HTTP/1.0 200 OK\r\n\r\n";
    EXPECT_NE(passed_back(answer, {body_framing::chunked, "", "", ""}).find("Transfer-Encoding: chunked\r\n"),
              std::string::npos);
    EXPECT_EQ(passed_back(answer, {body_framing::until_close, "close", "", ""}),
              "HTTP/1.1 200 OK\r\nConnection: close\r\nVia: 1.0 " + us() + "\r\n\r\n");
}

}  // namespace
}  // namespace switchgear::gateway
