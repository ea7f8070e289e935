#include "head_scan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace switchgear::gateway {
namespace {

using outcome = head_scan::outcome;
constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(head_scan, a_head_is_found_wherever_it_is_cut) {
    for (std::size_t cut = 0; cut < request.size(); ++cut) {
        head_scan scan;
        EXPECT_EQ(scan.look(request.substr(0, cut)), outcome::incomplete) << cut;
        ASSERT_EQ(scan.look(request), outcome::complete) << cut;
        EXPECT_EQ(scan.length(), request.size());
        EXPECT_EQ(scan.lines(), 3U);
    }
}

TEST(head_scan, what_follows_is_not_the_heads) {
    head_scan scan;
    ASSERT_EQ(scan.look(std::string{request} + "\nbody\r"), outcome::complete);
    EXPECT_EQ(scan.length(), request.size());
}

TEST(head_scan, what_two_servers_could_read_differently_is_refused) {
    using namespace std::string_view_literals;
    for (const auto text : {"GET / HTTP/1.1\nHost: a\r\n\r\n"sv, "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"sv,
                            "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"sv, "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"sv,
                            "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n"sv, "GET / HTTP/1.1\r\r\nA: b\r\n\r\n"sv}) {
        head_scan scan;
        EXPECT_EQ(scan.look(text), outcome::bad) << text;
        EXPECT_FALSE(scan.problem().empty());
    }
}

}  // namespace
}  // namespace switchgear::gateway
