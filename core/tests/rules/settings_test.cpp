// Rule 34: what is refused. Rule 35, apply(), and rule 36, save() and restore(), are in keeping_test.cpp.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

struct sample {
    std::string value;  // as the message should show it; empty: not looked for
    std::function<void(settings&)> set;
};
struct field {
    std::string path;
    std::vector<sample> allowed;
    std::vector<sample> refused;
};

sample with(std::string value, std::function<void(settings&)> set) { return {std::move(value), std::move(set)}; }

/// A number in a double field, by a function that finds the field.
std::vector<sample> numbers(const std::vector<double>& values, const std::function<double&(settings&)>& where) {
    std::vector<sample> out;
    for (const double v : values) {
        std::string shown = std::isfinite(v) && v == std::round(v) ? std::to_string(static_cast<long>(v)) : "";
        out.push_back(with(shown, [=](settings& s) { where(s) = v; }));
    }
    return out;
}

std::vector<sample> counts(const std::vector<std::uint32_t>& values,
                           const std::function<std::uint32_t&(settings&)>& where) {
    std::vector<sample> out;
    for (const std::uint32_t v : values) out.push_back(with(std::to_string(v), [=](settings& s) { where(s) = v; }));
    return out;
}

std::vector<sample> times(const std::vector<std::chrono::milliseconds>& values,
                          const std::function<std::chrono::milliseconds&(settings&)>& where) {
    std::vector<sample> out;
    for (const auto v : values) out.push_back(with("", [=](settings& s) { where(s) = v; }));
    return out;
}

template <class T>
T& present(std::optional<T>& o) {
    if (!o) o.emplace();
    return *o;
}

const std::vector<double> ratios{1e-9, 0.5, 1.0};
const std::vector<double> no_ratios{0, -0.1, 1.0000001, 2, nan_value, infinity, -infinity};

std::vector<field> all_fields() {
    std::vector<field> fields;
    const auto add = [&](std::string path, std::vector<sample> allowed, std::vector<sample> refused) {
        fields.push_back({std::move(path), std::move(allowed), std::move(refused)});
    };
    const auto count_field = [&](std::string path, std::vector<std::uint32_t> good, std::vector<std::uint32_t> bad,
                                 std::function<std::uint32_t&(settings&)> where) {
        add(std::move(path), counts(good, where), counts(bad, where));
    };
    const auto number_field = [&](std::string path, std::vector<double> good, std::vector<double> bad,
                                  std::function<double&(settings&)> where) {
        add(std::move(path), numbers(good, where), numbers(bad, where));
    };
    const auto time_field = [&](std::string path, std::vector<std::chrono::milliseconds> good,
                                std::vector<std::chrono::milliseconds> bad,
                                std::function<std::chrono::milliseconds&(settings&)> where) {
        add(std::move(path), times(good, where), times(bad, where));
    };

    count_field("trip.consecutive_failures", {1, 1'000'000'000}, {0, 1'000'000'001},
                [](settings& s) -> auto& { return present(s.trip.consecutive_failures); });
    count_field("trip.minimum_calls", {1, 1'000'000'000}, {0, 1'000'000'001},
                [](settings& s) -> auto& { return s.trip.minimum_calls; });
    number_field("trip.failures", {1e-9, 0.5, 1e6}, {0, -1, nan_value, -infinity},
                 [](settings& s) -> auto& { return present(s.trip.failures); });
    number_field("trip.failure_ratio", ratios, no_ratios,
                 [](settings& s) -> auto& { return present(s.trip.failure_ratio); });
    number_field("trip.slow.ratio", ratios, no_ratios, [](settings& s) -> auto& { return present(s.trip.slow).ratio; });
    time_field("trip.slow.after", {1ms, 24h * 365}, {0ms, -1ms},
               [](settings& s) -> auto& { return present(s.trip.slow).after; });

    using weight = double class_weights::*;
    using limit = std::optional<std::uint32_t> class_limits::*;
    struct named {
        std::string name;
        weight w;
        limit l;
    };
    for (const named& c : std::vector<named>{{"error", &class_weights::error, &class_limits::error},
                                             {"timeout", &class_weights::timeout, &class_limits::timeout},
                                             {"unreachable", &class_weights::unreachable, &class_limits::unreachable},
                                             {"overloaded", &class_weights::overloaded, &class_limits::overloaded},
                                             {"custom_1", &class_weights::custom_1, &class_limits::custom_1},
                                             {"custom_2", &class_weights::custom_2, &class_limits::custom_2},
                                             {"custom_3", &class_weights::custom_3, &class_limits::custom_3},
                                             {"custom_4", &class_weights::custom_4, &class_limits::custom_4}}) {
        number_field("trip.weights." + c.name, {0, 1e-6, 1, 1'000}, {-1e-9, -1, 1'000.001, nan_value, infinity},
                     [w = c.w](settings& s) -> double& { return s.trip.weights.*w; });
        count_field("trip.limits." + c.name, {1, 1'000'000}, {0},
                    [l = c.l](settings& s) -> auto& { return present(s.trip.limits.*l); });
    }

    const auto span = [](std::chrono::milliseconds t) {
        return with("", [t](settings& s) { s.trip.window = last{t}; });
    };
    const auto calls = [](std::uint32_t n) {
        return with(std::to_string(n), [n](settings& s) {
            s.trip.window = last_calls{n};
            s.trip.minimum_calls = 1;
        });
    };
    add("trip.window", {span(1s), span(1h), calls(1), calls(65'536)},
        {span(999ms), span(0ms), span(-1s), span(1h + 1ms), calls(0), calls(65'537)});

    time_field("recovery.open_for", {1ms, 60s}, {0ms, -1ms, 60s + 1ms},
               [](settings& s) -> auto& { return s.recovery.open_for; });
    time_field("recovery.max_open_for", {5s, 24h}, {24h + 1ms},
               [](settings& s) -> auto& { return s.recovery.max_open_for; });
    number_field("recovery.backoff", {1, 1.5, 10}, {0.999, 0, -1, 10.001, nan_value, infinity},
                 [](settings& s) -> auto& { return s.recovery.backoff; });
    number_field("recovery.jitter", {0, 0.5, 0.999}, {-0.001, 1, 1.5, nan_value, infinity},
                 [](settings& s) -> auto& { return s.recovery.jitter; });
    time_field("recovery.max_retry_after", {0ms, 168h}, {-1ms, 168h + 1ms},
               [](settings& s) -> auto& { return s.recovery.max_retry_after; });
    count_field("recovery.probes", {1, 1'024}, {0, 1'025}, [](settings& s) -> auto& { return s.recovery.probes; });
    count_field("recovery.successes_to_close", {1, 10'000}, {0, 10'001},
                [](settings& s) -> auto& { return s.recovery.successes_to_close; });
    time_field("recovery.probe_timeout", {1ms, 24h}, {0ms, -1ms, 24h + 1ms},
               [](settings& s) -> auto& { return s.recovery.probe_timeout; });
    time_field("recovery.ramp.over", {100ms, 24h}, {99ms, 0ms, -1ms, 24h + 1ms},
               [](settings& s) -> auto& { return present(s.recovery.ramp).over; });
    number_field("trip.adaptive.care", {0.01, 0.1, 0.5}, {0, -0.1, 0.009, 0.51, 1, nan_value, infinity},
                 [](settings& s) -> auto& { return present(s.trip.adaptive).care; });
    number_field("trip.adaptive.slow_care", {0.1, 0.5, 0.95}, {0, 0.09, 0.96, 1, nan_value, -infinity},
                 [](settings& s) -> auto& { return present(s.trip.adaptive).slow_care; });
    time_field("trip.adaptive.deadline", {1ms, 24h}, {0ms, -1ms},
               [](settings& s) -> auto& { return present(present(s.trip.adaptive).deadline); });
    for (const auto& one : {std::pair{"trip.adaptive.false_trip_budget", &adaptive_rule::false_trip_budget},
                            std::pair{"trip.adaptive.memory", &adaptive_rule::memory}}) {
        const auto where = one.second;
        const auto most = where == &adaptive_rule::memory ? 8'760h : 87'600h;
        const auto set = [where](std::chrono::hours to) {
            return with(std::to_string(to.count()) + " h", [=](settings& s) { present(s.trip.adaptive).*where = to; });
        };
        add(one.first, {set(1h), set(most)}, {set(0h), set(-1h), set(most + 1h)});
    }
    number_field("recovery.ramp.from", ratios, no_ratios,
                 [](settings& s) -> auto& { return present(s.recovery.ramp).from; });
    return fields;
}

TEST(rule_34_settings, defaults_are_valid) { EXPECT_TRUE(validate(settings{}).empty()); }

TEST(rule_34_settings, every_field_takes_the_ends_of_its_range) {
    for (const field& f : all_fields()) {
        for (std::size_t i = 0; i < f.allowed.size(); ++i) {
            settings s;
            f.allowed[i].set(s);
            const auto found = validate(s);
            EXPECT_TRUE(found.empty()) << f.path << " allowed[" << i << "]: " << found[0].field << ": "
                                       << found[0].message;
        }
    }
}

TEST(rule_34_settings, every_field_refuses_what_is_just_outside_and_names_itself) {
    for (const field& f : all_fields()) {
        for (std::size_t i = 0; i < f.refused.size(); ++i) {
            settings s;
            f.refused[i].set(s);
            const auto found = validate(s);
            ASSERT_EQ(found.size(), 1U) << f.path << " refused[" << i << "]";
            EXPECT_EQ(found[0].field, f.path) << "refused[" << i << "]: " << found[0].message;
            EXPECT_NE(found[0].message.find(f.refused[i].value), std::string::npos)
                << f.path << ": the message does not give the value " << f.refused[i].value << ": " << found[0].message;
            EXPECT_THROW(breaker("x", s), invalid_settings) << f.path;
        }
    }
}

TEST(rule_34_settings, all_violations_are_told_at_once) {
    settings s;
    s.trip.consecutive_failures = 0;
    s.trip.failure_ratio = nan_value;
    s.trip.window = last{0ms};
    s.recovery.open_for = -5s;
    s.recovery.backoff = 0;
    s.recovery.probes = 0;
    s.recovery.ramp = ramp_rule{.over = 1ms, .from = 2};
    const std::vector<std::string> expected{"trip.consecutive_failures", "trip.failure_ratio", "trip.window",
                                            "recovery.open_for",         "recovery.backoff",   "recovery.probes",
                                            "recovery.ramp.over",        "recovery.ramp.from"};
    const auto found = validate(s);
    EXPECT_EQ(found.size(), expected.size());
    for (const std::string& path : expected) {
        EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const violation& v) { return v.field == path; }))
            << path;
    }
    try {
        breaker it{"x", s};
        FAIL();
    } catch (const invalid_settings& e) {
        EXPECT_EQ(e.violations(), found);
        for (const std::string& path : expected)
            EXPECT_NE(std::string{e.what()}.find(path), std::string::npos) << e.what();
    }
}

TEST(rule_34_settings, a_pause_above_its_cap_is_refused) {
    settings s;
    s.recovery.open_for = 10s;
    s.recovery.max_open_for = 9'999ms;
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].field, "recovery.open_for");
}

TEST(rule_34_unreachable, is_a_minimum_above_a_window_of_calls) {
    settings s;
    s.trip.window = last_calls{20};
    s.trip.minimum_calls = 20;
    EXPECT_TRUE(validate(s).empty());
    s.trip.minimum_calls = 21;
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].field, "trip.minimum_calls");
}

TEST(rule_34_unreachable, is_a_number_of_failures_above_a_window_of_calls) {
    settings s;
    s.trip.window = last_calls{20};
    s.trip.failures = 20;
    EXPECT_TRUE(validate(s).empty());
    s.trip.failures = 20.5;
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].field, "trip.failures");
}

TEST(rule_34_unreachable, is_a_number_of_failures_above_the_weight_of_a_window_of_calls) {
    settings s;
    s.trip.window = last_calls{20};
    s.trip.minimum_calls = 1;
    const auto weigh_all = [&](double weight) {
        auto& w = s.trip.weights;
        for (double* one : {&w.error, &w.timeout, &w.unreachable, &w.overloaded, &w.custom_1, &w.custom_2, &w.custom_3,
                            &w.custom_4}) {
            *one = weight;
        }
    };
    s.trip.failures = 10;
    weigh_all(0.5);
    EXPECT_TRUE(validate(s).empty());
    s.trip.failures = 10.5;
    EXPECT_EQ(validate(s),
              (std::vector<violation>{{"trip.failures", "10.5: cannot be reached within a window of 20 calls"}}));
    weigh_all(0);
    EXPECT_EQ(validate(s).size(), 1U);
    s.trip.window = last_calls{3}, s.trip.failures = 0.9;
    weigh_all(0.3);
    EXPECT_TRUE(validate(s).empty());
    // Of weights that are refused themselves nothing is said.
    weigh_all(-1);
    EXPECT_EQ(validate(s).size(), failure_class_count);
    weigh_all(1);
    for (const double refused : {0.0, -1.0, nan_value}) {
        s.trip.failures = refused;
        EXPECT_EQ(validate(s).size(), 1U) << refused;
    }
}

TEST(rule_34_unreachable, is_a_minimum_for_either_ratio_alone) {
    settings s{.trip = no_rules()};
    s.trip.window = last_calls{1};
    s.trip.minimum_calls = 2;
    EXPECT_TRUE(validate(s).empty());
    s.trip.slow = slow_rule{};
    const std::vector<violation> expected{{"trip.minimum_calls", "2: cannot be reached within a window of 1 calls"}};
    EXPECT_EQ(validate(s), expected);
    s.trip.slow.reset();
    s.trip.failure_ratio = 0.5;
    EXPECT_EQ(validate(s), expected);
    s.trip.window = last{10s};
    EXPECT_TRUE(validate(s).empty());
}

TEST(rule_34_unreachable, is_nothing_in_a_window_that_is_refused_itself) {
    settings s;
    s.trip.window = last_calls{0};
    s.trip.minimum_calls = 10;
    s.trip.failures = 10;
    s.trip.limits.error = 10;
    EXPECT_EQ(validate(s), (std::vector<violation>{{"trip.window", "0: must be within [1, 65536]"}}));
}

TEST(rule_34_settings, say_what_would_be_allowed) {
    settings s{.mode = static_cast<mode>(7)};
    s.trip = {.consecutive_failures = 0,
              .failures = 0,
              .failure_ratio = nan_value,
              .slow = slow_rule{.after = 0ms, .ratio = 1.5},
              .adaptive = adaptive_rule{},
              .window = last{0ms},
              .minimum_calls = 0};
    *s.trip.adaptive = {.false_trip_budget = 0h, .care = 0, .slow_care = 1, .deadline = 0ms, .memory = 0h};
    s.trip.weights.error = -0.5;
    s.trip.weights.timeout = 0;
    s.trip.limits.timeout = 0;
    s.recovery = {.open_for = 0ms,
                  .backoff = 0,
                  .max_open_for = 0ms,
                  .jitter = 1,
                  .max_retry_after = -1ms,
                  .probes = 0,
                  .successes_to_close = 0,
                  .probe_timeout = 0ms,
                  .ramp = ramp_rule{.over = 0ms, .from = 0, .by = static_cast<ramp_by>(7)},
                  .pacing = static_cast<pacing>(7),
                  .probe_price = 0};
    const std::vector<violation> expected{
        {"trip.window", "0 ms: must be within [1000 ms, 3600000 ms]"},
        {"trip.consecutive_failures", "0: must be within [1, 1000000000]"},
        {"trip.failures", "0: must be a number above 0"},
        {"trip.failure_ratio", "NaN: must be within (0, 1]"},
        {"trip.slow.after", "0 ms: must be at least 1 ms"},
        {"trip.slow.ratio", "1.5: must be within (0, 1]"},
        {"trip.weights.error", "-0.5: must be within [0, 1000]"},
        {"trip.limits.timeout", "0: must be at least 1"},
        {"trip.limits.timeout", "0: cannot be reached: trip.weights.timeout is 0"},
        {"trip.adaptive.false_trip_budget", "0 h: must be within [1 h, 87600 h]"},
        {"trip.adaptive.care", "0: must be within [0.01, 0.5]"},
        {"trip.adaptive.slow_care", "1: must be within [0.1, 0.95]"},
        {"trip.adaptive.deadline", "0 ms: must be at least 1 ms"},
        {"trip.adaptive.memory", "0 h: must be within [1 h, 8760 h]"},
        {"trip.minimum_calls", "0: must be within [1, 1000000000]"},
        {"recovery.max_open_for", "0 ms: must be within [1 ms, 86400000 ms]"},
        {"recovery.open_for", "0 ms: must be within [1 ms, recovery.max_open_for (0 ms)]"},
        {"recovery.pacing", "7: must be fixed or learned"},
        {"recovery.probe_price", "0: must be within [0.001, 1e+06]"},
        {"recovery.backoff", "0: must be within [1, 10]"},
        {"recovery.jitter", "1: must be within [0, 1)"},
        {"recovery.max_retry_after", "-1 ms: must be within [0 ms, 604800000 ms]"},
        {"recovery.probes", "0: must be within [1, 1024]"},
        {"recovery.successes_to_close", "0: must be within [1, 10000]"},
        {"recovery.probe_timeout", "0 ms: must be within [1 ms, 86400000 ms]"},
        {"recovery.ramp.over", "0 ms: must be within [100 ms, 86400000 ms]"},
        {"recovery.ramp.from", "0: must be within (0, 1]"},
        {"recovery.ramp.by", "7: must be time or evidence"},
        {"mode", "7: must be enforce or observe"}};
    const auto found = validate(s);
    ASSERT_EQ(found.size(), expected.size());
    std::string told = "invalid settings";
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(found[i].field, expected[i].field);
        EXPECT_EQ(found[i].message, expected[i].message) << found[i].field;
        told += "\n  " + expected[i].field + ": " + expected[i].message;
    }
    EXPECT_EQ(invalid_settings{found}.what(), told);
}

TEST(rule_34_unreachable, is_a_class_limit_above_a_window_of_calls) {
    settings s;
    s.trip.window = last_calls{20};
    s.trip.limits.timeout = 20;
    EXPECT_TRUE(validate(s).empty());
    s.trip.limits.timeout = 21;
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].field, "trip.limits.timeout");
}

TEST(rule_34_unreachable, is_a_limit_on_a_class_of_weight_zero) {
    settings s;
    s.trip.limits.custom_2 = 5;
    EXPECT_TRUE(validate(s).empty());
    s.trip.weights.custom_2 = 0;
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].field, "trip.limits.custom_2");
}

TEST(rule_34_settings, nothing_is_repaired_silently) {
    settings s;
    s.recovery.open_for = 0ms;
    breaker it{"x"};
    const settings before = it.current_settings();
    EXPECT_THROW(it.apply(s), invalid_settings);
    EXPECT_EQ(it.current_settings(), before);
    EXPECT_EQ(before, settings{});
}

TEST(rule_34_settings, of_a_registry_are_named_with_their_place) {
    registry_settings all;
    all.max_entries = 0;
    all.defaults.recovery.open_for = 0ms;
    all.rules.push_back({"good-*", {}});
    all.rules.push_back({"bad-*", {}});
    all.rules[1].settings.trip.window = last{0ms};
    std::vector<std::string> paths;
    for (const violation& v : validate(all)) paths.push_back(v.field);
    std::sort(paths.begin(), paths.end());
    EXPECT_EQ(paths,
              (std::vector<std::string>{"defaults.recovery.open_for", "max_entries", "rules[1].settings.trip.window"}));
    EXPECT_THROW(registry{all}, invalid_settings);
}

TEST(rule_34_settings, a_pattern_with_two_wildcards_is_refused) {
    registry_settings all;
    all.rules.push_back({"a*b*c", {}});
    const auto found = validate(all);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].field, "rules[0].pattern");
    EXPECT_NE(found[0].message.find("a*b*c"), std::string::npos);
}

}  // namespace
}  // namespace switchgear::rules
