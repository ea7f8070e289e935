// What is normal: the model beside the same formulas written plainly, and what it keeps.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "adaptive/healthy_model.hpp"

namespace switchgear::adaptive::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t of_8 = 6, of_128 = 7;
constexpr std::size_t cell_at(std::size_t a, std::size_t b, std::size_t c) { return c * of_8 * of_128 + b * of_8 + a; }

/// A memory: it fades in steps of a sixteenth of its half-life.
struct fading {
    duration half_life;
    time_point since;

    double pass(time_point now) {
        const std::int64_t steps = (now - since).count() / (half_life.count() / 16);
        since += steps * duration{half_life.count() / 16};
        return std::pow(0.5, static_cast<double>(steps) / 16);
    }
};

/// The formulas of docs/design/adaptive-theory.md ("What is normal"), one after the other.
struct plain_model {
    struct share {
        double calls = 0, bad = 0;
    };
    struct cell {
        float calls = 0, bad = 0;
    };

    plain_model(double care_, duration memory, time_point now)
        : care{care_},
          day{memory, now},
          half_hour{std::min<duration>(memory, minutes{30}), now},
          week{7 * memory, now} {
        make_base();
        make_table();
    }

    double care;
    fading day, half_hour, week;
    share slow, quick, held;
    std::array<cell, healthy_model::cell_count> seen{}, held_of{};
    double base = 0, base_of_table = 0;
    int commits = 0;
    std::array<double, healthy_model::cell_count> table{};

    double share() const { return (slow.bad + 0.5) / (slow.calls + 50); }
    double observed() const { return std::min(0.5, share()); }

    void make_base() {
        const double n = slow.calls + 50, p = share(), z = 1.28;
        // Wilson: the larger root x of (p - x)^2 = z^2 x (1 - x) / n.
        const double a = 1 + z * z / n, b = -(2 * p + z * z / n), c = p * p;
        const double bound = (-b + std::sqrt(b * b - 4 * a * c)) / (2 * a);
        double recent = (quick.bad + 1500 * p) / (quick.calls + 1500);
        recent = std::min(recent, std::max(care / 2, 1.25 * bound));
        base = std::min(0.5, std::max({bound, recent, 1e-4}));
    }
    void make_table() {
        const double clusters[] = {0, 0.006, 0.024, 0.045, 0.075, 0.1};
        const double spell_of_128[] = {0, 1, 2.5, 5.5, 11, 22, 64};
        const double spell_of_1024[] = {0, 2, 8, 32, 128};
        const double left[] = {1, 1, 1, 1, 1, 0.75, 0.5};
        for (std::size_t i = 0; i < table.size(); ++i) {
            const std::size_t a = i % 6, b = i / 6 % 7, c = i / 42;
            double near = std::max(base, clusters[a]);
            near = std::max(near, std::min(0.05, 0.5 * spell_of_128[b] / 128));
            near = std::max(near, std::min(0.05, 0.5 * spell_of_1024[c] / 1024));
            if (a > 0) near = std::max(near, table[i - 1]);
            if (b > 0) near = std::max(near, table[i - 6]);
            if (c > 0) near = std::max(near, table[i - 42]);
            near = base + left[b] * (near - base);
            const double value =
                (static_cast<double>(seen[i].bad) + 60 * near) / (static_cast<double>(seen[i].calls) + 60);
            table[i] = std::max(base, std::min(value, 0.9));
        }
        base_of_table = base;
        commits = 0;
    }
    void fade(time_point now) {
        const double by_day = day.pass(now), by_half_hour = half_hour.pass(now), by_week = week.pass(now);
        slow = {slow.calls * by_day, slow.bad * by_day};
        quick = {quick.calls * by_half_hour, quick.bad * by_half_hour};
        const auto factor = static_cast<float>(by_week);
        for (cell& one : seen) one = {one.calls * factor, one.bad * factor};
    }
    bool base_has_moved() const { return std::abs(base / base_of_table - 1) > 0.05; }

    void hold(std::size_t at, std::uint64_t calls, std::uint64_t bad) {
        held = {held.calls + static_cast<double>(calls), held.bad + static_cast<double>(bad)};
        held_of[at].calls += static_cast<float>(calls);
        held_of[at].bad += static_cast<float>(bad);
    }
    void drop() {
        held = {};
        held_of = {};
    }
    void commit(time_point now) {
        fade(now);
        slow = {slow.calls + held.calls, slow.bad + held.bad};
        quick = {quick.calls + held.calls, quick.bad + held.bad};
        for (std::size_t i = 0; i < seen.size(); ++i) {
            seen[i] = {seen[i].calls + held_of[i].calls, seen[i].bad + held_of[i].bad};
        }
        drop();
        make_base();
        ++commits;
        if (commits == 16 || base_has_moved()) make_table();
    }
    void learn(std::size_t at, std::uint64_t calls, time_point now) {
        fade(now);
        slow.calls += static_cast<double>(calls);
        quick.calls += static_cast<double>(calls);
        seen[at].calls += static_cast<float>(calls);
        make_base();
        if (base_has_moved()) make_table();
    }
    void change(double other_care, duration memory) {
        care = other_care;
        day.half_life = memory;
        half_hour.half_life = std::min<duration>(memory, minutes{30});
        week.half_life = 7 * memory;
    }
    std::vector<double> saved() const {
        std::vector<double> out{slow.calls, slow.bad, quick.calls, quick.bad, 0};
        for (std::size_t i = 0; i < seen.size(); ++i) {
            if (seen[i].calls < 1) continue;
            out[4] += 1;
            out.push_back(static_cast<double>(i));
            out.push_back(static_cast<double>(seen[i].calls));
            out.push_back(static_cast<double>(seen[i].bad));
        }
        return out;
    }
    /// What is saved, and comes back so much later.
    void return_after(duration away, time_point now) {
        for (cell& one : seen) {
            if (one.calls < 1) one = {};
        }
        for (fading* one : {&day, &half_hour, &week}) one->since = now - away;
        drop();
        fade(now);
        make_base();
        make_table();
    }
};

std::vector<double> saved(const healthy_model& from) {
    learned out;
    from.save(out);
    return out.numbers;
}

void expect_close(double is, double wanted, double relative) {
    EXPECT_LE(std::abs(is - wanted), relative * std::abs(wanted)) << is << " instead of " << wanted;
}

void expect_same(const healthy_model& is, const plain_model& wanted) {
    expect_close(is.base(), wanted.base, 1e-11);
    expect_close(is.known(), wanted.slow.calls, 1e-11);
    expect_close(is.observed(), wanted.observed(), 1e-11);
    for (std::size_t i = 0; i < healthy_model::cell_count; ++i) expect_close(is.expected(i), wanted.table[i], 1e-6);
    const auto numbers = saved(is), plainly = wanted.saved();
    ASSERT_EQ(numbers.size(), plainly.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) expect_close(numbers[i], plainly[i], 1e-6);
}

/// The model and the formulas through the same life.
struct pair_of_models {
    time_point now{hours{1'000}};
    healthy_model subject;
    plain_model plain;
    std::mt19937_64 random;

    pair_of_models(double care, duration memory, std::uint64_t seed)
        : subject{care, memory, now}, plain{care, memory, now}, random{seed} {}

    void pass(duration span) { now += span; }
    void hold(std::size_t cell, std::uint64_t calls, std::uint64_t bad) {
        subject.hold(cell, calls, bad);
        plain.hold(cell, calls, bad);
    }
    void commit() { subject.commit(now), plain.commit(now); }
    void drop() { subject.drop(), plain.drop(); }
    void learn(std::size_t cell, std::uint64_t calls) {
        subject.learn(cell, calls, now), plain.learn(cell, calls, now);
    }
    void change(double care, duration memory) { subject.change(care, memory), plain.change(care, memory); }
    void return_after(duration away) {
        const std::vector<double> kept = saved(subject);
        number_reader from{kept};
        subject.restore(from, away, now);
        EXPECT_TRUE(from.finished());
        plain.return_after(away, now);
    }

    std::size_t any_cell() { return random() % 3 == 0 ? 0 : random() % healthy_model::cell_count; }
    /// A while of a service's life, in which a share of the calls is bad.
    void live(int steps, double bad, std::uint64_t most_calls, duration longest) {
        for (int i = 0; i < steps; ++i) {
            pass(duration{static_cast<duration::rep>(random() % static_cast<std::uint64_t>(longest.count()))});
            const std::uint64_t calls = 1 + random() % most_calls;
            switch (random() % 10) {
                case 0: drop(); break;
                case 1: learn(any_cell(), calls); break;
                case 2:
                case 3:
                case 4: commit(); break;
                default: hold(any_cell(), calls, std::binomial_distribution<std::uint64_t>{calls, bad}(random));
            }
            expect_same(subject, plain);
            if (::testing::Test::HasFailure()) return;
        }
    }
};

TEST(healthy_model, is_what_its_formulas_say_through_all_shares_of_bad_calls) {
    pair_of_models both{0.1, hours{24}, 1};
    expect_same(both.subject, both.plain);
    for (const double bad : {0.0, 0.001, 0.02, 0.3, 0.9, 0.05, 0.0}) both.live(30, bad, 500, minutes{10});
}

TEST(healthy_model, is_what_its_formulas_say_at_any_care_and_memory) {
    for (const double care : {0.01, 0.3}) {
        for (const duration memory : {duration{minutes{10}}, duration{hours{24 * 7}}}) {
            pair_of_models both{care, memory, 2};
            both.live(30, 0.01, 3'000, minutes{1});
            both.live(30, 0.1, 3'000, minutes{1});
        }
    }
}

TEST(healthy_model, fades_in_steps_of_a_sixteenth_of_a_half_life) {
    pair_of_models both{0.1, hours{24}, 3};
    both.live(30, 0.05, 1'000, seconds{1});
    for (const duration span : {duration{minutes{30}} / 16, duration{hours{24}} / 16, duration{hours{24 * 7}} / 16}) {
        for (const duration step : {span - duration{1}, duration{1}, span, 40 * span}) {
            both.pass(step);
            both.commit();
            expect_same(both.subject, both.plain);
        }
    }
}

TEST(healthy_model, follows_new_aims_from_then_on) {
    pair_of_models both{0.1, hours{24}, 4};
    both.live(20, 0.03, 1'000, minutes{1});
    both.change(0.5, hours{48});
    both.live(20, 0.03, 1'000, hours{2});
    both.change(0.02, minutes{15});
    both.live(20, 0.03, 1'000, minutes{2});
}

TEST(healthy_model, lets_a_short_time_raise_what_is_expected_up_to_half_of_a_new_care) {
    pair_of_models both{0.1, hours{24}, 4};
    both.learn(0, 100'000);
    both.now += hours{10};  // which the short memory does not span
    both.change(0.4, hours{24});
    both.hold(0, 10'000, 3'000);
    both.commit();
    EXPECT_NEAR(both.subject.base(), 0.2, 1e-9);
    expect_same(both.subject, both.plain);
}

TEST(healthy_model, comes_back_as_it_was_and_as_old_as_it_is) {
    pair_of_models both{0.1, hours{24}, 5};
    both.live(40, 0.02, 1'000, minutes{1});
    both.hold(0, 1, 0);
    both.commit();
    for (const duration away : {duration{}, duration{minutes{45}}, duration{hours{100}}}) {
        both.hold(7, 100, 50);  // is not saved
        both.return_after(away);
        expect_same(both.subject, both.plain);
        both.commit();
        expect_same(both.subject, both.plain);
        both.live(20, 0.02, 1'000, minutes{1});
    }
}

TEST(healthy_model, believes_a_cell_once_it_has_seen_it) {
    pair_of_models both{0.1, hours{24}, 6};
    both.hold(cell_at(5, 4, 2), 10'000, 10'000);
    both.commit();
    expect_same(both.subject, both.plain);
    EXPECT_FLOAT_EQ(static_cast<float>(both.subject.expected(cell_at(5, 4, 2))), 0.9F) << "never more";
    EXPECT_GE(both.subject.expected(cell_at(5, 6, 4)), both.subject.base());
}

TEST(healthy_model, makes_its_table_anew_at_every_sixteenth_commit_or_when_the_base_has_moved) {
    pair_of_models both{0.1, hours{24}, 7};
    both.learn(0, 3'000'000);
    const std::size_t cell = cell_at(3, 2, 1);
    both.hold(cell, 60, 0);
    const double before = both.subject.expected(cell);
    for (int commits = 1; commits < 16; ++commits) {
        both.commit();
        ASSERT_EQ(both.subject.expected(cell), before) << commits;
    }
    both.commit();
    EXPECT_LT(both.subject.expected(cell), before);
    expect_same(both.subject, both.plain);
}

TEST(healthy_model, keeps_a_base_between_one_in_ten_thousand_and_a_half) {
    pair_of_models both{0.1, hours{24}, 8};
    both.learn(0, 100'000'000);
    EXPECT_EQ(both.subject.base(), healthy_model::least);
    EXPECT_EQ(healthy_model::least, 1e-4);
    expect_same(both.subject, both.plain);
    both.hold(0, 1'000'000'000, 1'000'000'000);
    both.commit();
    EXPECT_EQ(both.subject.base(), healthy_model::most);
    EXPECT_EQ(both.subject.observed(), healthy_model::most) << "what is refused is not shown";
    EXPECT_EQ(healthy_model::most, 0.5);
    expect_same(both.subject, both.plain);
}

TEST(healthy_model, expects_at_least_what_it_is_told_to) {
    pair_of_models both{0.1, hours{24}, 8};
    both.learn(0, 100'000);
    healthy_model& told = both.subject;
    const double base = told.base();
    const auto cell = std::size_t{40};
    const double expected = told.expected(cell);
    told.expect_at_least(0.1);
    EXPECT_EQ(told.base(), 0.1);
    EXPECT_GE(told.expected(cell), 0.1);
    EXPECT_NEAR(told.expected(0), 0.1, 1e-6);
    EXPECT_LT(told.observed(), 0.01) << "which is what was seen";
    told.expect_at_least(healthy_model::least);
    EXPECT_EQ(told.base(), base);
    EXPECT_NEAR(told.expected(cell), expected, 1e-6);
}

TEST(healthy_model, holds_no_more_calls_of_a_cell_than_it_can_count) {
    healthy_model full{0.1, hours{24}, time_point{}};
    constexpr std::uint64_t room = std::numeric_limits<std::uint32_t>::max() / 2;
    for (const std::uint64_t calls : {room - 1'000'000, std::uint64_t{1} << 40, std::uint64_t{5}})
        full.hold(3, calls, 0);
    full.commit(time_point{});
    const auto numbers = saved(full);
    ASSERT_EQ(numbers.size(), 8U);
    EXPECT_EQ(numbers[6], static_cast<double>(static_cast<float>(room)));
    EXPECT_EQ(numbers[0], static_cast<double>(room - 1'000'000) + std::ldexp(1, 40) + 5) << "all of them are known";
}

// ---- the cells

void pass_good(call_history& past, std::uint32_t calls) {
    while (calls > 0) {
        const std::uint64_t steady = past.steady_for();
        const auto next = steady == 0 ? calls : static_cast<std::uint32_t>(std::min<std::uint64_t>(calls, steady));
        past.pass_good(next);
        calls -= next;
    }
}

std::size_t level(std::uint32_t bad, const std::vector<std::uint32_t>& from) {
    return static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), bad) - from.begin()) - 1;
}

TEST(healthy_model, tells_the_recent_past_by_how_many_of_8_128_and_1024_calls_were_bad) {
    for (const std::uint32_t long_ago : {0U, 1U, 2U, 3U, 4U, 11U, 12U, 15U, 16U, 40U, 63U, 64U, 300U}) {
        for (const std::uint32_t before :
             {0U, 1U, 2U, 3U, 4U, 6U, 7U, 8U, 14U, 15U, 16U, 28U, 31U, 32U, 33U, 63U, 64U, 65U, 100U}) {
            for (std::uint32_t just_now = 0; just_now <= 8; ++just_now) {
                call_history past;
                for (std::uint32_t i = 0; i < long_ago; ++i) past.add_bad();
                pass_good(past, 128);
                for (std::uint32_t i = 0; i < before; ++i) past.add_bad();
                pass_good(past, 8);
                for (std::uint32_t i = 0; i < just_now; ++i) past.add_bad();
                const std::size_t cell =
                    cell_at(level(just_now, {0, 1, 2, 3, 5, 7}), level(just_now + before, {0, 1, 2, 4, 8, 16, 32}),
                            level(just_now + before + long_ago, {0, 1, 4, 16, 64}));
                ASSERT_EQ(healthy_model::cell_of(past), cell) << just_now << ' ' << before << ' ' << long_ago;
            }
        }
    }
}

// ---- records that are none

bool takes_back(const std::vector<double>& numbers) {
    healthy_model one{0.1, hours{24}, time_point{}};
    number_reader from{numbers};
    one.restore(from, duration{}, time_point{});
    return from.finished();
}

TEST(healthy_model, takes_back_no_more_bad_calls_than_calls_and_no_more_calls_than_anybody_makes) {
    EXPECT_TRUE(takes_back({0, 0, 0, 0, 0}));
    EXPECT_TRUE(takes_back({1e15, 1e15, 1e15, 1e15, 1, 209, 1e15, 5}));
    EXPECT_FALSE(takes_back({1e15 + 1, 0, 0, 0, 0}));
    EXPECT_FALSE(takes_back({9, 9.5, 0, 0, 0}));
    EXPECT_FALSE(takes_back({0, 0, 9, 9.5, 0}));
    EXPECT_FALSE(takes_back({0, 0, 0, 0, 1, 210, 1, 1}));
    EXPECT_FALSE(takes_back({0, 0, 0, 0, 1, 0, 1e15 + 1, 0}));
    EXPECT_FALSE(takes_back({0, 0, 0, 0, 1, 0, 9, 9.5}));
    EXPECT_FALSE(takes_back({0, 0, 0, 0, 2, 0, 9, 9}));
}

TEST(healthy_model, knows_after_a_return_only_what_came_back) {
    pair_of_models both{0.1, hours{24}, 9};
    both.live(40, 0.02, 1'000, minutes{1});
    const std::vector<double> nothing(5, 0.0);
    number_reader from{nothing};
    both.subject.restore(from, duration{}, both.now);
    expect_same(both.subject, plain_model{0.1, hours{24}, both.now});
}

}  // namespace
}  // namespace switchgear::adaptive::testing
