#include "words.hpp"

#include <cstdint>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <switchgear/simulation/latencies.hpp>

#include "fields.hpp"

namespace switchgear::simulation {
namespace {

using std::chrono::nanoseconds;

/// Recordings whose times lie before count from a zero of their own.
constexpr recorded_time year_2001 = std::chrono::seconds{1'000'000'000};

std::string two_units(std::int64_t seconds, std::int64_t large, const char* large_name, std::int64_t small,
                      const char* small_name) {
    const std::int64_t rest = seconds % large / small;
    std::string text = fmt::format("{} {}", seconds / large, large_name);
    if (rest != 0) text += fmt::format(" {} {}", rest, small_name);
    return text;
}

}  // namespace

std::string share_words(double share) { return number_words(share * 100) + " %"; }

std::string number_words(double value) {
    // From here on three digits are 1000 and more.
    return value >= 999.5 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

std::string counted(std::uint64_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string time_words(nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (seconds < 0.9995) return number_words(seconds * 1e3) + " ms";
    if (seconds < 60) return number_words(seconds) + " s";
    const auto whole = static_cast<std::int64_t>(seconds + 0.5);
    if (whole < 3600) return two_units(whole, 60, "min", 1, "s");
    if (whole < 86400) return two_units(whole, 3600, "h", 60, "min");
    return two_units(whole, 86400, "d", 3600, "h");
}

std::string latency_words(nanoseconds quantile) {
    if (quantile <= latencies::shortest) return "below 0.1 ms";
    if (quantile >= latencies::longest) return "more than 200 s";
    return time_words(quantile);
}

std::string within_words(nanoseconds quantile) {
    if (quantile <= latencies::shortest) return latency_words(quantile);
    return (quantile >= latencies::longest ? "in " : "within ") + latency_words(quantile);
}

std::string_view noun(key_meaning keys_are) noexcept { return keys_are == key_meaning::keys ? "key" : "breaker"; }

std::string instant_words(recorded_time at) {
    if (at < year_2001) return format_seconds(at) + " s";
    const auto whole = std::chrono::floor<std::chrono::seconds>(at);
    const auto part = std::chrono::duration_cast<std::chrono::milliseconds>(at - whole).count();
    const std::string text = fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(whole.count())));
    return part == 0 ? text + " UTC" : fmt::format("{}.{:03} UTC", text, part);
}

}  // namespace switchgear::simulation
