#include "admin_guard.hpp"

#include <gtest/gtest.h>

namespace switchgear::gateway {
namespace {

/// A request as curl would send it to a loopback port.
admin_request request(std::string method = "GET", std::string target = "/v1/breakers") {
    admin_request out;
    out.method = std::move(method);
    out.target = std::move(target);
    out.host = "127.0.0.1:9901";
    if (out.method != "GET") out.content_type = "application/json";
    return out;
}

/// The status of the refusal; 200 if there is none.
unsigned status(const admin_request& of, const std::optional<std::string>& token = {}) {
    const auto refused = check_access(of, parse_admin_target(of.target), token);
    return refused ? refused->status : 200;
}

TEST(token, is_asked_for_everywhere_but_for_liveness_and_readiness) {
    for (const char* target : {"/v1/breakers", "/metrics", "/v1/events", "/v1/config", "/no/such/thing"}) {
        EXPECT_EQ(status(request("GET", target), "secret"), 401U) << target;
    }
    EXPECT_EQ(status(request("POST", "/v1/reload"), "secret"), 401U);
    EXPECT_EQ(status(request("GET", "/healthz"), "secret"), 200U);
    EXPECT_EQ(status(request("GET", "/readyz"), "secret"), 200U);
}

TEST(token, a_refusal_says_how_to_be_let_in) {
    const auto refused = check_access(request(), parse_admin_target("/v1/breakers"), "secret");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->headers.at(0).first, "WWW-Authenticate");
}

TEST(token, must_be_exactly_the_one) {
    EXPECT_TRUE(has_token("Bearer secret", "secret"));
    EXPECT_TRUE(has_token("bearer secret", "secret"));
    for (const char* wrong :
         {"", "Bearer", "Bearer ", "secret", "Bearer secre", "Bearer secrets", "Bearer Secret", "Basic secret"}) {
        EXPECT_FALSE(has_token(wrong, "secret")) << wrong;
    }
}

TEST(token, makes_host_and_origin_irrelevant) {
    admin_request from_afar = request();
    from_afar.host = "gateway.example.com";
    from_afar.origin = "https://elsewhere.example.com";
    from_afar.authorization = "Bearer secret";
    EXPECT_EQ(status(from_afar, "secret"), 200U);
}

TEST(host, must_be_a_loopback_name_when_there_is_no_token) {
    for (const char* good : {"localhost", "LOCALHOST:9901", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:9901"}) {
        EXPECT_TRUE(is_loopback_host(good)) << good;
    }
    for (const char* wrong : {"", "evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.1", "[::2]",
                              "user@localhost", "a b"}) {
        EXPECT_FALSE(is_loopback_host(wrong)) << wrong;
    }
    admin_request rebound = request();
    rebound.host = "evil.test:9901";
    EXPECT_EQ(status(rebound), 403U);
}

TEST(origin, must_be_this_very_address_when_there_is_no_token) {
    admin_request page = request();
    page.origin = "http://127.0.0.1:9901";
    EXPECT_EQ(status(page), 200U);
    for (const char* wrong : {"null", "", "http://evil.test", "http://127.0.0.1:8080",
                              "http://127.0.0.1:9901.evil.test", "127.0.0.1:9901"}) {
        page.origin = wrong;
        EXPECT_EQ(status(page), 403U) << wrong;
    }
}

TEST(orders, must_be_json) {
    admin_request order = request("POST", "/v1/breakers/shop/trip");
    EXPECT_EQ(status(order), 200U);
    order.content_type = "Application/JSON ; charset=utf-8";
    EXPECT_EQ(status(order), 200U);
    for (const char* wrong : {"", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"}) {
        order.content_type = wrong;
        EXPECT_EQ(status(order), 415U) << wrong;
    }
}

TEST(methods, a_wrong_one_is_told_the_right_ones) {
    const auto refused = check_access(request("DELETE"), parse_admin_target("/v1/breakers"), {});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 405U);
    EXPECT_EQ(refused->headers.at(0), (std::pair<std::string, std::string>{"Allow", "GET, HEAD"}));
    EXPECT_EQ(status(request("GET", "/nothing")), 404U);
}

}  // namespace
}  // namespace switchgear::gateway
