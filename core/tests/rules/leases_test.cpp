// Rules 19 and 20: probes that say nothing, and how long a probe may take.
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

settings probing(recovery_rules recovery) { return {.trip = {.consecutive_failures = 2}, .recovery = recovery}; }

// ---- rule 19

TEST(rule_19_neutral, probes_give_the_slot_back_and_prove_nothing) {
    auto b = bench_of(probing({.successes_to_close = 2}));
    b.break_down();
    b.probe().ignore();
    b.ignore(100);
    {
        permit dropped = b.acquire();
    }
    b.expect_half_open();
    b.succeed();
    b.ignore(10);
    b.expect_half_open();
    b.succeed();
    b.expect_closed();
    EXPECT_EQ(b.now().totals.ignored, 111U + 1U);
}

TEST(rule_19_neutral, is_a_call_that_was_refused_further_along) {
    auto outer = bench_of(probing({}));
    auto inner = bench_of({});
    inner.break_down();
    outer.break_down();
    outer.wait_for_pause();
    for (int i = 0; i < 10; ++i) {
        const auto nested = outer.it.call([&] { return inner.it.call([] { return 1; }); });
        ASSERT_FALSE(nested.has_value());
        EXPECT_EQ(nested.error().reason, reject_reason::open);
        outer.expect_half_open();
    }
    EXPECT_EQ(outer.now().totals.ignored, 10U);
    EXPECT_EQ(inner.now().totals.rejected, 10U);
}

TEST(rule_19_neutral, is_a_permit_dropped_by_an_unwinding_stack) {
    auto b = bench_of(probing({}));
    b.break_down();
    b.wait_for_pause();
    EXPECT_THROW(
        {
            permit p = b.acquire();
            throw std::runtime_error{"client gone"};
        },
        std::runtime_error);
    b.expect_half_open();
    EXPECT_TRUE(b.admits());
}

// ---- rule 20

TEST(rule_20_lease, that_ran_out_is_a_failure_when_the_next_caller_asks) {
    auto b = bench_of(probing({.open_for = 1s, .probe_timeout = 10s}));
    b.break_down();
    permit lost = b.probe();
    b.advance(10s + 1ns);
    b.expect_half_open();
    EXPECT_EQ(b.refusal(), (rejection{reject_reason::open, 2s}));
    b.expect_open();
    EXPECT_EQ(b.log.last().cause, cause::probe_expired);
    EXPECT_EQ(b.log.last().evidence.failures, 1U);
    EXPECT_EQ(b.log.last().attempt, 2U);
    EXPECT_EQ(b.log.last().pause, 2s);

    lost.success();
    b.expect_open();
    EXPECT_EQ(b.late(), 1U);
    b.probe().success();
    b.expect_closed();
}

TEST(rule_20_lease, that_has_not_run_out_is_kept) {
    auto b = bench_of(probing({.probe_timeout = 10s}));
    b.break_down();
    permit slow = b.probe();
    b.advance(10s - 1ns);
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    b.expect_half_open();
    slow.success();
    b.expect_closed();
}

TEST(rule_20_lease, a_verdict_after_it_ran_out_is_valid_if_nobody_asked) {
    auto good = bench_of(probing({.probe_timeout = 10s}));
    good.break_down();
    permit probe = good.probe();
    good.advance(1h);
    probe.success();
    good.expect_closed();

    auto bad = bench_of(probing({.probe_timeout = 10s}));
    bad.break_down();
    permit failing = bad.probe();
    bad.advance(1h);
    failing.failure();
    bad.expect_open();
    EXPECT_EQ(bad.log.last().cause, cause::probe_failed);
}

TEST(rule_20_lease, is_judged_even_while_other_slots_are_free) {
    auto b = bench_of(probing({.probes = 3, .successes_to_close = 3, .probe_timeout = 10s}));
    b.break_down();
    permit lost = b.probe();
    b.advance(6s);
    permit second = b.acquire();
    b.advance(5s);
    EXPECT_EQ(b.refusal().reason, reject_reason::open);
    b.expect_open();
    second.success();
    lost.ignore();
    EXPECT_EQ(b.late(), 1U);
}

TEST(rule_20_lease, is_not_judged_by_a_reader) {
    auto b = bench_of(probing({.probe_timeout = 10s}));
    b.break_down();
    permit lost = b.probe();
    b.advance(1h);
    for (int i = 0; i < 10; ++i) b.expect_half_open();
    lost.success();
    b.expect_closed();
}

TEST(rule_20_lease, ends_where_the_answer_begins) {
    auto b = bench_of(probing({.probe_timeout = 10s}));
    b.break_down();
    permit download = b.probe();
    b.advance(9s);
    download.answered();
    b.advance(24h);
    EXPECT_EQ(b.refusal().reason, reject_reason::probes_busy);
    b.expect_half_open();
    download.success();
    b.expect_closed();
}

TEST(rule_20_lease, of_a_slot_given_back_runs_no_longer) {
    auto b = bench_of(probing({.successes_to_close = 2, .probe_timeout = 10s}));
    b.break_down();
    b.probe().success();
    b.advance(1h);
    b.succeed();
    b.expect_closed();
}

TEST(rule_20_lease, every_permit_given_out_is_counted_once) {
    auto b = bench_of(probing({.open_for = 1s, .probes = 2, .successes_to_close = 3, .probe_timeout = 10s}));
    std::uint64_t given = 0;
    std::vector<permit> kept;
    const auto accounted = [&] {
        const auto t = b.now().totals;
        return t.successes + t.failures + t.ignored + t.late + kept.size();
    };
    for (int i = 0; i < 400; ++i) {
        b.advance(700ms);
        if (auto admitted = b.it.try_acquire()) {
            ++given;
            kept.push_back(std::move(*admitted));
        }
        if (i % 3 == 0 && !kept.empty()) {
            kept.front().settle(i % 2 == 0 ? verdict::success() : verdict::failure());
            kept.erase(kept.begin());
        }
        if (i % 40 == 39) b.advance(30s);
        ASSERT_EQ(accounted(), given) << i;
    }
}

}  // namespace
}  // namespace switchgear::rules
