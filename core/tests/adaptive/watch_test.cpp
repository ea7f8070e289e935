// What a breaker's own changes mean to its adaptive rule, and how good calls come there.
#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <vector>

#include <switchgear/detail/atomics.hpp>

#include "adaptive/watch.hpp"

namespace switchgear::detail {
namespace {

constexpr ticks ms = 1'000'000, second = 1'000 * ms;

/// The rule of a breaker that has been well for so long that it knows, at ten calls a second.
struct watched {
    watch<std_atomics> it{plan{settings{.trip = {.adaptive = adaptive_rule{}}}}, 0};
    ticks now = 0;

    watched() { healthy(3'000); }
    void call(std::uint64_t epoch, bool failed) {
        now += 100 * ms;
        it.add(epoch, {.at = time_point{duration{now}}, .took = std::chrono::milliseconds{10}, .failed = failed});
    }
    void healthy(int calls, std::uint64_t epoch = 0) {
        for (int i = 0; i < calls; ++i) call(epoch, false);
    }
    normal_calls normal() {
        snapshot seen;
        it.observe(seen);
        return *seen.normal;
    }
    /// Opens by its own finding.
    void trips(std::uint64_t epoch) {
        for (int i = 0; i < 50 && !it.found(now); ++i) call(epoch, true);
        ASSERT_TRUE(it.found(now));
        it.opened(epoch + 1, now);
    }
};

TEST(adaptive_watch, a_good_first_probe_makes_a_trip_needless) {
    watched w;
    const double before = w.normal().penalty;
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.call(3, false);
    EXPECT_NEAR(w.normal().penalty, before + 1, 0.01);
}

TEST(adaptive_watch, three_failed_probes_make_it_an_outage) {
    watched w;
    const double before = w.normal().penalty;
    w.trips(0);
    for (const std::uint64_t probe : {2U, 4U, 6U}) w.it.probe_failed(probe);
    w.it.probe_succeeded(8, w.now + second, 10 * ms);
    w.it.new_window();
    w.call(9, false);
    EXPECT_LE(w.normal().penalty, before);
}

TEST(adaptive_watch, a_relapse_before_any_call_counted_is_an_outage) {
    watched w;
    const double before = w.normal().penalty;
    w.trips(0);
    w.it.probe_failed(2), w.it.probe_failed(4), w.it.probe_failed(6);
    w.it.opened(9, w.now += second);  // the ramp by evidence relapsed: its calls are none of the rule's business
    w.it.probe_succeeded(10, w.now + second / 2, 10 * ms);
    w.it.new_window();
    w.call(11, false);
    EXPECT_LE(w.normal().penalty, before);
}

TEST(adaptive_watch, what_is_kept_closed_is_no_news_while_it_goes_on) {
    watched w;
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(0, true);
    ASSERT_TRUE(w.it.found(w.now));
    w.it.kept_closed(w.now);
    EXPECT_FALSE(w.it.looks_anew(w.now));
    w.now += 60 * second;
    EXPECT_FALSE(w.it.found(w.now));
    EXPECT_TRUE(w.it.looks_anew(w.now));
    w.now += 60 * second;
    EXPECT_FALSE(w.it.looks_anew(w.now)) << "a minute without a finding: it was over";
}

TEST(adaptive_watch, a_probe_that_stalled_over_the_next_trip_says_nothing_of_it) {
    watched w;
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.healthy(1'000, 3);
    const double before = w.normal().penalty;
    w.trips(3);
    w.it.probe_succeeded(2, w.now, 10 * ms);  // of the trip before
    for (const std::uint64_t probe : {5U, 7U, 9U}) w.it.probe_failed(probe);
    w.it.probe_succeeded(11, w.now + second, 10 * ms);
    w.it.new_window();
    w.call(12, false);
    EXPECT_LE(w.normal().penalty, before);
}

TEST(adaptive_watch, what_an_order_ended_is_not_judged_by_the_probes_of_an_earlier_trip) {
    watched w;
    w.trips(0);
    w.it.probe_succeeded(2, w.now + second, 10 * ms);
    w.it.new_window();
    w.healthy(1'000, 3);
    const normal_calls before = w.normal();
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(3, true);
    w.it.new_window();  // by an order: nobody has probed
    w.call(4, false);
    EXPECT_LE(w.normal().penalty, before.penalty);
    EXPECT_LE(w.normal().failure_share, before.failure_share);
}

TEST(adaptive_watch, a_finding_goes_with_its_window) {
    watched w;
    for (int i = 0; i < 50 && !w.it.found(w.now); ++i) w.call(0, true);
    ASSERT_TRUE(w.it.found(w.now));
    w.it.new_window();
    EXPECT_FALSE(w.it.found(w.now));
}

using adaptive::finished;

void take(good_calls<std_atomics>& from, std::uint64_t epoch, std::vector<finished>& into) {
    from.take_all(epoch, [&](std::span<const finished> some) { into.insert(into.end(), some.begin(), some.end()); });
}

TEST(good_calls, of_a_later_epoch_wait_for_who_asks_for_it) {
    good_calls<std_atomics> calls;
    calls.keep(5, 10, 1);
    std::vector<finished> taken;
    take(calls, 3, taken);  // looked before an order came
    EXPECT_TRUE(taken.empty());
    take(calls, 5, taken);
    EXPECT_EQ(taken.size(), 1U);
    take(calls, 5, taken);
    EXPECT_EQ(taken.size(), 1U) << "once";
}

TEST(good_calls, of_an_earlier_epoch_are_forgotten) {
    good_calls<std_atomics> calls;
    std::vector<finished> taken;
    calls.keep(3, 10, 1);
    take(calls, 5, taken);
    calls.keep(5, 20, 1);
    calls.keep(3, 30, 1);  // late
    take(calls, 3, taken);
    EXPECT_TRUE(taken.empty());
    take(calls, 5, taken);
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken.front().at, time_point{duration{20}});
}

TEST(good_calls, of_the_first_epoch_follow_those_of_the_last_one) {
    good_calls<std_atomics> calls;
    std::vector<finished> taken;
    calls.keep((std::uint64_t{1} << 40) - 1, 10, 1);
    calls.keep(0, 20, 1);
    take(calls, 0, taken);
    EXPECT_EQ(taken.size(), 1U);
}

TEST(good_calls, are_forgotten_when_asked) {
    good_calls<std_atomics> calls;
    std::vector<finished> taken;
    calls.keep(1, 10, 1);
    calls.forget();
    take(calls, 1, taken);
    EXPECT_TRUE(taken.empty());
}

TEST(good_calls, are_to_be_taken_in_when_256_or_five_milliseconds_have_come_together) {
    good_calls<std_atomics> many, slow;
    for (ticks i = 1; i < 256; ++i) EXPECT_FALSE(many.keep(1, i, 1));
    EXPECT_TRUE(many.keep(1, 256, 1));
    EXPECT_FALSE(slow.keep(1, 0, 1));
    EXPECT_FALSE(slow.keep(1, 5 * ms - 1, 1));
    EXPECT_TRUE(slow.keep(1, 5 * ms, 1));
}

}  // namespace
}  // namespace switchgear::detail
