#include "request_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "parsed_request.hpp"

namespace switchgear::gateway {
namespace {

unsigned checked(const std::string& head) {
    try {
        parsed_request request{head};
        const auto problem = check_request_head(request.head);
        return problem ? problem->status : 0;
    } catch (const std::invalid_argument&) {
        return status_of_malformed(head);
    }
}

constexpr unsigned fine = 0;
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";

TEST(request_head, a_body_is_delimited_in_one_way_or_the_request_is_refused) {
    EXPECT_EQ(checked(post + "Content-Length: 5\r\n\r\n"), fine);
    EXPECT_EQ(checked(post + "Transfer-Encoding: chunked\r\n\r\n"), fine);
    EXPECT_EQ(checked(post + "Transfer-Encoding: Chunked\r\n\r\n"), fine);
    EXPECT_EQ(checked(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
    EXPECT_EQ(checked(post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), 400U);
    EXPECT_EQ(checked(post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400U);
    EXPECT_EQ(checked(post + "Content-Length: 5, 5\r\n\r\n"), 400U);
    for (const auto* length : {"", "-1", "+1", "1 2", "0x5", "5a", "18446744073709551616"}) {
        EXPECT_EQ(checked(post + "Content-Length: " + length + "\r\n\r\n"), 400U) << length;
    }
}

TEST(request_head, a_coding_that_does_not_end_in_chunked_is_refused) {
    for (const auto* coding : {"gzip", "chunked, gzip", "identity", "chunked, chunked", "xchunked", ""}) {
        EXPECT_EQ(checked(post + "Transfer-Encoding: " + coding + "\r\n\r\n"), 400U) << coding;
    }
    EXPECT_EQ(checked(post + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501U);
    EXPECT_EQ(checked("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
}

TEST(request_head, a_list_of_codings_without_an_element_is_not_the_same_as_none) {
    for (const auto* list : {"", ",", " , ", ",,", "\t,\t"}) {
        const std::string field = "Transfer-Encoding: " + std::string{list} + "\r\n";
        EXPECT_EQ(checked(post + field + "\r\n"), 400U) << list;
        EXPECT_EQ(checked(post + field + "Content-Length: 5\r\n\r\n"), 400U) << list;
        EXPECT_EQ(checked(post + "Content-Length: 5\r\n" + field + "\r\n"), 400U) << list;
        EXPECT_EQ(checked(post + "Transfer-Encoding: chunked\r\n" + field + "\r\n"), 400U) << list;
        EXPECT_EQ(checked(post + field + "Transfer-Encoding: chunked\r\n\r\n"), 501U) << list;
    }
    EXPECT_EQ(checked(post + "Transfer-Encoding: , chunked,\r\n\r\n"), fine);
}

TEST(request_head, http_1_1_names_one_host) {
    EXPECT_EQ(checked("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), fine);
    EXPECT_EQ(checked("GET / HTTP/1.1\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET / HTTP/1.0\r\n\r\n"), fine);
}

TEST(request_head, the_authority_of_an_absolute_target_replaces_host) {
    parsed_request request{"GET HTTP://b.test:81/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n"};
    ASSERT_FALSE(check_request_head(request.head));
    EXPECT_EQ(request.head.authority, "b.test:81");
    EXPECT_EQ(request.head.target, "/x?y");
}

TEST(request_head, a_target_is_a_path_or_a_url) {
    EXPECT_EQ(checked("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), fine);
    EXPECT_EQ(checked("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET ftp://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 501U);
}

TEST(request_head, names_are_tokens_right_before_their_colon) {
    for (const auto* field : {"A : b", "A\t: b", "A(: b", ": b", "A", "\xC3\xA4: b"}) {
        EXPECT_EQ(checked("GET / HTTP/1.1\r\nHost: a\r\n" + std::string{field} + "\r\n\r\n"), 400U) << field;
    }
}

TEST(request_head, only_a_well_formed_line_of_another_version_is_505) {
    EXPECT_EQ(checked("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505U);
    EXPECT_EQ(checked("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505U);
    EXPECT_EQ(checked("GET / b HTTP/1.1\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET / http/1.1\r\nHost: a\r\n\r\n"), 400U);
    EXPECT_EQ(checked("GET /\r\nHost: a\r\n\r\n"), 400U);
}

TEST(request_head, connection_and_version_say_whether_it_goes_on) {
    const auto keeps = [](const std::string& head) {
        parsed_request request{head};
        EXPECT_FALSE(check_request_head(request.head));
        return request.head.keep_alive;
    };
    EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(request_head, continue_is_the_only_expectation) {
    parsed_request request{post + "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n"};
    EXPECT_FALSE(check_request_head(request.head));
    EXPECT_TRUE(request.head.expects_continue);
    EXPECT_EQ(checked(post + "Expect: tea\r\n\r\n"), 417U);
}

TEST(answer_head, what_delimits_the_body_is_read_as_rfc_9112_says) {
    const auto framing = [](const std::string& head, bool to_head = false) {
        parsed_answer answer{head};
        EXPECT_FALSE(check_answer_head(answer.head, to_head));
        return answer.head.framing;
    };
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), body_framing::length);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), body_framing::none);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), body_framing::chunked);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\n\r\n"), body_framing::until_close);
    EXPECT_EQ(framing("HTTP/1.1 204 No\r\n\r\n"), body_framing::none);
    EXPECT_EQ(framing("HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n"), body_framing::none);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true), body_framing::none);
}

TEST(answer_head, an_ambiguous_one_is_refused) {
    const auto wrong = [](const std::string& fields) {
        try {
            parsed_answer answer{"HTTP/1.1 200 OK\r\n" + fields + "\r\n"};
            return check_answer_head(answer.head, false).has_value();
        } catch (const std::invalid_argument&) {
            return true;
        }
    };
    EXPECT_TRUE(wrong("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_TRUE(wrong("Content-Length: 5\r\nContent-Length: 5\r\n"));
    EXPECT_TRUE(wrong("Transfer-Encoding: gzip\r\n"));
    for (const std::string empty : {"Transfer-Encoding:\r\n", "Transfer-Encoding: ,\r\n"}) {
        EXPECT_TRUE(wrong(empty)) << empty;
        EXPECT_TRUE(wrong(empty + "Content-Length: 5\r\n")) << empty;
        EXPECT_TRUE(wrong("Content-Length: 5\r\n" + empty)) << empty;
        EXPECT_TRUE(wrong(empty + "Transfer-Encoding: chunked\r\n")) << empty;
        EXPECT_TRUE(wrong("Transfer-Encoding: chunked\r\n" + empty)) << empty;
    }
    EXPECT_FALSE(wrong("Content-Length: 5\r\n"));
}

}  // namespace
}  // namespace switchgear::gateway
