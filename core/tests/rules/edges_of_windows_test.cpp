// The edges of windows, ramps, settings, records and registries.
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"

namespace switchgear::rules {
namespace {

std::size_t times_named(const std::vector<violation>& found, std::string_view field) {
    std::size_t n = 0;
    for (const auto& one : found) n += one.field == field ? 1U : 0U;
    return n;
}

// ---- rule 8

TEST(rule_08_window_of_time, keeps_a_success_of_the_end_of_a_bucket_as_long_as_it_must) {
    settings s{.trip = no_rules()};
    s.trip.window = last{16s};
    auto b = bench_of(s);
    b.succeed();
    b.advance(1990ms);
    b.succeed();
    b.advance(14s + 210ms);  // 16.2 s and 14.21 s old: younger than 0.9 × 16 s counts
    EXPECT_EQ(b.now().window.calls, 1U);
}

TEST(rule_08_window_of_time, forgets_nothing_that_is_young_however_long_it_was_quiet_before) {
    settings s{.trip = no_rules()};
    s.trip.window = last{16s};
    auto b = bench_of(s);
    for (const auto quiet : {1s, 15s, 16s, 17s, 100s}) {
        b.succeed(2);
        b.fail();
        b.advance(quiet);
        b.advance(20s);
        b.succeed();
        b.fail();
        EXPECT_EQ(b.now().window.calls, 2U);
        EXPECT_EQ(b.now().window.failures, 1U);
        b.advance(20s);
    }
}

// ---- rule 10

TEST(rule_10_overdue, is_counted_once_while_it_is_among_the_newest_calls) {
    settings s{.trip = no_rules()};
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
    s.trip.window = last_calls{3};
    s.trip.minimum_calls = 3;
    for (const int newer : {2, 3}) {
        auto b = bench_of(s);
        b.succeed(5);
        permit p = b.acquire();
        b.advance(2s);
        p.overdue();
        b.succeed(newer);
        EXPECT_EQ(b.now().window.slow, newer == 2 ? 1U : 0U);
        p.failure();
        EXPECT_EQ(b.now().window.calls, 3U);
        EXPECT_EQ(b.now().window.failures, 1U);
    }
}

TEST(rule_10_overdue, and_then_failed_leaves_room_for_every_call_of_a_window) {
    settings s{.trip = no_rules()};
    s.trip.window = last_calls{4};
    s.trip.minimum_calls = 4;
    auto b = bench_of(s);
    s.recovery.jitter = 0;
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
    s.mode = mode::observe;
    b.it.force_closed(by("alice"));
    b.it.apply(s);
    for (int i = 0; i < 4; ++i) {
        permit p = b.acquire();
        b.advance(2s);
        p.overdue();
        p.failure();
    }
    EXPECT_EQ(b.now().window.calls, 4U);
    EXPECT_EQ(b.now().window.failures, 4U);
    EXPECT_EQ(b.now().window.slow, 4U);
}

/// So many calls that are found overdue together, and then fail.
void fail_overdue(bench& b, int calls) {
    std::vector<permit> running;
    for (int i = 0; i < calls; ++i) running.push_back(b.acquire());
    b.advance(1'100ms);
    for (permit& p : running) p.overdue();
    for (permit& p : running) p.failure();
}

TEST(rule_10_overdue, and_then_failed_leaves_a_window_of_calls_with_its_call) {
    settings s{.trip = no_rules()};
    s.trip.failures = 10;
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
    s.trip.window = last_calls{10};
    s.trip.minimum_calls = 10;
    auto b = bench_of(s);
    fail_overdue(b, 6);
    b.succeed(4);
    fail_overdue(b, 5);
    b.expect_closed();
    EXPECT_EQ(b.now().window.calls, 10U);
    EXPECT_EQ(b.now().window.failures, 6U) << "of the first six calls one is left";
    EXPECT_EQ(b.now().window.slow, 6U);
    b.succeed(6);
    EXPECT_EQ(b.now().window.failures, 4U);
}

TEST(rule_10_overdue, and_then_failed_is_kept_by_a_smaller_window_without_a_slow_rule) {
    settings s{.trip = no_rules()};
    s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
    s.trip.window = last_calls{10};
    s.trip.minimum_calls = 10;
    auto b = bench_of(s);
    b.fail(5);
    fail_overdue(b, 4);
    s.trip.slow.reset();
    s.trip.window = last_calls{9};
    s.trip.minimum_calls = 9;
    b.it.apply(s);
    EXPECT_EQ(b.now().window.failures, 9U);
}

TEST(rule_10_overdue, counts_in_a_window_of_time_for_as_long_as_its_verdict) {
    for (const bool fails : {true, false}) {
        settings s{.trip = no_rules()};
        s.trip.slow = slow_rule{.after = 1s, .ratio = 1.0};
        s.trip.window = last{10s};
        s.trip.minimum_calls = 100;
        auto b = bench_of(s);
        permit p = b.acquire();
        b.advance(1'100ms);
        p.overdue();
        b.advance(8s);
        p.settle(fails ? verdict::failure() : verdict::success());
        EXPECT_EQ(b.now().window.calls, 1U);
        EXPECT_EQ(b.now().window.slow, 1U);
        b.advance(8'900ms);
        EXPECT_EQ(b.now().window.calls, 1U);
        EXPECT_EQ(b.now().window.failures, fails ? 1U : 0U);
        EXPECT_EQ(b.now().window.slow, 0U);
        b.advance(1'100ms);
        EXPECT_EQ(b.now().window.calls, 0U);
        EXPECT_EQ(b.now().window.failures, 0U);
    }
}

// ---- rule 22

TEST(rule_22_ramp, tells_the_refused_when_the_next_is_admitted_as_arrivals_have_come) {
    auto b =
        bench_of({.trip = no_rules(), .recovery = {.open_for = 5s, .ramp = ramp_rule{.over = 100s, .from = 0.25}}});
    b.break_down();
    b.probe().success();
    b.advance(10s);
    const double share = 0.325;  // a tenth of the way from 0.25 to 1
    EXPECT_TRUE(b.admits());
    for (int arrivals = 2; arrivals <= 4; ++arrivals) {
        const double account = share * (arrivals - 1);
        const double expected = (1.0 - account) / share * (10e9 / arrivals);
        const auto told = b.refusal();
        EXPECT_EQ(told.reason, reject_reason::ramping);
        EXPECT_NEAR(static_cast<double>(told.retry_after.count()), expected, expected * 1e-6 + 20) << arrivals;
    }
    EXPECT_TRUE(b.admits());
}

TEST(rule_22_evenness, holds_beyond_any_number_of_arrivals) {
    auto b =
        bench_of({.trip = no_rules(), .recovery = {.open_for = 5s, .ramp = ramp_rule{.over = 100s, .from = 0.25}}});
    b.break_down();
    b.probe().success();
    int admitted = 0;
    for (int i = 0; i < 70'000; ++i) admitted += b.admits() ? 1 : 0;
    EXPECT_NEAR(admitted, 17'500, 1);
}

// ---- rule 31

TEST(rule_31_words, of_no_enumerator_is_a_question_mark) {
    EXPECT_EQ(to_string(static_cast<state>(3)), "?");
    EXPECT_EQ(to_string(static_cast<override_mode>(3)), "?");
    EXPECT_EQ(to_string(static_cast<reject_reason>(4)), "?");
    EXPECT_EQ(to_string(static_cast<cause>(14)), "?");
    EXPECT_EQ(to_string(static_cast<mode>(2)), "?");
}

// ---- rule 32

TEST(rule_32_clock, kept_in_memory_is_read_there) {
    struct kept final : time_source {
        testing::manual_time exact;
        std::atomic<duration::rep> tick{exact.now().time_since_epoch().count()};
        mutable int calls = 0;
        time_point now() const noexcept override { return exact.now(); }
        time_point coarse() const noexcept override { return ++calls, exact.now(); }
        const std::atomic<duration::rep>* ticked() const noexcept override { return &tick; }
    };
    kept clock;
    breaker it{"kept", {}, clock};
    for (int i = 0; i < 10; ++i) it.try_acquire()->success();
    it.trip(by("alice"));
    EXPECT_FALSE(it.try_acquire().has_value());
    EXPECT_EQ(clock.calls, 0);
}

// ---- rule 34

TEST(rule_34_settings, not_a_number_is_called_so) {
    settings s;
    s.trip.failure_ratio = std::numeric_limits<double>::quiet_NaN();
    const auto found = validate(s);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].message.substr(0, 4), "NaN:");
}

TEST(rule_34_settings, a_mode_that_is_none_is_refused) {
    settings s;
    s.mode = static_cast<mode>(7);
    EXPECT_EQ(times_named(validate(s), "mode"), 1U);
}

TEST(rule_34_settings, the_shortest_pauses_are_allowed) {
    EXPECT_TRUE(validate(settings{.recovery = {.open_for = 1ms, .max_open_for = 1ms}}).empty());
}

TEST(rule_34_settings, each_unreachable_number_of_failures_is_named_once) {
    settings s{.trip = no_rules()};
    s.trip.window = last_calls{20};
    const auto named = [&](double failures, double weight) {
        s.trip.failures = failures;
        s.trip.weights = {weight, weight, weight, weight, weight, weight, weight, weight};
        return times_named(validate(s), "trip.failures");
    };
    EXPECT_EQ(named(20, 1), 0U);
    EXPECT_EQ(named(20.5, 1), 1U);
    EXPECT_EQ(named(0.5, 0), 1U) << "nothing weighs anything";
    EXPECT_EQ(named(0, 1), 1U);
    EXPECT_EQ(named(-1, 1), 1U);
    EXPECT_EQ(named(0.5, -1), 0U) << "the weights are what is wrong";
    s.trip.window = last{10s};
    EXPECT_EQ(named(1e12, 1), 0U) << "a window of time holds any number of calls";
    EXPECT_EQ(named(0.5, 0), 0U);
}

TEST(rule_34_settings, have_the_defaults_that_are_documented) {
    const settings s;
    EXPECT_EQ(s.trip.consecutive_failures, 5U);
    EXPECT_EQ(s.trip.failure_ratio, 0.5);
    EXPECT_EQ(s.trip.window, window{last{10s}});
    EXPECT_EQ(s.trip.minimum_calls, 20U);
    EXPECT_EQ(s.recovery.open_for, 5s);
    EXPECT_EQ(s.recovery.backoff, 2.0);
    EXPECT_EQ(s.recovery.max_open_for, 60s);
    EXPECT_EQ(s.recovery.jitter, 0.1);
    EXPECT_EQ(s.recovery.max_retry_after, 10min);
    EXPECT_EQ(s.recovery.probes, 1U);
    EXPECT_EQ(s.recovery.successes_to_close, 1U);
    EXPECT_EQ(s.recovery.probe_timeout, 30s);
    EXPECT_EQ(slow_rule{}.after, 1s);
    EXPECT_EQ(ramp_rule{}.over, 30s);
    EXPECT_EQ(ramp_rule{}.from, 0.1);
    EXPECT_EQ(registry_settings{}.max_entries, 10'000U);
}

TEST(rule_31_snapshot, of_nothing_is_that_of_a_new_breaker) {
    const snapshot nothing;
    const snapshot fresh = bench_of().now();
    EXPECT_EQ(nothing.epoch, fresh.epoch);
    EXPECT_EQ(nothing.probe_due, fresh.probe_due);
    EXPECT_EQ(nothing.admitted_share, fresh.admitted_share);
    EXPECT_EQ(nothing.attempt, fresh.attempt);
    EXPECT_EQ(nothing.failures_in_a_row, fresh.failures_in_a_row);
    for (const auto& s : {nothing, fresh}) {
        EXPECT_EQ(s.totals.successes + s.totals.failures + s.totals.slow + s.totals.ignored + s.totals.late, 0U);
        EXPECT_EQ(s.totals.rejected, 0U);
        EXPECT_EQ(s.window.calls + s.window.failures + s.window.slow, 0U);
    }
    EXPECT_EQ(evidence{}, (evidence{0, 0, 0, 0, 0}));
}

TEST(rule_26_permit, assigned_to_itself_is_still_owed) {
    auto b = bench_of();
    permit p = b.acquire();
    permit& same = p;
    p = std::move(same);
    EXPECT_EQ(b.now().totals.ignored, 0U);
    p.success();
    EXPECT_EQ(b.now().totals.successes, 1U);
}

// ---- rule 35

TEST(rule_35_apply, judges_a_lowered_limit_of_any_class_at_a_success) {
    for (const auto with : {failure_class::error, failure_class::timeout, failure_class::custom_4}) {
        settings s{.trip = no_rules()};
        s.trip.window = last_calls{100};
        auto b = bench_of(s);
        b.fail(3, with);
        s.recovery.jitter = 0;
        switch (with) {
            case failure_class::error: s.trip.limits.error = 3; break;
            case failure_class::timeout: s.trip.limits.timeout = 3; break;
            default: s.trip.limits.custom_4 = 3; break;
        }
        b.it.apply(s);
        b.expect_closed();
        b.succeed();
        b.expect_open();
        EXPECT_EQ(b.log.last().cause, cause::class_limit);
    }
}

// ---- rule 36

/// With the checksum that belongs to it: FNV-1a, 64 bits.
std::string sealed(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    std::string hex;
    for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(hash >> shift) & 15];
    return text + " checksum=" + hex;
}

TEST(rule_36_record, is_a_line_with_a_known_checksum) {
    auto b = bench_of({.recovery = {.open_for = 5s}});
    EXPECT_EQ(b.it.save(),
              sealed("switchgear-breaker/1 state=closed remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0"));
    b.break_down();
    b.advance(1s);
    EXPECT_EQ(b.it.save(), sealed("switchgear-breaker/1 state=open remaining_ns=4000000000 pause_ns=5000000000 "
                                  "base_pause_ns=5000000000 attempt=1"));
}

TEST(rule_36_damaged_record, is_refused_though_its_checksum_is_right) {
    const std::array<std::string, 24> records{
        "switchgear-breaker/2 state=closed remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=half_open remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=closedremaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open  remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0,pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ms=0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns:0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_nsx0 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns= pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=x pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=-1 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=-1 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=-1 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=-1",
        "switchgear-breaker/1 state=open remaining_ns=99999999999999999999 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0 more=1",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0 ",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=0",
        "switchgear-breaker/1 state=open remaining_ns=4611686018427387904 pause_ns=0 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=4611686018427387904 base_pause_ns=0 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=4611686018427387904 attempt=0",
        "switchgear-breaker/1 state=open remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=4294967296",
        "x",
    };
    for (const auto& record : records) {
        auto b = bench_of();
        EXPECT_FALSE(b.it.restore(sealed(record))) << record;
        b.expect_closed();
        EXPECT_TRUE(b.log.empty());
    }
}

TEST(rule_36_damaged_record, of_what_no_detector_learned_is_refused_and_changes_nothing) {
    settings adaptive;
    adaptive.trip.adaptive = adaptive_rule{};
    auto b = bench_of(adaptive);
    const std::string open = "switchgear-breaker/1 state=open remaining_ns=5 pause_ns=5 base_pause_ns=5 attempt=1";
    EXPECT_FALSE(b.it.restore(sealed(open + " normal=1:5,5")));
    b.expect_closed();
    EXPECT_TRUE(b.log.empty());
    EXPECT_TRUE(b.it.restore(sealed(open)));
}

TEST(rule_36_restore, of_the_longest_pause_and_the_highest_attempt_is_taken) {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
    const std::string text = std::to_string(most);
    auto b = bench_of();
    EXPECT_TRUE(b.it.restore(sealed("switchgear-breaker/1 state=open remaining_ns=" + text + " pause_ns=" + text +
                                    " base_pause_ns=" + text + " attempt=4294967295")));
    b.expect_open();
    EXPECT_EQ(b.retry_after().count(), most);
    EXPECT_EQ(b.now().attempt, 4'294'967'295U);
}

// ---- rule 37

void use(registry& all, std::string_view key) { static_cast<void>(all.get(key)); }

TEST(rule_37_eviction, takes_what_was_not_used_before_what_was) {
    testing::manual_time clock;
    for (const std::string used : {"k0", "k2", "k3"}) {
        registry all{{.max_entries = 4}, clock};
        for (const char* key : {"k0", "k1", "k2", "k3"}) use(all, key);
        use(all, "x");
        if (all.find(used) == nullptr) continue;
        use(all, used);
        use(all, "y");  // two of the three that are old were not used since
        EXPECT_NE(all.find(used), nullptr) << used;
        EXPECT_NE(all.find("x"), nullptr) << "new since the last round";
        EXPECT_NE(all.find("y"), nullptr);
        EXPECT_EQ(all.size(), 4U);
    }
}

TEST(rule_37_eviction, brings_a_table_down_to_a_smaller_size) {
    testing::manual_time clock;
    registry_settings s{.max_entries = 6};
    registry all{s, clock};
    for (const char* key : {"a", "b", "c", "d", "e", "f"}) use(all, key);
    s.max_entries = 3;
    all.apply(s);
    EXPECT_EQ(all.size(), 3U);
    all.apply(s);
    EXPECT_EQ(all.size(), 3U);
    use(all, "g");
    EXPECT_EQ(all.size(), 3U);
    EXPECT_NE(all.find("g"), nullptr);
    s.max_entries = 5;
    all.apply(s);
    use(all, "h");
    use(all, "i");
    use(all, "j");
    EXPECT_EQ(all.size(), 5U);
}

}  // namespace
}  // namespace switchgear::rules
