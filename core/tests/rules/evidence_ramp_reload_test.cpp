// The ramp by evidence and reloads: of how long a place lasts, from a ramp by time and to one.
#include <cstdint>
#include <vector>

#include "evidence_bench.hpp"

namespace switchgear::rules {
namespace {

TEST(ramp_by_evidence, may_be_taken_away_or_changed_to_time_by_a_reload) {
    for (const bool away : {true, false}) {
        auto b = bench_of(by_evidence());
        begin_ramp(b, 100, 90ms);
        auto in = fill(b);
        settings s = by_evidence();
        s.recovery.ramp.reset();
        if (!away) s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
        b.it.apply(s);
        b.succeed();
        EXPECT_EQ(b.state(), away ? state::closed : state::half_open);
        for (auto& p : in) p.success();
        EXPECT_EQ(b.late(), away ? 2U : 0U);
    }
}

TEST(ramp_by_evidence, may_come_by_a_reload_in_the_middle_of_a_ramp_by_time) {
    settings s = by_evidence();
    s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
    auto b = bench_of(s);
    begin_ramp(b, 100, 90ms);
    auto in = fill(b, 50);
    b.it.apply(by_evidence());
    EXPECT_EQ(fill(b).size(), 1U);  // nothing is known: one at a time
    for (auto& p : in) p.success();
    b.expect_half_open();
}

TEST(ramp_by_evidence, doubles_from_one_at_a_time_where_a_reload_brought_it) {
    settings s = by_evidence();
    s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
    auto b = bench_of(s);
    begin_ramp(b, 100, 90ms);
    b.it.apply(by_evidence());
    // No answer is known yet: what is quick is what the first ones take.
    for (const std::size_t expected : {1U, 2U, 4U, 8U, 16U}) {
        auto in = fill(b);
        EXPECT_EQ(in.size(), expected);
        b.advance(90ms);
        for (auto& p : in) p.success();
    }
}

TEST(ramp_by_evidence, survives_a_reload_of_the_leases_length) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 100, 90ms);
    auto in = fill(b);
    settings s = by_evidence();
    for (const auto length : {20'000ms, 1ms, 86'400'000ms}) {
        s.recovery.probe_timeout = length;
        b.it.apply(s);
        b.advance(15s);
        auto more = fill(b, 3);
        b.expect_half_open();
    }
    in.clear();
    EXPECT_LE(fill(b).size(), 4U);
}

TEST(ramp_by_evidence, loses_no_call_to_a_reload_of_the_leases_length) {
    for (const auto length : {1ms, 100ms, 300ms}) {
        auto b = bench_of(by_evidence());
        begin_ramp(b, 1'000, 90ms);
        for (int trips = 0; trips < 4; ++trips) {
            auto in = fill(b);
            b.advance(90ms);
            for (auto& p : in) p.success();
        }
        auto in = fill(b);
        ASSERT_GE(in.size(), 16U);
        b.advance(900ms);
        settings s = by_evidence();
        s.recovery.probe_timeout = length;
        b.it.apply(s);
        EXPECT_EQ(b.refusal().reason, reject_reason::ramping) << "all are still in";
        b.expect_half_open();
        for (auto& p : in) p.success();
        EXPECT_EQ(b.late(), 0U);
        EXPECT_GE(fill(b).size(), 16U);
    }
}

TEST(ramp_by_evidence, made_by_a_reload_on_a_ramp_by_time_keeps_the_length_it_was_made_with) {
    settings s = by_evidence();
    s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
    auto b = bench_of(s);
    b.break_down();
    b.probe().success();
    b.expect_half_open();
    b.it.apply(by_evidence());
    b.advance(15s);
    const permit in = b.acquire();
    s = by_evidence();
    s.recovery.probe_timeout = 1ms;
    b.it.apply(s);
    b.advance(5s);  // its place lasts ten seconds at least
    EXPECT_EQ(b.refusal().reason, reject_reason::ramping);
}

TEST(ramp_by_evidence, that_a_reload_made_one_by_time_goes_by_the_rules) {
    auto b = bench_of(by_evidence());
    begin_ramp(b, 1'000, 90ms);
    for (int trips = 0; trips < 3; ++trips) {
        auto in = fill(b);
        b.advance(90ms);
        for (auto& p : in) p.success();
    }
    auto in = fill(b);
    ASSERT_GE(in.size(), 10U);
    settings s = by_evidence();
    s.recovery.ramp = ramp_rule{.over = 1h, .from = 1};
    b.it.apply(s);
    for (auto& p : in) p.failure();
    b.expect_half_open();
    EXPECT_EQ(b.now().window.failures, in.size()) << "and no rule says that this is too much";
}

TEST(ramp_by_evidence, has_places_that_last_as_long_as_leases_do_when_it_begins) {
    auto b = bench_of(by_evidence());
    settings s = by_evidence();
    s.recovery.probe_timeout = 1h;
    b.it.apply(s);
    begin_ramp(b, 100, 90ms);
    const auto in = fill(b);
    b.advance(30s);  // more than two leases of before
    EXPECT_EQ(b.refusal().reason, reject_reason::ramping);
}

}  // namespace
}  // namespace switchgear::rules
