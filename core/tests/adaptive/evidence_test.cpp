// The evidence beside its formula, a call at a time.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "adaptive/class_evidence.hpp"
#include "plain.hpp"
#include "plain_classes.hpp"

namespace switchgear::adaptive::testing {
namespace {

/// Up to rounding; both are infinite, or neither.
void expect_near(double is, double should_be) { EXPECT_NEAR(is, should_be, 1e-8 * std::abs(should_be)); }

double log_uniform(std::mt19937_64& random, double least, double most) {
    return std::exp(std::uniform_real_distribution<double>{std::log(least), std::log(most)}(random));
}

TEST(adaptive_evidence, is_the_sum_over_all_beginnings_for_six_failing_shares) {
    std::mt19937_64 random{7};
    for (int service = 0; service < 60; ++service) {
        evidence it;
        plain_evidence plain;
        const double care = service % 10 == 0 ? 1 : log_uniform(random, 0.01, 1);
        const double base = log_uniform(random, 1e-5, 0.5);
        it.aim(care, base);
        plain.aim(care, base);
        for (int i = 0; i < 40; ++i) {
            const double expected = log_uniform(random, base, 0.99), budget = log_uniform(random, 1e-12, 1e-3);
            expect_near(it.log_of_good(expected), plain.log_of_good(expected));
            expect_near(it.log_of_bad(expected), plain.log_of_bad(expected));
            if (random() % 2 == 0) {
                const std::uint64_t calls = 1 + random() % 20;
                it.pass_good(expected, calls, budget);
                for (std::uint64_t n = 0; n < calls; ++n) plain.good(expected, budget);
            } else {
                it.add_bad(expected, budget);
                plain.bad(expected, budget);
            }
            ASSERT_NO_FATAL_FAILURE(expect_near(it.value(), plain.value()));
        }
        it.clear();
        EXPECT_EQ(it.value(), 0);
    }
}

TEST(adaptive_evidence, of_a_long_good_run_is_what_its_last_calls_are_worth) {
    evidence it;
    plain_evidence plain;
    it.aim(0.1, 0.001);
    plain.aim(0.1, 0.001);
    it.add_bad(0.001, 1e-6);
    it.pass_good(0.001, 1'000'000'000, 1e-7);
    for (int n = 0; n < 2'000; ++n) plain.good(0.001, 1e-7);
    expect_near(it.value(), plain.value());
}

TEST(adaptive_evidence, stays_a_number_however_long_everything_fails) {
    evidence it;
    plain_evidence plain;
    it.aim(0.1, 1e-4);
    plain.aim(0.1, 1e-4);
    for (int i = 0; i < 500; ++i) {
        it.add_bad(1e-4, 1e-9);
        plain.bad(1e-4, 1e-9);
    }
    expect_near(it.value(), plain.value());
}

TEST(adaptive_evidence, by_single_classes_is_weighed_by_the_share_of_each) {
    std::mt19937_64 random{11};
    for (int service = 0; service < 8; ++service) {
        class_evidence it;
        plain_classes plain;
        const double care = log_uniform(random, 0.01, 0.5);
        double base = log_uniform(random, 1e-4, 0.5);
        std::uint64_t calls = 0;
        std::int64_t elapsed = 0;
        for (int i = 0; i < 250; ++i) {
            const double rate = log_uniform(random, 1e-18, 1e-13);
            base = std::clamp(base * std::exp(std::uniform_real_distribution<double>{-0.02, 0.02}(random)), 1e-4, 0.5);
            calls += random() % 3 == 0 ? 0 : static_cast<std::uint64_t>(log_uniform(random, 1, 200));
            elapsed += static_cast<std::int64_t>(log_uniform(random, 1e3, 6e10));
            switch (random() % 40) {
                case 0: it.restart(), plain.restart(); break;
                case 1: it.drop(), plain.drop(); break;
                case 2: it.aim_anew(), plain.aim_anew(); break;
                case 3: it.commit(), plain.commit(); break;
                case 4:
                case 5:
                case 6:
                case 7: it.catch_up(calls, elapsed, rate), plain.catch_up(calls, elapsed, rate); break;
                default: {
                    const auto of = static_cast<failure_class>(random() % 8 % (1 + random() % 8));
                    const double expected = std::min(0.9, base * log_uniform(random, 1, 100));
                    it.add(of, expected, base, calls, elapsed, rate, care);
                    plain.add(of, expected, base, calls, elapsed, rate, care);
                    ++calls;
                }
            }
            for (std::size_t k = 0; k < failure_class_count; ++k) {
                const auto of = static_cast<failure_class>(k);
                expect_near(it.value(of), plain.value(of));
            }
            ASSERT_FALSE(HasFailure()) << service << ' ' << i;
        }
    }
}

TEST(adaptive_evidence, of_failures_by_class_the_older_half_counts_half) {
    class_evidence it;
    plain_classes plain;
    std::mt19937_64 random{5};
    std::uint64_t calls = 0;
    for (int i = 0; i < 9'000; ++i, calls += 10) {
        const auto of = static_cast<failure_class>(random() % 8 % (1 + random() % 8));
        it.add(of, 0.1, 0.1, calls, 0, 1e-15, 0.2);
        plain.add(of, 0.1, 0.1, calls, 0, 1e-15, 0.2);
        if (i % 50 == 49) it.commit(), plain.commit();
    }
    learned kept;
    it.save(kept);
    ASSERT_EQ(kept.numbers.size(), failure_class_count);
    for (std::size_t k = 0; k < failure_class_count; ++k) expect_near(kept.numbers[k], plain.seen[k]);

    number_reader in{kept.numbers};
    class_evidence other;
    other.add(failure_class::timeout, 0.1, 0.1, 5, 100, 1e-15, 0.2);
    other.restore(in);
    EXPECT_TRUE(in.finished());
    EXPECT_EQ(other.value(failure_class::timeout), 0);
    other.commit();  // nothing is held
    learned again;
    other.save(again);
    EXPECT_EQ(again, kept);
}

TEST(adaptive_evidence, of_just_as_many_failures_as_are_remembered_counts_half) {
    class_evidence it;
    const auto fails = [&](int times) {
        for (int i = 0; i < times; ++i) it.add(failure_class::error, 0.1, 0.1, 0, 0, 1e-15, 0.2);
        it.commit();
        learned kept;
        it.save(kept);
        return kept.numbers.front();
    };
    EXPECT_EQ(fails(3'999), 3'999);
    EXPECT_EQ(fails(1), 2'000);
}

TEST(adaptive_evidence, of_classes_is_refused_where_it_counts_less_than_none_or_more_than_all) {
    for (const double wrong : {-1.0, 1e15 + 1}) {
        const std::vector<double> numbers{0, 0, 0, wrong, 0, 0, 0, 0};
        number_reader in{numbers};
        class_evidence{}.restore(in);
        EXPECT_TRUE(in.failed());
    }
    const std::vector<double> numbers{0, 0, 0, 1e15, 0, 0.25, 0, 0};
    number_reader in{numbers};
    class_evidence{}.restore(in);
    EXPECT_TRUE(in.finished());
}

}  // namespace
}  // namespace switchgear::adaptive::testing
