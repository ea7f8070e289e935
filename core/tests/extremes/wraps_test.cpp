// Every counter at its width: crossed for real where a test can, else from a preset past.
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/breaker.hpp>

#include "preset.hpp"

namespace switchgear::extremes {
namespace {

constexpr auto always = [] { return true; };  // the epoch is on

using namespace std::chrono_literals;

constexpr std::uint64_t two_to_the(unsigned n) { return std::uint64_t{1} << n; }

settings no_rules() { return {.trip = {.consecutive_failures = {}, .failure_ratio = {}}, .recovery = {.jitter = 0}}; }

// ---- calls in a window

settings ratio_of_43_in_two_to_the_32() {
    settings s = no_rules();
    s.trip.failure_ratio = 43.0 / static_cast<double>(two_to_the(32));
    s.trip.window = last{1h};
    return s;
}

TEST(two_to_the_32_calls, in_a_window_of_time_are_a_denominator_like_any_other) {
    subject s{ratio_of_43_in_two_to_the_32(), two_to_the(32) - 100};
    for (int i = 0; i < 42; ++i) s.settle(verdict::failure());
    for (int i = 0; i < 57; ++i) s.settle(verdict::success());
    EXPECT_EQ(s.now().window.calls, two_to_the(32) - 1);
    EXPECT_EQ(s.now().current, state::closed);
    s.settle(verdict::failure());
    EXPECT_EQ(s.now().current, state::open) << "43 of 2^32 is at the threshold";
    EXPECT_EQ(s.events.heard.back().evidence.calls, two_to_the(32));
    EXPECT_EQ(s.now().totals.successes, two_to_the(32) - 43);
}

TEST(two_to_the_32_calls, and_one_are_below_the_threshold) {
    subject s{ratio_of_43_in_two_to_the_32(), two_to_the(32) - 100};
    for (int i = 0; i < 42; ++i) s.settle(verdict::failure());
    for (int i = 0; i < 58; ++i) s.settle(verdict::success());
    EXPECT_EQ(s.now().window.calls, two_to_the(32));
    s.settle(verdict::failure());
    EXPECT_EQ(s.now().current, state::closed) << "43 of 2^32 + 1";
    s.settle(verdict::failure());
    EXPECT_EQ(s.now().current, state::open) << "44 of 2^32 + 2";
}

TEST(two_to_the_32_calls, leave_a_window_of_time_when_they_are_old) {
    settings given = no_rules();
    given.trip.window = last{10s};
    subject s{given, two_to_the(32) - 1};
    s.settle(verdict::success());
    s.settle(verdict::success());
    EXPECT_EQ(s.now().window.calls, two_to_the(32) + 1);
    s.clock.advance(11s);
    s.settle(verdict::success());
    EXPECT_EQ(s.now().window.calls, 1U);
}

TEST(two_to_the_32_calls, pass_through_a_window_of_calls_and_the_last_ones_count) {
    settings given = no_rules();
    given.trip.failure_ratio = 0.5;
    given.trip.window = last_calls{100};
    given.trip.minimum_calls = 100;
    for (const std::uint64_t past : {two_to_the(32) - 30, two_to_the(33) - 1, two_to_the(48) - 7, two_to_the(54)}) {
        subject s{given, past};
        EXPECT_EQ(s.now().window.calls, 100U);
        for (int i = 0; i < 49; ++i) s.settle(verdict::failure());
        for (int i = 0; i < 50; ++i) s.settle(verdict::success());
        EXPECT_EQ(s.now().window.failures, 49U);
        EXPECT_EQ(s.now().current, state::closed);
        s.settle(verdict::success());  // the last of the past leaves
        s.settle(verdict::failure());  // and the first failure
        EXPECT_EQ(s.now().window.failures, 49U);
        for (int i = 0; i < 48; ++i) s.settle(verdict::success());
        EXPECT_EQ(s.now().window.failures, 1U);
        for (int i = 0; i < 48; ++i) s.settle(verdict::failure());
        EXPECT_EQ(s.now().current, state::closed) << past;
        s.settle(verdict::failure());
        EXPECT_EQ(s.now().current, state::open) << past;
    }
}

TEST(tally, counts_exactly_to_the_end_of_its_55_bits) {
    detail::tally<detail::std_atomics> t;
    detail::first_cell_of(t).fetch_add(two_to_the(55) - 3);
    const std::atomic<std::uint64_t> word{0};
    EXPECT_TRUE(t.add(0, word));
    EXPECT_TRUE(t.add(0, word));
    EXPECT_EQ(t.sum(), two_to_the(55) - 1);
    EXPECT_EQ(t.open_window(1, [] { return true; }), two_to_the(55) - 1) << "the tag is beside the count";
    EXPECT_FALSE(t.add(0, word));
}

// ---- the word

TEST(word, fields_wrap_without_touching_their_neighbours) {
    using detail::word;
    const word full{~std::uint64_t{0} & ~std::uint64_t{3}};
    const word next = full.with_state(state::open);
    EXPECT_EQ(next.epoch(), 0U);
    EXPECT_EQ(next.where(), state::open);
    EXPECT_EQ(next.override(), full.override());
    EXPECT_EQ(next.period(), 3U);
    EXPECT_EQ(next.regime(), 1U);
    word revised = word{}.with_state(state::open).with_period(2).with_timed(true);
    const word before = revised;
    for (int i = 0; i < 4'096; ++i) {
        revised = revised.revised();
        ASSERT_EQ(revised.epoch(), before.epoch());
        ASSERT_EQ(revised.period(), before.period());
        ASSERT_EQ(revised.where(), before.where());
        ASSERT_EQ(revised == before, i == 4'095);
    }
}

TEST(epoch, passes_forty_bits_and_goes_on) {
    settings given = no_rules();
    given.recovery.ramp = ramp_rule{.over = 100ms, .from = 0.5};
    subject s{given};
    s.it.set_epoch(two_to_the(40) - 4);
    for (int i = 0; i < 4; ++i) {
        const auto stale = s.ask();
        ASSERT_TRUE(s.settle(verdict::trip(1s)));
        s.clock.advance(1h);
        ASSERT_TRUE(s.settle(verdict::success()));  // the probe
        s.clock.advance(1h);
        ASSERT_TRUE(s.settle(verdict::success()));  // after the ramp
        ASSERT_EQ(s.now().current, state::closed);
        ASSERT_EQ(s.now().window.calls, 1U);
        s.it.settle(stale.given, verdict::failure(), s.clock);
        ASSERT_EQ(s.now().totals.late, static_cast<std::uint64_t>(i + 1));
    }
    EXPECT_EQ(s.now().epoch, 8U);
}

TEST(revision, wraps_within_one_epoch_and_nothing_is_lost) {
    testing::manual_time clock;
    settings given = no_rules();
    breaker b{"b", given, clock};
    b.trip({}, 1s);
    const auto epoch = b.observe().epoch;
    for (int i = 1; i <= 20'000; ++i) {
        b.extend_pause(1s + std::chrono::milliseconds{i});
        ASSERT_EQ(b.observe().retry_after, 1s + std::chrono::milliseconds{i});
        given.recovery.probes = 1 + static_cast<std::uint32_t>(i % 2);
        b.apply(given);
        ASSERT_EQ(b.current_settings().recovery.probes, given.recovery.probes);
    }
    EXPECT_EQ(b.observe().epoch, epoch);
}

// ---- epochs that share a tag

struct flapping {
    testing::manual_time clock;
    breaker it;

    explicit flapping(const settings& s) : it{"flapping", s, clock} {}
    permit acquire() { return std::move(it.try_acquire().value()); }
};

settings flapping_rules() {
    settings s = no_rules();
    s.recovery.open_for = 1ms;
    s.recovery.backoff = 1;
    s.recovery.probes = 2;
    return s;
}

TEST(tag_of_8_bits, is_not_mistaken_for_another_epochs) {
    flapping f{flapping_rules()};
    std::vector<permit> kept;
    for (int i = 0; i < 1'100; ++i) {  // 1,100 epochs: closed, open and closed again
        kept.push_back(f.acquire());
        i % 2 == 0 ? f.it.trip({}) : f.it.reset({});
        if (i % 2 == 0) f.it.reset({});
    }
    f.it.reset({});
    f.acquire().success();
    for (permit& p : kept) p.success();
    const snapshot s = f.it.observe();
    EXPECT_LE(s.window.calls, 3U) << "but for the last epoch's";
    EXPECT_EQ(s.totals.successes + s.totals.late, 1'101U);
    EXPECT_GE(s.totals.late, 1'098U);
}

TEST(tag_of_11_bits, does_not_bring_a_lease_of_an_old_epoch_back) {
    flapping f{flapping_rules()};
    f.it.trip({});
    f.clock.advance(f.it.observe().retry_after);
    permit first = f.acquire();
    const permit forgotten = f.acquire();  // in the second slot, and never settled
    const auto epoch = first.epoch();
    first.failure();
    for (int cycle = 1; cycle <= 10'000; ++cycle) {  // two epochs each
        f.clock.advance(f.it.observe().retry_after);
        auto probe = f.it.try_acquire();
        ASSERT_TRUE(probe) << "refused in epoch " << f.it.observe().epoch << "; the forgotten lease is of " << epoch;
        (*probe).failure();
    }
}

TEST(tag_of_16_bits, does_not_bring_a_ramps_account_back) {
    detail::ramp<detail::std_atomics> r;
    for (const std::uint64_t epoch : {std::uint64_t{5}, 5 + two_to_the(16), 5 + two_to_the(32)}) {
        int admitted = 0;
        for (int i = 1; i <= 10'000; ++i) {
            admitted += r.arrive(epoch, 0.1, i, always).admitted ? 1 : 0;
            ASSERT_NEAR(admitted, i * 0.1, 1.0 + 1e-3) << "epoch " << epoch;
        }
    }
}

TEST(tag_of_16_bits, does_not_bring_a_ramp_by_evidence_back) {
    subject s{{.trip = no_rules().trip,
               .recovery = {.open_for = 1s, .jitter = 0, .ramp = ramp_rule{.by = ramp_by::evidence}}}};
    const auto begin_ramp = [&s] {
        for (int i = 0; i < 100; ++i) s.clock.advance(10ms), s.settle(verdict::success());
        s.settle(verdict::trip(duration::zero()));
        s.clock.advance(1s);
        const auto probe = s.ask();
        s.clock.advance(400ms);
        s.it.settle(probe.given, verdict::success(), s.clock);
    };
    const auto let_in = [&s] {
        int at_once = 0;
        while (s.ask().got.admitted()) ++at_once;  // they hang
        return at_once;
    };
    begin_ramp();
    ASSERT_EQ(s.now().epoch, 2U);
    for (int i = 0; i < 5; ++i) {
        const auto one = s.ask();
        s.clock.advance(400ms);
        s.it.settle(one.given, verdict::success(), s.clock);
    }
    EXPECT_GT(let_in(), 4);
    s.it.reset(detail::in_ticks(s.clock.now()));
    s.it.set_epoch(0xffff);
    begin_ramp();
    ASSERT_EQ(s.now().epoch, 2U + 0xffff);
    EXPECT_EQ(let_in(), 4);
}

TEST(arrivals_of_16_bits, stop_and_admission_stays_even) {
    detail::ramp<detail::std_atomics> r;
    int admitted = 0;
    constexpr int arrivals = 300'000;
    for (int i = 1; i <= arrivals; ++i) {
        const auto drawn = r.arrive(1, 0.001, i * 1'000, always);
        admitted += drawn.admitted ? 1 : 0;
        ASSERT_TRUE(drawn.admitted || drawn.next_admission >= 1);
    }
    EXPECT_NEAR(admitted, arrivals * 0.001, 1);
}

// ---- the ledger of probing

using ledger = detail::probing<detail::std_atomics>;

TEST(ledger, holds_as_many_probes_and_successes_as_settings_allow) {
    ledger p;
    for (int i = 0; i < 1'024; ++i) ASSERT_TRUE(p.take(7, 1'024, always));
    EXPECT_FALSE(p.take(7, 1'024, always));
    EXPECT_EQ(p.look(7).outstanding, 1'024U);
    EXPECT_EQ(p.look(7).successes, 0U);
    for (int i = 1; i <= 10'000; ++i) {
        ASSERT_TRUE(p.end(7, ledger::ending::success, 10'000, always));
        ASSERT_EQ(p.look(7).enough, i == 10'000);
        ASSERT_EQ(p.take(7, 1'024, always), i < 10'000);
    }
}

TEST(ledger, successes_stop_at_fourteen_bits) {
    ledger p;
    for (int i = 0; i < 20'000; ++i) {
        ASSERT_TRUE(p.take(7, 1, always));
        ASSERT_TRUE(p.end(7, ledger::ending::success, 20'000, always));  // more than settings allow
    }
    EXPECT_EQ(p.look(7).successes, 16'383U);
    EXPECT_EQ(p.look(7).outstanding, 0U);
}

TEST(ledger, goes_on_where_its_38_bits_of_epoch_wrap) {
    ledger p;
    for (const std::uint64_t epoch : {two_to_the(38) - 2, two_to_the(38) - 1, two_to_the(38), two_to_the(38) + 1}) {
        EXPECT_EQ(p.look(epoch).outstanding, 0U) << epoch;
        EXPECT_TRUE(p.take(epoch, 1, always)) << epoch;
        EXPECT_FALSE(p.take(epoch, 1, always)) << epoch;
    }
}

TEST(ledger, is_not_taken_over_by_a_caller_that_stalled_since_an_earlier_epoch) {
    ledger p;
    ASSERT_TRUE(p.take(4, 2, always));
    ASSERT_TRUE(p.take(4, 2, always));
    EXPECT_FALSE(p.take(2, 2, [] { return false; })) << "epoch 2 is over";
    EXPECT_EQ(p.look(4).outstanding, 2U);
    EXPECT_FALSE(p.take(4, 2, always)) << "a third probe, where two are allowed";
    EXPECT_TRUE(p.end(4, ledger::ending::success, 2, always)) << "the verdict of a probe of this epoch";
}

// ---- leases

TEST(lease, that_begins_on_either_side_of_52_bits_runs_out_in_time) {
    constexpr detail::ticks length = 1'000;
    for (const detail::ticks begun : {detail::ticks{0}, static_cast<detail::ticks>(two_to_the(52)) - 3,
                                      static_cast<detail::ticks>(two_to_the(52)) - 1,
                                      static_cast<detail::ticks>(5 * two_to_the(52)) - 500, detail::ticks{1} << 60}) {
        detail::leases<detail::std_atomics> l;
        const auto held = *l.take(9, begun, always);
        EXPECT_FALSE(l.look(9, begun + length - 2, length).expired) << begun;
        EXPECT_LE(*l.look(9, begun + length - 2, length).earliest_expiry, 3) << begun;
        EXPECT_TRUE(l.look(9, begun + length + 1, length).expired) << begun;
        EXPECT_FALSE(l.end(held)) << begun;
    }
}

TEST(lease, of_a_day_is_told_from_one_that_is_over) {
    constexpr detail::ticks day = 24LL * 3'600 * 1'000'000'000;
    detail::leases<detail::std_atomics> l;
    (void)l.take(9, 5, always);
    EXPECT_FALSE(l.look(9, 5 + day - 1, day).expired);
    EXPECT_TRUE(l.look(9, 5 + day, day).expired);
}

TEST(lease, that_nobody_asked_for_over_weeks_is_over) {
    for (const auto asleep : {39h, 40h, 75h, 79h, 24h * 25}) {
        for (const bool suspended : {true, false}) {
            flapping f{flapping_rules()};
            f.it.trip({});
            f.clock.advance(f.it.observe().retry_after);
            const permit probe = f.acquire();
            suspended ? f.clock.suspend(asleep) : f.clock.advance(asleep);
            const auto next = f.it.try_acquire();
            ASSERT_FALSE(next) << asleep.count();
            EXPECT_EQ(next.error().reason, reject_reason::open) << asleep.count();
        }
    }
}

// ---- runs, periods, attempts

TEST(run_of_32_bits, stops_at_its_end_and_a_success_ends_it) {
    subject s{no_rules()};
    s.settle(verdict::failure());
    run_of(s.it) = 0xffff'fffe;
    s.settle(verdict::failure());
    EXPECT_EQ(s.now().failures_in_a_row, 0xffff'ffffU);
    s.settle(verdict::failure());
    EXPECT_EQ(s.now().failures_in_a_row, 0xffff'ffffU);
    s.settle(verdict::success());
    EXPECT_EQ(s.now().failures_in_a_row, 0U);
}

TEST(period, keeps_what_is_at_the_end_of_its_widths) {
    detail::period_pool<detail::std_atomics> pool;
    const auto index = pool.claim();
    pool.write(index, {.deadline = detail::never, .window_base = ~std::uint64_t{0}, .window = ~0U, .attempt = ~0U});
    EXPECT_EQ(pool.read(index).window, ~0U);
    EXPECT_EQ(pool.read(index).attempt, ~0U);
    EXPECT_EQ(pool.read(index).window_base, ~std::uint64_t{0});
    EXPECT_EQ(pool.read(0).window, 0U);
}

TEST(window_number, of_32_bits_wraps_into_an_empty_window) {
    settings given = no_rules();
    given.trip.consecutive_failures = 3;
    given.trip.slow = slow_rule{.after = 1s, .ratio = 1};
    for (const window& of : {window{last{1h}}, window{last_calls{100}}}) {
        given.trip.window = of;
        subject s{given};
        s.settle(verdict::failure());
        s.settle(verdict::success());
        s.set_window(0xffff'fffe);
        for (int i = 0; i < 4; ++i) {  // the third begins at 0
            s.it.reset(detail::in_ticks(s.clock.now()));
            ASSERT_EQ(s.now().window.calls, 0U) << i;
            ASSERT_EQ(s.now().failures_in_a_row, 0U) << i;
            auto hanging = s.ask();
            s.clock.advance(2s);
            s.it.overdue(hanging.given, s.clock);
            s.settle(verdict::failure());
            s.settle(verdict::failure());
            ASSERT_EQ(s.now().window.slow, 1U) << i;
            ASSERT_EQ(s.now().window.failures, 2U) << i;
            ASSERT_EQ(s.now().failures_in_a_row, 2U) << i;
            s.it.settle(hanging.given, verdict::success(), s.clock);
            ASSERT_EQ(s.now().window.slow, 1U) << i;
            ASSERT_EQ(s.now().window.calls, 3U) << i;
            s.settle(verdict::failure());
            s.settle(verdict::failure());
            ASSERT_EQ(s.now().window.failures, 4U) << i;
            ASSERT_EQ(s.now().failures_in_a_row, 2U) << i << ": the success ended the run";
            ASSERT_EQ(s.now().current, state::closed) << i;
        }
        ASSERT_EQ(s.window(), 2U) << "it did wrap";
    }
}

TEST(attempt, after_the_largest_is_not_the_first) {
    subject s{no_rules()};
    (void)s.it.restore({.current = state::open, .pause = 1'000'000, .base_pause = 1'000'000, .attempt = 0xffff'ffff},
                       detail::in_ticks(s.clock.now()));
    EXPECT_EQ(s.now().attempt, 0xffff'ffffU);
    s.settle(verdict::failure());
    EXPECT_EQ(s.now().current, state::open);
    EXPECT_EQ(s.now().attempt, 0xffff'ffffU) << "an open breaker is at its first attempt at least";
}

}  // namespace
}  // namespace switchgear::extremes
