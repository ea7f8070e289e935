#include <switchgear/wire/units.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace switchgear::wire {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t worth;
};

// From the largest to the smallest.
constexpr std::array<unit, 5> durations{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 5> sizes{
    {{"TiB", 1ULL << 40U}, {"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}}};

struct quantity {
    std::uint64_t number;
    std::string_view unit;
};

std::optional<quantity> split(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    return quantity{number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

std::optional<std::uint64_t> in_smallest(const quantity& given, std::span<const unit> units,
                                         std::uint64_t most) noexcept {
    const auto found = std::ranges::find(units, given.unit, &unit::name);
    if (found == units.end() || given.number > most / found->worth) return std::nullopt;
    return given.number * found->worth;
}

const unit& largest_exact(std::uint64_t value, std::span<const unit> units) noexcept {
    return *std::ranges::find_if(units, [value](const unit& u) { return value % u.worth == 0; });
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
    using rep = std::chrono::milliseconds::rep;
    const auto given = split(text);
    if (!given) return std::nullopt;
    const auto value = in_smallest(*given, durations, static_cast<std::uint64_t>(std::numeric_limits<rep>::max()));
    if (!value) return std::nullopt;
    return std::chrono::milliseconds{static_cast<rep>(*value)};
}

std::string format_duration(std::chrono::milliseconds value) {
    if (value.count() == 0) return "0s";
    const bool negative = value.count() < 0;
    const auto bits = static_cast<std::uint64_t>(value.count());
    const std::uint64_t magnitude = negative ? 0 - bits : bits;
    const unit& chosen = largest_exact(magnitude, durations);
    return (negative ? "-" : "") + std::to_string(magnitude / chosen.worth) + std::string{chosen.name};
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    const auto given = split(text);
    if (!given) return std::nullopt;
    if (given->unit.empty()) return given->number;
    return in_smallest(*given, sizes, std::numeric_limits<std::uint64_t>::max());
}

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) return "0B";
    const unit& chosen = largest_exact(bytes, sizes);
    return std::to_string(bytes / chosen.worth) + std::string{chosen.name};
}

std::optional<double> parse_ratio(std::string_view text) {
    const bool percent = text.ends_with('%');
    if (percent) text.remove_suffix(1);
    // No exponents, no "inf", no "nan": only what a person would write for a share.
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;

    // The exponent, not a division: 33.3% is then the double nearest to 0.333.
    const std::string number = std::string{text} + (percent ? "e-2" : "e0");
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    return value;
}

}  // namespace switchgear::wire
