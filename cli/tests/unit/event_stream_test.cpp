#include "event_stream.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace switchgear::cli {
namespace {

std::vector<server_event> parse_in_pieces_of(std::size_t size, std::string_view text) {
    event_parser parser;
    std::vector<server_event> out;
    for (std::size_t i = 0; i < text.size(); i += size) {
        parser.feed(text.substr(i, size), [&](server_event event) { out.push_back(std::move(event)); });
    }
    return out;
}

TEST(event_parser, finds_the_same_events_however_the_stream_was_cut) {
    constexpr std::string_view text = "event: transition\ndata: {\"a\":1}\n\nevent: snapshot\r\ndata: {}\r\n\r\n";
    const std::vector<server_event> expected{{"transition", "{\"a\":1}"}, {"snapshot", "{}"}};
    for (std::size_t size = 1; size <= text.size(); ++size) {
        EXPECT_EQ(parse_in_pieces_of(size, text), expected) << size;
    }
}

TEST(event_parser, joins_lines_of_data) {
    EXPECT_EQ(parse_in_pieces_of(100, "data: a\ndata:b\n\n"), (std::vector<server_event>{{"message", "a\nb"}}));
}

TEST(event_parser, passes_over_comments_other_fields_and_events_without_data) {
    EXPECT_TRUE(parse_in_pieces_of(100, ": hello\n\nid: 7\nretry: 10\n\nevent: x\n\n").empty());
}

TEST(event_parser, keeps_an_unfinished_event_to_itself) { EXPECT_TRUE(parse_in_pieces_of(100, "data: a\n").empty()); }

}  // namespace
}  // namespace switchgear::cli
