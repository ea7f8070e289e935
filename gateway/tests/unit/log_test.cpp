#include <switchgear/gateway/log.hpp>

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <limits>
#include <string>

namespace switchgear::gateway {
namespace {

constexpr log_time noon{1'700'000'000, 7};

TEST(log, a_line_of_text_has_time_level_message_and_fields) {
    EXPECT_EQ(render_log_line(log_format::text, noon, log_level::warning, "Something happened.",
                              {{"breaker", "pay"}, {"cooldown_ms", std::int64_t{5'000}}, {"status", "a b"}}),
              "2023-11-14T22:13:20.007Z [WARNING] Something happened. breaker=pay cooldown_ms=5000 status=\"a b\"");
}

TEST(log, nobody_can_write_a_line_of_his_own) {
    const std::string line =
        render_log_line(log_format::text, noon, log_level::info, "GET /\r\nforged", {{"x", "a\nb\"c"}});
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << line;
}

TEST(log, a_line_of_json_is_json) {
    const std::string line = render_log_line(log_format::json, noon, log_level::error, "He said \"no\"\n",
                                             {{"text", "\\\x01"},
                                              {"count", std::uint64_t{3}},
                                              {"ratio", 0.5},
                                              {"endless", std::numeric_limits<double>::infinity()}});
    const boost::json::object read = boost::json::parse(line).as_object();
    EXPECT_EQ(read.at("level"), "error");
    EXPECT_EQ(read.at("message"), "He said \"no\"\n");
    EXPECT_EQ(read.at("text"), "\\\x01");
    EXPECT_EQ(read.at("count"), 3);
    EXPECT_EQ(read.at("ratio"), 0.5);
    EXPECT_TRUE(read.at("endless").is_null());
}

TEST(log, what_is_not_utf8_is_replaced_in_json) {
    const std::string line =
        render_log_line(log_format::json, noon, log_level::info, "\xC3\xA9 \xFF", {{"x", "/\xFE"}});
    const boost::json::object read = boost::json::parse(line).as_object();
    EXPECT_EQ(read.at("message"), "\xC3\xA9 \xEF\xBF\xBD");
    EXPECT_EQ(read.at("x"), "/\xEF\xBF\xBD");
}

TEST(log, levels_and_formats_are_read_by_their_words) {
    EXPECT_EQ(parse_log_level("warning"), log_level::warning);
    EXPECT_EQ(parse_log_level("WARN"), std::nullopt);
    EXPECT_EQ(parse_log_format("json"), log_format::json);
    EXPECT_EQ(parse_log_format("xml"), std::nullopt);
}

}  // namespace
}  // namespace switchgear::gateway
