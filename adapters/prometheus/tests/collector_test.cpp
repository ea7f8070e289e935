#include <switchgear/prometheus/collector.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <switchgear/registry.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace {

using namespace switchgear;
using namespace std::chrono_literals;
using switchgear::testing::manual_time;
using metrics = switchgear::prometheus::collector;
using labels = std::map<std::string, std::string>;

class exposition : public ::testing::Test {
protected:
    /// The value of that series; empty if there is none.
    std::optional<double> value(const std::string& family, const labels& wanted) {
        for (const auto& one : collected.Collect()) {
            if (one.name != family) continue;
            for (const auto& sample : one.metric) {
                labels given;
                for (const auto& label : sample.label) given[label.name] = label.value;
                if (given != wanted) continue;
                return one.type == ::prometheus::MetricType::Counter ? sample.counter.value : sample.gauge.value;
            }
        }
        return std::nullopt;
    }
    std::optional<double> calls(const std::string& verdict, const std::string& failed_with = "") {
        return value("switchgear_calls_total", {{"breaker", "payments"}, {"verdict", verdict}, {"class", failed_with}});
    }
    std::optional<double> transitions(const std::string& from, const std::string& to, const std::string& cause) {
        return value("switchgear_transitions_total",
                     {{"breaker", "payments"}, {"from", from}, {"to", to}, {"cause", cause}});
    }
    std::optional<double> state_of(const std::string& name) { return value("switchgear_state", {{"breaker", name}}); }

    manual_time clock;
    registry services{{.defaults = {.trip = {.consecutive_failures = 2}, .recovery = {.open_for = 5s, .jitter = 0}}},
                      clock};
    metrics collected{services};
    std::shared_ptr<breaker> payments = services.get("payments");
};

TEST_F(exposition, counts_calls_by_verdict_and_class) {
    auto straggler = payments->try_acquire().value();
    payments->try_acquire().value().success();
    payments->try_acquire().value().ignore();
    payments->try_acquire().value().failure(failure_class::timeout);
    payments->try_acquire().value().failure(failure_class::custom_2);
    straggler.success();

    EXPECT_EQ(calls("success"), 1);
    EXPECT_EQ(calls("ignored"), 1);
    EXPECT_EQ(calls("late"), 1);
    EXPECT_EQ(calls("failure", "timeout"), 1);
    EXPECT_EQ(calls("failure", "custom_2"), 1);
    EXPECT_EQ(calls("failure", "error"), 0) << "shown from the start, so that rates begin at zero";
    EXPECT_EQ(calls("failure", "custom_1"), std::nullopt) << "a class nobody uses";
}

TEST_F(exposition, counts_rejections_by_reason) {
    payments->trip({.reason = "test", .actor = "test"});
    for (int call = 0; call < 3; ++call) EXPECT_FALSE(payments->try_acquire().has_value());
    EXPECT_EQ(value("switchgear_rejections_total", {{"breaker", "payments"}, {"reason", "open"}}), 3);
    EXPECT_EQ(value("switchgear_rejections_total", {{"breaker", "payments"}, {"reason", "ramping"}}), 0);
}

TEST_F(exposition, shows_what_was_learned_where_something_is) {
    const labels payments_only{{"breaker", "payments"}};
    EXPECT_EQ(value("switchgear_normal_failure_share", payments_only), std::nullopt) << "without the rule";
    payments->apply({.trip = {.adaptive = adaptive_rule{}}});
    EXPECT_EQ(value("switchgear_normal_slow_after_seconds", payments_only), std::nullopt) << "not known yet";
    for (int call = 0; call < 1'000; ++call) {
        auto p = payments->try_acquire().value();
        clock.advance(10ms);
        p.success();
        clock.advance(90ms);
    }
    const snapshot seen = payments->observe();
    EXPECT_EQ(value("switchgear_normal_failure_share", payments_only), seen.normal->failure_share);
    EXPECT_EQ(value("switchgear_normal_slow_share", payments_only), seen.normal->slow_share);
    EXPECT_EQ(value("switchgear_adaptive_evidence", payments_only), seen.normal->evidence);
    EXPECT_EQ(value("switchgear_adaptive_penalty", payments_only), seen.normal->penalty);
    EXPECT_EQ(value("switchgear_normal_slow_after_seconds", payments_only),
              std::chrono::duration<double>(*seen.normal->slow_after).count());
}

TEST_F(exposition, shows_what_pacing_has_learned_from_the_first_outage_on) {
    const labels payments_only{{"breaker", "payments"}};
    payments->apply({.trip = {.consecutive_failures = 2}, .recovery = {.jitter = 0, .pacing = pacing::learned}});
    const auto work = [&] {
        for (int call = 0; call < 1'000; ++call) {
            payments->try_acquire().value().success();
            clock.advance(1s);
        }
    };
    const auto fail = [&] {
        for (int call = 0; call < 2; ++call) payments->try_acquire().value().failure();
    };
    work();
    EXPECT_EQ(value("switchgear_learned_calls_per_second", payments_only), std::nullopt);
    EXPECT_EQ(value("switchgear_learned_median_outage_seconds", payments_only), std::nullopt);
    fail();
    clock.advance(10s);
    payments->try_acquire().value().success();
    work();
    fail();
    const auto learned = payments->observe().learned;
    EXPECT_GT(learned.median_outage, 0ns);
    EXPECT_EQ(value("switchgear_learned_median_outage_seconds", payments_only),
              std::chrono::duration<double>(learned.median_outage).count());
    EXPECT_GT(learned.calls_per_second, 0);
    EXPECT_EQ(value("switchgear_learned_calls_per_second", payments_only), learned.calls_per_second);
}

TEST_F(exposition, shows_the_state_as_a_number) {
    EXPECT_EQ(state_of("payments"), 0);
    payments->trip({.reason = "test", .actor = "test"});
    EXPECT_EQ(state_of("payments"), 1);
    clock.advance(5s);
    const auto probe = payments->try_acquire();
    EXPECT_EQ(state_of("payments"), 2);
}

TEST_F(exposition, counts_transitions_by_cause) {
    for (int round = 1; round <= 2; ++round) {
        for (int call = 0; call < 2; ++call) payments->try_acquire().value().failure();
        clock.advance(5s);
        payments->try_acquire().value().success();
        EXPECT_EQ(transitions("closed", "open", "consecutive_failures"), round);
        EXPECT_EQ(transitions("open", "half_open", "pause_over"), round);
        EXPECT_EQ(transitions("half_open", "closed", "probes_succeeded"), round);
    }
    EXPECT_EQ(transitions("half_open", "open", "probe_failed"), std::nullopt);
}

TEST_F(exposition, shows_an_override_and_counts_its_orders) {
    const auto shown = [&](const std::string& mode) {
        return value("switchgear_override", {{"breaker", "payments"}, {"mode", mode}});
    };
    EXPECT_EQ(shown("forced_open"), 0);
    payments->force_open({.reason = "test", .actor = "test"});
    EXPECT_EQ(shown("forced_open"), 1);
    EXPECT_EQ(shown("forced_closed"), 0);
    EXPECT_EQ(transitions("closed", "closed", "operator_order"), 1);
    EXPECT_EQ(state_of("payments"), 0) << "an override stands beside the state";
}

TEST_F(exposition, of_a_removed_breaker_ends) {
    payments->trip({.reason = "test", .actor = "test"});
    ASSERT_EQ(transitions("closed", "open", "operator_order"), 1);
    services.remove("payments");
    for (const auto& family : collected.Collect()) EXPECT_TRUE(family.metric.empty()) << family.name;

    // One of the same name is another breaker.
    payments = services.get("payments");
    EXPECT_EQ(state_of("payments"), 0);
    EXPECT_EQ(transitions("closed", "open", "operator_order"), std::nullopt);
}

TEST_F(exposition, has_the_same_label_names_in_all_series_of_a_metric) {
    services.get("orders")->trip({.reason = "test", .actor = "test"});
    for (int call = 0; call < 2; ++call) payments->try_acquire().value().failure(failure_class::custom_4);
    for (const auto& family : collected.Collect()) {
        ASSERT_FALSE(family.metric.empty()) << family.name;
        std::set<std::set<std::string>> shapes;
        std::set<labels> series;
        for (const auto& sample : family.metric) {
            std::set<std::string> names;
            labels values;
            for (const auto& label : sample.label) {
                names.insert(label.name);
                values[label.name] = label.value;
            }
            shapes.insert(names);
            EXPECT_TRUE(series.insert(values).second) << family.name << ": a series twice";
        }
        EXPECT_EQ(shapes.size(), 1U) << family.name;
    }
}

TEST_F(exposition, of_a_key_that_is_called_like_the_overflow_breaker_has_each_series_once) {
    registry small{{.max_entries = 2}, clock};
    const metrics of_small{small};
    const auto users = small.get("(overflow)"), other = small.get("a"), overflow = small.get("b");
    ASSERT_NE(users, overflow);
    ASSERT_EQ(overflow->name(), "(overflow)");
    for (const auto& family : of_small.Collect()) {
        std::set<labels> series;
        for (const auto& sample : family.metric) {
            labels values;
            for (const auto& label : sample.label) values[label.name] = label.value;
            EXPECT_TRUE(series.insert(values).second) << family.name << ": a series twice";
        }
    }
}

TEST_F(exposition, shows_bytes_that_are_no_utf_8_as_the_character_for_that) {
    const auto shown_as = [&](const std::string& name, const std::string& label) {
        const auto held = services.get(name);
        held->trip({.reason = "test", .actor = "test"});
        const auto counted =
            value("switchgear_transitions_total",
                  {{"breaker", label}, {"from", "closed"}, {"to", "open"}, {"cause", "operator_order"}});
        return state_of(label) == 1 && counted == 1;
    };
    EXPECT_TRUE(shown_as("\xFFtenant\xFE", "\uFFFDtenant\uFFFD"));
    EXPECT_TRUE(shown_as("cut \xE2\x82", "cut \uFFFD\uFFFD"));
    EXPECT_TRUE(shown_as("overlong \xC0\xAF", "overlong \uFFFD\uFFFD"));
    EXPECT_TRUE(shown_as("surrogate \xED\xA0\x80", "surrogate \uFFFD\uFFFD\uFFFD"));
    EXPECT_TRUE(shown_as("beyond \xF4\x90\x80\x80", "beyond \uFFFD\uFFFD\uFFFD\uFFFD"));
    EXPECT_TRUE(shown_as("\u00FCber \u20AC \U0001F600", "\u00FCber \u20AC \U0001F600"));
}

TEST_F(exposition, adds_up_to_the_calls_made_and_refused) {
    double made = 0;
    for (int call = 0; call < 100; ++call) {
        auto admitted = payments->try_acquire();
        ++made;
        if (!admitted) continue;
        if (call % 3 != 0) admitted->failure(failure_class::unreachable);
        clock.advance(1s);
    }
    double shown = 0;
    for (const auto& family : collected.Collect()) {
        if (family.name != "switchgear_calls_total" && family.name != "switchgear_rejections_total") continue;
        for (const auto& sample : family.metric) shown += sample.counter.value;
    }
    EXPECT_EQ(shown, made);
}

TEST(collector_of_a_source, shows_breakers_by_the_names_it_gives) {
    manual_time clock;
    breaker overflow{"(overflow)", {}, clock};
    metrics collected{[&](const metrics::visitor& visit) { visit("payments/(overflow)", overflow); }};
    const auto listening =
        overflow.subscribe([&](const transition& told) { collected.record("payments/(overflow)", told); });
    overflow.trip({.reason = "test", .actor = "test"});

    std::size_t shown = 0;
    for (const auto& family : collected.Collect()) {
        for (const auto& sample : family.metric) {
            EXPECT_EQ(sample.label.at(0).value, "payments/(overflow)") << family.name;
            ++shown;
        }
    }
    EXPECT_GE(shown, 5U);
}

TEST(collector_of_a_source, keeps_no_transitions_without_bound_while_nobody_asks) {
    manual_time clock;
    breaker any{"any", {}, clock};
    const auto tenant = [](int i) { return "tenant-" + std::to_string(i); };
    metrics collected{[&](const metrics::visitor& visit) {
        for (const int i : {0, 1, 20'000}) visit(tenant(i), any);
    }};
    std::optional<transition> told;
    const auto listening = any.subscribe([&](const transition& seen) { told = seen; });
    any.trip({.reason = "test", .actor = "test"});
    for (int i = 0; i < 20'000; ++i) collected.record(tenant(i), *told);
    collected.record(tenant(0), *told);
    collected.record(tenant(20'000), *told);

    std::map<std::string, double> counted;
    for (const auto& family : collected.Collect()) {
        if (family.name != "switchgear_transitions_total") continue;
        for (const auto& sample : family.metric) counted[sample.label.at(0).value] = sample.counter.value;
    }
    EXPECT_EQ(counted, (std::map<std::string, double>{{tenant(0), 2}, {tenant(20'000), 1}}))
        << "the one that moved long ago is forgotten";
}

}  // namespace
