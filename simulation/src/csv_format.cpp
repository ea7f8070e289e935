#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "fields.hpp"
#include "line_format.hpp"

namespace switchgear::simulation {
namespace {

enum column : std::uint8_t { time, lasts, verdict_word, status, failed_with, key, retry_after, column_count, unused };

constexpr std::array<std::string_view, column_count> names{"time",  "duration", "verdict",    "status",
                                                           "class", "key",      "retry_after"};

column column_named(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<column>(i);
    }
    return unused;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes the fields of a line one after the other (RFC 4180, but for line ends within quotes).
class fields_of {
public:
    explicit fields_of(std::string_view line) : rest_{line} {}

    /// Returns: the next field; a quoted one with doubled quotes lives in `store`. Empty at the end, and
    /// if a quote is not closed: `broken()`.
    std::optional<std::string_view> next(std::string& store) {
        if (done_) return std::nullopt;
        if (rest_.starts_with('"')) return quoted(store);
        const std::size_t comma = rest_.find(',');
        const std::string_view field = rest_.substr(0, comma);
        step_over(comma);
        return trimmed(field);
    }
    bool broken() const noexcept { return broken_; }

private:
    void step_over(std::size_t comma) {
        done_ = comma == std::string_view::npos;
        rest_.remove_prefix(done_ ? rest_.size() : comma + 1);
    }
    std::optional<std::string_view> quoted(std::string& store) {
        store.clear();
        std::size_t at = 1;
        for (; at < rest_.size(); ++at) {
            if (rest_[at] != '"') {
                store.push_back(rest_[at]);
            } else if (at + 1 < rest_.size() && rest_[at + 1] == '"') {
                store.push_back(rest_[at++]);
            } else {
                break;
            }
        }
        const std::size_t comma = rest_.find(',', at);
        // Behind the closing quote there is a comma, the end, or something that is not CSV.
        if (at >= rest_.size() || !trimmed(rest_.substr(at + 1, comma - at - 1)).empty()) {
            broken_ = done_ = true;
            return std::nullopt;
        }
        step_over(comma);
        return store;
    }

    std::string_view rest_;
    bool done_ = false;
    bool broken_ = false;
};

class csv_lines final : public line_format {
public:
    explicit csv_lines(std::vector<column> columns) : columns_{std::move(columns)} {}

    line_kind read(std::string_view line, call_line& out, std::string& why) override {
        std::array<std::string_view, column_count + 1> found{};
        if (!split(line, found, why)) return line_kind::bad;
        const auto start = parse_seconds(found[time], latest_time);
        if (!start) return refuse(why, wrong_seconds("time", found[time], latest_time));
        const auto took = parse_seconds(found[lasts], longest_call);
        if (!took) return refuse(why, wrong_seconds("duration", found[lasts], longest_call));
        const auto how =
            parse_outcome({found[verdict_word], found[status], found[failed_with], found[retry_after]}, why);
        if (!how) return line_kind::bad;
        out = {.start = *start, .lasts = *took, .how = *how, .key = found[key], .endpoint = found[key]};
        return line_kind::call;
    }

private:
    static line_kind refuse(std::string& why, std::string text) {
        why = std::move(text);
        return line_kind::bad;
    }

    bool split(std::string_view line, std::array<std::string_view, column_count + 1>& found, std::string& why) {
        fields_of fields{line};
        std::size_t count = 0;
        for (; count < columns_.size(); ++count) {
            const column at = columns_[count];
            const auto field = fields.next(stores_[at == unused ? column_count : at]);
            if (!field) break;
            found[at == unused ? column_count : at] = *field;
        }
        std::string store;
        if (count == columns_.size() && !fields.next(store) && !fields.broken()) return true;
        why = fields.broken()
                  ? "a quoted field is not closed, or something follows its end"
                  : fmt::format("{} fields where the header has {}",
                                count == columns_.size() ? "more" : fmt::format("{}", count), columns_.size());
        return false;
    }

    std::vector<column> columns_;
    std::array<std::string, column_count + 1> stores_;
};

std::string missing_columns(const std::vector<column>& columns) {
    const auto has = [&](column one) { return std::find(columns.begin(), columns.end(), one) != columns.end(); };
    std::string missing;
    if (!has(time)) missing += " time,";
    if (!has(lasts)) missing += " duration,";
    if (!has(verdict_word) && !has(status)) missing += " verdict or status,";
    if (!missing.empty()) missing.pop_back();
    return missing;
}

}  // namespace

std::unique_ptr<line_format> csv_format(std::string_view header, const std::string& file) {
    std::vector<column> columns;
    fields_of fields{header};
    std::string store;
    while (const auto field = fields.next(store)) {
        const column one = column_named(*field);
        if (one != unused && std::find(columns.begin(), columns.end(), one) != columns.end())
            throw unreadable_recording(fmt::format("{}: the header has the column {} twice", file, names[one]));
        columns.push_back(one);
    }
    const std::string missing = missing_columns(columns);
    if (missing.empty() && !fields.broken()) return std::make_unique<csv_lines>(std::move(columns));
    throw unreadable_recording(fmt::format(
        "{}: the first line has no column{}: expected a CSV header with time, duration, and verdict or status "
        "(or an access log: JSON lines, or combined with the request time at the end; --format says which); it is "
        "\"{}\"",
        file, missing, excerpt(header)));
}

}  // namespace switchgear::simulation
