// How long a call normally takes at most: the histogram beside one written plainly, and what it keeps.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "adaptive/latency_limit.hpp"

namespace switchgear::adaptive::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr duration longest = duration::max();

/// A bin of a histogram with sixteen to an octave from 1,024 ns on, by its definition: the last one that begins no
/// later than this.
std::size_t bin_for(duration took) {
    static const std::vector<double> begins = [] {
        std::vector<double> all;
        for (int octave = 0; octave < 32; ++octave) {
            for (int part = 0; part < 16; ++part) all.push_back(std::ldexp((16.0 + part) / 16, 10 + octave));
        }
        return all;
    }();
    const auto next = std::upper_bound(begins.begin() + 1, begins.end(), static_cast<double>(took.count()));
    return static_cast<std::size_t>(next - begins.begin()) - 1;
}
duration end_of(std::size_t bin) {
    return duration{static_cast<duration::rep>(
        std::ldexp(static_cast<double>(17 + bin % 16) / 16, 10 + static_cast<int>(bin / 16)))};
}

/// What docs/design/adaptive-theory.md says under "Latency".
struct plain_limit {
    std::optional<duration> deadline;
    time_point since;
    std::map<std::size_t, float> learned_bins{};
    std::map<std::size_t, std::uint32_t> pending{};
    double calls = 0, since_fading = 0;

    void add(duration took) { ++pending[bin_for(took)]; }
    std::uint32_t pending_calls() const {
        std::uint32_t sum = 0;
        for (const auto& [bin, count] : pending) sum += count;
        return sum;
    }
    bool wants_learning() const { return pending_calls() >= (calls < 3'000 ? 128 : 512); }
    bool learn(time_point now) {
        const bool before = calls >= 100;
        calls += pending_calls();
        since_fading += pending_calls();
        for (const auto& [bin, count] : pending) learned_bins[bin] += static_cast<float>(count);
        pending.clear();
        const duration step = duration{minutes{15}} / 16;
        if (now - since >= step && since_fading >= 3'000.0 / 16) {
            const std::int64_t steps = (now - since) / step;
            since += steps * step;
            const double by_time = std::pow(0.5, static_cast<double>(steps) / 16);
            const double factor = std::max(by_time, std::pow(0.5, since_fading / 3'000));
            for (auto& [bin, count] : learned_bins) count *= static_cast<float>(factor);
            calls *= factor;
            since_fading = 0;
        }
        return !before && calls >= 100;
    }
    duration quantile(double share) const {
        double sum = 0;
        for (const auto& [bin, count] : learned_bins) {
            sum += static_cast<double>(count);
            if (sum >= share * calls) return end_of(bin);
        }
        ADD_FAILURE() << "no bin holds that share";
        return {};
    }
    bool hides_what_is_slow() const { return calls >= 100 && quantile(0.99) > 4 * quantile(0.5); }
    std::optional<duration> learned_limit() const {
        if (calls < 100) return {};
        if (hides_what_is_slow()) return std::max(quantile(0.9), 3 * quantile(0.5));
        return std::max(quantile(0.99), 2 * quantile(0.5));
    }
    std::optional<duration> limit() const {
        if (!deadline || !learned_limit()) return deadline ? deadline : learned_limit();
        return std::min(*deadline, *learned_limit());
    }
    double least_normal() const { return hides_what_is_slow() && limit() == learned_limit() ? 0.1 : 0.0001; }
    std::vector<double> saved() const {
        std::vector<double> out{0};
        for (const auto& [bin, count] : learned_bins) {
            if (count <= 0) continue;
            ++out[0];
            out.push_back(static_cast<double>(bin));
            out.push_back(static_cast<double>(count));
        }
        return out;
    }
    void return_at(time_point now) {
        pending.clear();
        calls = 0;
        for (const auto& [bin, count] : learned_bins) calls += static_cast<double>(count);
        since_fading = 0;
        since = now;
    }
};

std::vector<double> saved(const latency_limit& from) {
    learned out;
    from.save(out);
    return out.numbers;
}

bool takes_back(latency_limit& one, const std::vector<double>& numbers, time_point now = time_point{}) {
    number_reader from{numbers};
    one.restore(from, now);
    return from.finished();
}

/// The limit and its definition through the same life.
struct pair_of_limits {
    time_point now{std::chrono::hours{1'000}};
    latency_limit subject;
    plain_limit plain;
    std::mt19937_64 random;

    explicit pair_of_limits(std::uint64_t seed, std::optional<duration> deadline = {})
        : subject{deadline, now}, plain{deadline, now}, random{seed} {}

    void expect_same() {
        EXPECT_EQ(subject.known(), plain.limit());
        EXPECT_EQ(subject.limit(), plain.limit().value_or(longest).count());
        EXPECT_EQ(subject.least_normal(), plain.least_normal());
        EXPECT_EQ(subject.wants_learning(), plain.wants_learning());
        const auto numbers = saved(subject), plainly = plain.saved();
        ASSERT_EQ(numbers.size(), plainly.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_NEAR(numbers[i], plainly[i], 1e-6 * plainly[i]);
    }
    void add(duration took) { subject.add(took), plain.add(took); }
    void learn() { EXPECT_EQ(subject.learn(now), plain.learn(now)); }
    void drop() { subject.drop(), plain.pending.clear(); }
    void return_now() {
        const std::vector<double> kept = saved(subject);
        EXPECT_TRUE(takes_back(subject, kept, now));
        plain.return_at(now);
    }
    void add_some(int calls, duration median, double spread) {
        std::lognormal_distribution<double> of{std::log(static_cast<double>(median.count())), spread};
        for (int i = 0; i < calls; ++i) add(duration{static_cast<duration::rep>(std::min(of(random), 1e18))});
    }
    void live(int batches, duration median, double spread, duration longest_batch) {
        for (int i = 0; i < batches; ++i) {
            now += duration{static_cast<duration::rep>(random() % static_cast<std::uint64_t>(longest_batch.count()))};
            add_some(static_cast<int>(random() % 700), median, spread);
            expect_same();
            random() % 8 == 0 ? drop() : learn();
            expect_same();
            if (::testing::Test::HasFailure()) return;
        }
    }
};

TEST(latency_limit, is_what_its_formulas_say_from_nanoseconds_to_hours) {
    for (const duration median : {duration{100}, duration{microseconds{3}}, duration{milliseconds{20}},
                                  duration{seconds{3}}, duration{std::chrono::hours{1}}}) {
        for (const double spread : {0.1, 2.0}) {
            pair_of_limits both{1};
            both.live(12, median, spread, seconds{40});
        }
    }
}

TEST(latency_limit, is_what_its_formulas_say_in_thin_traffic_and_after_long_pauses) {
    pair_of_limits both{2};
    both.live(30, milliseconds{5}, 0.7, minutes{4});
    both.live(10, milliseconds{50}, 0.3, std::chrono::hours{10});
}

TEST(latency_limit, is_remembered_by_calls_where_they_are_few) {
    pair_of_limits both{3};
    both.add_some(1'000, milliseconds{20}, 0.5);
    both.learn();
    for (int hours = 0; hours < 40; ++hours) {
        both.now += std::chrono::hours{1};
        both.add_some(25, milliseconds{20}, 0.5);
        both.learn();
        both.expect_same();
    }
    double sum = 0;
    const auto kept = saved(both.subject);
    for (std::size_t i = 2; i < kept.size(); i += 2) sum += kept[i];
    EXPECT_GT(sum, 1'500);
}

TEST(latency_limit, follows_a_deadline_that_comes_and_goes) {
    pair_of_limits both{4, milliseconds{30}};
    both.expect_same();
    both.live(6, milliseconds{20}, 0.5, seconds{1});
    for (const std::optional<duration>& deadline :
         {std::optional<duration>{milliseconds{10}}, std::optional<duration>{}, std::optional<duration>{seconds{1}}}) {
        both.subject.change(deadline);
        both.plain.deadline = deadline;
        both.expect_same();
    }
}

TEST(latency_limit, comes_back_as_it_was_and_fades_on_from_then) {
    pair_of_limits both{5};
    both.live(10, milliseconds{20}, 0.5, seconds{40});
    both.add_some(100, seconds{2}, 0.1);
    both.now += seconds{200};
    both.return_now();
    both.expect_same();
    both.live(10, milliseconds{20}, 0.5, seconds{20});
}

TEST(latency_limit, knows_after_a_return_only_what_came_back) {
    pair_of_limits both{6};
    both.live(10, milliseconds{20}, 0.5, seconds{40});
    ASSERT_TRUE(takes_back(both.subject, {0}, both.now));
    EXPECT_EQ(both.subject.known(), std::nullopt);
    EXPECT_EQ(saved(both.subject), std::vector<double>{0});
    ASSERT_TRUE(takes_back(both.subject, {1, 100, 100}, both.now));
    EXPECT_EQ(both.subject.known(), 2 * end_of(100));
    both.subject.learn(both.now);
    EXPECT_EQ(saved(both.subject), (std::vector<double>{1, 100, 100}));
}

TEST(latency_limit, counts_after_a_return_from_what_came_back) {
    latency_limit one{{}, time_point{}};
    ASSERT_TRUE(takes_back(one, {1, 100, 99}));
    EXPECT_EQ(one.known(), std::nullopt);
    ASSERT_TRUE(takes_back(one, {1, 100, 100}));
    EXPECT_NE(one.known(), std::nullopt);
}

TEST(latency_limit, fades_after_a_return_by_the_calls_since_then) {
    pair_of_limits both{9};
    both.add_some(4'000, milliseconds{20}, 0.1);
    both.learn();
    both.return_now();
    both.now += std::chrono::hours{1};
    both.add_some(186, milliseconds{20}, 0.1);
    both.learn();
    both.expect_same();
    both.now += std::chrono::hours{1};
    both.add_some(2, milliseconds{20}, 0.1);
    both.learn();
    both.expect_same();
}

TEST(latency_limit, is_learned_by_128_calls_and_by_512_once_it_knows_3000) {
    const auto is_wanted_after = [](double known) {
        latency_limit one{{}, time_point{}};
        EXPECT_TRUE(takes_back(one, {1, 100, known}));
        int calls = 0;
        while (!one.wants_learning()) one.add(milliseconds{20}), ++calls;
        return calls;
    };
    EXPECT_EQ(is_wanted_after(0), 128);
    EXPECT_EQ(is_wanted_after(2'999), 128);
    EXPECT_EQ(is_wanted_after(3'000), 512);
}

TEST(latency_limit, has_sixteen_bins_an_octave_from_a_microsecond_to_an_hour) {
    std::vector<duration::rep> edges{-5, 0, 1, 1'000, std::numeric_limits<duration::rep>::max()};
    for (std::size_t bin = 0; bin < 512; ++bin) {
        edges.push_back(end_of(bin).count() - 1);
        edges.push_back(end_of(bin).count());
    }
    for (const duration::rep took : edges) {
        latency_limit one{{}, time_point{}};
        for (int i = 0; i < 100; ++i) one.add(duration{took});
        one.learn(time_point{});
        const std::size_t bin = bin_for(duration{took});
        ASSERT_EQ(saved(one), (std::vector<double>{1, static_cast<double>(bin), 100})) << took;
        ASSERT_EQ(one.known(), 2 * end_of(bin)) << took;
    }
}

TEST(latency_limit, is_first_known_of_a_hundred_calls) {
    latency_limit one{{}, time_point{}};
    for (int i = 0; i < 99; ++i) one.add(milliseconds{20});
    EXPECT_FALSE(one.learn(time_point{}));
    EXPECT_EQ(one.known(), std::nullopt);
    one.add(milliseconds{20});
    EXPECT_TRUE(one.learn(time_point{}));
    EXPECT_NE(one.known(), std::nullopt);
    one.add(milliseconds{20});
    EXPECT_FALSE(one.learn(time_point{})) << "only once";
}

TEST(latency_limit, is_of_what_just_half_and_just_99_of_a_hundred_stay_below) {
    const auto of = [](int quick, int slow, duration slow_ones) {
        latency_limit one{{}, time_point{}};
        for (int i = 0; i < quick; ++i) one.add(milliseconds{20});
        for (int i = 0; i < slow; ++i) one.add(slow_ones);
        one.learn(time_point{});
        return *one.known();
    };
    const duration quick = end_of(bin_for(milliseconds{20})), slow = end_of(bin_for(milliseconds{30}));
    EXPECT_EQ(of(100, 100, milliseconds{30}), 2 * quick);
    EXPECT_EQ(of(99, 101, milliseconds{30}), 2 * slow);
    EXPECT_EQ(of(198, 2, milliseconds{60}), 2 * quick);
    EXPECT_EQ(of(197, 3, milliseconds{60}), end_of(bin_for(milliseconds{60})));
}

TEST(latency_limit, of_calls_that_spread_widely_is_what_just_90_of_a_hundred_stay_below_or_three_medians) {
    const auto quick =
        static_cast<double>(bin_for(milliseconds{20}));  // an octave is 16 bins: 32 on is four times that
    const auto of = [&](double quick_ones, double slow_ones, double slow_bins) {
        latency_limit one{{}, time_point{}};
        EXPECT_TRUE(takes_back(one, {2, quick, quick_ones, quick + slow_bins, slow_ones}));
        return std::pair{*one.known(), one.least_normal()};
    };
    const auto is = [&](duration limit, double least_normal) { return std::pair{limit, least_normal}; };
    const duration median = end_of(bin_for(milliseconds{20}));
    EXPECT_EQ(of(197, 3, 32), is(4 * median, 0.0001)) << "just four medians do not hide it";
    EXPECT_EQ(of(197, 3, 33), is(3 * median, 0.1));
    EXPECT_EQ(of(198, 2, 33), is(2 * median, 0.0001)) << "nobody sees these";
    EXPECT_EQ(of(180, 20, 48), is(3 * median, 0.1));
    EXPECT_EQ(of(179, 21, 48), is(8 * median, 0.1));
}

TEST(latency_limit, that_is_a_deadline_has_no_least_normal) {
    latency_limit one{milliseconds{50}, time_point{}};
    const auto quick = static_cast<double>(bin_for(milliseconds{20}));
    ASSERT_TRUE(takes_back(one, {2, quick, 190, quick + 48, 10}));
    EXPECT_EQ(one.known(), milliseconds{50});
    EXPECT_EQ(one.least_normal(), 0.0001);
    one.change(3 * end_of(bin_for(milliseconds{20})));
    EXPECT_EQ(one.least_normal(), 0.1) << "what was learned is no longer than it";
    one.change({});
    EXPECT_EQ(one.least_normal(), 0.1);
    ASSERT_TRUE(takes_back(one, {0}));
    EXPECT_EQ(one.least_normal(), 0.0001);
}

TEST(latency_limit, of_calls_that_are_nearly_all_alike_is_twice_as_long_as_they_are) {
    latency_limit one{{}, time_point{}};
    ASSERT_TRUE(takes_back(one, {2, 200, 3e7, 210, 1}));
    EXPECT_EQ(one.known(), 2 * end_of(200));
}

TEST(latency_limit, takes_back_nothing_that_it_could_not_have_kept) {
    latency_limit one{{}, time_point{}};
    EXPECT_TRUE(takes_back(one, {1, 511, 1e15}));
    EXPECT_TRUE(takes_back(one, {1, 0, 0}));
    EXPECT_FALSE(takes_back(one, {1, 511, 1e15 + 1}));
    EXPECT_FALSE(takes_back(one, {1, 512, 1}));
    EXPECT_FALSE(takes_back(one, {1, 5, -1}));
    EXPECT_FALSE(takes_back(one, {2, 5, 1}));
    EXPECT_FALSE(takes_back(one, {0, 5, 1}));
}

}  // namespace
}  // namespace switchgear::adaptive::testing
