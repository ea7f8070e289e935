#include "request_path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace switchgear::gateway {
namespace {

std::string path_of(std::string_view target) {
    const auto normalised = normalise_target(target);
    return normalised ? normalised->path : "refused";
}

TEST(request_path, a_plain_path_stays_what_it_is) {
    for (const auto* path : {"/", "/a", "/a/b/", "/a.b/c..d/~e", "/a:b@c!$&'()*+,;=", "/%2F"})
        EXPECT_EQ(path_of(path), path);
}

TEST(request_path, dots_and_doubled_slashes_are_resolved_however_they_are_written) {
    EXPECT_EQ(path_of("/a/../b"), "/b");
    EXPECT_EQ(path_of("/a/./b"), "/a/b");
    EXPECT_EQ(path_of("/a/%2e%2E/b"), "/b");
    EXPECT_EQ(path_of("/a/.%2e"), "/");
    EXPECT_EQ(path_of("/a/."), "/a/");
    EXPECT_EQ(path_of("/a/b/.."), "/a/");
    EXPECT_EQ(path_of("//a///b//"), "/a/b/");
    EXPECT_EQ(path_of("/a//../b"), "/b");
}

TEST(request_path, nothing_climbs_above_the_root) {
    EXPECT_EQ(path_of("/../../a"), "/a");
    EXPECT_EQ(path_of("/.."), "/");
    EXPECT_EQ(path_of("/a/../../b"), "/b");
}

TEST(request_path, what_needs_no_escape_has_none_and_the_rest_is_upper_case) {
    EXPECT_EQ(path_of("/%61%7e%2d"), "/a~-");
    EXPECT_EQ(path_of("/%c3%a4"), "/%C3%A4");
    EXPECT_EQ(path_of("/a%2fb"), "/a%2Fb");
}

TEST(request_path, an_escaped_slash_separates_nothing) { EXPECT_EQ(path_of("/a/%2e%2e%2fb"), "/a/..%2Fb"); }

TEST(request_path, what_no_two_servers_read_alike_is_refused) {
    for (const auto* target : {"/%", "/%4", "/%zz", "/a%00b", "/a\\b", "/a#b", "/a\x01"})
        EXPECT_EQ(path_of(target), "refused") << target;
}

TEST(request_path, the_query_stays_as_it_came) {
    const auto normalised = normalise_target("/a/../b?x=/../%2e");
    ASSERT_TRUE(normalised);
    EXPECT_EQ(normalised->path, "/b");
    EXPECT_EQ(normalised->query, "?x=/../%2e");
    EXPECT_EQ(path_of("?x"), "/");
}

}  // namespace
}  // namespace switchgear::gateway
