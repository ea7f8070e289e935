// Learned pacing: how long the pauses are, and what of it is kept.
#include <cmath>
#include <string>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings learning(double price = 5) {
    return {.trip = {.consecutive_failures = 3, .failure_ratio = {}},
            .recovery = {.pacing = pacing::learned, .probe_price = price}};
}

/// Ten good calls a second for so long.
void be_healthy(bench& b, duration lasts = 1h) {
    const auto calls = lasts / 100ms;
    for (int i = 0; i < calls; ++i) b.advance(100ms), b.succeed();
}

double pause_of(const bench& b) { return std::chrono::duration<double>(b.retry_after()).count(); }
void fail_a_probe(bench& b) { b.probe().failure(); }

TEST(learned_pacing, probes_soon_after_the_trip) {
    auto b = bench_of(learning());
    be_healthy(b);
    b.fail(3);
    b.expect_open();
    EXPECT_EQ(b.retry_after(), 300ms);
}

TEST(learned_pacing, waits_longer_the_longer_the_outage_has_lasted) {
    auto b = bench_of(learning());
    be_healthy(b);
    b.fail(3);
    double age = 0;
    for (int probes = 0; probes < 20; ++probes) {
        age += pause_of(b);
        fail_a_probe(b);
        // sqrt(2 * price * (1.70 * median + age) / (1.5 * rate))
        EXPECT_NEAR(pause_of(b), std::sqrt(2 * 5 * (1.7024 * 30 + age) / 15), 0.02) << age;
        EXPECT_EQ(b.now().attempt, static_cast<unsigned>(probes + 2));
    }
    EXPECT_GT(age, 100);
}

TEST(learned_pacing, waits_longer_the_dearer_a_failed_probe) {
    auto cheap = bench_of(learning(1)), dear = bench_of(learning(100));
    for (bench* b : {&cheap, &dear}) {
        be_healthy(*b);
        b->fail(3);
        fail_a_probe(*b);
    }
    EXPECT_NEAR(pause_of(dear), 10 * pause_of(cheap), 0.1);
}

TEST(learned_pacing, is_capped_and_goes_neither_by_open_for_nor_by_backoff) {
    settings s = learning(1e6);
    s.recovery.open_for = 7s;
    s.recovery.max_open_for = 20s;
    s.recovery.jitter = 0;
    auto b = bench_of(s);
    b.fail(3);
    EXPECT_EQ(b.retry_after(), 300ms);
    fail_a_probe(b);
    EXPECT_EQ(b.retry_after(), 20s);
    s.recovery.max_open_for = 50ms;
    s.recovery.open_for = 10ms;
    b.it.apply(s);
    fail_a_probe(b);
    EXPECT_EQ(b.retry_after(), 50ms);
}

TEST(learned_pacing, gives_way_to_a_servers_retry_after) {
    auto b = bench_of(learning());
    be_healthy(b);
    b.settle(verdict::trip(40s));
    EXPECT_EQ(b.retry_after(), 40s);
    b.probe().settle(verdict::failure(failure_class::overloaded, 25s));
    EXPECT_EQ(b.retry_after(), 25s);
    fail_a_probe(b);
    EXPECT_LT(b.retry_after(), 11s);
    ASSERT_GT(b.retry_after(), 1s);
    b.probe().settle(verdict::failure(failure_class::overloaded, 1s));  // shorter than what was learned
    EXPECT_EQ(b.retry_after(), 1s);
    b.probe().settle(verdict::failure(failure_class::overloaded, 1ms));
    EXPECT_EQ(b.retry_after(), 100ms);                                   // no probe comes sooner after another
    b.probe().settle(verdict::failure(failure_class::overloaded, 0ms));  // no wish
    EXPECT_GT(b.retry_after(), 1s);
}

TEST(learned_pacing, is_spread_by_the_jitter_from_the_seed) {
    settings s = learning();
    s.recovery.jitter = 0.25;
    s.recovery.jitter_seed = 7;
    bench one{s}, same{s};
    s.recovery.jitter_seed = 8;
    bench other{s};
    for (bench* b : {&one, &same, &other}) b->fail(3), fail_a_probe(*b);
    EXPECT_EQ(one.retry_after(), same.retry_after());
    EXPECT_NE(one.retry_after(), other.retry_after());
    // Three failures in an instant are taken for four calls a second.
    const double exact = std::sqrt(2 * 5 * 1.7024 * 30 / (1.5 * 4));
    EXPECT_NEAR(pause_of(one), exact, 0.26 * exact);
}

TEST(learned_pacing, follows_how_long_outages_last) {
    auto b = bench_of(learning());
    EXPECT_EQ(b.now().learned.median_outage, 0ns);
    for (int outages = 0; outages < 30; ++outages) {
        b.fail(3);
        b.probe().success();  // after 0.3 s
        b.expect_closed();
        be_healthy(b, 1min);
    }
    EXPECT_NEAR(std::chrono::duration<double>(b.now().learned.median_outage).count(), 0.3, 0.1);
}

TEST(learned_pacing, takes_an_outage_to_last_until_the_first_good_probe_and_over_a_relapse) {
    settings s = learning();
    s.recovery.ramp = ramp_rule{.over = 1h};
    auto b = bench_of(s);
    const auto median = [&] { return std::chrono::duration<double>(b.now().learned.median_outage).count(); };
    b.fail(3);
    b.probe().success();  // after 0.3 s, and an hour of ramp
    b.advance(1h);
    b.succeed();
    b.expect_closed();
    EXPECT_NEAR(median(), 30 * std::exp(-2), 0.05);

    b.fail(3);
    b.probe().success();
    b.advance(40s);
    while (b.state() == state::half_open) {
        if (auto p = b.it.try_acquire()) (*p).failure();
    }
    b.probe().success();
    b.advance(1h);
    b.succeed();
    b.expect_closed();
    EXPECT_NEAR(median(), 30 * std::exp(-1), 0.1);  // 40 s, of which only a step is taken
}

TEST(learned_pacing, learns_the_rate_of_good_calls_where_there_is_no_clock_to_read) {
    auto b = bench_of(learning());
    be_healthy(b, 2h);
    b.fail(3);
    EXPECT_NEAR(b.now().learned.calls_per_second, 10, 0.05);
    b.probe().success();
    for (int i = 0; i < 3'600; ++i) b.advance(1s), b.succeed();
    b.fail(3);
    EXPECT_NEAR(b.now().learned.calls_per_second, 4'200.0 / 3'660, 0.02);
}

TEST(learned_pacing, is_not_taught_by_orders) {
    auto b = bench_of(learning());
    be_healthy(b, 1min);
    b.it.trip(by("alice"), 10min);
    b.it.force_closed(by("alice"));
    b.it.lift_override(by("alice"));
    EXPECT_EQ(b.now().learned.median_outage, 0ns);
}

TEST(learned_pacing, is_forgotten_by_a_reset) {
    for (const bool while_open : {true, false}) {
        auto b = bench_of(learning());
        be_healthy(b, 1min);
        b.fail(3);
        b.probe().success();
        if (while_open) b.fail(3);
        EXPECT_GT(b.now().learned.calls_per_second, 0);
        b.it.reset(by("alice"));
        b.expect_closed();
        EXPECT_EQ(b.now().learned.calls_per_second, 0);
        EXPECT_EQ(b.now().learned.median_outage, 0ns);
    }
}

TEST(learned_pacing, is_kept_by_a_reload) {
    auto b = bench_of(learning());
    be_healthy(b, 1min);
    b.fail(3);
    b.probe().success();
    const snapshot before = b.now();
    settings s = learning(50);
    s.trip.window = last_calls{10};
    s.trip.minimum_calls = 5;
    b.it.apply(s);
    EXPECT_EQ(b.now().learned.median_outage, before.learned.median_outage);
    EXPECT_EQ(b.now().learned.calls_per_second, before.learned.calls_per_second);
}

TEST(learned_pacing, comes_back_from_a_record_with_the_age_of_the_outage) {
    auto b = bench_of(learning());
    be_healthy(b);
    b.fail(3);
    for (int probes = 0; probes < 10; ++probes) fail_a_probe(b);
    auto again = bench_of(learning());
    ASSERT_TRUE(again.it.restore(b.it.save(), 1s));
    EXPECT_EQ(again.retry_after(), b.retry_after() - 1s);
    EXPECT_NEAR(again.now().learned.calls_per_second, 10, 0.1);
    fail_a_probe(b), fail_a_probe(again);
    EXPECT_NEAR(pause_of(again), pause_of(b), 0.01);
}

TEST(learned_pacing, comes_back_from_the_record_of_a_closed_breaker) {
    auto b = bench_of(learning());
    be_healthy(b, 1min);
    b.fail(3);
    b.probe().success();
    auto again = bench_of(learning());
    const std::size_t told = again.log.size();
    ASSERT_TRUE(again.it.restore(b.it.save()));
    again.expect_closed();
    EXPECT_EQ(again.log.size(), told);
    EXPECT_EQ(again.now().learned.median_outage, b.now().learned.median_outage);
    // A record without lessons takes none away.
    ASSERT_TRUE(again.it.restore(bench_of().it.save()));
    EXPECT_EQ(again.now().learned.median_outage, b.now().learned.median_outage);
}

TEST(learned_pacing, adds_nothing_to_the_record_where_pauses_are_fixed) {
    auto b = bench_of({.trip = {.consecutive_failures = 3}});
    be_healthy(b, 1min);
    b.fail(3);
    EXPECT_EQ(b.it.save().find("call_gap"), std::string::npos);
    EXPECT_EQ(b.it.save().find("outage_age"), std::string::npos);
    EXPECT_EQ(b.retry_after(), 5s);
}

TEST(learned_pacing, that_was_given_up_is_in_no_record) {
    auto b = bench_of(learning());
    be_healthy(b);
    b.fail(3);
    fail_a_probe(b);
    b.advance(100ms);
    const std::string with_it = b.it.save();
    EXPECT_NE(with_it.find("call_gap"), std::string::npos);
    EXPECT_NE(with_it.find("outage_age"), std::string::npos);
    settings fixed = learning();
    fixed.recovery.pacing = pacing::fixed;
    b.it.apply(fixed);
    const std::string without = b.it.save();
    EXPECT_EQ(without.find("call_gap"), std::string::npos);
    EXPECT_EQ(without.find("outage_age"), std::string::npos);
}

TEST(learned_pacing, leaves_an_operators_pause_and_health_checks_alone) {
    auto b = bench_of(learning());
    b.it.trip(by("alice"), 42s);
    EXPECT_EQ(b.retry_after(), 42s);
    b.it.extend_pause(1min);
    EXPECT_EQ(b.retry_after(), 1min);
    b.it.end_pause();
    EXPECT_TRUE(b.now().probe_due);
}

TEST(learned_pacing, of_an_absurd_price_is_refused) {
    for (const double price : {0.0, -1.0, 1e7, std::nan("")}) {
        const auto found = validate(learning(price));
        ASSERT_EQ(found.size(), 1U) << price;
        EXPECT_EQ(found[0].field, "recovery.probe_price");
        EXPECT_NE(found[0].message.find("must be within [0.001, 1e+06]"), std::string::npos) << found[0].message;
    }
    settings s;
    s.recovery.pacing = static_cast<pacing>(9);
    s.recovery.ramp = ramp_rule{.by = static_cast<ramp_by>(9)};
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], (violation{"recovery.pacing", "9: must be fixed or learned"}));
    EXPECT_EQ(found[1], (violation{"recovery.ramp.by", "9: must be time or evidence"}));
}

}  // namespace
}  // namespace switchgear::rules
