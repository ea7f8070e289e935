#include "router.hpp"

#include <gtest/gtest.h>

#include <string>

namespace switchgear::gateway {
namespace {

const std::vector<route> routes{
    {.path_prefix = "/pay/", .methods = {"GET", "POST"}, .service = "pay", .strip_prefix = true},
    {.path_prefix = "/pay/", .methods = {"DELETE"}, .service = "admin"},
    {.path_prefix = "/shop", .methods = {}, .service = "shop"},
};

TEST(router, the_first_route_that_matches_wins) {
    EXPECT_EQ(find_route(routes, "POST", "/pay/x").to, &routes[0]);
    EXPECT_EQ(find_route(routes, "DELETE", "/pay/x").to, &routes[1]);
    EXPECT_EQ(find_route(routes, "BREW", "/shopping").to, &routes[2]);
}

TEST(router, head_goes_where_get_goes) { EXPECT_EQ(find_route(routes, "HEAD", "/pay/").to, &routes[0]); }

TEST(router, another_method_is_told_which_there_are) {
    const routed none = find_route(routes, "PUT", "/pay/x");
    EXPECT_EQ(none.to, nullptr);
    EXPECT_EQ(none.allow, "GET, HEAD, POST, DELETE");
}

TEST(router, without_a_route_nothing_is_allowed) {
    const routed none = find_route(routes, "GET", "/payments");
    EXPECT_EQ(none.to, nullptr);
    EXPECT_EQ(none.allow, "");
}

TEST(router, a_stripped_path_begins_with_a_slash_again) {
    std::string storage;
    EXPECT_EQ(path_after(routes[0], "/pay/x/y", storage), "/x/y");
    EXPECT_EQ(path_after(routes[0], "/pay/", storage), "/");
    EXPECT_EQ(path_after(routes[1], "/pay/x", storage), "/pay/x");
}

}  // namespace
}  // namespace switchgear::gateway
