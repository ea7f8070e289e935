#include "message_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "parsed_request.hpp"

namespace switchgear::gateway {
namespace {

const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The body when it arrives in steps of that many bytes; empty if it is malformed or does not end.
std::optional<std::string> read_body(const std::string& head, std::string_view body, std::size_t step) {
    parsed_request request{head};
    std::string read;
    std::size_t used = 0;
    for (std::size_t there = 0; !request.decoder.done() && there < body.size();) {
        there = std::min(there + step, body.size());
        for (std::size_t consumed = 1; consumed > 0 && !request.decoder.done();) {
            const auto parsed = request.decoder.parse_body(body.substr(used, there - used));
            if (parsed.bad) return std::nullopt;
            for (const auto piece : request.decoder.pieces()) read.append(piece);
            consumed = parsed.consumed;
            used += consumed;
        }
    }
    return request.decoder.done() ? std::optional{read} : std::nullopt;
}

TEST(message_decoder, a_body_is_the_same_however_it_arrives) {
    const std::string counted = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n";
    for (std::size_t step = 1; step < 30; ++step) {
        EXPECT_EQ(read_body(counted, "hello world", step), "hello world") << step;
        EXPECT_EQ(read_body(chunked, "5;a=b\r\nhello\r\n06\r\n world\r\n0\r\nX: y\r\n\r\n", step), "hello world")
            << step;
    }
}

TEST(message_decoder, broken_chunks_are_refused) {
    for (const auto* body : {"zz\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n",
                             "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n"}) {
        EXPECT_EQ(read_body(chunked, body, 1), std::nullopt) << body;
        EXPECT_EQ(read_body(chunked, body, 100), std::nullopt) << body;
    }
    EXPECT_EQ(read_body(chunked, "5;" + std::string(300, 'x') + "\r\nhello\r\n0\r\n\r\n", 1'000), std::nullopt);
}

TEST(message_decoder, a_body_that_broke_stays_broken) {
    for (const auto* body : {"5\r\nhello\r\n0\r\nA B: 1\r\n\r\n", "5\r\nhello\r\n0\r\nContent-Length: 7\r\n\r\n",
                             "5\r\nhelloXX0\r\n\r\n", "zz\r\n0\r\n\r\n"}) {
        parsed_request request{chunked};
        std::string_view rest = body;
        for (bool bad = false; !bad;) {
            const auto parsed = request.decoder.parse_body(rest);
            rest.remove_prefix(parsed.consumed);
            bad = parsed.bad;
        }
        const auto again = request.decoder.parse_body("0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(again.bad) << body;
        EXPECT_EQ(again.consumed, 0U) << body;
        EXPECT_FALSE(request.decoder.done()) << body;
        EXPECT_FALSE(request.decoder.parse_end()) << body;
    }
}

TEST(message_decoder, after_a_broken_message_another_can_begin) {
    parsed_request request{chunked};
    ASSERT_TRUE(request.decoder.parse_body("zz\r\n\r\n").bad);
    request.decoder.begin();
    ASSERT_TRUE(request.decoder.parse_head(request.text, request.head).empty());
    EXPECT_FALSE(request.decoder.parse_body("0\r\n\r\n").bad);
    EXPECT_TRUE(request.decoder.done());
}

TEST(message_decoder, a_body_that_breaks_off_does_not_end) {
    EXPECT_EQ(read_body(chunked, "5\r\nhello\r\n0\r\n", 1), std::nullopt);
    EXPECT_EQ(read_body(chunked, "5\r\nhel", 1), std::nullopt);
}

TEST(message_decoder, the_next_message_is_left_where_it_is) {
    parsed_request request{chunked};
    const std::string_view rest = "0\r\n\r\nGET / HTTP/1.1\r\n";
    EXPECT_EQ(request.decoder.parse_body(rest).consumed, 5U);
    EXPECT_TRUE(request.decoder.done());
}

TEST(message_decoder, the_end_of_the_connection_ends_only_what_it_delimits) {
    parsed_answer open{"HTTP/1.1 200 OK\r\n\r\n"};
    static_cast<void>(open.decoder.parse_body("hello"));
    EXPECT_FALSE(open.decoder.done());
    EXPECT_TRUE(open.decoder.parse_end());
    parsed_answer counted{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"};
    static_cast<void>(counted.decoder.parse_body("hello"));
    EXPECT_FALSE(counted.decoder.parse_end());
}

}  // namespace
}  // namespace switchgear::gateway
