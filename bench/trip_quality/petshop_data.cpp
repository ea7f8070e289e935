#include "petshop_data.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace switchgear::trip_quality {
namespace {

std::string contents(const std::string& path) {
    const bool packed = path.ends_with(".gz");
    std::string quoted = "'";
    for (const char c : path) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
    const std::string command = (packed ? "gunzip -c -- " : "cat -- ") + quoted + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), pclose};
    if (!pipe) throw std::runtime_error{path + ": cannot be read"};
    std::string text;
    std::array<char, 65'536> piece{};
    for (std::size_t n; (n = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;) text.append(piece.data(), n);
    if (text.empty()) throw std::runtime_error{path + ": is empty or cannot be read"};
    return text;
}

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells{""};
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            cells.emplace_back();
        } else if (c != '\r') {
            cells.back() += c;
        }
    }
    return cells;
}

/// Of the columns by name; those that are empty read as NaN.
class row {
public:
    row(const std::map<std::string, std::size_t>& columns, std::vector<std::string> cells, std::string where)
        : columns_{columns}, cells_{std::move(cells)}, where_{std::move(where)} {}

    const std::string& text(const std::string& name) const {
        const auto found = columns_.find(name);
        if (found == columns_.end()) throw std::runtime_error{where_ + ": no column \"" + name + "\""};
        if (found->second >= cells_.size()) throw std::runtime_error{where_ + ": no value for \"" + name + "\""};
        return cells_[found->second];
    }
    double number(const std::string& name) const {
        const std::string& cell = text(name);
        if (cell.empty()) return std::nan("");
        try {
            return std::stod(cell);
        } catch (const std::exception&) {
            throw std::runtime_error{where_ + ": \"" + cell + "\" for \"" + name + "\" is no number"};
        }
    }

private:
    const std::map<std::string, std::size_t>& columns_;
    std::vector<std::string> cells_;
    std::string where_;
};

double latency_at(const interval& in, double share) {
    // The tails beyond what was measured go on as far as the quantiles beside them are apart.
    const double low = std::max(in.p50, 1e-6), mid = std::max(in.p90, low), high = std::max(in.p99, mid);
    const auto between = [](double from, double to, double part) { return from * std::pow(to / from, part); };
    if (share < 0.5) return between(low * low / mid, low, share / 0.5);
    if (share < 0.9) return between(low, mid, (share - 0.5) / 0.4);
    if (share < 0.99) return between(mid, high, (share - 0.9) / 0.09);
    return between(high, high * std::min(2.0, high / mid), (share - 0.99) / 0.01);
}

}  // namespace

double series::mean_requests() const {
    double sum = 0;
    for (const auto& one : intervals) sum += one.requests;
    return sum / static_cast<double>(intervals.size());
}

double series::mean_availability() const {
    double sum = 0, good = 0;
    for (const auto& one : intervals) {
        sum += one.requests;
        good += one.requests * one.availability;
    }
    return sum > 0 ? good / sum : 0;
}

std::vector<series> read_petshop(const std::string& path) {
    std::istringstream lines{contents(path)};
    std::string line;
    std::getline(lines, line);
    std::map<std::string, std::size_t> columns;
    for (const auto& name : cells_of(line)) columns.emplace(name, columns.size());

    std::map<std::tuple<std::string, std::string, std::string, std::string>, series> all;
    for (std::size_t number = 2; std::getline(lines, line); ++number) {
        if (line.empty()) continue;
        const row in{columns, cells_of(line), path + ":" + std::to_string(number)};
        series& into = all[{in.text("traffic"), in.text("split"), in.text("issue"), in.text("component")}];
        into.traffic = in.text("traffic");
        into.issue = in.text("issue").empty() ? "" : in.text("split") + "/" + in.text("issue");
        into.component = in.text("component");
        const interval one{in.number("t"),   in.number("requests"), in.number("availability") / 100, in.number("p50"),
                           in.number("p90"), in.number("p99"),      in.text("in_issue") == "1"};
        if (one.requests > 0 && !std::isnan(one.availability)) into.intervals.push_back(one);
    }
    std::vector<series> out;
    for (auto& [key, one] : all) {
        std::ranges::sort(one.intervals, {}, &interval::begins);
        if (!one.intervals.empty()) out.push_back(std::move(one));
    }
    return out;
}

std::vector<replayed_call> expand(const interval& in, time_point begins, chance& random) {
    const auto count = static_cast<std::size_t>(std::llround(in.requests));
    const auto failures = static_cast<std::size_t>(std::llround(in.requests * (1 - in.availability)));
    std::vector<double> times(count);
    for (double& one : times) one = random.share() * 300;
    std::ranges::sort(times);
    std::vector<replayed_call> out;
    std::size_t left = failures;
    for (std::size_t i = 0; i < count; ++i) {
        const bool failed = random.share() * static_cast<double>(count - i) < static_cast<double>(left);
        if (failed) --left;
        const double took = std::isnan(in.p50) ? 0 : latency_at(in, random.share());
        out.push_back({begins + duration{static_cast<duration::rep>(times[i] * 1e9)},
                       duration{static_cast<duration::rep>(took * 1e9)}, failed});
    }
    return out;
}

}  // namespace switchgear::trip_quality
