#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <switchgear/breaker.hpp>
#include <switchgear/registry.hpp>
#include <switchgear/testing/event_log.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace switchgear {

// So that a failing comparison prints words.
inline void PrintTo(state s, std::ostream* out) { *out << to_string(s); }
inline void PrintTo(override_mode m, std::ostream* out) { *out << to_string(m); }
inline void PrintTo(reject_reason r, std::ostream* out) { *out << to_string(r); }
inline void PrintTo(failure_class f, std::ostream* out) { *out << to_string(f); }
inline void PrintTo(cause c, std::ostream* out) { *out << to_string(c); }

namespace rules {

using namespace std::chrono_literals;
using testing::event;

/// No rule at all: only a trip verdict or an order opens.
inline trip_rules no_rules() { return {.consecutive_failures = {}, .failure_ratio = {}}; }

inline order by(std::string actor, std::optional<time_point> until = {}) {
    return {.reason = "maintenance", .actor = std::move(actor), .until = until};
}

/// A breaker on a clock of its own, and the verbs of the rules.
struct bench {
    testing::manual_time clock;
    breaker it;
    testing::event_log log{it};

    explicit bench(const settings& s) : it{"bench", s, clock} {}

    /// Requires: the breaker admits; else the test fails here.
    permit acquire() {
        auto admitted = it.try_acquire();
        if (!admitted) throw std::logic_error{"refused: " + std::string{to_string(admitted.error().reason)}};
        return std::move(*admitted);
    }
    /// Requires: the breaker refuses; else the test fails here.
    rejection refusal() {
        auto admitted = it.try_acquire();
        if (admitted) throw std::logic_error{"admitted, though a refusal was expected"};
        return admitted.error();
    }
    /// Whether it admits; the permit is dropped.
    bool admits() { return it.try_acquire().has_value(); }

    void settle(verdict v) { acquire().settle(v); }
    void succeed(int n = 1) { repeat(n, verdict::success()); }
    void fail(int n = 1, failure_class with = failure_class::error) { repeat(n, verdict::failure(with)); }
    void ignore(int n = 1) { repeat(n, verdict::ignored()); }
    /// n calls, one after another, that take so long each and succeed.
    void take(duration each, int n = 1) {
        for (int i = 0; i < n; ++i) {
            permit p = acquire();
            advance(each);
            p.success();
        }
    }

    void advance(duration by) { clock.advance(by); }

    /// Opens at once, with the ordinary pause.
    void break_down() { settle(verdict::trip(duration::zero())); }
    /// Open, and the pause over: the next call is the probe.
    void wait_for_pause() { advance(it.observe().retry_after); }
    permit probe() {
        wait_for_pause();
        return acquire();
    }

    switchgear::state state() const { return it.observe().current; }
    std::uint64_t epoch() const { return it.observe().epoch; }
    std::uint64_t late() const { return it.observe().totals.late; }
    snapshot now() const { return it.observe(); }
    duration retry_after() const { return it.observe().retry_after; }

    void expect_closed() const { EXPECT_EQ(state(), switchgear::state::closed) << log; }
    void expect_open() const { EXPECT_EQ(state(), switchgear::state::open) << log; }
    void expect_half_open() const { EXPECT_EQ(state(), switchgear::state::half_open) << log; }

private:
    void repeat(int n, verdict v) {
        for (int i = 0; i < n; ++i) settle(v);
    }
};

/// Pauses are exact, unless the settings name a seed for the jitter.
inline bench bench_of(settings s = {}) {
    if (!s.recovery.jitter_seed) s.recovery.jitter = 0;
    return bench{s};
}

}  // namespace rules
}  // namespace switchgear
