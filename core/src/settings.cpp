#include <switchgear/settings.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "class_table.hpp"

namespace switchgear {
namespace {

using std::chrono::milliseconds;

std::string text_of(double value) {
    if (std::isnan(value)) return "NaN";
    std::array<char, 64> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}
std::string text_of(std::uint32_t value) { return std::to_string(value); }
std::string text_of(std::chrono::hours value) { return std::to_string(value.count()) + " h"; }
std::string text_of(milliseconds value) { return std::to_string(value.count()) + " ms"; }

/// Collects violations; each check is written so that NaN is outside every range.
class checker {
public:
    template <class T>
    void within(std::string field, T value, std::type_identity_t<T> least, std::type_identity_t<T> most) {
        if (value >= least && value <= most) return;
        add(std::move(field), value, "must be within [" + text_of(least) + ", " + text_of(most) + "]");
    }
    void share(std::string field, double value) {
        if (value > 0 && value <= 1) return;
        add(std::move(field), value, "must be within (0, 1]");
    }
    template <class T>
    void must(bool holds, std::string field, T value, std::string_view what) {
        if (!holds) add(std::move(field), value, what);
    }
    std::vector<violation> take() && { return std::move(found_); }

private:
    template <class T>
    void add(std::string field, T value, std::string_view what) {
        found_.push_back({std::move(field), text_of(value) + ": " + std::string{what}});
    }
    std::vector<violation> found_;
};

constexpr std::uint32_t most_calls = 1'000'000'000;

/// Returns: how many calls of one kind a window can hold; what is beyond it is unreachable.
std::uint32_t check_window(const window& size, checker& check) {
    if (const auto* time = std::get_if<last>(&size)) {
        check.within("trip.window", time->span, milliseconds{1'000}, milliseconds{3'600'000});
        return most_calls;
    }
    const std::uint32_t count = std::get<last_calls>(size).count;
    check.within("trip.window", count, 1U, 65'536U);
    // A window that is refused itself makes nothing else unreachable.
    return count == 0 ? most_calls : count;
}

void check_classes(const trip_rules& trip, std::uint32_t reach, checker& check) {
    const auto weights = by_class(trip.weights);
    const auto limits = by_class(trip.limits);
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        const std::string name{to_string(static_cast<failure_class>(i))};
        check.within("trip.weights." + name, weights[i], 0.0, 1'000.0);
        if (!limits[i]) continue;
        check.must(*limits[i] >= 1, "trip.limits." + name, *limits[i], "must be at least 1");
        check.must(*limits[i] <= reach, "trip.limits." + name, *limits[i],
                   "cannot be reached within a window of " + text_of(reach) + " calls");
        check.must(weights[i] != 0, "trip.limits." + name, *limits[i],
                   "cannot be reached: trip.weights." + name + " is 0");
    }
}

void check_adaptive(const adaptive_rule& rule, checker& check) {
    using std::chrono::hours;
    check.within("trip.adaptive.false_trip_budget", rule.false_trip_budget, hours{1}, hours{87'600});
    check.within("trip.adaptive.care", rule.care, 0.01, 0.5);
    check.within("trip.adaptive.slow_care", rule.slow_care, 0.1, 0.95);
    if (rule.deadline) {
        check.must(*rule.deadline >= milliseconds{1}, "trip.adaptive.deadline", *rule.deadline,
                   "must be at least 1 ms");
    }
    check.within("trip.adaptive.memory", rule.memory, hours{1}, hours{8'760});
}

void check_trip(const trip_rules& trip, checker& check) {
    const std::uint32_t reach = check_window(trip.window, check);
    const bool of_calls = reach < most_calls;
    if (trip.consecutive_failures) {
        check.within("trip.consecutive_failures", *trip.consecutive_failures, 1U, most_calls);
    }
    if (trip.failures) {
        const auto weights = by_class(trip.weights);
        const double heaviest = std::ranges::max(weights);
        check.must(*trip.failures > 0 && std::isfinite(*trip.failures), "trip.failures", *trip.failures,
                   "must be a number above 0");
        if (of_calls && heaviest >= 0) {
            check.must(!(*trip.failures * (1 - rounding_of(weights)) > heaviest * reach), "trip.failures",
                       *trip.failures, "cannot be reached within a window of " + text_of(reach) + " calls");
        }
    }
    if (trip.failure_ratio) check.share("trip.failure_ratio", *trip.failure_ratio);
    if (trip.slow) {
        check.must(trip.slow->after >= milliseconds{1}, "trip.slow.after", trip.slow->after, "must be at least 1 ms");
        check.share("trip.slow.ratio", trip.slow->ratio);
    }
    check_classes(trip, reach, check);
    if (trip.adaptive) check_adaptive(*trip.adaptive, check);
    check.within("trip.minimum_calls", trip.minimum_calls, 1U, most_calls);
    // It matters to the two ratios only.
    if (of_calls && (trip.failure_ratio || trip.slow)) {
        check.must(trip.minimum_calls <= reach, "trip.minimum_calls", trip.minimum_calls,
                   "cannot be reached within a window of " + text_of(reach) + " calls");
    }
}

void check_recovery(const recovery_rules& recovery, checker& check) {
    using std::chrono::hours;
    constexpr milliseconds day = hours{24};
    check.within("recovery.max_open_for", recovery.max_open_for, milliseconds{1}, day);
    check.must(recovery.open_for >= milliseconds{1} && recovery.open_for <= recovery.max_open_for, "recovery.open_for",
               recovery.open_for,
               "must be within [1 ms, recovery.max_open_for (" + text_of(recovery.max_open_for) + ")]");
    check.must(recovery.pacing == pacing::fixed || recovery.pacing == pacing::learned, "recovery.pacing",
               static_cast<std::uint32_t>(recovery.pacing), "must be fixed or learned");
    check.within("recovery.probe_price", recovery.probe_price, 0.001, 1e6);
    check.within("recovery.backoff", recovery.backoff, 1.0, 10.0);
    check.must(recovery.jitter >= 0 && recovery.jitter < 1, "recovery.jitter", recovery.jitter,
               "must be within [0, 1)");
    check.within("recovery.max_retry_after", recovery.max_retry_after, milliseconds{0}, 7 * day);
    check.within("recovery.probes", recovery.probes, 1U, 1'024U);
    check.within("recovery.successes_to_close", recovery.successes_to_close, 1U, 10'000U);
    check.within("recovery.probe_timeout", recovery.probe_timeout, milliseconds{1}, day);
    if (recovery.ramp) {
        check.within("recovery.ramp.over", recovery.ramp->over, milliseconds{100}, day);
        check.share("recovery.ramp.from", recovery.ramp->from);
        check.must(recovery.ramp->by == ramp_by::time || recovery.ramp->by == ramp_by::evidence, "recovery.ramp.by",
                   static_cast<std::uint32_t>(recovery.ramp->by), "must be time or evidence");
    }
}

std::string listing(const std::vector<violation>& violations) {
    std::string text = "invalid settings";
    for (const auto& one : violations) text += "\n  " + one.field + ": " + one.message;
    return text;
}

}  // namespace

std::vector<violation> validate(const settings& all) {
    checker check;
    check_trip(all.trip, check);
    check_recovery(all.recovery, check);
    check.must(all.mode == mode::enforce || all.mode == mode::observe, "mode", static_cast<std::uint32_t>(all.mode),
               "must be enforce or observe");
    return std::move(check).take();
}

invalid_settings::invalid_settings(std::vector<violation> violations)
    : std::invalid_argument{listing(violations)}, violations_{std::move(violations)} {}

}  // namespace switchgear
