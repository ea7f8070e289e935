#include "line_source.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "recording_file.hpp"

namespace {

using namespace switchgear::simulation;

std::vector<std::string> lines_of(std::string_view content) {
    const recording_file file{content};
    line_source source{file.path()};
    std::vector<std::string> found;
    while (const auto line = source.next()) found.emplace_back(*line);
    EXPECT_EQ(source.number(), found.size());
    return found;
}

using lines = std::vector<std::string>;

TEST(lines, end_with_either_end_or_with_the_file) {
    EXPECT_EQ(lines_of("a\nb\r\n\nc"), (lines{"a", "b", "", "c"}));
    EXPECT_EQ(lines_of("a\n"), lines{"a"});
    EXPECT_EQ(lines_of(""), lines{});
}

TEST(lines, a_byte_order_mark_is_no_part_of_them) {
    EXPECT_EQ(lines_of("\xEF\xBB\xBF"
                       "a\n"),
              lines{"a"});
}

TEST(lines, compressed_ones_are_the_same) {
    EXPECT_EQ(lines_of(gzipped("a\nb\n")), (lines{"a", "b"}));
    EXPECT_EQ(lines_of(gzipped("a\n") + gzipped("b\n")), (lines{"a", "b"}));
}

TEST(lines, reach_over_the_blocks_that_are_read) {
    std::string text;
    lines expected;
    for (int i = 0; i < 200'000; ++i) {
        expected.push_back("line number " + std::to_string(i));
        text += expected.back() + "\n";
    }
    EXPECT_EQ(lines_of(text), expected);
    EXPECT_EQ(lines_of(gzipped(text)), expected);
}

TEST(lines, that_never_end_are_cut) {
    const recording_file file{std::string(5'000'000, 'x') + "\nnext\n"};
    line_source source{file.path()};
    EXPECT_EQ(source.next()->size(), line_source::longest_line);
    EXPECT_TRUE(source.was_cut());
    EXPECT_EQ(source.next(), "next");
    EXPECT_FALSE(source.was_cut());
    EXPECT_FALSE(source.next());
}

TEST(lines, of_a_truncated_or_damaged_file_are_an_error) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + "\n";
    const std::string whole = gzipped(text);
    EXPECT_THROW(lines_of(whole.substr(0, whole.size() / 2)), unreadable_recording);
    std::string damaged = whole;
    for (std::size_t i = 1000; i < 1100; ++i) damaged[i] = 'x';
    EXPECT_THROW(lines_of(damaged), unreadable_recording);
}

TEST(lines, of_what_is_no_file_are_an_error_that_names_it) {
    try {
        line_source source{"/no/such/file"};
        FAIL();
    } catch (const unreadable_recording& error) {
        EXPECT_EQ(std::string{error.what()}, "/no/such/file: cannot be read: No such file or directory");
    }
    EXPECT_THROW(line_source{"/"}, unreadable_recording);
}

}  // namespace
