#include <string>

#include <gtest/gtest.h>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using testing::accepted;
using testing::expect_refused;

std::string with_routes(const std::string& routes) {
    return "listeners: [{address: 127.0.0.1:8080}]\nservices: {a: {endpoints: [http://h]}, b: {endpoints: "
           "[http://i]}}\n"
           "routes:\n" +
           routes;
}

TEST(config_route, hidden_by_a_shorter_prefix_is_refused_at_its_own_prefix) {
    expect_refused(with_routes("  - {match: {path_prefix: /pay}, service: a}\n"
                               "  - {match: {path_prefix: @@/pay/fast}, service: b}\n"),
                   {{"routes[1].match.path_prefix", "the route for \"/pay/fast\" is never used: the one on line 4"}});
}

TEST(config_route, hidden_by_one_for_every_path_is_refused_even_without_a_prefix_of_its_own) {
    expect_refused(with_routes("  - {service: a}\n  - @@{service: b}\n"), {{"routes[1]", "is never used"}});
}

TEST(config_route, hidden_method_by_method_is_refused) {
    expect_refused(with_routes("  - {match: {path_prefix: /x, methods: [GET]}, service: a}\n"
                               "  - {match: {path_prefix: /, methods: [POST, PUT]}, service: a}\n"
                               "  - {match: {path_prefix: @@/x/, methods: [GET, PUT]}, service: b}\n"),
                   {{"routes[2].match.path_prefix", "is never used: the one on line 5"}});
}

TEST(config_route, for_head_is_hidden_by_one_for_get_and_not_the_other_way_round) {
    expect_refused(with_routes("  - {match: {methods: GET}, service: a}\n  - @@{match: {methods: HEAD}, service: b}\n"),
                   {{"routes[1]", "is never used"}});
    EXPECT_EQ(
        accepted(with_routes("  - {match: {methods: HEAD}, service: a}\n  - {match: {methods: GET}, service: b}\n"))
            .routes.size(),
        2U);
}

TEST(config_route, partly_hidden_is_in_order) {
    const auto loaded =
        accepted(with_routes("  - {match: {path_prefix: /x/y}, service: a}\n"
                             "  - {match: {path_prefix: /x, methods: GET}, service: b}\n"
                             "  - {match: {path_prefix: /x, methods: [GET, PUT]}, service: a}\n"
                             "  - {match: {path_prefix: /x}, service: b}\n  - {service: a}\n"));
    ASSERT_EQ(loaded.routes.size(), 5U);
    EXPECT_EQ(loaded.routes[1].methods, std::vector<std::string>{"GET"});
    EXPECT_EQ(loaded.routes[3].service_index, 1U);
    EXPECT_EQ(loaded.routes[4].path_prefix, "/");
}

TEST(config_route, a_prefix_that_is_no_path_is_refused) {
    expect_refused(with_routes("  - {match: {path_prefix: @@pay}, service: a}\n"),
                   {{"routes[0].match.path_prefix", "is no beginning of a path"}});
    expect_refused(with_routes("  - {match: {path_prefix: @@''}, service: a}\n"),
                   {{"routes[0].match.path_prefix", "is no beginning of a path"}});
}

TEST(config_route, a_prefix_that_no_normalised_path_begins_with_is_refused) {
    for (const std::string bad : {"/a//b", "/a/../b", "/a/./b", "/%61", "'/a?b=c'"}) {
        SCOPED_TRACE(bad);
        expect_refused(with_routes("  - {match: {path_prefix: @@" + bad + "}, service: a}\n"),
                       {{"routes[0].match.path_prefix", "matches nothing: paths are normalised first"}});
    }
}

TEST(config_route, a_method_in_lower_case_is_refused_where_it_stands) {
    expect_refused(with_routes("  - {match: {methods: [GET, @@post]}, service: a}\n"),
                   {{"routes[0].match.methods[1]", "\"post\" is no method"}});
}

TEST(config_route, methods_that_are_wrong_hide_nothing) {
    expect_refused(with_routes("  - {match: {methods: [@@get]}, service: a}\n  - {service: b}\n"),
                   {{"routes[0].match.methods[0]", "is no method"}});
}

}  // namespace
}  // namespace switchgear::gateway
