#include <switchgear/simulation/replay.hpp>

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <switchgear/simulation/output.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

/// Trips at three failures in a row and by nothing else, for 10 s exactly.
settings three_in_a_row() {
    settings made;
    made.trip = {.consecutive_failures = 3, .failures = {}, .failure_ratio = {}};
    made.recovery = {.open_for = 10s, .jitter = 0};
    return made;
}

/// A replay whose transitions are texts: "0 at 3.5: closed -> open".
class told_replay {
public:
    explicit told_replay(std::vector<candidate> of)
        : replay_{std::move(of), [this](std::size_t which, const transition& told, recorded_time at) {
                      const double seconds = std::chrono::duration<double>(at).count();
                      std::string text = std::to_string(which) + " at " + std::to_string(seconds);
                      text.erase(text.find_last_not_of('0') + 1);
                      if (text.ends_with('.')) text.pop_back();
                      said.push_back(text + ": " + std::string{to_string(told.from)} + " -> " +
                                     std::string{to_string(told.to)} + (told.name.empty() ? "" : " of ") +
                                     std::string{told.name});
                      last = told;
                  }} {}
    told_replay& call(std::chrono::nanoseconds start, std::chrono::nanoseconds lasts, verdict how,
                      const std::string& key = "") {
        const auto number = static_cast<std::uint32_t>(keys_.try_emplace(key, keys_.size()).first->second);
        replay_.take({.start = start, .lasts = lasts, .how = how, .key = number}, key);
        return *this;
    }
    told_replay& good(std::chrono::nanoseconds start) { return call(start, 100ms, verdict::success()); }
    told_replay& bad(std::chrono::nanoseconds start) { return call(start, 500ms, verdict::failure()); }
    const outcome& end() {
        replay_.finish();
        return replay_.outcomes().front();
    }
    const std::vector<outcome>& ends() {
        replay_.finish();
        return replay_.outcomes();
    }

    std::vector<std::string> said{};
    std::optional<transition> last{};

private:
    std::unordered_map<std::string, std::size_t> keys_{};
    replay replay_;
};

using sequence = std::vector<std::string>;

TEST(replay, an_outage_opens_the_breaker_and_a_probe_closes_it) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.good(0s).bad(1s).bad(2s).bad(3s);  // the third ends at 3.5
    seen.good(4s).bad(5s);                  // refused
    seen.good(13'500ms).good(14s);          // the pause is over: a probe, which ends at 13.6
    const outcome& did = seen.end();

    EXPECT_EQ(seen.said,
              (sequence{"0 at 3.5: closed -> open", "0 at 13.5: open -> half_open", "0 at 13.6: half_open -> closed"}));
    EXPECT_EQ(did.calls, 8U);
    EXPECT_EQ(did.admitted, 6U);
    EXPECT_EQ(did.admitted_good, 3U);
    EXPECT_EQ(did.admitted_bad, 3U);
    EXPECT_EQ(did.refused_good, 1U);
    EXPECT_EQ(did.refused_bad, 1U);
    EXPECT_EQ(did.trips, 1U);
    EXPECT_EQ(did.opened, 1U);
    EXPECT_EQ(did.open_time, 10s);
    ASSERT_EQ(did.periods.size(), 1U);
    EXPECT_EQ(did.periods[0].begin, 3'500ms);
    EXPECT_EQ(did.periods[0].end, 13'600ms);
    EXPECT_EQ(did.periods[0].cause, cause::consecutive_failures);
}

TEST(replay, a_failed_probe_is_a_trip_of_the_same_period_with_a_longer_pause) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.bad(1s).bad(2s).bad(3s).bad(14s);  // open at 3.5; the probe fails at 14.5, for 20 s
    seen.good(34s).good(34'500ms).good(35s);
    const outcome& did = seen.end();

    EXPECT_EQ(seen.said,
              (sequence{"0 at 3.5: closed -> open", "0 at 14: open -> half_open", "0 at 14.5: half_open -> open",
                        "0 at 34.5: open -> half_open", "0 at 34.6: half_open -> closed"}));
    EXPECT_EQ(did.trips, 2U);
    EXPECT_EQ(did.opened, 1U);
    EXPECT_EQ(did.open_time, 10'500ms + 20s);
    EXPECT_EQ(did.periods[0].trips, 2U);
    EXPECT_EQ(did.refused_good, 1U);
}

TEST(replay, verdicts_are_told_when_calls_end_not_when_they_begin) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.call(0s, 10s, verdict::failure()).call(1s, 10s, verdict::failure()).call(2s, 10s, verdict::failure());
    seen.good(11'950ms);  // still closed when it begins, and late when it ends
    seen.good(12'500ms);
    const outcome& did = seen.end();

    EXPECT_EQ(seen.said, sequence{"0 at 12: closed -> open"});
    EXPECT_EQ(did.refused_good, 1U);
}

TEST(replay, what_ends_when_another_begins_counts_first) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.call(1s, 0s, verdict::failure()).call(1s, 1s, verdict::failure()).call(1s, 1s, verdict::failure());
    seen.good(2s);
    EXPECT_EQ(seen.end().refused_good, 1U);
}

TEST(replay, retry_after_lengthens_the_pause) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.bad(1s).bad(2s).call(3s, 0s, verdict::failure(failure_class::overloaded, 60s));
    seen.good(62s).good(63s);
    EXPECT_EQ(seen.end().refused_good, 1U);
    EXPECT_EQ(seen.said.back(), "0 at 63.1: half_open -> closed");
}

TEST(replay, candidates_run_side_by_side) {
    settings five = three_in_a_row();
    five.trip.consecutive_failures = 5;
    settings watching = three_in_a_row();
    watching.mode = mode::observe;
    told_replay seen{{{.name = "A", .settings = three_in_a_row()},
                      {.name = "B", .settings = five},
                      {.name = "C", .settings = watching}}};
    for (int i = 1; i <= 4; ++i) seen.bad(std::chrono::seconds{i});
    const auto& ends = seen.ends();
    EXPECT_EQ(ends[0].refused_bad, 1U);
    EXPECT_EQ(ends[1].refused_bad, 0U);
    EXPECT_EQ(ends[1].trips, 0U);
    EXPECT_EQ(ends[2].trips, 1U);
    EXPECT_EQ(ends[2].refused_bad, 0U);
}

TEST(replay, each_key_has_a_breaker_unless_one_serves_all) {
    const auto three_keys = [](breakers whose) {
        told_replay seen{{{.name = "A", .settings = three_in_a_row(), .breakers = whose}}};
        seen.call(1s, 0s, verdict::failure(), "a").call(2s, 0s, verdict::failure(), "b");
        seen.call(3s, 0s, verdict::failure(), "b").call(4s, 0s, verdict::failure(), "b");
        seen.call(5s, 0s, verdict::success(), "a");
        seen.end();
        return seen.said;
    };
    EXPECT_EQ(three_keys(breakers::by_key), sequence{"0 at 4: closed -> open of b"});
    EXPECT_EQ(three_keys(breakers::one), sequence{"0 at 3: closed -> open"});
}

/// Two failures of one key, then many other keys once, then a third failure of the first.
void many_keys_between_failures(told_replay& seen, int keys) {
    seen.call(1s, 0s, verdict::failure(), "first").call(2s, 0s, verdict::failure(), "first");
    for (int i = 0; i < keys; ++i) seen.call(3s, 0s, verdict::success(), std::to_string(i));
    seen.call(4s, 0s, verdict::failure(), "first");
}

TEST(replay, of_very_many_keys_idle_ones_are_forgotten) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    many_keys_between_failures(seen, 40'000);
    const outcome& did = seen.end();
    EXPECT_EQ(seen.said, sequence{});
    EXPECT_EQ(did.keys, 40'001U);
}

TEST(replay, as_many_keys_as_are_kept_forget_nothing) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row(), .max_keys = 101}}};
    many_keys_between_failures(seen, 100);
    const outcome& did = seen.end();
    EXPECT_EQ(seen.said, sequence{"0 at 4: closed -> open of first"});
    EXPECT_EQ(did.keys_sharing, 0U);
}

TEST(replay, keys_beyond_those_kept_share_a_breaker_and_are_counted) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row(), .max_keys = 1},
                      {.name = "B", .settings = three_in_a_row(), .breakers = breakers::one, .max_keys = 1}}};
    for (int i = 1; i <= 3; ++i) seen.call(std::chrono::seconds{i}, 0s, verdict::failure(), "open");
    for (int i = 0; i < 3; ++i) seen.call(4s, 0s, verdict::failure(), std::to_string(i % 2));
    const auto& ends = seen.ends();
    EXPECT_THAT(seen.said, ::testing::Contains("0 at 4: closed -> open of (overflow)"));
    EXPECT_EQ(ends[0].keys, 3U);
    EXPECT_EQ(ends[0].keys_sharing, 2U);
    EXPECT_EQ(ends[1].keys, 0U);
}

TEST(replay, a_slow_call_counts_when_it_passes_the_limit_not_when_it_ends) {
    settings slow;
    slow.trip = {.consecutive_failures = {},
                 .failures = {},
                 .failure_ratio = {},
                 .slow = slow_rule{.after = 1s, .ratio = 0.5},
                 .minimum_calls = 2};
    told_replay seen{{{.name = "A", .settings = slow}}};
    seen.call(10s, 30s, verdict::success()).call(11s, 30s, verdict::success());
    seen.end();
    ASSERT_FALSE(seen.said.empty());
    EXPECT_EQ(seen.said.front(), "0 at 12: closed -> open");
}

settings adaptive_only() {
    settings given;
    given.trip = {.consecutive_failures = {}, .failures = {}, .failure_ratio = {}, .adaptive = adaptive_rule{}};
    return given;
}

/// A hundred seconds of health, ten calls a second of 10 ms each.
void hundred_good_seconds(told_replay& seen) {
    for (int i = 0; i < 1'000; ++i) seen.call(std::chrono::milliseconds{100 * i}, 10ms, verdict::success());
}

TEST(replay, calls_that_hang_are_found_by_the_learned_limit_before_they_end) {
    told_replay seen{{{.name = "A", .settings = adaptive_only()}}};
    hundred_good_seconds(seen);
    for (int i = 0; i < 50; ++i) seen.call(100s + std::chrono::milliseconds{100 * i}, 30s, verdict::success());
    const outcome& did = seen.end();
    ASSERT_FALSE(did.periods.empty());
    EXPECT_LT(did.periods.front().begin, 105s);
    EXPECT_EQ(did.periods.front().cause, cause::adaptive);
}

TEST(replay, beside_the_learned_limit_the_slow_rules_own_is_told_too) {
    settings both = adaptive_only();
    both.trip.adaptive->slow_care = 0.95;
    both.trip.slow = slow_rule{.after = 1s, .ratio = 0.01};
    both.trip.window = last{2s};
    both.trip.minimum_calls = 1;
    told_replay seen{{{.name = "A", .settings = both}}};
    hundred_good_seconds(seen);
    seen.call(100s, 30s, verdict::success());
    seen.end();
    ASSERT_FALSE(seen.said.empty());
    EXPECT_EQ(seen.said.front(), "0 at 101: closed -> open");
    EXPECT_EQ(seen.last->cause, cause::slow_ratio);
}

TEST(replay, an_adaptive_trip_is_told_in_words) {
    told_replay seen{{{.name = "A", .settings = adaptive_only()}}};
    hundred_good_seconds(seen);
    for (int i = 0; i < 20; ++i) seen.call(100s + std::chrono::milliseconds{100 * i}, 10ms, verdict::failure());
    const outcome& did = seen.end();
    ASSERT_FALSE(did.periods.empty());
    const std::string words = cause_words(did.periods.front());
    EXPECT_THAT(words,
                ::testing::MatchesRegex("adaptive: [0-9]+ of the last [0-9]+ calls failed; normal is .* %; such a run "
                                        "comes by chance once in .*"));
    EXPECT_THAT(summary_text({{.name = "A"}}, {did}), ::testing::HasSubstr(words));
}

TEST(replay, still_open_at_the_end_counts_until_the_last_call_ended) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.call(0s, 20s, verdict::success()).bad(1s).bad(2s).bad(3s);
    const outcome& did = seen.end();
    EXPECT_EQ(did.open_time, 16'500ms);
    EXPECT_FALSE(did.periods.at(0).end);
}

TEST(replay, is_the_same_every_time_although_pauses_are_jittered) {
    const auto run = [] {
        settings jittered = three_in_a_row();
        jittered.recovery.jitter = 0.5;
        told_replay seen{{{.name = "A", .settings = jittered}}};
        for (int i = 0; i < 1'000; ++i) seen.call(std::chrono::milliseconds{100 * i}, 10ms, verdict::failure());
        seen.end();
        return seen.said;
    };
    EXPECT_EQ(run(), run());
}

TEST(replay, time_since_1970_is_as_good_as_any) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    constexpr auto now = 1'700'000'000s;
    seen.bad(now).bad(now + 1s).bad(now + 2s);
    seen.end();
    EXPECT_EQ(seen.said, sequence{"0 at 1700000002.5: closed -> open"});
}

TEST(replay, a_transition_is_one_json_object_a_line) {
    told_replay seen{{{.name = "A", .settings = three_in_a_row()}}};
    seen.call(1s, 0s, verdict::failure(), "k\"1").call(2s, 0s, verdict::failure(), "k\"1");
    seen.call(3s, 250ms, verdict::failure(), "k\"1");
    const outcome& did = seen.end();
    EXPECT_EQ(
        transition_json("A.yaml", *seen.last, 3'250ms),
        R"({"type":"transition","settings":"A.yaml","key":"k\"1","time":3.25,"from":"closed","to":"open",)"
        R"("cause":"consecutive_failures","evidence":{"calls":3,"failures":3,"slow":0,"observed":3E0,"threshold":3E0,)"
        R"("by_chance_once_in_ms":0},"pause_ms":10000,"attempt":1})"
        "\n");
    EXPECT_EQ(summary_json("A.yaml", did),
              R"({"type":"summary","settings":"A.yaml","calls":3,"admitted":3,"refused_good":0,"refused_bad":0,)"
              R"("admitted_bad":3,"trips":1,"open_seconds":0,"admitted_good":0,"refused_ignored":0,"opened":1})"
              "\n");
}

}  // namespace
