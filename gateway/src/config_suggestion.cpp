#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config_reader.hpp"

namespace switchgear::gateway {
namespace {

/// Insertions, deletions and substitutions between the two (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string suggestion(std::string_view text, std::span<const std::string_view> allowed) {
    constexpr std::size_t longest_worth_comparing = 40;
    if (text.size() <= longest_worth_comparing && !allowed.empty()) {
        const auto nearest = std::ranges::min(allowed, {}, [text](auto word) { return distance(text, word); });
        if (distance(text, nearest) <= std::max<std::size_t>(2, nearest.size() / 3) &&
            distance(text, nearest) < nearest.size()) {
            return fmt::format("did you mean \"{}\"?", nearest);
        }
    }
    return fmt::format("expected one of {}", fmt::join(allowed, ", "));
}

}  // namespace switchgear::gateway
