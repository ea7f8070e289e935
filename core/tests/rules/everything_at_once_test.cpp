// Rule 39 with real threads that do everything at once: one history, and books that add up.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "threads.hpp"

namespace switchgear::rules {
namespace {

/// The epochs of all changes of state follow each other without a gap, each told once, and each begins
/// in the state in which the one before it ended.
void expect_one_history(std::vector<event> told, std::uint64_t last_epoch, state last_state) {
    std::erase_if(told, [](const event& e) { return e.from == e.to; });
    std::sort(told.begin(), told.end(), [](const event& a, const event& b) { return a.epoch < b.epoch; });
    ASSERT_FALSE(told.empty());
    for (std::size_t i = 1; i < told.size(); ++i) {
        ASSERT_EQ(told[i].epoch, told[i - 1].epoch + 1) << told[i - 1] << '\n' << told[i];
        ASSERT_EQ(told[i].from, told[i - 1].to) << told[i - 1] << '\n' << told[i];
    }
    EXPECT_EQ(told.back().epoch, last_epoch);
    EXPECT_EQ(told.back().to, last_state);
}

/// What one thread does with the breaker that all share.
struct user {
    bench& b;
    std::mt19937 random;
    std::uint64_t asked = 0;
    std::vector<permit> running{};

    void do_something() {
        switch (random() % 1'600) {
            case 0: b.it.reset(by("t")); break;
            case 1: b.it.trip(by("t"), 5ms); break;
            case 2: b.it.force_open(by("t", b.clock.now() + 2ms)); break;
            case 3: b.it.force_closed(by("t", b.clock.now() + 2ms)); break;
            case 4: b.it.lift_override(by("t")); break;
            case 5: b.it.end_pause(); break;
            case 6: b.it.extend_pause(1ms); break;
            case 7: (void)b.it.restore(b.it.save(), 1ms); break;
            case 8: reload(); break;
            case 9: (void)b.it.observe(); break;
            case 10: b.advance(60ms); break;
            default: random() % 3 == 0 ? finish() : ask();
        }
    }

    void ask() {
        ++asked;
        auto p = b.it.try_acquire();
        if (p) {
            running.push_back(std::move(*p));
            if (running.size() >= 4 || random() % 2 == 0) finish();
        } else {
            if (p.error().retry_after <= 0ns) ADD_FAILURE() << "retry_after is not positive";
            b.advance(20us);
        }
    }

    void finish() {
        if (running.empty()) return;
        permit p = std::move(running.back());
        running.pop_back();
        if (random() % 50 == 0) p.overdue();
        if (random() % 50 == 0) p.answered();
        b.advance(std::chrono::microseconds{random() % 10});
        // The service is well half of the time.
        const bool well = b.clock.now().time_since_epoch() / 50ms % 2 == 0;
        const auto dice = random() % 1'000;
        p.settle(dice < (well ? 990U : 500U) ? verdict::success()
                 : dice == 999               ? verdict::trip(1ms)
                 : dice > 994                ? verdict::ignored()
                                             : verdict::failure(static_cast<failure_class>(random() % 8)));
    }

    void reload() {
        settings s = b.it.current_settings();
        s.trip.window = random() % 2 == 0 ? window{last{1s}} : window{last_calls{50}};
        s.recovery.probes = 1 + static_cast<std::uint32_t>(random() % 4);
        b.it.apply(s);
    }
};

TEST(rule_39_everything_at_once, keeps_one_history_and_exact_books) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        auto b = bench_of({.trip = {.consecutive_failures = 6,
                                    .failures = 40,
                                    .failure_ratio = 0.6,
                                    .slow = slow_rule{.after = 1ms, .ratio = 0.9},
                                    .limits = {.timeout = 30},
                                    .window = last_calls{50},
                                    .minimum_calls = 20},
                           .recovery = {.open_for = 3ms,
                                        .max_open_for = 10ms,
                                        .probes = 2,
                                        .successes_to_close = 3,
                                        .probe_timeout = 5ms,
                                        .ramp = ramp_rule{.over = 100ms, .from = 0.2}}});
        std::atomic<std::uint64_t> asked{0};
        all_at_once([&](int thread) {
            user one{b, std::mt19937{seed * 100 + static_cast<unsigned>(thread)}};
            for (int i = 0; i < 250 * rounds; ++i) one.do_something();
            asked += one.asked;
        });
        // An override whose time has come reads as ended, though no call has ended it and told so.
        b.it.lift_override(by("t"));
        const auto t = b.now().totals;
        EXPECT_EQ(t.successes + t.failures + t.ignored + t.late + t.rejected, asked.load());
        std::uint64_t classes = 0, reasons = 0;
        for (const std::uint64_t n : t.failures_by_class) classes += n;
        for (const std::uint64_t n : t.rejected_by_reason) reasons += n;
        EXPECT_EQ(classes, t.failures);
        EXPECT_EQ(reasons, t.rejected);
        expect_one_history(b.log.all(), b.epoch(), b.state());
        // The mix did go round: thousands of times, whatever the schedule.
        for (const std::uint64_t n : t.rejected_by_reason) EXPECT_GT(n, 0U);
        std::set<cause> causes;
        for (const event& e : b.log.all()) causes.insert(e.cause);
        for (const cause usual :
             {cause::operator_order, cause::consecutive_failures, cause::pause_over, cause::probe_failed}) {
            EXPECT_TRUE(causes.contains(usual)) << to_string(usual);
        }

        // Not stuck: an order, and it works.
        b.it.lift_override(by("tester"));
        b.it.reset(by("tester"));
        b.succeed(3);
        EXPECT_EQ(b.now().window.calls, 3U);
    }
}

}  // namespace
}  // namespace switchgear::rules
