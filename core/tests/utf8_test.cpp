#include <switchgear/utf8.hpp>

#include <string>

#include <gtest/gtest.h>

namespace switchgear {
namespace {

using namespace std::string_literals;

TEST(utf8, text_that_is_utf8_stays) {
    for (const std::string& text :
         {""s, "a\0b\x7F"s, "\xC2\x80\xDF\xBF"s, "\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"s,
          "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"s}) {
        EXPECT_EQ(as_utf8(text), text);
    }
}

TEST(utf8, each_byte_that_is_none_is_replaced) {
    const std::string no = "\xEF\xBF\xBD";
    EXPECT_EQ(as_utf8("a\xFF\xFE"
                      "b"),
              "a" + no + no + "b");
    EXPECT_EQ(as_utf8("\x80"), no);
    EXPECT_EQ(as_utf8("\xC3"), no) << "cut off";
    EXPECT_EQ(as_utf8("\xE2\x82"), no + no) << "cut off";
    EXPECT_EQ(as_utf8("\xC3(\xA9"), no + "(" + no);
    EXPECT_EQ(as_utf8("\xC0\xAF"), no + no) << "longer than it needs to be";
    EXPECT_EQ(as_utf8("\xE0\x9F\xBF"), no + no + no) << "longer than it needs to be";
    EXPECT_EQ(as_utf8("\xED\xA0\x80"), no + no + no) << "a surrogate";
    EXPECT_EQ(as_utf8("\xF4\x90\x80\x80"), no + no + no + no) << "beyond Unicode";
    EXPECT_EQ(as_utf8("\xF5\x80\x80\x80"), no + no + no + no) << "beyond Unicode";
}

}  // namespace
}  // namespace switchgear
