#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using ::testing::AnyOf;
using testing::expect_refused;
using ::testing::HasSubstr;
using testing::listing;
using testing::violations_of;
using testing::with_service;
using testing::with_top;

TEST(config_syntax, an_error_of_it_comes_alone_with_line_and_column) {
    expect_refused("listeners:\n\t@@- tab\n", {{"", ""}});
    expect_refused("services: {a: [1, 2@@}\n", {{"", "illegal flow end"}});
    expect_refused("services: @@[1,\n  [2]\n", {{"", "this list is never closed"}});
    expect_refused("services:\n  a: @@{b: [c]", {{"", "this map is never closed"}});
    expect_refused("a: [b\n c@@: d]\n  e: f", {{"", "the list begun at 1:4 is not closed before this"}});
    const auto found = violations_of("listeners: [\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_GT(found[0].line, 0U) << to_string(found[0]);
}

TEST(config_syntax, a_quote_that_is_never_closed_does_not_swallow_the_rest) {
    expect_refused(with_service("    fallback: {body: @@'it''s}\n"),
                   {{"services.a.fallback", "this quote is never closed"}});
    expect_refused(with_service("    host: @@\"preserve\\\"\n    expose: false\n"),
                   {{"services.a", "this quote is never closed"}});
    EXPECT_TRUE(
        violations_of(with_service("    fallback: {body: 'it''s', headers: {X-A: \"\\\"\"}}\n    'expose': false\n"))
            .empty());
}

TEST(config_syntax, a_word_without_a_colon_is_no_key) {
    expect_refused(with_service("    host: preserve\n    @@fallback\n"),
                   {{"services.a", "expected a colon after this word"}});
    expect_refused("services: {@@a, b}\n", {{"services", "expected a colon after this word"}});
}

TEST(config_syntax, aliases_are_refused_before_they_can_grow) {
    expect_refused("a: @@&a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", {{"", "anchors and aliases are not supported"}});
    expect_refused("a: @@&a x\n", {{"", "anchors and aliases are not supported"}});
    expect_refused("a: @@*a\n", {{"", ""}});
}

TEST(config_syntax, tags_are_refused) {
    expect_refused("listeners: @@!!binary aGVsbG8=\n", {{"", "tags are not supported"}});
    expect_refused("listeners: @@! 'x'\n", {{"", "tags are not supported"}});
}

TEST(config_syntax, a_key_that_is_no_text_is_refused) {
    expect_refused("? @@[a, b]\n: c\n", {{"", "a key must be text"}});
    expect_refused("? @@{a: b}\n: c\n", {{"", "a key must be text"}});
    expect_refused("@@~: c\n", {{"", "a key must be text"}});
}

TEST(config_syntax, deep_nesting_is_refused) {
    for (const std::string open : {"[", "{", "{a: "}) {
        std::string text = "listeners: ";
        while (text.size() < 1'000'000) text += open;
        const auto found = violations_of(text);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].line, 1U);
        EXPECT_THAT(found[0].message,
                    AnyOf(HasSubstr("nested deeper than 64 levels"), HasSubstr("a key must be text")));
    }
}

TEST(config_syntax, deep_nesting_by_blocks_is_refused) {
    std::string text;
    for (std::size_t depth = 0; depth < 1'000; ++depth) text += std::string(depth, ' ') + "a:\n";
    const auto found = violations_of(text);
    ASSERT_EQ(found.size(), 1U) << listing(found);
    EXPECT_THAT(found[0].message, HasSubstr("nested deeper than 64 levels"));
}

TEST(config_syntax, a_text_above_a_mebibyte_is_refused_unread) {
    const auto found = violations_of(with_top("# " + std::string(1024 * 1024, 'x') + "\n"));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].message, HasSubstr("a configuration is at most 1048576"));
}

TEST(config_syntax, a_second_document_is_refused) {
    expect_refused(with_top("@@---\na: b\n"), {{"", "a configuration is one document"}});
}

TEST(config_syntax, what_is_not_utf_8_is_refused_where_it_stands) {
    expect_refused("a: b\nc: @@\xff\n", {{"", "the byte 0xff is not UTF-8"}});
    expect_refused("a: @@\xc0\xaf", {{"", "the byte 0xc0 is not UTF-8"}});
    expect_refused("a: @@\xed\xa0\x80", {{"", "the byte 0xed is not UTF-8"}});
    expect_refused("a: @@\xe2\x82", {{"", "the byte 0xe2 is not UTF-8"}});
    EXPECT_TRUE(violations_of(with_service("    fallback: {body: Grüße €😀}\n")).empty());
}

TEST(config_syntax, a_control_character_cannot_cut_the_text_short) {
    expect_refused(with_top("@@\x04whatever: is hidden\n"), {{"", "the control character U+0004 is not allowed"}});
}

TEST(config_syntax, columns_count_bytes_and_windows_line_ends_do_not_matter) {
    expect_refused(
        "listeners: [{address: 127.0.0.1:8080}]\r\n# Grüße\r\nservices: {a: {endpoints: [http://h]}}\r\n"
        "routes: [{service: a, @@ü: 1}]\r\n",
        {{"routes[0].ü", "unknown key"}});
}

TEST(config_syntax, a_byte_order_mark_is_skipped) {
    EXPECT_TRUE(violations_of("\xef\xbb\xbf" + with_service("")).empty());
}

TEST(config_syntax, what_is_quoted_from_the_text_stays_short_and_on_one_line) {
    const auto found =
        violations_of(with_service("    host: \"" + std::string(5'000, 'x') + "\\n\\x07\"\n    \"a\\nb\": 1\n"));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_LT(found[0].message.size(), 200U);
    EXPECT_EQ(found[1].path, "services.a.a\\nb");
    EXPECT_EQ(listing(found).find('\x07'), std::string::npos);
}

TEST(config_syntax, a_thousand_violations_are_enough) {
    std::string text = with_service("");
    for (int i = 0; i < 2'000; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
    const auto found = violations_of(text);
    ASSERT_EQ(found.size(), 1'001U);
    EXPECT_EQ(found[0].line, 6U);
    EXPECT_THAT(found.back().message, HasSubstr("more than 1000 violations"));
}

}  // namespace
}  // namespace switchgear::gateway
