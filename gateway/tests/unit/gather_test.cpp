#include "gather.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace switchgear::gateway {
namespace {

std::string text_of(const gather& out) {
    std::string text;
    for (const auto& part : out.parts()) text.append(static_cast<const char*>(part.data()), part.size());
    return text;
}

TEST(gather, pieces_become_one_chunk) {
    gather out;
    out.add("head\r\n\r\n");
    out.add_body({"hello ", "world, here I am"}, 22, body_framing::chunked, false);
    EXPECT_EQ(text_of(out), "head\r\n\r\n16\r\nhello world, here I am\r\n");
}

TEST(gather, the_end_of_a_chunked_body_comes_with_its_last_piece_or_alone) {
    gather out;
    out.add_body({"a"}, 1, body_framing::chunked, true);
    EXPECT_EQ(text_of(out), "1\r\na\r\n0\r\n\r\n");
    out.clear();
    out.add_body({}, 0, body_framing::chunked, true);
    EXPECT_EQ(text_of(out), "0\r\n\r\n");
    out.clear();
    out.add_body({}, 0, body_framing::chunked, false);
    EXPECT_TRUE(out.empty());
}

TEST(gather, a_counted_body_passes_as_it_is) {
    gather out;
    out.add_body({"a", "b"}, 2, body_framing::length, true);
    EXPECT_EQ(text_of(out), "ab");
}

TEST(gather, many_small_pieces_fit_into_one_write) {
    gather out;
    out.add("head");
    const std::vector<std::string_view> pieces(1'000, "x");
    out.add_body(pieces, 1'000, body_framing::chunked, true);
    EXPECT_EQ(text_of(out), "head3e8\r\n" + std::string(1'000, 'x') + "\r\n0\r\n\r\n");
}

}  // namespace
}  // namespace switchgear::gateway
