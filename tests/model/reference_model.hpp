#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <switchgear/switchgear.hpp>

namespace switchgear::model {

/// The breaker's contract in plain sequential code: no atomics, no buckets, no tricks; every verdict of
/// the window is kept, and every sum is formed anew. It shares nothing with the implementation but the
/// types of the interface.
///
/// Left out, because the contract leaves it open or because other tests pin it down: which arrivals of a
/// ramp are admitted (the caller tells, and checks that they are even), jitter, orders that move a breaker that is forced
/// closed.
class reference {
public:
    struct call {
        std::uint64_t epoch = 0, id = 0;
        time_point begun{};
        std::optional<time_point> answered{};
        bool probe = false, bystander = false, overdue = false;
    };
    struct change {
        state from, to;
        cause why;
        std::uint64_t epoch;
        duration pause;
        std::uint32_t attempt;
        std::optional<evidence> seen;  // empty: the contract does not say what it is
    };
    struct sample {
        time_point at;
        std::uint64_t call;
        std::optional<failure_class> failed;
        bool slow;
        bool counts = true;  // false: the call of an older sample that was slow counts from its verdict on
    };
    struct record {
        bool open = false;
        duration left{}, base{};
        std::uint32_t attempt = 0;
    };

    explicit reference(settings s) : rules{std::move(s)} {}

    settings rules;
    time_point now{}, resumed_at = time_point::min();
    state at = state::closed;
    override_mode forced = override_mode::none;
    std::optional<time_point> forced_until;
    std::uint64_t epoch = 0, successes = 0, failures = 0, slow = 0, ignored = 0, late = 0;
    std::array<std::uint64_t, 4> rejected{};
    std::uint32_t attempt = 0, run = 0, proven = 0;
    duration base{};
    time_point deadline{}, ramp_since{};
    bool on_ramp = false;
    std::deque<sample> window;
    std::list<call*> probing;
    std::vector<change> changes;

    /// Whether the next arrival's fate on the ramp is up to the breaker.
    bool may_choose() const {
        return forced == override_mode::none && at == state::half_open && on_ramp &&
               now < ramp_since + rules.recovery.ramp->over;
    }
    double share() const {
        if (rules.mode == mode::observe || forced == override_mode::forced_closed) return 1;
        if (forced == override_mode::forced_open || at == state::open) return 0;
        if (at == state::closed) return 1;
        if (!on_ramp) return 0;
        const double done =
            std::chrono::duration<double>{now - ramp_since} / std::chrono::duration<double>{rules.recovery.ramp->over};
        return std::min(1.0, rules.recovery.ramp->from + (1 - rules.recovery.ramp->from) * done);
    }

    /// `chosen`: what the breaker did, where it may choose. Returns: the call's record, or the refusal.
    std::variant<call, rejection> acquire(bool chosen) {
        expire();
        if (forced == override_mode::forced_open) return refuse(reject_reason::forced_open, left_of_forced_open());
        if (at == state::open && now >= deadline) go(state::half_open, cause::pause_over);
        if (at == state::half_open && on_ramp && now >= ramp_since + rules.recovery.ramp->over)
            close(cause::ramp_finished);
        if (at == state::half_open && !on_ramp) {
            const auto earliest = earliest_expiry();
            if (earliest && *earliest <= now)
                open(cause::probe_expired, evidence{1, 1, 0, 1, 1});
            else if (probing.size() >= rules.recovery.probes) {
                return refuse(reject_reason::probes_busy, earliest ? *earliest - now : duration{});
            }
        }
        if (at == state::open) return refuse(reject_reason::open, deadline - now);
        if (at == state::half_open && on_ramp && !chosen) return refuse(reject_reason::ramping, {});
        return call{.epoch = epoch, .id = ++calls_, .begun = now, .probe = at == state::half_open && !on_ramp};
    }
    /// To be told where an admitted call's record lives, so that leases can be looked up.
    void given(call& c) {
        if (c.probe) probing.push_back(&c);
    }

    void settle(call& c, verdict v) {
        if (c.probe) probing.remove(&c);
        if (v.is_ignored()) return void(++ignored);
        expire();
        if (c.epoch != epoch) return void(++late);
        const bool was_slow = !c.overdue && too_slow(c);
        (v.is_success() ? successes : failures) += 1;
        slow += was_slow || c.overdue ? 1U : 0U;
        if (c.bystander) return;
        if (at == state::half_open && !on_ramp) {
            if (was_slow || v.is_trip() || (v.is_failure() && weight(v.failed_with()) > 0))
                open(cause::probe_failed, {}, v.retry_after());
            else if (v.is_success() && ++proven >= rules.recovery.successes_to_close)
                end_probing();
            return;
        }
        if (v.is_success())
            run = 0;
        else if (weight(v.failed_with()) > 0)
            ++run;
        const auto failed = v.is_failure() ? std::optional{v.failed_with()} : std::nullopt;
        const auto before = std::find_if(window.begin(), window.end(), [&](const sample& s) { return s.call == c.id; });
        const bool of_calls = std::holds_alternative<last_calls>(rules.trip.window);
        if (before != window.end()) {
            before->counts = of_calls;
            if (of_calls) before->failed = failed;
        }
        if (before == window.end() || !of_calls) count({now, c.id, failed, was_slow});
        judge(v);
    }

    void overdue(call& c) {
        if (!rules.trip.slow || c.epoch != epoch || c.answered || c.bystander || c.begun < resumed_at) return;
        expire();
        if (c.epoch != epoch || c.overdue) return;
        if (at == state::half_open && !on_ramp) return open(cause::probe_failed);
        c.overdue = true;
        count({now, c.id, {}, true});
        judge(verdict::ignored());
    }

    /// After its time an override is as if lifted. Whoever comes next ends it; a reader sees it ended.
    bool is_over() const { return forced != override_mode::none && forced_until && now >= *forced_until; }
    void expire() {
        if (is_over()) lift();
    }
    duration left_of_forced_open() const { return forced_until ? *forced_until - now : rules.recovery.open_for; }

    void reset() {
        expire();
        at == state::closed ? empty() : close(cause::operator_order);
    }
    void trip(std::optional<duration> exact) {
        expire();
        if (exact) exact = std::min<duration>(*exact, rules.recovery.max_retry_after);
        if (at != state::open) return open(cause::operator_order, {}, {}, exact);
        // Opened by a lifted order it had no pause yet: this is the first.
        if (base == duration{}) base = rules.recovery.open_for;
        deadline = now + exact.value_or(base);
    }
    void force_open(std::optional<time_point> until) {
        expire();
        forced = override_mode::forced_open;
        forced_until = until;
    }
    void force_closed(std::optional<time_point> until) {
        reset();
        forced = override_mode::forced_closed;
        forced_until = until;
    }
    void lift() {
        const auto was = std::exchange(forced, override_mode::none);
        if (was == override_mode::forced_closed) reset();
        if (was != override_mode::forced_open) return;
        if (at != state::open) go(state::open, cause::operator_order);
        deadline = std::min(deadline, now);
    }
    void end_pause() {
        if (at == state::open) deadline = std::min(deadline, now);
    }
    void extend_pause(duration wait) {
        expire();
        if (at == state::open) deadline = std::max(deadline, now + wait);
    }
    record save() const {
        if (at == state::closed) return {};
        return {true, at == state::open ? std::max(deadline - now, duration{}) : duration{}, base, attempt};
    }
    void restore(const record& from, duration elapsed) {
        expire();
        if (!from.open) return at == state::closed ? void() : close(cause::restored);
        attempt = from.attempt;
        if (at != state::open) go(state::open, cause::restored);
        base = from.base;
        deadline = now + std::max(from.left - elapsed, duration{});
    }
    /// Of the same kind of window; of the same span, if it is one of time.
    void apply(const settings& s) {
        rules = s;
        forget();
    }

    /// What has left the window is dropped; the times used keep clear of its soft edge.
    void forget() {
        if (const auto* n = std::get_if<last_calls>(&rules.trip.window)) {
            while (window.size() > n->count) window.pop_front();
        } else {
            while (!window.empty() && now - window.front().at > std::get<last>(rules.trip.window).span)
                window.pop_front();
        }
    }
    std::uint64_t calls() const {
        return static_cast<std::uint64_t>(
            std::count_if(window.begin(), window.end(), [](const sample& s) { return s.counts; }));
    }
    std::optional<time_point> earliest_expiry() const {
        std::optional<time_point> earliest;
        for (const call* c : probing) {
            if (c->epoch != epoch || c->answered) continue;
            const time_point expiry = c->begun + rules.recovery.probe_timeout;
            earliest = earliest ? std::min(*earliest, expiry) : expiry;
        }
        return earliest;
    }

private:
    std::variant<call, rejection> refuse(reject_reason why, duration wait) {
        if (rules.mode == mode::observe) return call{.epoch = epoch, .id = ++calls_, .begun = now, .bystander = true};
        ++rejected[static_cast<std::size_t>(why)];
        return rejection{why, wait};
    }
    bool too_slow(const call& c) const {
        return rules.trip.slow && c.begun >= resumed_at && c.answered.value_or(now) - c.begun > rules.trip.slow->after;
    }
    double weight(failure_class f) const {
        const class_weights& w = rules.trip.weights;
        return std::array{w.error,    w.timeout,  w.unreachable, w.overloaded,
                          w.custom_1, w.custom_2, w.custom_3,    w.custom_4}[static_cast<std::size_t>(f)];
    }
    void count(sample s) {
        window.push_back(s);
        forget();
    }
    void empty() {
        window.clear();
        run = 0;
    }
    void go(state to, cause why, duration pause = {}, std::optional<evidence> seen = {}) {
        changes.push_back({at, to, why, ++epoch, pause, attempt, seen});
        at = to;
        on_ramp = false;
        proven = 0;
        probing.clear();
        empty();
    }
    void close(cause why) {
        go(state::closed, why);
        attempt = 0;
        base = {};
    }
    void open(cause why, std::optional<evidence> seen = {}, std::optional<duration> hint = {},
              std::optional<duration> exact = {}) {
        const recovery_rules& r = rules.recovery;
        const bool again = at == state::half_open && base > duration{};
        base = std::min<duration>(again ? std::chrono::duration_cast<duration>(base * r.backoff) : r.open_for,
                                  r.max_open_for);
        const duration pause =
            exact ? *exact : std::max(base, std::min<duration>(hint.value_or(duration{}), r.max_retry_after));
        ++attempt;
        deadline = now + pause;
        go(state::open, why, pause, seen);
    }
    void end_probing() {
        if (!rules.recovery.ramp) return close(cause::probes_succeeded);
        on_ramp = true;
        ramp_since = now;
        empty();
    }
    void judge(verdict v) {
        forget();
        const trip_rules& t = rules.trip;
        evidence e{.calls = calls()};
        double weighted = 0;
        std::array<std::uint32_t, failure_class_count> of_class{};
        for (const sample& s : window) {
            e.slow += s.slow ? 1U : 0U;
            if (!s.failed) continue;
            ++e.failures;
            weighted += weight(*s.failed);
            ++of_class[static_cast<std::size_t>(*s.failed)];
        }
        const auto holds = [&](cause why, double observed, double threshold) {
            if (observed < threshold || forced == override_mode::forced_closed) return false;
            e.observed = observed;
            e.threshold = threshold;
            open(why, e, v.retry_after());
            return true;
        };
        if (v.is_trip())
            return forced == override_mode::forced_closed ? void() : open(cause::trip_verdict, {}, v.retry_after());
        const bool enough = e.calls >= t.minimum_calls;
        const double n = static_cast<double>(e.calls);
        if (t.consecutive_failures && holds(cause::consecutive_failures, run, *t.consecutive_failures)) return;
        if (t.failures && holds(cause::failure_count, weighted, *t.failures)) return;
        if (t.failure_ratio && enough && holds(cause::failure_ratio, std::min(weighted / n, 1.0), *t.failure_ratio))
            return;
        if (t.slow && enough && holds(cause::slow_ratio, static_cast<double>(e.slow) / n, t.slow->ratio)) return;
        if (t.limits.error && holds(cause::class_limit, of_class[0], *t.limits.error)) return;
        if (t.limits.timeout && holds(cause::class_limit, of_class[1], *t.limits.timeout)) return;
    }

    std::uint64_t calls_ = 0;
};

}  // namespace switchgear::model
