// What survives: save, restore, a change of aims, forgetting; and cutting the calls into spans.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "stage.hpp"

namespace switchgear::adaptive::testing {
namespace {

stage experienced() {
    stage s;
    for (int i = 0; i < 20; ++i) {
        s.live(5'000, 0.01, milliseconds{100});
        s.live(15, 0.6, milliseconds{100});
    }
    return s;
}

TEST(adaptive_keeping, what_was_learned_comes_back) {
    stage s = experienced();
    const learned kept = s.subject.save();
    stage other;
    ASSERT_TRUE(other.subject.restore(kept, duration{}, other.now));
    EXPECT_DOUBLE_EQ(other.subject.normal_failure_share(), s.subject.normal_failure_share());
    EXPECT_EQ(other.subject.limit(), s.subject.limit());
    EXPECT_DOUBLE_EQ(other.subject.penalty(), s.subject.penalty());
    EXPECT_EQ(other.subject.save(), kept);
}

TEST(adaptive_keeping, what_is_old_weighs_less) {
    const learned kept = experienced().subject.save();
    stage fresh, old;
    ASSERT_TRUE(fresh.subject.restore(kept, duration{}, fresh.now));
    ASSERT_TRUE(old.subject.restore(kept, hours{24 * 60}, old.now));
    EXPECT_LT(old.subject.penalty(), fresh.subject.penalty());
    EXPECT_LT(old.subject.save().numbers[1], 0.01 * fresh.subject.save().numbers[1]);
}

TEST(adaptive_keeping, a_damaged_record_changes_nothing) {
    stage s = experienced();
    const learned good = s.subject.save();
    const auto refused = [&](learned bad, const char* what) {
        stage other = s;
        EXPECT_FALSE(other.subject.restore(bad, duration{}, other.now)) << what;
        EXPECT_EQ(other.subject.save(), good) << what;
    };
    learned bad = good;
    bad.version = learned::current_version + 1;
    refused(bad, "version");
    for (std::size_t i = 0; i < good.numbers.size(); ++i) {
        for (const double wrong : {std::nan(""), -1.0, std::numeric_limits<double>::infinity()}) {
            bad = good;
            bad.numbers[i] = wrong;
            refused(bad, std::to_string(i).c_str());
        }
    }
    bad = good;
    bad.numbers.pop_back();
    refused(bad, "too short");
    bad = good;
    bad.numbers.push_back(0);
    refused(bad, "too long");
    refused({}, "empty");
}

TEST(adaptive_keeping, new_aims_keep_what_was_learned_and_forgetting_does_not) {
    stage s = experienced();
    const double normal = s.subject.normal_failure_share();
    aims other;
    other.budget = hours{24};
    other.care = 0.3;
    s.subject.change(other);
    EXPECT_DOUBLE_EQ(s.subject.normal_failure_share(), normal);
    s.subject.forget(s.now);
    EXPECT_EQ(s.subject.save(), stage{other}.subject.save());
}

TEST(adaptive_keeping, how_calls_are_cut_into_spans_changes_nothing) {
    std::mt19937_64 random{9};
    std::vector<finished> calls;
    time_point now{};
    std::bernoulli_distribution fails{0.02};
    std::exponential_distribution<double> gap{1};
    std::lognormal_distribution<double> took{0, 0.6};
    for (int i = 0; i < 50'000; ++i) {
        now += duration{static_cast<duration::rep>(gap(random) * 1e8)};
        calls.push_back({.at = now,
                         .took = duration{static_cast<duration::rep>(took(random) * 2e7)},
                         .of = static_cast<failure_class>(random() % 3),
                         .failed = fails(random)});
    }
    detector singly{aims{}, time_point{}}, cut{aims{}, time_point{}};
    for (const finished& one : calls) ASSERT_FALSE(singly.observe({&one, 1}));
    for (std::size_t i = 0; i < calls.size();) {
        const std::size_t size = std::min<std::size_t>(calls.size() - i, random() % 200);
        ASSERT_FALSE(cut.observe({&calls[i], size}));
        i += size;
    }
    EXPECT_EQ(cut.save(), singly.save());
    EXPECT_EQ(cut.evidence(), singly.evidence());
}

}  // namespace
}  // namespace switchgear::adaptive::testing
