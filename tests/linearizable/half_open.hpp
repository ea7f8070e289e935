#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "history.hpp"

namespace switchgear::linearizable {

inline constexpr std::size_t most_operations = 18;

/// Half-open in plain sequential code, written from rules 16 to 21. One step of one operation at a time.
struct half_open {
    struct probe {
        int call = -1;  ///< the operation that was admitted; -1: none
        int begun = 0;
        bool leased = true;  ///< false: its lease has not begun yet, its verdict is coming, or it is scored
        bool scored = false;
        friend auto operator<=>(const probe&, const probe&) = default;
    };
    static constexpr std::size_t most_probes = 4;

    state at = state::open;
    int epoch = 1, now = 0, deadline = 0, proven = 0;
    std::array<probe, most_probes> out{};  ///< filled from the front
    totals counted{};

    friend auto operator<=>(const half_open&, const half_open&) = default;

    std::size_t probes_out() const {
        std::size_t n = 0;
        for (const probe& p : out) n += p.call >= 0 ? 1U : 0U;
        return n;
    }

    // Rules 16, 18 and 20: what a caller who comes at that time has to change before it is answered.
    bool pause_is_over(int at_time) const { return at == state::open && at_time >= deadline; }
    bool is_proven(const rules& by) const { return at == state::half_open && proven >= by.successes_to_close; }
    /// A lease that is over is scored first, and its verdict is late from then on; then the breaker re-opens.
    bool score(int at_time, const rules& by) {
        for (probe& p : out) {
            if (p.call < 0 || !p.leased || at_time - p.begun < by.probe_timeout) continue;
            p.leased = false;
            return p.scored = true;
        }
        return false;
    }
    bool has_scored() const {
        for (const probe& p : out) {
            if (p.scored) return true;
        }
        return false;
    }
    bool is_scored(int call) const {
        for (const probe& p : out) {
            if (p.call == call) return p.scored;
        }
        return false;
    }
    /// Whether the lease that was scored was over at that time.
    bool may_expire(int at_time, const rules& by) const {
        for (const probe& p : out) {
            if (p.scored && at_time - p.begun >= by.probe_timeout) return true;
        }
        return false;
    }
    change begin_probing() { return go(state::half_open, cause::pause_over); }
    change close() { return go(state::closed, cause::probes_succeeded); }
    change expire(int at_time, const rules& by) {
        deadline = at_time + by.pause;
        return go(state::open, cause::probe_expired);
    }
    /// What a caller is told. Requires: no change is due. Admitted by a half-open breaker, it has taken a place
    /// by that, and a lease begins when it goes on: unless the breaker has changed by then, or it finds a lease over.
    operation::answer acquire(int call, int at_time, const rules& by) {
        if (at == state::open) return operation::answer::open;
        if (at == state::closed) return operation::answer::admitted;
        if (probes_out() >= static_cast<std::size_t>(by.probes)) return operation::answer::probes_busy;
        out[probes_out()] = {call, at_time, false};
        return operation::answer::admitted;
    }
    bool begin_lease(int call) {
        for (probe& p : out) {
            if (p.call == call) return p.leased = true;
        }
        return false;
    }

    /// Nobody is let in beside a lease that is over: who has a place looks once more before its own lease begins.
    /// Returns: whether there is one; it is scored.
    bool finds_one_over(int call, const rules& by) {
        const auto mine = std::ranges::find(out, call, &probe::call);
        return mine != out.end() && (has_scored() || score(mine->begun, by));
    }

    /// The first step of a verdict: its call's lease ends.
    void claim(int call) {
        for (probe& p : out) p.leased = p.leased && p.call != call;
    }
    /// The second: rules 18, 19 and 21. Requires: its call is not scored; whoever finds that re-opens before.
    std::optional<change> settle(const operation& verdict, int call_epoch, int at_time, const rules& by) {
        const bool was_probe = remove(verdict.of);
        if (verdict.what == operation::kind::ignore) return ++counted.ignored, std::nullopt;
        if (call_epoch != epoch) return ++counted.late, std::nullopt;
        const bool good = verdict.what == operation::kind::success;
        ++(good ? counted.successes : counted.failures);
        if (!was_probe) return {};
        if (good) return ++proven, std::nullopt;
        deadline = at_time + by.pause;
        return go(state::open, cause::probe_failed);
    }

private:
    change go(state to, cause why) {
        const change made{at, to, why, ++epoch};
        at = to;
        proven = 0;
        out = {};
        return made;
    }
    bool remove(int call) {
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (out[i].call != call) continue;
            for (; i + 1 < out.size(); ++i) out[i] = out[i + 1];
            out.back() = {};
            return true;
        }
        return false;
    }
};

}  // namespace switchgear::linearizable
