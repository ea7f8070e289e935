// The detector beside its formulas, over random services, whatever is asked of it meanwhile.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "plain_detector.hpp"

namespace switchgear::adaptive::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

double log_uniform(std::mt19937_64& random, double least, double most) {
    return std::exp(std::uniform_real_distribution<double>{std::log(least), std::log(most)}(random));
}
duration of_seconds(double given) { return duration{static_cast<duration::rep>(given * 1e9)}; }

aims any_aims(std::mt19937_64& random) {
    aims given;
    given.budget = of_seconds(log_uniform(random, random() % 8 == 0 ? 0.5 : 600, 3e7));
    given.care = log_uniform(random, 0.01, 0.5);
    given.slow_care = log_uniform(random, 0.1, 0.95);
    if (random() % 3 == 0) given.deadline = milliseconds{20 + random() % 100};
    given.memory = of_seconds(log_uniform(random, 3'600, 3e7));
    if (random() % 2 == 0) {
        for (double& weight : given.weights) weight = static_cast<double>(random() % 4) / 2;
    }
    if (random() % 6 == 0) {  // hardly any class is evidence, or none
        given.weights.fill(0);
        given.weights[random() % 2] = static_cast<double>(random() % 2) / 2;
    }
    return given;
}

struct two_detectors {
    explicit two_detectors(std::uint64_t seed)
        : random{seed}, it{any_aims(random), time_point{}}, plain{any_aims_again(seed), time_point{}} {}
    static aims any_aims_again(std::uint64_t seed) {
        std::mt19937_64 again{seed};
        return any_aims(again);
    }

    std::mt19937_64 random;
    time_point now{};
    detector it;
    plain_detector plain;
    bool kept_closed = false;  ///< whatever they say
    failure_class usual = failure_class::error;

    template <class Do>
    void both(const Do& what) {
        what(it);
        what(plain);
    }
    void expect_the_same() {
        EXPECT_NEAR(it.evidence(), plain.evidence(), 1e-8);
        EXPECT_NEAR(it.penalty(), plain.penalty, 1e-9);
        EXPECT_EQ(it.normal_failure_share(), plain.errors.says.model.observed());
        EXPECT_EQ(it.normal_slow_share(), plain.slow.says.model.observed());
        EXPECT_EQ(it.limit(), plain.limit());
    }
    void expect_the_same_kept() {
        const learned one = it.save(), other = plain.save();
        ASSERT_EQ(one.numbers.size(), other.numbers.size());
        for (std::size_t i = 0; i < one.numbers.size(); ++i) {
            EXPECT_NEAR(one.numbers[i], other.numbers[i], 1e-9 * other.numbers[i]) << i;
        }
    }
    /// Returns: whether they say that it should trip.
    bool expect_the_same(const std::optional<finding>& one, const std::optional<finding>& other) {
        expect_the_same();
        EXPECT_EQ(one.has_value(), other.has_value());
        if (!one || !other) return false;
        EXPECT_EQ(one->what, other->what);
        EXPECT_EQ(one->slow, other->slow);
        EXPECT_EQ(one->bad, other->bad);
        EXPECT_EQ(one->of, other->of);
        EXPECT_EQ(one->normal, other->normal);
        EXPECT_NEAR(static_cast<double>(one->by_chance_once_in.count()),
                    static_cast<double>(other->by_chance_once_in.count()),
                    1e-7 * static_cast<double>(other->by_chance_once_in.count()));
        return true;
    }
    /// Opened, and judged after a while.
    void trips() {
        both([&](auto& one) { one.opened(now); });
        expect_the_same();
        if (random() % 3 == 0) observe(any_call(0.5, 0.5, 1));  // a straggler
        if (random() % 3 == 0) overdue();
        now += of_seconds(log_uniform(random, 1e-3, 300));
        const auto how = random() % 2 == 0 ? trip_was::needless : trip_was::outage;
        both([&](auto& one) { one.judged(how, now); });
        expect_the_same();
    }
    void observe(const finished& one) {
        if (expect_the_same(it.observe({&one, 1}), plain.observe(one)) && !kept_closed) trips();
    }
    void overdue() {
        if (expect_the_same(it.overdue(now), plain.overdue(now)) && !kept_closed) trips();
    }
    finished any_call(double failing, double slow, double gap) {
        now += of_seconds(gap * log_uniform(random, 0.1, 3));
        finished one{.at = now, .took = of_seconds(0.02 * log_uniform(random, 0.5, 2))};
        if (random() % 40 == 0) one.at -= milliseconds{300};
        if (random() % 20 == 0) one.took = {};
        if (random() % 20 == 0) one.took = it.limit().value_or(one.took);
        if (std::bernoulli_distribution{slow}(random)) one.took *= 6;
        one.of = random() % 5 == 0 ? static_cast<failure_class>(random() % 8) : usual;
        one.failed = std::bernoulli_distribution{failing}(random);
        return one;
    }
    void live(int calls) {
        const double failing = random() % 3 == 0 ? log_uniform(random, 0.1, 1) : log_uniform(random, 1e-4, 0.1);
        const double slow = random() % 4 == 0 ? log_uniform(random, 0.05, 1) : log_uniform(random, 1e-4, 0.02);
        const double gap = log_uniform(random, 1e-3, 40);
        kept_closed = random() % 6 == 0;
        usual = static_cast<failure_class>(random() % 8 % (1 + random() % 8));
        for (int i = 0; i < calls && !::testing::Test::HasFailure(); ++i) {
            finished one = any_call(failing, slow, gap);
            if (it.limit() && one.took > *it.limit() && random() % 2 == 0) {
                overdue();
                if (random() % 3 != 0) one.slow_already = true;
            }
            observe(one);
        }
    }
};

class adaptive_detector_of_services : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(random, adaptive_detector_of_services, ::testing::Range<std::uint64_t>(1, 41));

TEST_P(adaptive_detector_of_services, says_and_learns_what_the_formulas_say) {
    two_detectors s{GetParam()};
    for (int phase = 0; phase < 15 && !HasFailure(); ++phase) {
        s.live(150);
        if (s.random() % 5 == 0) s.both([](auto& one) { one.bring_up_to_date(); });
        if (s.random() % 8 == 0) {
            const aims other = any_aims(s.random);
            s.both([&](auto& one) { one.change(other); });
        }
        s.expect_the_same();
        if (s.random() % 5 == 0) s.expect_the_same_kept();
        if (s.random() % 8 == 0) s.now += hours{s.random() % 100};
        if (s.random() % 10 == 0) s.trips();  // by another rule
        if (s.random() % 4 == 0) s.both([&](auto& one) { one.judged(trip_was::needless, s.now + seconds{1}); });
        if (s.random() % 10 == 0) {
            const learned kept = s.it.save();
            s.plain.save();
            const duration away = s.random() % 4 == 0 ? duration::max() : of_seconds(log_uniform(s.random, 1, 1e6));
            s.both([&](auto& one) { EXPECT_TRUE(one.restore(kept, away, s.now)); });
            s.expect_the_same();
        }
    }
    s.expect_the_same_kept();
}

}  // namespace
}  // namespace switchgear::adaptive::testing
