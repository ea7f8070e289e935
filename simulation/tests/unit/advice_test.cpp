#include <switchgear/simulation/advice.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/simulation/output.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

history of(double share, double rate) {
    history seen;
    seen.normal = {.calls = 1'000'000,
                   .failures = static_cast<std::uint64_t>(share * 1'000'000),
                   .failing_share = share,
                   .rate = rate,
                   .quiet_rate = rate / 5,
                   .median = 20ms,
                   .p90 = 40ms,
                   .p99 = 110ms};
    return seen;
}

TEST(advice, is_sound_for_every_kind_of_service) {
    for (const double share : {0.0, 0.0001, 0.01, 0.2, 0.5, 1.0}) {
        for (const double rate : {0.0, 0.001, 1.0, 100'000.0}) {
            EXPECT_TRUE(validate(advise(of(share, rate)).settings).empty()) << share << " " << rate;
        }
    }
    EXPECT_TRUE(validate(advise(history{}).settings).empty());
}

TEST(advice, a_run_of_failures_is_as_long_as_chance_needs_it) {
    // 10/s for 30 d is 25.9 million calls: with 1 % failing, a run of four comes every 100 million.
    EXPECT_EQ(advise(of(0.01, 10)).settings.trip.consecutive_failures, 4U);
    EXPECT_EQ(advise(of(0.1, 10)).settings.trip.consecutive_failures, 8U);
    EXPECT_EQ(advise(of(0.5, 10)).settings.trip.consecutive_failures, std::nullopt);
}

TEST(advice, the_ratio_lies_between_normal_and_the_mildest_outage) {
    history seen = of(0.01, 10);
    seen.outages.push_back({.begin = 0s, .end = 100s, .total = {.calls = 1000, .failures = 400}, .failing = true});
    const advice given = advise(seen);
    EXPECT_GT(*given.settings.trip.failure_ratio, 0.01 * 3);
    EXPECT_LT(*given.settings.trip.failure_ratio, 0.4);
    EXPECT_EQ(given.settings.recovery.open_for, 10s);
}

/// One outage of `failures`, nine of ten of them key 1's.
history of_one_key(std::uint32_t failures) {
    history seen = of(0.01, 10);
    outage one{.begin = 0s, .end = 60s, .total = {}, .failing = true};
    for (std::uint32_t i = 0; i < failures; ++i)
        one.total.add({.start = 1s, .how = verdict::failure(), .key = i % 10 == 0 ? 2U : 1U});
    seen.outages.push_back(one);
    return seen;
}

TEST(advice, trouble_of_one_key_among_several_is_no_outage_of_the_service) {
    const advice given = advise(of_one_key(100), {"", "k17", "k18"});
    ASSERT_EQ(given.notes.size(), 1U);
    EXPECT_NE(given.notes[0].find("key k17 ("), std::string::npos) << given.notes[0];
    EXPECT_NE(given.notes[0].find("scope: key"), std::string::npos) << given.notes[0];
    EXPECT_EQ(given.settings.recovery.open_for, recovery_rules{}.open_for);
    EXPECT_EQ(given.settings.recovery.max_open_for, recovery_rules{}.max_open_for);
    EXPECT_TRUE(to_yaml(given).starts_with("# nearly all of it is key k17"));
}

TEST(advice, gives_no_breaker_a_scope_of_keys) {
    const advice given = advise(of_one_key(100), {"", "pay/127.0.0.1:1", "pay/127.0.0.1:2"}, key_meaning::breakers);
    ASSERT_EQ(given.notes.size(), 1U);
    EXPECT_NE(given.notes[0].find("breaker pay/127.0.0.1:1 ("), std::string::npos) << given.notes[0];
    EXPECT_EQ(given.notes[0].find("scope"), std::string::npos) << given.notes[0];
}

TEST(advice, blames_no_key_that_is_the_only_one_or_has_a_half) {
    EXPECT_TRUE(advise(of_one_key(100), {"", "k17"}).notes.empty());
    history seen = of_one_key(100);
    for (int i = 0; i < 80; ++i) seen.outages[0].total.add({.start = 1s, .how = verdict::failure(), .key = 2});
    EXPECT_TRUE(advise(seen, {"", "k17", "k18"}).notes.empty());
}

TEST(advice, recovery_is_never_shorter_than_a_person_would_choose) {
    history seen = of(0.01, 10);
    seen.outages.push_back({.begin = 0s, .end = 250ms, .total = {.calls = 50, .failures = 40}, .failing = true});
    const advice given = advise(seen);
    EXPECT_EQ(given.settings.recovery.open_for, 1s);
    EXPECT_EQ(given.settings.recovery.max_open_for, 5s);
    EXPECT_EQ(to_yaml(given).find("a tenth of the typical"), std::string::npos) << to_yaml(given);
}

TEST(advice, slow_is_well_above_the_slowest_of_a_healthy_day) {
    EXPECT_EQ(advise(of(0.01, 10)).settings.trip.slow->after, 250ms);
}

TEST(advice, gives_no_limit_of_slow_where_durations_are_not_told_so_finely) {
    for (const auto p99 : {latencies::shortest, latencies::longest}) {
        history seen = of(0.01, 10);
        seen.normal.median = seen.normal.p90 = seen.normal.p99 = p99;
        const advice given = advise(seen);
        EXPECT_EQ(given.settings.trip.slow, std::nullopt);
        EXPECT_NE(to_yaml(given).find("  slow: off "), std::string::npos);
        EXPECT_NE(to_yaml(given).find(p99 == latencies::shortest ? "took below 0.1 ms" : "took more than 200 s"),
                  std::string::npos);
        EXPECT_EQ(normal_words(seen, given)[2],
                  p99 == latencies::shortest
                      ? "half of them below 0.1 ms, 90 % below 0.1 ms, 99 % below 0.1 ms"
                      : "half of them in more than 200 s, 90 % in more than 200 s, 99 % in more than 200 s");
    }
}

TEST(advice, every_line_of_the_snippet_has_its_reason) {
    const std::string text = to_yaml(advise(of(0.01, 10)));
    EXPECT_NE(text.find("  consecutive_failures: 4 "), std::string::npos) << text;
    EXPECT_NE(text.find("    after: 250ms "), std::string::npos) << text;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        EXPECT_TRUE(line.starts_with("# ") || line.ends_with(':') || line.find(" # ") != std::string::npos) << line;
    }
}

std::string why(const advice& given, std::string_view field) {
    const auto found = std::ranges::find(given.reasons, field, &reason::field);
    return found == given.reasons.end() ? "no reason" : found->why;
}

outage outage_of(std::uint32_t calls, std::uint32_t failures, std::chrono::nanoseconds lasts,
                 std::chrono::nanoseconds length) {
    outage one{.begin = 0s, .end = length};
    for (std::uint32_t i = 0; i < calls; ++i)
        one.total.add({.start = 1s, .lasts = lasts, .how = i < failures ? verdict::failure() : verdict::success()});
    return one;
}

history with_slow_outage(std::chrono::nanoseconds lasts) {
    history seen = of(0.01, 10);
    seen.outages.push_back(outage_of(1000, 5, lasts, 60s));
    seen.outages.back().slow = true;
    return seen;
}

TEST(advice, the_limit_of_slow_lies_below_the_slow_outages_that_were_found) {
    const advice given = advise(with_slow_outage(200ms));
    EXPECT_GT(given.settings.trip.slow->after, 110ms);
    EXPECT_LT(given.settings.trip.slow->after, 200ms);
    EXPECT_NE(why(given, "trip.slow.after").find("between the normal p99 of 110 ms and the "), std::string::npos);
    // Far above what is normal is far enough.
    EXPECT_EQ(advise(with_slow_outage(2s)).settings.trip.slow->after, 250ms);
}

TEST(advice, says_so_where_no_limit_of_slow_lies_between) {
    // Above the p90 of 40 ms there is room, above one of 90 ms there is none.
    history seen = with_slow_outage(100ms);
    EXPECT_NE(why(advise(seen), "trip.slow.after").find("between the normal p90 of 40 ms"), std::string::npos);
    seen.normal.p90 = 90ms;
    EXPECT_EQ(advise(seen).settings.trip.slow->after, 250ms);
    EXPECT_NE(why(advise(seen), "trip.slow.after").find("no room above the normal p90 of 90 ms"), std::string::npos);
}

TEST(advice, leaves_an_outage_alone_in_which_most_calls_worked) {
    history seen = of(0.004, 20);
    seen.outages.push_back(outage_of(6000, 900, 20ms, 300s));
    seen.outages.back().failing = true;
    const advice given = advise(seen);
    EXPECT_GE(*given.settings.trip.failure_ratio, 0.4);
    EXPECT_GE(given.settings.trip.consecutive_failures.value(), 9U);
    ASSERT_EQ(given.notes.size(), 1U);
    EXPECT_NE(given.notes[0].find("left alone"), std::string::npos);
    EXPECT_EQ(given.settings.recovery.open_for, recovery_rules{}.open_for);
}

TEST(advice, reasons_give_the_normal_share_that_is_shown) {
    history seen = of(0.601, 5);
    const advice given = advise(seen);
    EXPECT_NE(why(given, "trip.failure_ratio").find("60.1 % failing normally"), std::string::npos);
    EXPECT_NE(why(given, "trip.consecutive_failures").find("60.1 % failing normally"), std::string::npos);
    EXPECT_EQ(*given.settings.trip.failure_ratio, 0.80);
    EXPECT_NE(given.warning.find("no healthy recording: 60.1 %"), std::string::npos);
    EXPECT_EQ(advise(of(0.1, 5)).warning, "");
    // Where nothing failed what is planned with is shown.
    seen = of(0, 5);
    const advice healthy = advise(seen);
    EXPECT_EQ(normal_words(seen, healthy)[1], "0 % failing; one call in all, 0.0001 %, is taken for it");
    EXPECT_NE(why(healthy, "trip.consecutive_failures").find("with 0.0001 % failing normally"), std::string::npos);
}

TEST(advice, a_window_holds_as_many_calls_as_the_rule_needs) {
    // An hour at 0.01 calls/s holds 36 calls.
    history seen = of(0.005, 0.01);
    seen.normal.quiet_rate = 0.01;
    const advice given = advise(seen);
    const auto* window = std::get_if<last_calls>(&given.settings.trip.window);
    ASSERT_NE(window, nullptr);
    EXPECT_GE(window->count, given.settings.trip.minimum_calls);
    EXPECT_NE(why(given, "trip.window.last_calls").find("an hour holds 36"), std::string::npos);
    EXPECT_NE(to_yaml(given).find("  window: {last_calls: "), std::string::npos);
    EXPECT_NE(why(advise(of(0.01, 10)), "trip.window.last").find("holds 240 calls at"), std::string::npos);
    // Each key has a breaker of its own.
    EXPECT_NE(
        why(advise(of(0.01, 10), {"", "a", "b", "c", "d"}), "trip.window.last").find("0.5 calls/s for each of 4 keys"),
        std::string::npos);
}

TEST(advice, a_cut_number_is_told_as_cut) {
    history seen = of(0.01, 10);
    seen.outages.push_back(outage_of(1000, 900, 20ms, 576s));
    seen.outages.back().failing = true;
    EXPECT_EQ(why(advise(seen), "recovery.open_for"),
              "at most 30 s; a tenth of the typical outage of 9 min 36 s would be more");
    EXPECT_EQ(why(advise(seen), "recovery.max_open_for"), "at most a minute; half of the typical outage would be more");
}

/// An outage in which each of `keys` keys failed 100 times and key 1 as often again as `more` says.
outage failing_with_keys(std::uint32_t keys, std::uint32_t more) {
    outage one{.begin = 0s, .end = 10s, .total = {}, .failing = true};
    for (std::uint32_t i = 0; i < keys * 100 + more; ++i)
        one.total.add({.start = 1s, .how = verdict::failure(), .key = i < keys * 100 ? 1 + i % keys : 1});
    return one;
}

std::vector<std::string> key_names(int keys) {
    std::vector<std::string> names{""};
    for (int i = 1; i <= keys; ++i) names.push_back("k" + std::to_string(i));
    return names;
}

TEST(advice, counts_the_failures_of_few_keys_exactly) {
    EXPECT_EQ(outage_words(failing_with_keys(5, 500), key_names(5)),
              "1000 of 1000 calls failed: error 100 %; key k1 60 %, k2 10 %, k3 10 %, k4 10 %, k5 10 %");
    EXPECT_EQ(outage_words(failing_with_keys(10, 0), key_names(10)),
              "1000 of 1000 calls failed: error 100 %; key k1 10 %, k2 10 %, k3 10 %, k4 10 %, k5 10 %, 5 more");
}

TEST(advice, calls_breakers_of_a_log_by_their_name) {
    EXPECT_EQ(outage_words(failing_with_keys(1, 0), {"", "pay"}, key_meaning::breakers),
              "100 of 100 calls failed: error 100 %; breaker pay 100 %");
}

TEST(advice, says_of_many_keys_only_what_is_sure) {
    EXPECT_EQ(outage_words(failing_with_keys(50, 5000), key_names(50)),
              "10000 of 10000 calls failed: error 100 %; key k1 at least 50 %");
    EXPECT_EQ(outage_words(failing_with_keys(50, 0), key_names(50)),
              "5000 of 5000 calls failed: error 100 %; of more than 16 keys, none with more than 6 %");
    history seen = of(0.01, 10);
    seen.outages.push_back(failing_with_keys(50, 5000));
    const advice given = advise(seen);
    EXPECT_NE(advice_json({seen, given, key_names(50)}).find(R"("keys":null,"keys_at_least":{"k1":)"),
              std::string::npos);
}

TEST(advice, names_what_failed_in_an_outage) {
    outage one{.begin = 0s, .end = 10s, .failing = true};
    for (int i = 0; i < 10; ++i)
        one.total.add({.start = 1s, .how = verdict::failure(failure_class::timeout), .key = 1});
    for (int i = 0; i < 10; ++i) one.total.add({.start = 1s});
    EXPECT_EQ(outage_words(one, {"", "shard-3"}), "10 of 20 calls failed: timeout 100 %; key shard-3 100 %");
}

}  // namespace
