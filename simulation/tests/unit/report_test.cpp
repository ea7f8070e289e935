#include <switchgear/simulation/report.hpp>

#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

std::string between(const std::string& page, const std::string& open, const std::string& close) {
    const std::size_t at = page.find(open);
    if (at == std::string::npos) return {};
    return page.substr(at + open.size(), page.find(close, at) - at - open.size());
}

TEST(report, holds_nothing_that_could_be_markup) {
    timeline seen;
    seen.add({.start = 1s, .lasts = 1s});
    outcome did;
    did.opened = 1;
    did.periods.push_back({.key = "</script><b>", .begin = 1s, .end = {}});
    const std::string page = report_html(
        {.title = "<i>{{DATA}}", .seen = seen, .candidates = {{.name = "</td><img src=x>"}}, .outcomes = {did}});
    EXPECT_EQ(page.find("<b>"), std::string::npos);
    EXPECT_EQ(page.find("<img"), std::string::npos);
    EXPECT_EQ(page.find("<i>{"), std::string::npos);
    EXPECT_NE(page.find("<title>&lt;i&gt;{{DATA}}</title>"), std::string::npos);
    const auto data = boost::json::parse(between(page, R"(id="data">)", "</script>"));
    EXPECT_EQ(data.at("rows").at(0).at("name").as_string(), "</td><img src=x>");
}

TEST(report, has_at_most_as_many_columns_as_a_screen) {
    timeline seen;
    for (int i = 0; i < 30'000; ++i) seen.add({.start = std::chrono::seconds{i}});
    const std::string page = report_html({.title = "x", .seen = seen});
    const auto data = boost::json::parse(between(page, R"(id="data">)", "</script>"));
    EXPECT_LE(data.at("rate").as_array().size(), 800U);
    EXPECT_GE(data.at("rate").as_array().size(), 400U);
}

TEST(report, draws_no_fall_where_the_recording_ends_within_a_slice) {
    // 800 s in slices of two seconds, and a third of one more.
    timeline seen;
    for (int i = 0; i < 8007; ++i) seen.add({.start = i * 100ms});
    const auto data =
        boost::json::parse(between(report_html({.title = "x", .seen = seen}), R"(id="data">)", "</script>"));
    const auto& rates = data.at("rate").as_array();
    for (const auto& one : rates) {
        const double rate = one.is_null() ? 10 : one.to_number<double>();
        EXPECT_NEAR(rate, 10, 1);
    }
    EXPECT_TRUE(rates.back().is_null());
}

}  // namespace
