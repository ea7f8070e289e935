// The ramp by evidence beside a second account of it, written as plainly as can be, over verdicts at random.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/detail/atomics.hpp>

#include "evidence_ramp.hpp"

namespace switchgear::detail {
namespace {

/// What `steering` promises, from all that has come so far.
class plain_steering {
public:
    plain_steering(double latency, double call_gap) : gap_{call_gap > 0 ? call_gap : 1} {
        if (latency > 0) answer(latency);
        if (latency > 0 && call_gap > 0) width = std::min(std::max(latency / call_gap / 4, 0.01), 4.0);
        first_ = width;
    }

    void good(double took, double now) {
        failed_.push_back(false);
        answer(took);
        if (now - forgot_ >= mean) forgot_ = now, lowest_ += (mean - lowest_) / 64;
        if (mean <= 2 * lowest_) {
            width = std::min(width < 1 ? 2 * width : width + 1, 60'000.0);
        } else if (mean > 4 * lowest_) {
            narrow(0.7, now, first_ / 4);
        }
    }
    void good() { failed_.push_back(false); }
    void bad(double now) {
        failed_.push_back(true);
        narrow(0.5, now, 0.01);
    }

    std::uint32_t failures_of_last(std::size_t calls) const {
        const auto those = failed_.end() - static_cast<std::ptrdiff_t>(std::min(calls, failed_.size()));
        return static_cast<std::uint32_t>(std::count(those, failed_.end(), true));
    }
    bool steady() const { return failed_.size() >= 20 && failures_of_last(20) <= 4 && mean <= 2 * lowest_; }
    std::uint32_t calls() const { return width < 1 ? 1 : static_cast<std::uint32_t>(width); }
    double spacing() const { return width < 1 ? std::min(mean / width, 10 * gap_) * 1e9 : 0; }

    double width = 1, mean = 0;

private:
    void answer(double took) {
        in_mean_ = std::min(in_mean_ + 1, std::max(8.0, std::floor(width)));
        mean += (std::max(took, 1e-6) - mean) / in_mean_;
        lowest_ = std::min(lowest_, mean);
    }
    void narrow(double to, double now, double least) {
        if (now - cut_ < mean) return;
        cut_ = now;
        width = std::max(to * width, std::min(width, least));
    }

    double gap_, first_ = 0, in_mean_ = 0, lowest_ = 1e300, cut_ = -1e300, forgot_ = -1e300;
    std::vector<bool> failed_;
};

/// Numbers in [0, 1), the same on every machine.
struct dice {
    std::mt19937_64 random;
    double roll() { return static_cast<double>(random() >> 11) * 0x1p-53; }
    template <std::size_t N>
    double one_of(const std::array<double, N>& of) {
        return of[random() % N];
    }
};

void expect_alike(const steering& real, const plain_steering& plain) {
    const allowance may = real.allowed();
    const auto alike = [](double a, double b) { return std::abs(a - b) <= 1e-11 * std::max(std::abs(a), std::abs(b)); };
    ASSERT_TRUE(alike(real.width(), plain.width)) << real.width() << " and " << plain.width;
    ASSERT_TRUE(alike(real.latency(), plain.mean)) << real.latency() << " and " << plain.mean;
    ASSERT_EQ(may.calls, plain.calls());
    ASSERT_EQ(may.steady, plain.steady());
    ASSERT_NEAR(static_cast<double>(may.spacing), plain.spacing(), 2);
    ASSERT_EQ(real.relapsed(), plain.failures_of_last(10) >= 7);
    for (const std::uint32_t last : {1U, 10U, 20U})
        ASSERT_EQ(real.failures_of_last(last), plain.failures_of_last(last));
}

/// A service whose ways change now and then.
void play(dice& by, double latency, double call_gap) {
    steering real = steering::begun(latency, call_gap);
    plain_steering plain{latency, call_gap};
    ASSERT_NO_FATAL_FAILURE(expect_alike(real, plain));
    const double usual = latency > 0 ? latency : 0.3;
    double now = -1'000, slower = 1, failing = 0;
    for (int step = 0; step < 600; ++step) {
        if (step % 40 == 0) {
            slower = by.one_of<6>({0.5, 1, 1, 3, 6, 30});
            failing = by.one_of<6>({0, 0, 0, 0.05, 0.3, 0.8});
        }
        now += by.roll() * usual * slower / std::max(plain.width, 0.2);
        if (by.roll() < failing) {
            real.failed(now), plain.bad(now);
        } else if (by.roll() < 0.02) {
            real.succeeded(), plain.good();
        } else {
            const double took = usual * slower * (0.75 + by.roll() / 2);
            real.succeeded(took, now), plain.good(took, now);
        }
        ASSERT_NO_FATAL_FAILURE(expect_alike(real, plain)) << "at step " << step;
    }
}

TEST(steering, is_as_a_plain_account_of_it_has_it) {
    dice by{std::mt19937_64{1}};
    for (const double latency : {0.0, 1e-7, 0.0002, 0.02, 0.5, 3.0, 200.0}) {
        for (const double call_gap : {0.0, 1e-4, 0.01, 0.7, 100.0}) {
            ASSERT_NO_FATAL_FAILURE(play(by, latency, call_gap)) << latency << " s, every " << call_gap << " s";
        }
    }
}

TEST(steering, grows_while_answers_take_just_twice_as_long) {
    steering s = steering::begun(1, 1);
    s.succeeded(1, 0);
    const double before = s.width();
    s.succeeded(4, 0);
    ASSERT_EQ(s.latency(), 2);
    EXPECT_EQ(s.width(), 2 * before);
}

TEST(steering, holds_where_answers_take_just_four_times_as_long) {
    steering s = steering::begun(1, 1);
    s.succeeded(1, 0);
    const double before = s.width();
    s.succeeded(10, 0);
    ASSERT_EQ(s.latency(), 4);
    EXPECT_EQ(s.width(), before);
}

TEST(steering, gives_way_just_a_round_trip_later) {
    steering s = steering::begun(1, 1);
    s.succeeded(1, 0);
    s.succeeded(4, 2);  // the mean is 2, and so the lowest is 1 + 1 / 64
    const double before = s.width();
    s.succeeded(2.0625, 2);
    ASSERT_EQ(s.latency(), 2.015625);
    EXPECT_GT(s.width(), before);
}

TEST(steering, lets_in_fewer_again_just_a_round_trip_later) {
    steering s = steering::begun(0.5, 0.0625);
    ASSERT_EQ(s.width(), 2);
    s.failed(1);
    s.failed(1.5);
    EXPECT_EQ(s.width(), 0.5);
}

TEST(steering, lets_in_sixty_thousand_at_most) {
    steering s = steering::begun(0.5, 0.0625);
    for (int i = 0; i < 60'010; ++i) s.succeeded(0.5, 0);
    EXPECT_EQ(s.width(), 60'000);
}

/// Who is in, one by one.
class plain_places {
public:
    places<std_atomics>::answer take(std::uint64_t epoch, std::uint16_t generation, std::uint32_t most) {
        plain_places after = *this;
        const std::uint32_t lost = after.move_to(epoch, generation);
        if (after.in_.size() >= most) return {};
        after.in_.push_back(after.present_);
        *this = after;
        return {.taken = true, .lost = lost, .generation = after.present_};
    }
    void give_back(std::uint64_t epoch, std::uint16_t generation) {
        if (epoch != epoch_) return;
        const auto mine = std::find(in_.begin(), in_.end(), generation);
        if (mine != in_.end()) in_.erase(mine);
    }

private:
    /// Places last for their generation and the next one. Whose clock is up to 16 generations behind changes nothing.
    std::uint32_t move_to(std::uint64_t epoch, std::uint16_t to) {
        if (epoch != epoch_) epoch_ = epoch, present_ = to, in_.clear();
        const auto from = present_;
        if (static_cast<std::uint16_t>(from - to) <= 16) return 0;
        const bool next = to == static_cast<std::uint16_t>(from + 1);
        present_ = to;
        return static_cast<std::uint32_t>(std::erase_if(in_, [&](std::uint16_t one) { return !next || one != from; }));
    }

    std::uint64_t epoch_ = ~std::uint64_t{0};
    std::uint16_t present_ = 0;
    std::vector<std::uint16_t> in_;  ///< the generation of each
};

TEST(places, are_as_a_list_of_all_that_are_in_has_it) {
    const auto always = [] { return true; };
    dice by{std::mt19937_64{1}};
    places<std_atomics> real;
    plain_places plain;
    std::uint16_t now = 0;
    // Epochs whose tags are the first and the last ones, and generations that wrap.
    for (std::uint64_t epoch = 65'530; epoch < 65'540; ++epoch) {
        for (int step = 0; step < 500; ++step) {
            const auto ahead = by.one_of<13>({0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 30'000, 40'000});
            now = static_cast<std::uint16_t>(now + static_cast<int>(ahead));
            const auto behind = by.one_of<10>({0, 0, 0, 0, 0, 0, 0, 1, 2, 16});
            const auto mine = static_cast<std::uint16_t>(now - static_cast<int>(behind));
            if (by.roll() < 0.6) {
                const auto most = static_cast<std::uint32_t>(1 + by.random() % 5);
                const auto got = real.take(epoch, mine, most, always), expected = plain.take(epoch, mine, most);
                ASSERT_EQ(got.taken, expected.taken) << "epoch " << epoch << ", step " << step;
                ASSERT_EQ(got.lost, expected.lost) << "epoch " << epoch << ", step " << step;
                ASSERT_EQ(got.generation, expected.generation) << "epoch " << epoch << ", step " << step;
            } else {
                const auto of = static_cast<std::uint16_t>(mine - by.random() % 3);
                const auto in = by.roll() < 0.1 ? epoch - 1 : epoch;
                real.give_back(in, of, always), plain.give_back(in, of);
            }
        }
    }
}

TEST(places, are_not_lost_to_a_caller_that_stalled_for_two_leases) {
    const auto always = [] { return true; };
    places<std_atomics> in;
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(in.take(7, 5, 10, always).taken);
    const auto stalled = in.take(7, 3, 10, always);
    EXPECT_TRUE(stalled.taken);
    EXPECT_EQ(stalled.lost, 0U);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(in.take(7, 5, 10, always).taken);
    EXPECT_FALSE(in.take(7, 5, 10, always).taken) << "all ten are in";
    in.give_back(7, stalled.generation, always);
    EXPECT_TRUE(in.take(7, 5, 10, always).taken);
    EXPECT_FALSE(in.take(7, 5, 10, always).taken);
}

TEST(places, are_lost_after_a_silence_of_any_length_but_for_one_that_looks_like_a_clock_behind) {
    const auto always = [] { return true; };
    for (const int silence : {2, 0x7fff, 0x8000, 0xffff - 16, 0x10000 + 2}) {
        places<std_atomics> in;
        ASSERT_TRUE(in.take(7, 5, 1, always).taken);
        const auto got = in.take(7, static_cast<std::uint16_t>(5 + silence), 1, always);
        EXPECT_TRUE(got.taken) << silence;
        EXPECT_EQ(got.lost, 1U) << silence;
    }
    for (const int silence : {0xffff - 15, 0x10000}) {
        places<std_atomics> in;
        ASSERT_TRUE(in.take(7, 5, 1, always).taken);
        EXPECT_FALSE(in.take(7, static_cast<std::uint16_t>(5 + silence), 1, always).taken) << silence;
        EXPECT_TRUE(in.take(7, static_cast<std::uint16_t>(5 + silence + 18), 1, always).taken) << silence;
    }
}

TEST(places, are_65_535_in_a_generation_at_most) {
    const auto always = [] { return true; };
    places<std_atomics> in;
    for (int i = 0; i < 0xffff; ++i) in.take(7, 5, 100'000, always);
    EXPECT_FALSE(in.take(7, 5, 100'000, always).taken);
    EXPECT_TRUE(in.take(7, 6, 100'000, always).taken);
    in.give_back(7, 5, always);
    EXPECT_TRUE(in.take(7, 6, 0x10000, always).taken);
    EXPECT_FALSE(in.take(7, 6, 0x10000, always).taken);
}

TEST(places, are_not_given_back_once_the_ramp_is_over) {
    const auto always = [] { return true; };
    places<std_atomics> in;
    ASSERT_TRUE(in.take(7, 5, 1, always).taken);
    in.give_back(7, 5, [] { return false; });
    EXPECT_FALSE(in.take(7, 5, 1, always).taken);
}

TEST(places, of_a_ramp_65_535_epochs_ago_are_forgotten_and_no_others) {
    const auto always = [] { return true; };
    for (const std::uint64_t epoch : {0U, 7U, 65'534U}) {
        places<std_atomics> in;
        ASSERT_TRUE(in.take(epoch, 5, 1, always).taken);
        in.forget(epoch + 1, always);
        in.forget(epoch, [] { return false; });
        EXPECT_FALSE(in.take(epoch, 5, 1, always).taken);
        in.forget(epoch + 65'535, always);
        EXPECT_TRUE(in.take(epoch + 65'535, 5, 1, always).taken);
    }
}

TEST(places, have_a_generation_for_each_lease) {
    EXPECT_EQ(places<std_atomics>::generation_at(99, 10), 9);
    EXPECT_EQ(places<std_atomics>::generation_at(100, 10), 10);
    EXPECT_EQ(places<std_atomics>::generation_at(7, 1), 7);
    EXPECT_EQ(places<std_atomics>::generation_at(7, 0), 7);
    EXPECT_EQ(places<std_atomics>::generation_at(0x10007, 1), 7);
}

TEST(evidence_ramp, says_again_all_that_it_was_told) {
    constexpr allowance at_first{.calls = 3, .spacing = 77, .steady = true};
    constexpr ticks longest = (ticks{1} << 46) - 1;  // nineteen hours
    evidence_ramp<std_atomics> on;
    for (const std::uint64_t epoch : {0U, 1U, 6U, 7U, 65'533U, 65'534U, 65'535U, 65'536U}) {
        EXPECT_EQ(on.allowed(epoch, at_first).spacing, 77) << epoch;
        for (const bool steady : {true, false}) {
            for (const std::uint32_t calls : {1U, 2U, 3U, 1'000U, 60'000U}) {
                on.publish(epoch, {.calls = calls, .steady = steady});
                const allowance may = on.allowed(epoch, at_first);
                EXPECT_EQ(may.calls, calls);
                EXPECT_EQ(may.spacing, 0);
                EXPECT_EQ(may.steady, steady);
            }
            for (const ticks spacing :
                 {ticks{1}, ticks{2}, ticks{1'000'000'007}, longest - 1, longest, longest + 1, never}) {
                on.publish(epoch, {.calls = 1, .spacing = spacing, .steady = steady});
                const allowance may = on.allowed(epoch, at_first);
                EXPECT_EQ(may.calls, 1U);
                EXPECT_EQ(may.spacing, std::min(spacing, longest));
                EXPECT_EQ(may.steady, steady);
            }
        }
    }
}

TEST(evidence_ramp, forgets_a_ramp_65_535_epochs_ago_and_no_other) {
    const auto always = [] { return true; };
    constexpr allowance at_first{.calls = 3};
    for (const std::uint64_t epoch : {0U, 7U, 65'534U}) {
        evidence_ramp<std_atomics> on;
        on.publish(epoch, {.calls = 5});
        ASSERT_TRUE(on.in.take(epoch, 2, 1, always).taken);
        on.forget(epoch + 1, always);
        on.forget(epoch, [] { return false; });
        EXPECT_EQ(on.allowed(epoch, at_first).calls, 5U);
        EXPECT_FALSE(on.in.take(epoch, 2, 1, always).taken);
        on.forget(epoch + 65'535, always);
        EXPECT_EQ(on.allowed(epoch + 65'535, at_first).calls, 3U);
        EXPECT_TRUE(on.in.take(epoch + 65'535, 2, 1, always).taken);
    }
}

TEST(evidence_ramp, adds_up_what_was_lost_until_it_is_told) {
    evidence_ramp<std_atomics> on;
    for (const std::uint64_t epoch : {0U, 1U, 2U, 3U, 65'535U}) {
        EXPECT_EQ(on.take_lost(epoch), 0U);
        on.lose(epoch, 1);
        EXPECT_EQ(on.take_lost(epoch), 1U);
        EXPECT_EQ(on.take_lost(epoch), 0U);
        on.lose(epoch, 2), on.lose(epoch, 5);
        EXPECT_EQ(on.take_lost(epoch + 1), 0U);
        EXPECT_EQ(on.take_lost(epoch), 7U);
        on.lose(epoch, 1);
    }
    on.lose(65'536, 0xffff'fffe), on.lose(65'536, 3);
    EXPECT_EQ(on.take_lost(65'536), 0xff'ffffU);  // and not more, or the epoch would change
    EXPECT_EQ(on.take_lost(65'536), 0U);
}

TEST(evidence_ramp, raises_a_time_and_never_lowers_it) {
    std::atomic<ticks> at{5};
    for (const auto& [to, expected] : {std::pair<ticks, ticks>{6, 6}, {3, 6}, {6, 6}, {-7, 6}, {1'000, 1'000}}) {
        evidence_ramp<std_atomics>::raise(at, to);
        EXPECT_EQ(at.load(), expected);
    }
}

}  // namespace
}  // namespace switchgear::detail
