#include "breaker_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace switchgear::gateway {
namespace {

TEST(breaker_name, a_key_is_escaped_outside_the_unreserved) {
    EXPECT_EQ(breaker_name_of_key("pay", "acme-1.x_y~z"), "pay/acme-1.x_y~z");
    EXPECT_EQ(breaker_name_of_key("pay", "a b/c%\xC3\xA4"), "pay/a%20b%2Fc%25%C3%A4");
    EXPECT_EQ(breaker_name_of_key("pay", ""), "pay/");
}

TEST(breaker_name, a_missing_key_cannot_be_sent_as_a_value) {
    EXPECT_EQ(breaker_name_of_key("pay", std::nullopt), "pay/(none)");
    EXPECT_EQ(breaker_name_of_key("pay", "(none)"), "pay/%28none%29");
}

TEST(breaker_name, a_key_above_128_bytes_is_hashed) {
    EXPECT_EQ(breaker_name_of_key("pay", std::string(128, 'a')), "pay/" + std::string(128, 'a'));
    const std::string name = breaker_name_of_key("pay", std::string(129, 'a'));
    EXPECT_EQ(name.size(), 4U + 64U);
    EXPECT_NE(name, breaker_name_of_key("pay", std::string(130, 'a')));
    EXPECT_EQ(name, breaker_name_of_key("pay", std::string(129, 'a')));
}

}  // namespace
}  // namespace switchgear::gateway
