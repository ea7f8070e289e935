#include <switchgear/gateway/runtime.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <switchgear/testing/manual_time.hpp>

#include "breakers_of_service.hpp"

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

service shop(breaker_scope scope = breaker_scope::service) {
    service made;
    made.name = "shop";
    made.endpoints = {{.host = "a.test", .port = 80}, {.host = "b.test", .port = 81}};
    made.breaker.scope = scope;
    if (scope == breaker_scope::key) made.breaker.key_header = "X-Tenant";
    made.breaker.settings.trip.consecutive_failures = 3;
    return made;
}

config with(std::vector<service> services) {
    config made;
    made.services = std::move(services);
    return made;
}

std::set<std::string> names(const runtime& of) {
    std::set<std::string> found;
    of.for_each_breaker([&](const breaker_view& view) { found.emplace(view.what->name()); });
    return found;
}

struct reloading : ::testing::Test {
    switchgear::testing::manual_time time;
    log quiet{{.level = log_level::off}};
};

TEST_F(reloading, the_scope_names_the_breakers) {
    EXPECT_EQ(names(runtime{with({shop()}), quiet, time}), (std::set<std::string>{"shop"}));
    EXPECT_EQ(names(runtime{with({shop(breaker_scope::endpoint)}), quiet, time}),
              (std::set<std::string>{"shop/a.test:80", "shop/b.test:81"}));
    EXPECT_EQ(names(runtime{with({shop(breaker_scope::key)}), quiet, time}), std::set<std::string>{});
}

TEST_F(reloading, a_breaker_keeps_its_state_and_takes_new_thresholds) {
    runtime living{with({shop()}), quiet, time};
    const auto before = living.find("shop");
    before->trip({"test", "me"});
    service changed = shop();
    changed.breaker.settings.trip.consecutive_failures = 7;
    living.reload(with({changed}));
    EXPECT_EQ(living.find("shop"), before);
    EXPECT_EQ(before->observe().current, state::open);
    EXPECT_EQ(before->current_settings().trip.consecutive_failures, 7U);
}

TEST_F(reloading, another_scope_or_key_makes_new_breakers) {
    runtime living{with({shop()}), quiet, time};
    const auto before = living.find("shop");
    living.reload(with({shop(breaker_scope::key)}));
    EXPECT_EQ(living.find("shop"), nullptr);
    living.reload(with({shop()}));
    EXPECT_NE(living.find("shop"), before);
}

TEST_F(reloading, endpoints_that_stay_keep_their_breakers) {
    runtime living{with({shop(breaker_scope::endpoint)}), quiet, time};
    const auto kept = living.find("shop/b.test:81");
    service changed = shop(breaker_scope::endpoint);
    changed.endpoints = {{.host = "c.test", .port = 80}, {.host = "b.test", .port = 81}};
    living.reload(with({changed}));
    EXPECT_EQ(names(living), (std::set<std::string>{"shop/b.test:81", "shop/c.test:80"}));
    EXPECT_EQ(living.find("shop/b.test:81"), kept);
}

TEST_F(reloading, a_service_that_is_gone_takes_its_breakers_and_numbers_along) {
    service other = shop();
    other.name = "other";
    runtime living{with({shop(), other}), quiet, time};
    living.reload(with({other}));
    EXPECT_EQ(names(living), (std::set<std::string>{"other"}));
    std::vector<std::string> services;
    living.for_each_service([&](const service_view& view) { services.push_back(view.settings->name); });
    EXPECT_EQ(services, std::vector<std::string>{"other"});
}

TEST_F(reloading, bad_settings_are_refused_and_everything_stays) {
    runtime living{with({shop()}), quiet, time};
    const auto generation = living.generation();
    service changed = shop();
    changed.breaker.settings.trip.consecutive_failures = 4;
    service bad = shop();
    bad.name = "bad";
    bad.breaker.settings.recovery.probes = 0;
    EXPECT_THROW(living.reload(with({changed, bad})), invalid_settings);
    EXPECT_EQ(living.generation(), generation);
    EXPECT_EQ(living.find("shop")->current_settings().trip.consecutive_failures, 3U);
}

TEST_F(reloading, transitions_of_breakers_to_come_are_told_until_the_handle_goes) {
    runtime living{with({shop()}), quiet, time};
    std::vector<std::string> told;
    auto listening = living.subscribe([&](const transition& t) { told.emplace_back(t.name); });
    service other = shop();
    other.name = "other";
    living.reload(with({shop(), other}));
    living.find("other")->trip({"test", "me"});
    listening.reset();
    living.find("shop")->trip({"test", "me"});
    EXPECT_EQ(told, std::vector<std::string>{"other"});
}

TEST_F(reloading, keys_beyond_the_bound_share_a_breaker_that_is_shown) {
    service bounded = shop(breaker_scope::key);
    bounded.breaker.max_keys = 1;
    breakers_of_service breakers{bounded, time, [](const transition&) {}};
    const breaker_use first = breakers.of_key("a");
    const breaker_use second = breakers.of_key("b");
    EXPECT_EQ(first.what->name(), "shop/a");
    EXPECT_EQ(second.what->name(), "(overflow)");
    std::set<std::string> shown;
    breakers.for_each([&](const breaker_use& use) { shown.emplace(use.what->name()); });
    EXPECT_EQ(shown, (std::set<std::string>{"(overflow)", "shop/a"}));
}

TEST_F(reloading, who_looks_at_keys_keeps_no_other_from_being_replaced) {
    service bounded = shop(breaker_scope::key);
    bounded.breaker.max_keys = 2;
    breakers_of_service breakers{bounded, time, [](const transition&) {}};
    for (const char* key : {"a", "b"}) breakers.of_key(key);
    std::vector<std::string> served;
    breakers.for_each([&](const breaker_use&) { served.emplace_back(breakers.of_key("new").what->name()); });
    EXPECT_THAT(served, ::testing::Each("shop/new"));
}

TEST(duration_histogram, a_duration_on_a_bound_is_in_its_bucket) {
    duration_histogram of;
    of.observe(1ms);
    of.observe(1'000'001ns);
    of.observe(31s);
    const auto read = of.read();
    EXPECT_EQ(read.buckets.front(), 1U);
    EXPECT_EQ(read.buckets[1], 1U);
    EXPECT_EQ(read.buckets.back(), 1U);
    EXPECT_EQ(read.count, 3U);
    EXPECT_NEAR(read.sum_seconds, 31.002, 1e-5);
}

}  // namespace
}  // namespace switchgear::gateway
