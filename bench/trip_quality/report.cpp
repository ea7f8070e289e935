#include "report.hpp"

#include <cmath>
#include <cstdio>

namespace switchgear::trip_quality {
namespace {

std::string line(const std::vector<std::string>& cells) {
    std::string out = "|";
    for (const auto& one : cells) out += " " + one + " |";
    return out + "\n";
}

std::string_view word_of(outcome how) {
    switch (how) {
        case outcome::met: return "yes";
        case outcome::missed: return "**no**";
        case outcome::not_run: return "not run";
        case outcome::shown: return "–";
    }
    return "";
}

}  // namespace

void report::target(std::string what, std::string wanted, std::string figure, outcome how) {
    targets_.push_back({std::move(what), std::move(wanted), std::move(figure), how, section_});
}

void report::also(std::string what, std::string wanted, std::string figure, outcome how) {
    besides_.push_back({std::move(what), std::move(wanted), std::move(figure), how, section_});
}

void report::table(std::string title, std::vector<std::vector<std::string>> rows) {
    details_ += "\n" + title + "\n\n";
    bool head = true;
    for (const auto& one : rows) {
        details_ += line(one);
        if (head) details_ += line(std::vector<std::string>(one.size(), "---"));
        head = false;
    }
}

void report::text(std::string paragraph) { details_ += "\n" + std::move(paragraph) + "\n"; }

void report::append(const report& other) {
    targets_.insert(targets_.end(), other.targets_.begin(), other.targets_.end());
    besides_.insert(besides_.end(), other.besides_.begin(), other.besides_.end());
    details_ += other.details_;
}

std::string report::table_of(const std::vector<row>& rows) {
    std::string out = line({"what", "target", "figure", "met", "section"}) + line(std::vector<std::string>(5, "---"));
    for (const auto& one : rows) {
        out += line({one.what, one.wanted, one.figure, std::string{word_of(one.how)}, "`" + one.section + "`"});
    }
    return out;
}

std::string report::markdown() const {
    std::string out = table_of(targets_);
    if (!besides_.empty()) out += "\nBeside the targets:\n\n" + table_of(besides_);
    return out + details_;
}

bool report::all_met() const {
    for (const auto& one : targets_) {
        if (one.how == outcome::missed) return false;
    }
    return true;
}

std::string shown(double value) {
    if (std::isnan(value)) return "–";
    if (std::isinf(value)) return "never";
    const double size = std::abs(value);
    const int digits = size >= 10 ? 0 : size >= 2 ? 1 : size >= 0.1 || size == 0 ? 2 : size >= 0.01 ? 3 : 4;
    char text[40];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string whole(double value) { return std::to_string(std::llround(value)); }

}  // namespace switchgear::trip_quality
