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
    const std::size_t last = seen.slices().empty() ? 0 : seen.slices().size() - 1;
    // The recording ends within the last slice: what there is of it has a rate, if it is more than a moment.
    const double covered = seconds_of(seen.last_start() - seen.begin()) - static_cast<double>(last) * width;
    for (const slice& one : seen.slices()) {
        const bool is_last = &one == &seen.slices().back();
        rates.push_back(!is_last || covered >= width ? json::value(one.calls / width)
                        : covered > width / 2        ? json::value(one.calls / covered)
                                                     : json::value(nullptr));
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
    if (of.advised == nullptr) return rows;
    json::array found;
    for (const outage& one : of.advised->seen.outages) {
        found.push_back(
            mark(one.begin, one.end,
                 fmt::format("outage from {} for {}: {}", instant_words(one.begin), time_words(one.end - one.begin),
                             outage_words(one, of.advised->keys, of.advised->keys_are))));
    }
    rows.push_back(json::object{{"name", "outages"}, {"marks", found}});
    return rows;
}

using texts = std::vector<std::string>;

std::string heading_row(const texts& headings) {
    std::string out = "<thead><tr>";
    for (const std::string& one : headings) out += fmt::format("<th scope=\"col\">{}</th>", escaped(one));
    return out + "</tr></thead>";
}

/// Each cell knows its heading, for screens on which a row is a list.
std::string table_row(const texts& headings, const texts& cells) {
    std::string out = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i)
        out += fmt::format("<td data-heading=\"{}\">{}</td>", escaped(headings[i]), escaped(cells[i]));
    return out + "</tr>\n";
}

std::string table(std::string_view id, const texts& headings, const std::string& rows) {
    return fmt::format("<table id=\"{}\">{}<tbody>\n{}</tbody></table>\n", id, heading_row(headings), rows);
}

std::string summary_table(const report_content& of) {
    const texts headings{"settings",    "calls",  "admitted", "of them bad", "refused good",
                         "refused bad", "opened", "trips",    "open for"};
    std::string rows;
    for (std::size_t i = 0; i < of.outcomes.size(); ++i) {
        const outcome& did = of.outcomes[i];
        const auto text = [](std::uint64_t number) { return fmt::format("{}", number); };
        rows += table_row(headings, {of.candidates[i].name, text(did.calls), text(did.admitted), text(did.admitted_bad),
                                     text(did.refused_good), text(did.refused_bad), text(did.opened), text(did.trips),
                                     time_words(did.open_time)});
    }
    return "<h2>What would have happened</h2>\n" + table("summary", headings, rows);
}

std::string periods_table(const report_content& of) {
    const texts headings{"settings", "key", "from", "for", "cause", "trips"};
    std::string rows;
    for (std::size_t i = 0; i < of.outcomes.size(); ++i) {
        for (const open_period& one : of.outcomes[i].periods) {
            rows += table_row(headings, {of.candidates[i].name, one.key, instant_words(one.begin),
                                         one.end ? time_words(*one.end - one.begin) : "until the end", cause_words(one),
                                         fmt::format("{}", one.trips)});
        }
    }
    if (rows.empty()) return {};
    return "<details><summary>Each time a breaker was open</summary>" + table("periods", headings, rows) +
           "</details>\n";
}

std::string list_of(std::string_view id, const texts& sentences) {
    std::string out = fmt::format("<ul id=\"{}\">", id);
    for (const std::string& one : sentences) out += fmt::format("<li>{}</li>", escaped(one));
    return out + "</ul>\n";
}

std::string outages_table(const advice_told& of) {
    const texts headings{"from", "for", "what failed"};
    std::string rows;
    for (const outage& one : of.seen.outages) {
        rows += table_row(headings, {instant_words(one.begin), time_words(one.end - one.begin),
                                     outage_words(one, of.keys, of.keys_are)});
    }
    return "<h2>Outages found</h2>\n" + (rows.empty() ? "<p>None.</p>\n" : table("summary", headings, rows));
}

/// The snippet to copy, and below it why each of its numbers is what it is.
std::string advised_settings(const advice_told& of) {
    constexpr std::size_t of_slow = 4;  // the only ones that stand so deep
    std::string snippet, reasons;
    for (const settings_line& one : settings_lines(of.given)) {
        snippet += escaped(one.text) + "\n";
        if (one.why.empty()) continue;
        const std::size_t at = one.text.find_first_not_of(' ');
        reasons += fmt::format("<dt><code>{}{}</code></dt><dd>{}</dd>\n", at == of_slow ? "slow." : "",
                               escaped(one.text.substr(at)), escaped(one.why));
    }
    std::string out = "<h2>Settings to begin with</h2>\n";
    if (!of.given.notes.empty()) out += list_of("notes", of.given.notes);
    return out +
           "<p>Of one breaker: for <code>breaker:</code> of a service in the gateway's file, or <code>simulate "
           "--settings</code>.</p>\n<pre>" +
           snippet + "</pre>\n<dl id=\"reasons\">\n" + reasons + "</dl>\n<h2>Tried on this recording</h2>\n" +
           list_of("tried", trial_words(of));
}

std::string summary_of(const report_content& of) {
    if (of.advised == nullptr) return summary_table(of) + periods_table(of);
    return "<h2>What normal looks like</h2>\n" + list_of("normal", normal_words(of.advised->seen, of.advised->given)) +
           outages_table(*of.advised) + advised_settings(*of.advised);
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
    std::string page{report_page};
    // From the last to the first, so that what is filled in is never searched.
    fill_in(page, "{{DATA}}", text);
    fill_in(page, "{{SUMMARY}}", summary_of(of));
    const std::string title = escaped(of.title);
    fill_in(page, "{{HEADING}}", title);
    fill_in(page, "{{TITLE}}", title);
    return page;
}

}  // namespace switchgear::simulation
