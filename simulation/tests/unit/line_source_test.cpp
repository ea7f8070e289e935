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

std::string refusal_of(std::string_view content) {
    try {
        (void)lines_of(content);
    } catch (const unreadable_recording& error) {
        const std::string text = error.what();
        return text.substr(text.find(": ") + 2);
    }
    return "not refused";
}

TEST(lines, of_several_compressed_parts_are_one_text_and_zeros_after_them_are_padding) {
    EXPECT_EQ(lines_of(gzipped("a\nb") + gzipped("") + gzipped("c\n") + std::string(1'000'000, '\0')),
              (lines{"a", "bc"}));
}

TEST(lines, that_are_not_compressed_after_compressed_ones_are_an_error_instead_of_lost) {
    const std::string words = "something that is not compressed by gzip follows the compressed data";
    EXPECT_EQ(refusal_of(gzipped("a\n") + "b\n"), words);
    EXPECT_EQ(refusal_of(gzipped("a\n") + std::string(1'000'000, '\0') + "b\n"), words);
    EXPECT_EQ(refusal_of(gzipped("a\n") + "\x1F"), words);
}

TEST(lines, that_are_damaged_say_so_without_words_about_descriptors) {
    std::string wrong_sum = gzipped("a\nb\n");
    wrong_sum[wrong_sum.size() - 6] ^= 1;
    EXPECT_EQ(refusal_of(wrong_sum), "the compressed data is damaged: incorrect data check");
    const std::string whole = gzipped("a\nb\n");
    for (std::size_t length = 2; length < whole.size(); ++length) {
        EXPECT_EQ(refusal_of(whole.substr(0, length)), "the compressed data ends too early; is the file complete?");
        EXPECT_EQ(refusal_of(whole + whole.substr(0, length)),
                  "the compressed data ends too early; is the file complete?");
    }
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
