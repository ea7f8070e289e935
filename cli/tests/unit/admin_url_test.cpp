#include "admin_url.hpp"

#include <gtest/gtest.h>

namespace switchgear::cli {
namespace {

TEST(admin_url, reads_scheme_host_and_port) {
    const auto url = parse_admin_url("http://127.0.0.1:9901");
    ASSERT_TRUE(url);
    EXPECT_EQ(*url, (admin_url{transport::plain, "127.0.0.1", "9901", "127.0.0.1:9901"}));
}

TEST(admin_url, takes_brackets_off_an_ipv6_address_but_not_from_the_host_header) {
    const auto url = parse_admin_url("https://[::1]:8443/");
    ASSERT_TRUE(url);
    EXPECT_EQ(*url, (admin_url{transport::tls, "::1", "8443", "[::1]:8443"}));
}

TEST(admin_url, has_the_usual_port_if_none_is_given) {
    const auto url = parse_admin_url("http://gateway.example.com");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->port, "9901");
}

TEST(admin_url, refuses_what_is_not_just_an_address) {
    for (const char* text : {"", "not a url", "127.0.0.1:9901", "ftp://h", "http://", "http://h/path", "http://h?q",
                             "http://h#f", "http://user@h", "http://h:0", "http://h:99999", "http://h:x"}) {
        EXPECT_FALSE(parse_admin_url(text)) << text;
    }
}

TEST(encode_segment, keeps_slashes_and_percent_signs_of_a_name_apart_from_those_of_the_path) {
    EXPECT_EQ(encode_segment("payments"), "payments");
    EXPECT_EQ(encode_segment("payments/127.0.0.1:9000"), "payments%2F127.0.0.1%3A9000");
    EXPECT_EQ(encode_segment("payments/a%20b"), "payments%2Fa%2520b");
    EXPECT_EQ(encode_segment("payments/(none)"), "payments%2F%28none%29");
}

}  // namespace
}  // namespace switchgear::cli
