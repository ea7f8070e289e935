#include <switchgear/simulation/advice_trial.hpp>

#include <chrono>

#include <gtest/gtest.h>

#include <switchgear/simulation/output.hpp>

namespace {

using namespace switchgear;
using namespace switchgear::simulation;
using namespace std::chrono_literals;

/// Two calls a second for 1,000 s, of which those from 500 s to 560 s fail, and one more at 100 s.
template <class Take>
void play(Take take) {
    for (int i = 0; i < 2000; ++i) {
        const bool fails = i == 200 || (i >= 1000 && i < 1120);
        take(recorded_call{.start = i * 500ms, .lasts = 20ms, .how = fails ? verdict::failure() : verdict::success()});
    }
}

struct trial_of {
    explicit trial_of(std::uint32_t in_a_row) {
        timeline all;
        play([&](const recorded_call& call) { all.add(call); });
        seen = find_outages(all);
        given.settings.trip = {.consecutive_failures = in_a_row, .failure_ratio = {}};
        advice_trial trial{seen, given};
        play([&](const recorded_call& call) { trial.take(call, ""); });
        tried = trial.finish();
    }
    history seen{};
    advice given{};
    tried_advice tried{};
};

TEST(advice_trial, tells_outages_met_from_opening_for_nothing) {
    const trial_of good{5};
    EXPECT_EQ(good.tried.outages, 1U);
    EXPECT_EQ(good.tried.advised.did.opened, 1U);
    EXPECT_EQ(good.tried.advised.outages_met, 1U);
    EXPECT_EQ(good.tried.advised.opened_outside, 0U);
    EXPECT_GT(good.tried.advised.did.refused_bad, 100U);
    EXPECT_EQ(good.tried.adaptive.outages_met, 1U);
    EXPECT_FALSE(good.tried.advice_does_harm());
    const trial_of nervous{1};
    EXPECT_EQ(nervous.tried.advised.did.opened, 2U);
    EXPECT_EQ(nervous.tried.advised.opened_outside, 1U);
}

TEST(advice_trial, says_so_if_the_adaptive_rule_does_better) {
    const std::vector<std::string> keys{""};
    const trial_of blind{1000};
    EXPECT_EQ(blind.tried.advised.outages_met, 0U);
    EXPECT_TRUE(blind.tried.adaptive_is_better());
    const std::string text = advice_text({blind.seen, blind.given, keys, blind.tried});
    EXPECT_NE(
        text.find(
            "#   these settings: opened 0 times, refused 0 good calls and kept 0 bad ones away; in 0 of 1 outage"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("# trip: {adaptive: true}\n"), std::string::npos) << text;
    const trial_of good{5};
    const std::string other = advice_text({good.seen, good.given, keys, good.tried});
    EXPECT_EQ(other.find("# trip: {adaptive: true}\n"), std::string::npos) << other;
    EXPECT_NE(advice_text({good.seen, good.given, keys}).find("not tried: "), std::string::npos);
}

TEST(advice_trial, says_so_if_the_advice_refuses_more_good_calls_than_bad) {
    tried_advice tried;
    tried.advised.did.refused_good = 1116;
    tried.advised.did.refused_bad = 174;
    EXPECT_TRUE(tried.advice_does_harm());
    // The slow calls of an outage are good ones.
    tried.any_slow = true;
    EXPECT_FALSE(tried.advice_does_harm());
}

}  // namespace
