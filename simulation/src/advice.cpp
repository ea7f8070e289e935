#include <switchgear/simulation/advice.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <variant>

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
/// Fewer failing calls than this are no reason to refuse all.
constexpr double least_worth_opening = 0.25;
/// More failing calls than this are no service in health.
constexpr double most_in_health = 0.10;

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

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// A number of milliseconds halfway (by ratio) between the two, as round as there is room for.
milliseconds round_between(double low, double high) {
    const double middle = std::sqrt(low * high) * 1e3;
    const double decade = std::pow(10, std::floor(std::log10(middle)));
    for (const double step : {decade / 2, decade / 10}) {
        const double found = std::round(middle / step) * step;
        if (step >= 1 && found > 1.05e3 * low && found < 0.95e3 * high) return milliseconds{std::llround(found)};
    }
    return milliseconds{std::max(std::llround(middle), 1LL)};
}

/// The chance that of `calls` calls at least `failures` fail, where each does with chance `share`, less than 1.
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
    const double calls = std::max<double>(static_cast<double>(usual.calls), fewest_calls);
    return usual.failures == 0 ? 1 / calls : usual.failing_share;
}

/// What is worked out on the way, and used for more than one number.
struct plan {
    const history& seen;
    const std::vector<std::string>& keys;
    key_meaning keys_are;
    double rate;
    /// What must not open: the normal share, or the worst of the outages that are left alone.
    double share = 0;
    std::string share_is{};
    advice made{};

    void because(std::string field, std::string why) { made.reasons.push_back({std::move(field), std::move(why)}); }
    std::string rate_is() const { return number_words(rate) + " calls/s"; }
};

void choose_share(plan& of) {
    const double normal = share_to_plan_with(of.seen.normal);
    of.made.normal_share = of.share = normal;
    of.share_is = share_words(normal) + " failing normally";
    if (normal > most_in_health) {
        of.made.warning = fmt::format(
            "this is no healthy recording: {} of the calls taken for normal fail; advise from a time in which the "
            "service worked",
            share_words(normal));
    }
    bool any = false;
    for (const outage& one : of.seen.outages) {
        if (!is_left_alone(one)) continue;
        any = true;
        if (one.total.failing_share() <= of.share) continue;
        of.share = one.total.failing_share();
        of.share_is = share_words(of.share) + " failing in an outage left alone";
    }
    if (any) {
        of.made.notes.push_back(fmt::format(
            "outages with less than {} failing are left alone: opening would refuse three good calls and more for "
            "each bad one",
            share_words(least_worth_opening)));
    }
}

void choose_consecutive(plan& of) {
    constexpr std::uint32_t least = 3, most = 20;
    const double calls_in_month = std::max(of.rate * month, 1.0);
    // A run of k begins at each call with chance share^k.
    const double needed = of.share < 1 ? std::ceil(std::log(calls_in_month) / -std::log(of.share)) : most + 1;
    auto& out = of.made.settings.trip.consecutive_failures;
    if (needed > most) {
        out.reset();
        of.because("trip.consecutive_failures",
                   of.share < 1
                       ? fmt::format("with {}, a run that is no chance would be {:.0f} long", of.share_is, needed)
                       : fmt::format("with {}, no run is long enough to tell", of.share_is));
        return;
    }
    out = std::max(least, static_cast<std::uint32_t>(needed));
    of.because("trip.consecutive_failures",
               fmt::format("with {}, {} in a row come by chance less than once in 30 days at {}", of.share_is, *out,
                           of.rate_is()));
}

/// The failing share of the mildest outage that is to open. Empty: there is none that fails, or none above normal.
std::optional<double> mildest_of(const plan& of) {
    std::optional<double> lowest;
    for (const outage& one : of.seen.outages) {
        const double failing = one.total.failing_share();
        if (!one.failing || is_left_alone(one) || failing <= of.share) continue;
        lowest = std::min(lowest.value_or(1), failing);
    }
    return lowest;
}

void choose_ratio(plan& of) {
    constexpr double least = 0.1, times = 3, no_more = 0.9;
    auto& out = of.made.settings.trip.failure_ratio;
    if (of.share > no_more) {
        out.reset();
        return of.because("trip.failure_ratio", fmt::format("with {}, hardly anything is worse", of.share_is));
    }
    const auto in_steps = [](double share) { return std::ceil(share * 20 - 1e-9) / 20; };
    const auto mildest = mildest_of(of);
    const std::string seen = mildest ? fmt::format("; the mildest outage found had {}", share_words(*mildest)) : "";
    const double halfway = (1 + of.share) / 2;
    double chosen = in_steps(std::max(least, times * of.share));
    std::string why = chosen > least ? fmt::format("three times the {}, rounded up", of.share_is) + seen
                                     : fmt::format("at least {}, with {}", share_words(least), of.share_is) + seen;
    if (chosen > halfway) {
        chosen = std::max(least, std::round(halfway * 100) / 100);
        why = fmt::format("halfway from the {} to all", of.share_is) + seen;
    }
    if (mildest) {
        // Between what is normal and the mildest outage; both as far away as can be.
        const double between = in_steps(std::sqrt(of.share * *mildest));
        if (between > chosen && between < *mildest) {
            chosen = between;
            why = fmt::format("the geometric mean of the {} and the {} of the mildest outage found, rounded up",
                              of.share_is, share_words(*mildest));
        } else if (chosen >= *mildest) {
            chosen = std::ceil((of.share + *mildest) * 50) / 100;
            why = fmt::format("halfway from the {} to the {} of the mildest outage found", of.share_is,
                              share_words(*mildest));
        }
    }
    out = chosen;
    of.because("trip.failure_ratio", why);
}

void choose_minimum(plan& of) {
    constexpr std::array<std::uint32_t, 12> steps{5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500};
    constexpr std::uint32_t enough_for_slow = 20;
    trip_rules& trip = of.made.settings.trip;
    if (!trip.failure_ratio) {
        trip.minimum_calls = enough_for_slow;
        return of.because("trip.minimum_calls", "enough to tell that half of the calls are slow");
    }
    double in_month = 0;
    for (const std::uint32_t calls : steps) {
        const auto failures = static_cast<std::uint32_t>(std::ceil(*trip.failure_ratio * calls - 1e-9));
        trip.minimum_calls = calls;
        in_month = chance_of(failures, calls, of.share) * of.rate * month;
        if (in_month <= 1) break;
    }
    const std::string ratio = share_words(*trip.failure_ratio);
    of.because("trip.minimum_calls",
               in_month <= 1
                   ? fmt::format("of so many, {} fail by chance less than once in 30 days at {}", ratio, of.rate_is())
                   : fmt::format("no more are advised; of so many, {} fail by chance up to {} times in 30 days at {}",
                                 ratio, number_words(in_month), of.rate_is()));
}

void choose_window(plan& of) {
    constexpr double longest = 3600, shortest = 10, room = 1.5;
    trip_rules& trip = of.made.settings.trip;
    const double breakers = std::max<double>(static_cast<double>(of.keys.size()) - 1, 1);
    const double quiet = std::max(of.seen.normal.quiet_rate / breakers, 1e-9);
    const std::string rate =
        fmt::format("{} calls/s{}", number_words(quiet),
                    breakers > 1 ? fmt::format(" for each of {} {}s", breakers, noun(of.keys_are)) : "");
    const double needed = room * trip.minimum_calls / quiet;
    if (needed > longest) {
        trip.window = last_calls{trip.minimum_calls};
        return of.because(
            "trip.window.last_calls",
            fmt::format("by calls instead of time: at the quietest tenth of the time, {}, an hour holds {}", rate,
                        number_words(quiet * longest)));
    }
    const milliseconds span = rounded_up(std::max(needed, shortest));
    trip.window = last{span};
    of.because("trip.window.last", fmt::format("holds {} calls at the quietest tenth of the time, {}",
                                               number_words(quiet * seconds_of(span)), rate));
}

/// The lowest median of the slow outages that no rule about failures finds.
std::optional<nanoseconds> mildest_slowness(const history& seen) {
    std::optional<nanoseconds> lowest;
    for (const outage& one : seen.outages) {
        if (!one.slow || one.total.failing_share() >= least_worth_opening) continue;
        const auto median = one.total.took.quantile(0.5);
        if (median && (!lowest || *median < *lowest)) lowest = median;
    }
    return lowest;
}

void choose_slow(plan& of) {
    constexpr double room = 1.2;
    const normal& usual = of.seen.normal;
    if (!usual.p99 || !usual.p90 || !usual.median) return;
    if (*usual.p99 <= latencies::shortest || *usual.p99 >= latencies::longest) {
        return of.because("trip.slow", fmt::format("99 % of the normal calls took {}: that is not told any finer, and "
                                                   "no limit can be chosen by it",
                                                   latency_words(*usual.p99)));
    }
    milliseconds after = rounded_up(std::max(2 * seconds_of(*usual.p99), 3 * seconds_of(*usual.median)));
    std::string why =
        fmt::format("the greater of twice the normal p99 of {} and three times the median of {}, rounded up",
                    latency_words(*usual.p99), latency_words(*usual.median));
    const auto slow = mildest_slowness(of.seen);
    if (slow && seconds_of(after) * room > seconds_of(*slow)) {
        const auto between = [&](nanoseconds normal, std::string_view name) {
            if (seconds_of(normal) * room > seconds_of(*slow)) return false;
            after = round_between(seconds_of(normal), seconds_of(*slow));
            why = fmt::format(
                "between the normal {} of {} and the {} that half of the calls took in the mildest slow outage", name,
                latency_words(normal), latency_words(*slow));
            return true;
        };
        if (!between(*usual.p99, "p99") && !between(*usual.p90, "p90")) {
            why += fmt::format(
                "; it does not see the mildest slow outage, with a median of {}: there is no room above the "
                "normal p90 of {}",
                latency_words(*slow), latency_words(*usual.p90));
        }
    }
    of.made.settings.trip.slow = slow_rule{.after = after, .ratio = 0.5};
    of.because("trip.slow.after", why);
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
        const bool is_key = of.keys_are == key_meaning::keys;
        of.made.notes.push_back(fmt::format("nearly all of it is {} {} ({:.0f} % of the failures): {}",
                                            noun(of.keys_are), excerpt(name), 100 * one.failures / failures,
                                            is_key ? "give each key a breaker of its own, scope: key"
                                                   : "leave each the breaker of its own that it had in this log"));
        return true;
    }
    return false;
}

void choose_recovery(plan& of) {
    constexpr milliseconds least_open_for = seconds{1}, most_open_for = seconds{30};
    constexpr milliseconds least_cap = seconds{5}, most_cap = seconds{60};

    recovery_rules& recovery = of.made.settings.recovery;
    const auto defaults = [&of](const char* why) {
        of.because("recovery.open_for", why);
        of.because("recovery.max_open_for", "the default");
    };
    if (blame_key(of)) return defaults("the default: what was found is of one alone, and no outage of the service");
    if (of.seen.outages.empty()) return defaults("the default: the recording has no outage to learn from");
    std::vector<double> lengths;
    for (const outage& one : of.seen.outages) {
        if (!is_left_alone(one)) lengths.push_back(seconds_of(one.end - one.begin));
    }
    if (lengths.empty()) return defaults("the default: what was found is left alone");
    std::ranges::sort(lengths);
    const double typical = lengths[lengths.size() / 2];
    const std::string length = time_words(nanoseconds{std::llround(typical * 1e9)});
    // How long it was is not known to a hundredth.
    const milliseconds tenth = rounded_up(0.99 * typical / 10), half = rounded_up(0.99 * typical / 2);
    recovery.open_for = std::clamp(tenth, least_open_for, most_open_for);
    of.because("recovery.open_for",
               tenth < least_open_for ? fmt::format("the least there is reason for; the typical outage was {}", length)
               : tenth > most_open_for
                   ? fmt::format("at most {}; a tenth of the typical outage of {} would be more",
                                 time_words(most_open_for), length)
                   : fmt::format("a tenth of the typical outage of {}, rounded up: little of its end is "
                                 "missed",
                                 length));
    recovery.max_open_for = std::clamp(half, std::max(least_cap, recovery.open_for), most_cap);
    of.because("recovery.max_open_for", half < recovery.max_open_for ? "room for outages longer than that"
                                        : half > most_cap ? "at most a minute; half of the typical outage would be more"
                                                          : "half of it, rounded up");
}

}  // namespace

bool is_left_alone(const outage& one) noexcept {
    return one.failing && !one.slow && one.total.failing_share() < least_worth_opening;
}

advice advise(const history& seen, const std::vector<std::string>& keys, key_meaning keys_are) {
    plan of{.seen = seen, .keys = keys, .keys_are = keys_are, .rate = std::max(seen.normal.rate, 1e-6)};
    choose_share(of);
    choose_consecutive(of);
    choose_ratio(of);
    choose_minimum(of);
    choose_window(of);
    choose_slow(of);
    choose_recovery(of);
    return std::move(of.made);
}

std::vector<settings_line> settings_lines(const advice& given) {
    const trip_rules& trip = given.settings.trip;
    const recovery_rules& recovery = given.settings.recovery;
    std::vector<settings_line> lines;
    const auto line = [&](std::string_view field, std::string text) {
        const auto found = std::ranges::find(given.reasons, field, &reason::field);
        lines.push_back({std::move(text), found == given.reasons.end() ? std::string{} : found->why});
    };
    line("", "trip:");
    line("trip.consecutive_failures",
         "  consecutive_failures: " +
             (trip.consecutive_failures ? fmt::format("{}", *trip.consecutive_failures) : std::string("off")));
    line("trip.failure_ratio",
         "  failure_ratio: " +
             (trip.failure_ratio ? fmt::format("{:.0f}%", *trip.failure_ratio * 100) : std::string("off")));
    line("trip.minimum_calls", fmt::format("  minimum_calls: {}", trip.minimum_calls));
    if (const auto* calls = std::get_if<last_calls>(&trip.window)) {
        line("trip.window.last_calls", fmt::format("  window: {{last_calls: {}}}", calls->count));
    } else {
        line("trip.window.last",
             fmt::format("  window: {{last: {}}}", wire::format_duration(std::get<last>(trip.window).span)));
    }
    if (std::ranges::find(given.reasons, "trip.slow", &reason::field) != given.reasons.end())
        line("trip.slow", "  slow: off");
    if (trip.slow) {
        line("", "  slow:");
        line("trip.slow.after", "    after: " + wire::format_duration(trip.slow->after));
        line("trip.slow.ratio", fmt::format("    ratio: {:.0f}%", trip.slow->ratio * 100));
    }
    line("", "recovery:");
    line("recovery.open_for", "  open_for: " + wire::format_duration(recovery.open_for));
    line("recovery.max_open_for", "  max_open_for: " + wire::format_duration(recovery.max_open_for));
    return lines;
}

std::string to_yaml(const advice& given) {
    std::string out;
    for (const std::string& note : given.notes) out += "# " + note + "\n";
    out +=
        "# The settings of one breaker: for `breaker:` of a service in the gateway's file, or `simulate --settings`.\n";
    for (const settings_line& one : settings_lines(given)) {
        out += one.why.empty() ? one.text + "\n" : fmt::format("{:<34} # {}\n", one.text, one.why);
    }
    return out;
}

}  // namespace switchgear::simulation
