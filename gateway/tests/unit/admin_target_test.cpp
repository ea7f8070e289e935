#include "admin_target.hpp"

#include <gtest/gtest.h>

namespace switchgear::gateway {
namespace {

TEST(admin_target, knows_every_fixed_path) {
    EXPECT_EQ(parse_admin_target("/v1/breakers"), admin_target{admin_resource::breakers});
    EXPECT_EQ(parse_admin_target("/v1/events"), admin_target{admin_resource::events});
    EXPECT_EQ(parse_admin_target("/metrics?x=1"), admin_target{admin_resource::metrics});
    EXPECT_EQ(parse_admin_target("/healthz"), admin_target{admin_resource::healthz});
    EXPECT_EQ(parse_admin_target("/readyz"), admin_target{admin_resource::readyz});
    EXPECT_EQ(parse_admin_target("/v1/config"), admin_target{admin_resource::config});
    EXPECT_EQ(parse_admin_target("/v1/reload"), admin_target{admin_resource::reload});
}

TEST(admin_target, a_name_is_decoded_once) {
    EXPECT_EQ(parse_admin_target("/v1/breakers/payments%2F127.0.0.1%3A9000"),
              (admin_target{admin_resource::breaker, "payments/127.0.0.1:9000"}));
    EXPECT_EQ(parse_admin_target("/v1/breakers/payments%2Fa%2520b/trip"),
              (admin_target{admin_resource::breaker_trip, "payments/a%20b"}));
}

TEST(admin_target, a_name_may_be_that_of_an_order) {
    EXPECT_EQ(parse_admin_target("/v1/breakers/reset/reset"), (admin_target{admin_resource::breaker_reset, "reset"}));
}

TEST(admin_target, a_slash_that_is_not_encoded_ends_the_name) {
    EXPECT_FALSE(parse_admin_target("/v1/breakers/payments/127.0.0.1:9000"));
}

TEST(admin_target, refuses_what_is_none_of_ours) {
    for (const char* text :
         {"", "/", "/v1", "/v1/breakers/", "/v1/breakers//trip", "/v1/breakers/a/permits", "/v1/breakers/a/trip/",
          "/v1/breakers/%zz", "/v1/breakers/a%2", "/V1/breakers", "http://h/v1/breakers", "*"}) {
        EXPECT_FALSE(parse_admin_target(text)) << text;
    }
}

TEST(admin_target, in_absolute_form_stands_for_one_in_origin_form) {
    const auto is = [](std::string_view target, std::string_view path, std::optional<std::string_view> authority) {
        const origin_form found = to_origin_form(target);
        EXPECT_EQ(found.target, path) << target;
        EXPECT_EQ(found.authority, authority) << target;
    };
    is("/v1/breakers?x=http://h/", "/v1/breakers?x=http://h/", {});
    is("http://localhost:9901/v1/breakers?x", "/v1/breakers?x", "localhost:9901");
    is("HTTPS://h/v1", "/v1", "h");
    is("http://h", "/", "h");
    is("http://h?x", "/", "h");
    is("http://", "/", "");
    is("*", "*", {});
}

TEST(admin_target, each_resource_has_its_methods) {
    EXPECT_TRUE(allows(admin_resource::breakers, "GET"));
    EXPECT_TRUE(allows(admin_resource::metrics, "HEAD"));
    EXPECT_FALSE(allows(admin_resource::breakers, "POST"));
    EXPECT_TRUE(allows(admin_resource::breaker_override, "PUT"));
    EXPECT_FALSE(allows(admin_resource::breaker_override, "POST"));
    EXPECT_TRUE(allows(admin_resource::reload, "POST"));
    EXPECT_FALSE(allows(admin_resource::reload, "GET"));
}

}  // namespace
}  // namespace switchgear::gateway
