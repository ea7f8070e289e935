#include <switchgear/simulation/advice.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include <switchgear/wire/units.hpp>

#include "fields.hpp"
#include "words.hpp"

namespace switchgear::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double month = 30.0 * 24 * 3600;
/// A service that never failed is taken to fail once in so many calls, or in as many as it made.
constexpr double rarest_failure = 1e-4;

template <class T, std::size_t N>
T first_at_least(const std::array<T, N>& steps, T value) {
    const auto found = std::find_if(steps.begin(), steps.end(), [value](T one) { return one >= value; });
    return found == steps.end() ? steps.back() : *found;
}

/// Numbers that people choose.
constexpr std::array<std::int64_t, 25> round_milliseconds{
    10,    20,    50,     100,    150,    200,    250,    300,     500,     750,     1'000,     1'500,    2'000,
    3'000, 5'000, 10'000, 15'000, 20'000, 30'000, 60'000, 120'000, 300'000, 600'000, 1'800'000, 3'600'000};

milliseconds rounded_up(double in_seconds) {
    return milliseconds{first_at_least(round_milliseconds, static_cast<std::int64_t>(std::ceil(in_seconds * 1e3)))};
}

/// The chance that of `calls` calls at least `failures` fail, where each does with chance `share`.
double chance_of(std::uint32_t failures, std::uint32_t calls, double share) {
    double sum = 0;
    for (std::uint32_t k = failures; k <= calls; ++k) {
        const double ways = std::lgamma(calls + 1.0) - std::lgamma(k + 1.0) - std::lgamma(calls - k + 1.0);
        const double term = std::exp(ways + k * std::log(share) + (calls - k) * std::log1p(-share));
        sum += term;
        if (term < sum * 1e-12) break;
    }
    return std::min(sum, 1.0);
}

double share_to_plan_with(const normal& usual) {
    const double calls = std::max<double>(static_cast<double>(usual.calls), 1);
    return std::clamp(std::max(usual.failing_share, 1 / calls), rarest_failure, 0.5);
}

/// What is worked out on the way, and used for more than one number.
struct plan {
    const history& seen;
    const std::vector<std::string>& keys;
    double share;
    double rate;
    advice made{};

    void because(std::string field, std::string why) { made.reasons.push_back({std::move(field), std::move(why)}); }
};

void choose_consecutive(plan& of) {
    constexpr std::uint32_t least = 3, most = 20;
    const double calls_in_month = std::max(of.rate * month, 1.0);
    // A run of k begins at each call with chance share^k.
    const auto needed = static_cast<std::uint32_t>(std::ceil(std::log(calls_in_month) / -std::log(of.share)));
    auto& out = of.made.settings.trip.consecutive_failures;
    if (needed > most) {
        out.reset();
        of.because("trip.consecutive_failures",
                   fmt::format("off: with {} failing normally a run that is no chance would be {} long",
                               share_words(of.share), needed));
        return;
    }
    out = std::max(least, needed);
    of.because(
        "trip.consecutive_failures",
        fmt::format("with {} failing normally, {} in a row come by chance less than once in 30 days at {} calls/s",
                    share_words(of.share), *out, number_words(of.rate)));
}

void choose_ratio(plan& of) {
    double lowest = 1;
    for (const outage& one : of.seen.outages) {
        if (one.failing) lowest = std::min(lowest, one.total.failing_share());
    }
    // Between what is normal and the mildest outage; both as far away as can be.
    const double between = std::sqrt(of.share * lowest);
    const double least = std::max(0.1, 3 * of.share);
    const double chosen = std::clamp(std::ceil(std::max(between, least) * 20) / 20, 0.1, 0.9);
    of.made.settings.trip.failure_ratio = chosen;
    of.because("trip.failure_ratio",
               lowest < 1 ? fmt::format("normal is {}, the mildest outage found had {}", share_words(of.share),
                                        share_words(lowest))
                          : fmt::format("normal is {}; at least 10 %, and three times that", share_words(of.share)));
}

void choose_window(plan& of) {
    constexpr std::array<std::uint32_t, 12> steps{5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500};
    trip_rules& trip = of.made.settings.trip;
    const double ratio = *trip.failure_ratio;
    trip.minimum_calls = steps.back();
    for (const std::uint32_t calls : steps) {
        const auto failures = static_cast<std::uint32_t>(std::ceil(ratio * calls - 1e-9));
        if (chance_of(failures, calls, of.share) * of.rate * month > 1) continue;
        trip.minimum_calls = calls;
        break;
    }
    of.because("trip.minimum_calls",
               fmt::format("of so many, {} fail by chance less than once in 30 days at {} calls/s", share_words(ratio),
                           number_words(of.rate)));
    const double quiet = std::max(of.seen.normal.quiet_rate, 1e-6);
    const double needed = std::clamp(1.5 * trip.minimum_calls / quiet, 10.0, 3600.0);
    const auto span = std::max<milliseconds>(rounded_up(needed), seconds{10});
    trip.window = last{span};
    of.because("trip.window.last", fmt::format("holds {} calls at the quietest tenth of the time, {} calls/s",
                                               trip.minimum_calls, number_words(quiet)));
}

void choose_slow(plan& of) {
    const normal& usual = of.seen.normal;
    if (!usual.p99 || !usual.median || usual.p99->count() == 0) return;
    const double limit = std::max(2 * std::chrono::duration<double>(*usual.p99).count(),
                                  3 * std::chrono::duration<double>(*usual.median).count());
    const milliseconds after = rounded_up(limit);
    of.made.settings.trip.slow = slow_rule{.after = after, .ratio = 0.5};
    of.because("trip.slow.after", fmt::format("twice the normal p99 of {}, three times the median of {}; rounded up",
                                              time_words(*usual.p99), time_words(*usual.median)));
    of.because("trip.slow.ratio", "half of the calls that slow is no accident of a few");
}

/// Says so if nearly all of the trouble is one key's. Returns: whether it is.
bool blame_key(plan& of) {
    constexpr double nearly_all = 0.8;
    // The first stands for calls without a key.
    if (of.keys.size() <= 2) return false;
    double failures = 0;
    failing_keys failing;
    for (const outage& one : of.seen.outages) {
        failures += one.total.failures;
        failing.add(one.total.failing);
    }
    // Counts may be too low, never too high: whoever is blamed has earned it.
    for (const failing_keys::entry& one : failing.entries()) {
        const std::string& name = of.keys.at(one.key);
        if (name.empty() || one.failures < nearly_all * failures) continue;
        of.made.note = fmt::format(
            "nearly all of it is key {} ({:.0f} % of the failures): give each key a breaker of its own, scope: key",
            excerpt(name), 100 * one.failures / failures);
        return true;
    }
    return false;
}

void choose_recovery(plan& of) {
    constexpr milliseconds least_open_for = seconds{1}, least_cap = seconds{5};

    recovery_rules& recovery = of.made.settings.recovery;
    std::vector<double> lengths;
    for (const outage& one : of.seen.outages) {
        lengths.push_back(std::chrono::duration<double>(one.end - one.begin).count());
    }
    if (blame_key(of)) {
        of.because("recovery.open_for", "the default: what was found is one key's, and no outage of the service");
        of.because("recovery.max_open_for", "the default");
        return;
    }
    if (lengths.empty()) {
        of.because("recovery.open_for", "the default: the recording has no outage to learn from");
        of.because("recovery.max_open_for", "the default");
        return;
    }
    std::ranges::sort(lengths);
    const double typical = lengths[lengths.size() / 2];
    const std::string length = time_words(nanoseconds{std::llround(typical * 1e9)});
    const milliseconds tenth = rounded_up(typical / 10), half = rounded_up(typical / 2);
    recovery.open_for = std::clamp<milliseconds>(tenth, least_open_for, seconds{30});
    of.because(
        "recovery.open_for",
        tenth < least_open_for
            ? fmt::format("the least there is reason for; the typical outage was {}", length)
            : fmt::format("about a tenth of the typical outage of {}, so that little of its end is missed", length));
    recovery.max_open_for = std::clamp<milliseconds>(half, std::max(least_cap, recovery.open_for), seconds{60});
    of.because("recovery.max_open_for",
               half < least_cap ? "room for outages longer than that" : "half of it, and at most a minute");
}

}  // namespace

advice advise(const history& seen, const std::vector<std::string>& keys) {
    plan of{
        .seen = seen, .keys = keys, .share = share_to_plan_with(seen.normal), .rate = std::max(seen.normal.rate, 1e-6)};
    choose_consecutive(of);
    choose_ratio(of);
    choose_window(of);
    choose_slow(of);
    choose_recovery(of);
    return std::move(of.made);
}

std::string to_yaml(const advice& given) {
    const trip_rules& trip = given.settings.trip;
    const recovery_rules& recovery = given.settings.recovery;
    const auto line = [&given](std::string_view field, const std::string& text) {
        const auto found = std::ranges::find(given.reasons, field, &reason::field);
        return found == given.reasons.end() ? text + "\n" : fmt::format("{:<34} # {}\n", text, found->why);
    };
    std::string out = given.note.empty() ? "" : "# " + given.note + "\n";
    out += "trip:\n";
    out += line("trip.consecutive_failures",
                "  consecutive_failures: " +
                    (trip.consecutive_failures ? fmt::format("{}", *trip.consecutive_failures) : std::string("off")));
    out += line("trip.failure_ratio", fmt::format("  failure_ratio: {:.0f}%", *trip.failure_ratio * 100));
    out += line("trip.minimum_calls", fmt::format("  minimum_calls: {}", trip.minimum_calls));
    out += line("trip.window.last",
                fmt::format("  window: {{last: {}}}", wire::format_duration(std::get<last>(trip.window).span)));
    if (trip.slow) {
        out += "  slow:\n";
        out += line("trip.slow.after", "    after: " + wire::format_duration(trip.slow->after));
        out += line("trip.slow.ratio", fmt::format("    ratio: {:.0f}%", trip.slow->ratio * 100));
    }
    out += "recovery:\n";
    out += line("recovery.open_for", "  open_for: " + wire::format_duration(recovery.open_for));
    out += line("recovery.max_open_for", "  max_open_for: " + wire::format_duration(recovery.max_open_for));
    return out;
}

}  // namespace switchgear::simulation
