#include "quiet.hpp"

#include <chrono>
#include <map>
#include <utility>

namespace switchgear::stress {

using namespace std::chrono_literals;

namespace {

const order tester{.reason = "quiet", .actor = "tester"};

void expect_same(const breaker& used, const breaker& fresh, const char* when) {
    const snapshot a = used.observe(), b = fresh.observe();
    EXPECT_EQ(to_string(a.current), to_string(b.current)) << used.name() << ' ' << when;
    EXPECT_EQ(a.window.calls, b.window.calls) << used.name() << ' ' << when;
    EXPECT_EQ(a.window.failures, b.window.failures) << used.name() << ' ' << when;
    EXPECT_EQ(a.window.slow, b.window.slow) << used.name() << ' ' << when;
    EXPECT_EQ(a.failures_in_a_row, b.failures_in_a_row) << used.name() << ' ' << when;
    EXPECT_EQ(a.attempt, b.attempt) << used.name() << ' ' << when;
    EXPECT_EQ(a.retry_after, b.retry_after) << used.name() << ' ' << when;
    EXPECT_EQ(a.probe_due, b.probe_due) << used.name() << ' ' << when;
}

}  // namespace

void expect_exact_books(place& shared) {
    std::map<const watched*, std::uint64_t> unsettled;
    auto kept = shared.take_all();
    for (const running& one : kept) ++unsettled[one.by];
    for (const auto& one : shared.them) {
        one->expect_exact_books(unsettled[one.get()]);
        // Reset and not overridden, so that no order that has run out reads otherwise than it was told.
        one->it->lift_override(tester);
        one->it->reset(tester);
        const snapshot s = one->it->observe();
        one->heard.expect_complete(one->name(), s.epoch, s.current);
        if (one->name().starts_with("held")) one->heard_too.expect_complete(one->name(), s.epoch, s.current);
    }
    std::mt19937 anywhere{1};
    for (running& one : kept) shared.put(anywhere, std::move(one));
}

void expect_as_good_as_new(place& shared, watched& used, const settings& under) {
    breaker fresh{"fresh", under, shared.clock};
    breaker& old = *used.it;
    old.lift_override(tester);
    old.reset(tester);
    old.apply(under);
    old.reset(tester);  // a window that stays may hold what was there
    const auto both_settle = [&](verdict how, duration after) {
        used.asks();
        auto a = old.try_acquire();
        auto b = fresh.try_acquire();
        ASSERT_EQ(a.has_value(), b.has_value()) << old.name();
        if (a) used.was_admitted(a->epoch());
        shared.clock.advance(after);
        if (!a) return used.was_refused(a.error());
        used.settles(a->epoch(), how);
        (*a).settle(how);
        (*b).settle(how);
        used.has_settled();
    };
    expect_same(old, fresh, "at the beginning");
    for (int i = 0; i < 300; ++i) {
        both_settle(i % 7 == 3    ? verdict::failure(static_cast<failure_class>(i % 8))
                    : i % 31 == 5 ? verdict::ignored()
                                  : verdict::success(),
                    i % 5 == 0 ? 2ms : 0ms);
    }
    expect_same(old, fresh, "after some calls");
    for (int i = 0; i < 4; ++i) {
        both_settle(verdict::trip(3ms), 0ms);
        expect_same(old, fresh, "tripped");
        shared.clock.advance(1s);
        both_settle(verdict::success(), 0ms);
        expect_same(old, fresh, "probed");
    }
    shared.clock.advance(1h);
    for (int i = 0; i < 10; ++i) both_settle(verdict::success(), 1ms);
    expect_same(old, fresh, "in the end");
}

}  // namespace switchgear::stress
