#include <switchgear/simulation/report.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/simulation/output.hpp>

#include "report_page.hpp"
#include "words.hpp"

namespace switchgear::simulation {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

/// As many as a wide screen has pixels to tell apart.
constexpr std::size_t most_columns = 800;

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out.push_back(c);
        }
    }
    return out;
}

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

json::value milliseconds_of(const slice& one, double q) {
    const auto found = one.took.quantile(q);
    return found ? json::value(seconds_of(*found) * 1e3) : json::value(nullptr);
}

json::object series_of(const timeline& seen) {
    const double width = seconds_of(seen.width());
    json::array rates, failing, median, p99;
    for (const slice& one : seen.slices()) {
        rates.push_back(one.calls / width);
        failing.push_back(one.judged() == 0 ? json::value(nullptr) : json::value(100 * one.failing_share()));
        median.push_back(milliseconds_of(one, 0.5));
        p99.push_back(milliseconds_of(one, 0.99));
    }
    return {{"begin", seconds_of(seen.begin())},
            {"width", width},
            {"rate", rates},
            {"failing", failing},
            {"median", median},
            {"p99", p99}};
}

json::object mark(recorded_time begin, recorded_time end, const std::string& words) {
    return {{"begin", seconds_of(begin)}, {"end", seconds_of(end)}, {"words", words}};
}

/// One row of marks for each candidate, or one of outages.
json::array rows_of(const report_content& of) {
    json::array rows;
    for (std::size_t i = 0; i < of.outcomes.size(); ++i) {
        json::array marks;
        for (const open_period& one : of.outcomes[i].periods) {
            const recorded_time end = one.end.value_or(of.seen.end());
            marks.push_back(mark(one.begin, end,
                                 fmt::format("{}{}open from {} for {}: {}", one.key, one.key.empty() ? "" : " ",
                                             instant_words(one.begin), time_words(end - one.begin), cause_words(one))));
        }
        rows.push_back(json::object{{"name", of.candidates[i].name}, {"marks", marks}});
    }
    json::array found;
    for (const outage& one : of.outages) {
        found.push_back(mark(one.begin, one.end,
                             fmt::format("outage from {} for {}: {}", instant_words(one.begin),
                                         time_words(one.end - one.begin), outage_words(one, of.keys))));
    }
    if (of.outcomes.empty()) rows.push_back(json::object{{"name", "outages"}, {"marks", found}});
    return rows;
}

std::string table_row(std::string_view cell, const std::vector<std::string>& texts) {
    std::string out = "<tr>";
    for (const std::string& text : texts) out += fmt::format("<{0}>{1}</{0}>", cell, escaped(text));
    return out + "</tr>\n";
}

std::string summary_table(const report_content& of) {
    std::string out = "<h2>What would have happened</h2>\n<div class=\"wide\"><table id=\"summary\">\n<thead>";
    out += table_row("th", {"settings", "calls", "admitted", "of them bad", "refused good", "refused bad", "opened",
                            "trips", "open for"});
    out += "</thead><tbody>\n";
    for (std::size_t i = 0; i < of.outcomes.size(); ++i) {
        const outcome& did = of.outcomes[i];
        const auto text = [](std::uint64_t number) { return fmt::format("{}", number); };
        out += table_row("td", {of.candidates[i].name, text(did.calls), text(did.admitted), text(did.admitted_bad),
                                text(did.refused_good), text(did.refused_bad), text(did.opened), text(did.trips),
                                time_words(did.open_time)});
    }
    return out + "</tbody></table></div>\n";
}

std::string periods_table(const report_content& of) {
    std::string rows;
    for (std::size_t i = 0; i < of.outcomes.size(); ++i) {
        for (const open_period& one : of.outcomes[i].periods) {
            rows += table_row("td", {of.candidates[i].name, one.key, instant_words(one.begin),
                                     one.end ? time_words(*one.end - one.begin) : "until the end", cause_words(one),
                                     fmt::format("{}", one.trips)});
        }
    }
    if (rows.empty()) return {};
    return "<details><summary>Each time a breaker was open</summary><div class=\"wide\"><table id=\"periods\"><thead>" +
           table_row("th", {"settings", "key", "from", "for", "cause", "trips"}) + "</thead><tbody>\n" + rows +
           "</tbody></table></div></details>\n";
}

std::string outages_table(const report_content& of) {
    std::string rows;
    for (const outage& one : of.outages) {
        rows +=
            table_row("td", {instant_words(one.begin), time_words(one.end - one.begin), outage_words(one, of.keys)});
    }
    if (rows.empty()) rows = "<tr><td colspan=\"3\">none</td></tr>\n";
    return "<h2>Outages found</h2>\n<div class=\"wide\"><table id=\"summary\"><thead>" +
           table_row("th", {"from", "for", "what failed"}) + "</thead><tbody>\n" + rows + "</tbody></table></div>\n";
}

void fill_in(std::string& page, std::string_view place, const std::string& with) {
    const std::size_t at = page.find(place);
    page.replace(at, place.size(), with);
}

}  // namespace

std::string report_html(const report_content& of) {
    json::object data = series_of(of.seen.coarser(most_columns));
    data["end"] = seconds_of(of.seen.end());
    data["rows"] = rows_of(of);
    // Nothing within a script may look like its end.
    std::string text = json::serialize(data);
    for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at))
        text.replace(at, 1, "\\u003c");
    std::string summary = of.outcomes.empty() ? outages_table(of) : summary_table(of) + periods_table(of);
    if (!of.settings_text.empty())
        summary += "<h2>Settings to begin with</h2>\n<pre>" + escaped(of.settings_text) + "</pre>\n";
    std::string page{report_page};
    // From the last to the first, so that what is filled in is never searched.
    fill_in(page, "{{DATA}}", text);
    fill_in(page, "{{SUMMARY}}", summary);
    const std::string title = escaped(of.title);
    fill_in(page, "{{HEADING}}", title);
    fill_in(page, "{{TITLE}}", title);
    return page;
}

}  // namespace switchgear::simulation
