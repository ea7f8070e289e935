// A stream beside its formula, over random services and all that may happen to it.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "plain.hpp"

namespace switchgear::adaptive::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

double log_uniform(std::mt19937_64& random, double least, double most) {
    return std::exp(std::uniform_real_distribution<double>{std::log(least), std::log(most)}(random));
}

struct two_streams {
    two_streams(double care, duration memory) : it{care, memory, {}}, plain{care, memory, {}} {}

    time_point now{};
    stream it;
    plain_stream plain;

    void good(std::uint64_t calls, double u) {
        it.pass_good(calls, u, now);
        plain.good(calls, u, now);
    }
    void bad(double u) {
        it.add_bad(u, now);
        plain.bad(u, now);
    }
    template <class Do>
    void both(const Do& what) {
        what(it);
        what(plain);
    }

    void expect_the_same() const {
        EXPECT_NEAR(it.value(), plain.value(), 1e-8 * std::abs(plain.value()));
        EXPECT_EQ(it.expected(), plain.expected());
        EXPECT_EQ(it.looks_after(), plain.looks_after());
        EXPECT_EQ(it.holds(), plain.holds());
        EXPECT_EQ(it.half_are_bad(now), plain.half_are_bad(now));
        EXPECT_EQ(it.model().known(), plain.model.known());
        EXPECT_EQ(it.model().base(), plain.model.base());
        for (const auto& [one, other] : {std::pair{it.present(), plain.present()}, {it.majority(), plain.majority()}}) {
            EXPECT_EQ(one.calls, other.calls);
            EXPECT_EQ(one.bad, other.bad);
            EXPECT_EQ(one.since, other.since);
        }
    }
    learned kept() const {
        learned to;
        it.save(to);
        return to;
    }
};

/// One of the ways in which a service may behave for a while.
struct mood {
    double failing, gap_s;
    bool in_runs;  // good calls come to the stream together
};

mood any_mood(std::mt19937_64& random) {
    const double failing =
        random() % 6 == 0 ? 0.3 + 0.09 * static_cast<double>(random() % 8) : log_uniform(random, 1e-4, 0.3);
    return {failing, log_uniform(random, 1e-3, 5), random() % 2 == 0};
}

void live(two_streams& s, const mood& as, int events, std::mt19937_64& random) {
    std::geometric_distribution<std::uint64_t> good_before_bad{as.failing};
    for (int i = 0; i < events && !::testing::Test::HasFailure(); ++i) {
        const std::uint64_t good = good_before_bad(random);
        const double u = log_uniform(random, 1e-12, 1e-7);
        const auto gap = duration{static_cast<duration::rep>(as.gap_s * 1e9)};
        if (as.in_runs) {
            s.now += gap * static_cast<duration::rep>(good);
            s.good(good, u);
        } else {
            for (std::uint64_t n = 0; n < std::min<std::uint64_t>(good, 200); ++n) {
                s.now += gap;
                s.good(1, u);
            }
        }
        s.expect_the_same();
        s.now += gap;
        s.bad(u);
        s.expect_the_same();
    }
}

class adaptive_stream_of_services : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(random, adaptive_stream_of_services, ::testing::Range<std::uint64_t>(1, 17));

TEST_P(adaptive_stream_of_services, says_and_learns_what_the_formulas_say) {
    std::mt19937_64 random{GetParam()};
    two_streams s{log_uniform(random, 0.01, 0.95), seconds{static_cast<int>(log_uniform(random, 3'600, 1e6))}};
    for (int phase = 0; phase < 10; ++phase) {
        live(s, any_mood(random), 12, random);
        switch (random() % 6) {
            case 0: s.both([](auto& one) { one.restart(); }); break;
            case 1: s.both([&](auto& one) { one.restart(), one.commit(s.now); }); break;
            case 2:
                s.both([&](auto& one) {
                    one.restart();
                    one.drop();
                    one.learn_nothing_before(s.now + seconds{60});
                });
                break;
            case 3: {
                const double care = log_uniform(random, 0.01, 0.95);
                s.both([&](auto& one) { one.change(care, hours{5}); });
                break;
            }
            default: break;
        }
        s.expect_the_same();
    }
    learned of_plain;
    s.plain.model.save(of_plain);
    EXPECT_EQ(s.kept(), of_plain);
    s.now += hours{30};
    s.both([&](auto& one) {
        number_reader in{of_plain.numbers};
        one.restore(in, hours{30}, s.now);
        EXPECT_TRUE(in.finished());
    });
    s.expect_the_same();
    live(s, any_mood(random), 10, random);
}

/// One that is watched for shares of 90 % and more, and knows a thousand calls: a good call soon outweighs a bad one.
struct knowing : two_streams {
    explicit knowing(std::uint64_t calls = 1'000) : two_streams{0.9, hours{24}} {
        good(calls, 1e-12);
        now += hours{1};
    }
    /// One bad call and twenty good ones, again and again. Returns: after how many calls it held none any more.
    std::uint64_t until_it_learns(duration gap) {
        for (std::uint64_t calls = 1; calls < 2'000; ++calls) {
            if (calls % 21 == 1) {
                bad(1e-12);
            } else {
                good(1, 1e-12);
            }
            expect_the_same();
            if (!it.holds()) return calls;
            now += gap;
        }
        return 0;
    }
};

TEST(adaptive_stream, holds_calls_for_a_thousand_or_a_minute_with_some_hundreds_where_it_is_never_quiet) {
    EXPECT_EQ(knowing{}.until_it_learns(milliseconds{1}), 1'000U);
    EXPECT_EQ(knowing{}.until_it_learns(milliseconds{200}), 301U);
    EXPECT_EQ(knowing{}.until_it_learns(milliseconds{201}), 300U);
    EXPECT_EQ(knowing{}.until_it_learns(seconds{1}), 200U);
}

TEST(adaptive_stream, holds_calls_until_32_good_ones_went_by_without_evidence) {
    knowing s;
    s.bad(1e-12);
    s.good(7, 1e-12);
    EXPECT_EQ(s.it.looks_after(), 32U - (7 - 3));
    s.good(27, 1e-12);
    EXPECT_TRUE(s.it.holds());
    s.good(1, 1e-12);
    EXPECT_FALSE(s.it.holds());
    s.expect_the_same();
    EXPECT_EQ(s.it.model().known(), 1'036);
}

TEST(adaptive_stream, that_knows_hardly_any_calls_learns_what_it_holds_as_soon_as_nothing_speaks_against_it) {
    for (const auto& [known, holds] : {std::pair{999, false}, {1'000, true}}) {
        knowing s{static_cast<std::uint64_t>(known)};
        s.bad(1e-12);
        s.good(3, 1e-12);
        s.expect_the_same();
        EXPECT_EQ(s.it.holds(), holds) << known;
    }
}

TEST(adaptive_stream, learns_nothing_before_the_time_it_is_told) {
    for (const bool after_a_bad_call : {false, true}) {
        knowing s;
        const time_point when = s.now + seconds{60};
        s.both([&](auto& one) { one.learn_nothing_before(when); });
        for (const time_point at : {when - duration{1}, when}) {
            const double before = s.it.model().known();
            s.now = at;
            if (after_a_bad_call) s.bad(1e-12);
            s.good(100, 1e-12);
            s.expect_the_same();
            EXPECT_FALSE(s.it.holds());
            EXPECT_EQ(s.it.model().known() > before, at == when);
        }
    }
}

TEST(adaptive_stream, trips_whatever_was_learned_where_half_of_a_hundred_calls_in_ten_seconds_are_bad) {
    const auto half_of = [](int calls, duration time) {
        knowing s;
        const time_point begin = s.now;
        for (int i = 0; i < calls; ++i) {
            s.now = begin + time * i / (calls - 1);
            if (i % 2 == 0) {
                s.bad(1e-12);
            } else {
                s.good(1, 1e-12);
            }
            s.expect_the_same();
        }
        EXPECT_EQ(s.it.majority().calls, static_cast<std::uint64_t>(calls));
        return s.it.half_are_bad(s.now);
    };
    EXPECT_FALSE(half_of(99, seconds{20}));
    EXPECT_TRUE(half_of(100, seconds{10}));
    EXPECT_FALSE(half_of(100, seconds{10} - duration{99}));
    knowing s;
    s.bad(1e-12);
    s.good(2, 1e-12);
    EXPECT_EQ(s.it.majority().calls, 0U) << "fewer than half";
}

}  // namespace
}  // namespace switchgear::adaptive::testing
