#include <switchgear/ticking/detail/counter_line.hpp>

#include <chrono>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

namespace switchgear::ticking::detail {
namespace {

using rep = duration::rep;
constexpr rep ms = 1'000'000, s = 1'000 * ms;

/// A counter and an exact clock over one real time, which is set by hand.
struct two_clocks {
    double at = 5e12;             // nanoseconds
    double counts_per_ns = 2.45;  // the counter's pace
    double counted = 7e12;
    rep ahead = 0;  // of the exact clock
    int exact_read = 0;
    counter_line<> line;

    void pass(rep ns) {
        at += static_cast<double>(ns);
        counted += static_cast<double>(ns) * counts_per_ns;
    }
    std::uint64_t count() const { return static_cast<std::uint64_t>(counted); }
    rep exact() const { return static_cast<rep>(at) + ahead; }
    rep now() {
        return line.now([this] { return count(); },
                        [this] {
                            ++exact_read;
                            return exact();
                        });
    }
    rep off_by() { return std::abs(now() - exact()); }
    void steer() {
        line.steer([this] { return count(); }, [this] { return exact(); });
    }
    void pass_steered(rep ns) {
        for (; ns > 0; ns -= ms) {
            pass(ms);
            steer();
        }
    }
    bool is_told_from_the_counter() {
        pass(1);
        exact_read = 0;
        now();
        return exact_read == 0;
    }
};

TEST(counter_line, is_the_exact_clock_until_the_counters_pace_is_known) {
    two_clocks on;
    EXPECT_EQ(on.now(), on.exact());
    on.steer();
    on.pass(99 * ms);
    on.steer();
    EXPECT_FALSE(on.is_told_from_the_counter());
    EXPECT_EQ(on.now(), on.exact());
    on.pass(1 * ms);
    on.steer();
    EXPECT_TRUE(on.is_told_from_the_counter());
}

TEST(counter_line, tells_the_time_from_the_counter_alone) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    for (int i = 0; i < 99; ++i) {
        on.pass(ms);
        EXPECT_LE(on.off_by(), 2);
        EXPECT_TRUE(on.is_told_from_the_counter());
    }
}

TEST(counter_line, follows_an_exact_clock_that_is_slewed) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.counts_per_ns *= 1 + 100e-6;
    on.pass_steered(200 * ms);
    on.pass_steered(5 * s);
    EXPECT_LE(on.off_by(), 100);
    on.counts_per_ns *= 1 - 500e-6;  // the most that Linux slews
    on.pass_steered(5 * s);
    EXPECT_LE(on.off_by(), 1'000);
}

TEST(counter_line, is_the_exact_clock_where_it_was_not_steered_for_a_while) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.pass(245 * ms);
    EXPECT_TRUE(on.is_told_from_the_counter());
    on.pass(10 * ms);
    EXPECT_FALSE(on.is_told_from_the_counter());
    EXPECT_EQ(on.now(), on.exact());
    on.steer();
    EXPECT_TRUE(on.is_told_from_the_counter());
    EXPECT_LE(on.off_by(), 2);
}

TEST(counter_line, does_not_go_back_at_the_end_of_what_was_drawn) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.ahead = -300'000;  // the exact clock lost time
    on.pass(245 * ms);
    const rep last = on.now();
    on.pass(6 * ms);
    EXPECT_GT(on.now(), last);
    on.steer();
    EXPECT_GE(on.now(), last);
}

TEST(counter_line, is_the_exact_clock_where_the_counter_was_set_back) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    const rep last = on.now();
    on.counted = 1e6;
    on.pass(5 * ms);
    EXPECT_FALSE(on.is_told_from_the_counter());
    EXPECT_EQ(on.now(), on.exact());
    EXPECT_GT(on.now(), last);
    on.pass(100 * ms);
    on.steer();
    EXPECT_FALSE(on.is_told_from_the_counter());
    on.pass_steered(100 * ms);
    EXPECT_TRUE(on.is_told_from_the_counter());
    EXPECT_LE(on.off_by(), 2);
}

TEST(counter_line, stands_still_where_the_counter_is_read_out_of_order_before_a_joint) {
    two_clocks on;
    on.steer();
    on.pass_steered(100 * ms);
    const rep joint = on.now();
    on.pass(-30);
    on.ahead = 500;
    EXPECT_EQ(on.now(), joint) << "later readings would go back behind the exact clock's";
}

TEST(counter_line, jumps_to_an_exact_clock_that_went_ahead) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.ahead = 90'000;  // 0.9 per mille of a stretch, which a slope can have
    on.pass_steered(100 * ms);
    EXPECT_LT(on.now(), on.exact() - 80'000) << "less than a millisecond is caught up with, not jumped";
    two_clocks other;
    other.steer();
    other.pass_steered(s);
    other.pass(10 * s);  // suspended: the exact clock went on, and so did the counter
    other.ahead = 5 * ms;
    other.steer();
    EXPECT_LE(other.off_by(), 2);
}

TEST(counter_line, is_slowed_until_an_exact_clock_that_stayed_behind_has_caught_up) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.ahead = -90'000;
    rep last = on.now();
    for (int i = 0; i < 100; ++i) {
        on.pass_steered(100 * ms);
        EXPECT_GT(on.now(), last);
        last = on.now();
    }
    EXPECT_LE(on.off_by(), 100);
}

TEST(counter_line, stands_still_for_a_moment_where_only_the_counter_went_on_while_the_machine_slept) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    const rep before = on.now();
    on.counted += 3600e9 * on.counts_per_ns;
    const rep woken = on.now();
    EXPECT_GE(woken, before);
    EXPECT_LE(woken, before + 260 * ms);
    for (int i = 0; i < 260; ++i) {
        on.pass(ms);
        on.steer();
        EXPECT_GE(on.now(), woken);
    }
    EXPECT_LE(on.off_by(), 1'000);
}

TEST(counter_line, is_not_drawn_by_a_counter_that_runs_unevenly) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.counts_per_ns *= 1.01;  // moved to another machine
    on.pass_steered(100 * ms);
    EXPECT_FALSE(on.is_told_from_the_counter());
    on.pass_steered(100 * ms);
    EXPECT_TRUE(on.is_told_from_the_counter());
    EXPECT_LE(on.off_by(), 1 * ms);
}

TEST(counter_line, takes_the_try_in_which_least_happened_between_the_two_clocks) {
    two_clocks on;
    on.steer();
    on.pass_steered(s);
    on.pass(100 * ms);
    int reading = 0;
    on.line.steer([&] { return on.count(); },
                  [&] {
                      if (++reading == 2) on.pass(300'000);  // the thread lost the processor
                      return on.exact();
                  });
    EXPECT_LE(on.off_by(), 2);
}

// Whatever the clocks do within reason, a reader's time does not go back and stays near the exact one.
TEST(counter_line, never_goes_back_and_stays_near_in_random_lives) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937_64 random{seed};
        const auto chance = [&](double share) { return std::uniform_real_distribution{}(random) < share; };
        const auto between = [&](rep from, rep to) { return std::uniform_int_distribution<rep>{from, to}(random); };
        two_clocks on;
        on.counts_per_ns = std::uniform_real_distribution{0.1, 5.0}(random);
        const double pace = on.counts_per_ns;
        rep last = on.now();
        for (int i = 0; i < 3'000; ++i) {
            on.pass(chance(0.002) ? between(s / 2, 100 * s) : between(1, 3 * ms));
            if (chance(0.01)) on.counts_per_ns = pace * (1 + static_cast<double>(between(-50, 50)) * 1e-6);
            if (chance(0.8)) on.steer();
            const rep now = on.now();
            ASSERT_GE(now, last) << "seed " << seed << ", step " << i;
            ASSERT_LE(std::abs(now - on.exact()), 200'000) << "seed " << seed << ", step " << i;
            last = now;
        }
    }
}

}  // namespace
}  // namespace switchgear::ticking::detail
