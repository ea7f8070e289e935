// What a breaker's own changes mean to its adaptive rule.
#include <gtest/gtest.h>

#include <chrono>

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

}  // namespace
}  // namespace switchgear::detail
