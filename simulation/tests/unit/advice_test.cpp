#include <switchgear/simulation/advice.hpp>

#include <chrono>

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
    outage one{.begin = 0s, .end = 60s, .failing = true};
    for (std::uint32_t i = 0; i < failures; ++i)
        one.total.add({.start = 1s, .how = verdict::failure(), .key = i % 10 == 0 ? 2U : 1U});
    seen.outages.push_back(one);
    return seen;
}

TEST(advice, trouble_of_one_key_among_several_is_no_outage_of_the_service) {
    const advice given = advise(of_one_key(100), {"", "k17", "k18"});
    EXPECT_NE(given.note.find("key k17 ("), std::string::npos) << given.note;
    EXPECT_NE(given.note.find("scope: key"), std::string::npos) << given.note;
    EXPECT_EQ(given.settings.recovery.open_for, recovery_rules{}.open_for);
    EXPECT_EQ(given.settings.recovery.max_open_for, recovery_rules{}.max_open_for);
    EXPECT_TRUE(to_yaml(given).starts_with("# nearly all of it is key k17"));
}

TEST(advice, blames_no_key_that_is_the_only_one_or_has_a_half) {
    EXPECT_EQ(advise(of_one_key(100), {"", "k17"}).note, "");
    history seen = of_one_key(100);
    for (int i = 0; i < 80; ++i) seen.outages[0].total.add({.start = 1s, .how = verdict::failure(), .key = 2});
    EXPECT_EQ(advise(seen, {"", "k17", "k18"}).note, "");
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

TEST(advice, every_line_of_the_snippet_has_its_reason) {
    const std::string text = to_yaml(advise(of(0.01, 10)));
    EXPECT_NE(text.find("  consecutive_failures: 4 "), std::string::npos) << text;
    EXPECT_NE(text.find("    after: 250ms "), std::string::npos) << text;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        EXPECT_TRUE(line.ends_with(':') || line.find(" # ") != std::string::npos) << line;
    }
}

TEST(advice, names_what_failed_in_an_outage) {
    outage one{.begin = 0s, .end = 10s, .failing = true};
    for (int i = 0; i < 10; ++i)
        one.total.add({.start = 1s, .how = verdict::failure(failure_class::timeout), .key = 1});
    for (int i = 0; i < 10; ++i) one.total.add({.start = 1s});
    EXPECT_EQ(outage_words(one, {"", "shard-3"}), "10 of 20 calls failed: timeout 100 %; key shard-3 100 %");
}

}  // namespace
