// A service that comes back slower than it was: the adaptive rule leaves it to the ramp by evidence.
#include <array>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings adaptive_with_ramp(ramp_by by) {
    settings s;
    s.trip = no_rules();
    s.trip.adaptive = adaptive_rule{};
    s.recovery = {.open_for = 1s, .jitter = 0, .ramp = ramp_rule{.over = 10s, .by = by}};
    return s;
}

/// Ten calls a second that take 10 ms, then an outage of several failed probes.
void fall_ill(bench& b) {
    for (int i = 0; i < 5'000; ++i) b.take(10ms), b.advance(90ms);
    while (b.it.observe().current == state::closed) b.fail(), b.advance(100ms);
    for (int i = 0; i < 4; ++i) b.wait_for_pause(), b.probe().failure();
    b.wait_for_pause();
}

/// A call a tenth of a second, if it is let in, that takes five times as long as in health.
/// Returns: whether the breaker opened within that time.
bool opens_while_slow(bench& b, duration within) {
    for (const auto until = b.clock.now() + within; b.clock.now() < until; b.advance(50ms)) {
        if (auto p = b.it.try_acquire()) {
            b.advance(50ms);
            p->overdue();
            p->success();
        }
        if (b.it.observe().current == state::open) return true;
    }
    return false;
}

TEST(adaptive_recovery, a_cold_service_is_not_shut_on_a_ramp_by_evidence_for_being_slow) {
    auto b = bench_of(adaptive_with_ramp(ramp_by::evidence));
    fall_ill(b);
    EXPECT_FALSE(opens_while_slow(b, 20s));
    b.expect_closed();
}

TEST(adaptive_recovery, one_that_stays_slow_is_shut_half_a_minute_after_the_ramp) {
    auto b = bench_of(adaptive_with_ramp(ramp_by::evidence));
    fall_ill(b);
    EXPECT_TRUE(opens_while_slow(b, 60s));
    EXPECT_EQ(b.log.last().cause, cause::adaptive);
    EXPECT_GT(b.log.last().evidence.slow, 0U);
}

TEST(adaptive_recovery, on_a_ramp_by_time_slow_calls_count) {
    auto b = bench_of(adaptive_with_ramp(ramp_by::time));
    fall_ill(b);
    EXPECT_TRUE(opens_while_slow(b, 10s));
}

TEST(adaptive_recovery, a_trip_whose_ramp_by_evidence_relapsed_was_no_needless_one) {
    std::array<double, 2> penalty{};
    for (const bool relapses : {false, true}) {
        auto b = bench_of(adaptive_with_ramp(ramp_by::evidence));
        for (int i = 0; i < 5'000; ++i) b.take(10ms), b.advance(90ms);
        while (b.state() == state::closed) b.fail(), b.advance(100ms);
        const auto probe_well = [&b] {
            permit probe = b.probe();
            b.advance(10ms);
            probe.success();
            b.expect_half_open();
        };
        probe_well();
        if (relapses) {
            while (b.state() == state::half_open) b.advance(1s), b.fail();
            probe_well();
        }
        for (int i = 0; i < 30; ++i) b.advance(1s), b.take(10ms);
        b.expect_closed();
        penalty[relapses ? 1 : 0] = b.now().normal->penalty;
    }
    EXPECT_LT(penalty[1] + 0.5, penalty[0]);
}

TEST(adaptive_recovery, failures_right_after_a_ramp_by_evidence_trip) {
    auto b = bench_of(adaptive_with_ramp(ramp_by::evidence));
    fall_ill(b);
    EXPECT_FALSE(opens_while_slow(b, 20s));
    b.expect_closed();
    int failed = 0;
    while (b.it.observe().current == state::closed && failed < 100) b.fail(), b.advance(100ms), ++failed;
    EXPECT_LE(failed, 10);
}

}  // namespace
}  // namespace switchgear::rules
