#pragma once

#include <algorithm>

#include "machine.hpp"

// The ramp by evidence: who is let in, and what a verdict does to it (evidence_ramp.hpp).
//
// Letting in takes no lock: what is allowed is one word, and a place another. Verdicts steer under the lock of
// evidence: what they steer by is a dozen numbers that go together. The calls of a ramp are few, no healthy call
// meets them, and nobody who asks for a permit waits for that lock.

namespace switchgear::detail {

/// In whole microseconds, at least one and at most an hour.
inline std::uint32_t in_microseconds(ticks took) noexcept {
    return static_cast<std::uint32_t>(std::clamp<ticks>(took / 1'000, 1, 3'600'000'000));
}

/// Seconds from one call to the next in health; what is taken for it where that is not known.
inline double call_gap(const period& of) noexcept {
    return of.learned.call_gap > 0 ? static_cast<double>(of.learned.call_gap) : 1.0;
}
/// How long a call takes, where the probe has told, or else how long it is from one call to the next.
inline ticks round_trip(const period& of) noexcept {
    return of.ramp_latency != 0 ? ticks{of.ramp_latency} * 1'000 : static_cast<ticks>(call_gap(of) * 1e9);
}

/// How a ramp of that period begins.
template <class A, class S, class F>
steering machine<A, S, F>::ramp_of(const period& of) noexcept {
    return steering::begun(of.ramp_latency * 1e-6, static_cast<double>(of.learned.call_gap));
}

template <class A, class S, class F>
template <class Time>
answer machine<A, S, F>::acquire_by_evidence(word at, const Time& time, grant& to) noexcept {
    const look seen = read();
    if (seen.at != at) return answer::look_again();
    auto& on = in_trouble().back()->ramp;  // made before the settings that lead here
    const ticks now = in_ticks(time.now());
    const auto still_on = [&] { return current().epoch() == at.epoch(); };
    const allowance may = on.allowed(at.epoch(), ramp_of(seen.of).allowed());
    const auto refused = [&](ticks wait) {
        if (!still_on()) return answer::look_again();
        on.raise(on.refused_at, now);
        return refuse_or_observe(at, reject_reason::ramping, wait, time, to);
    };
    // relaxed: bounds of their own; of an earlier ramp they are earlier than this one.
    const ticks quiet_since = std::max(on.refused_at.load(std::memory_order_relaxed), seen.of.ramp_since);
    if (may.steady && now - quiet_since >= quiet_before_closing) {
        end_ramp(at.epoch(), now);
        return answer::look_again();
    }
    const ticks next = on.admitted_at.load(std::memory_order_relaxed) + may.spacing;
    if (may.spacing > 0 && now < next) return refused(next - now);
    const ticks length = seen.of.ramp_lease * ticks{1'000'000};
    const auto generation = places<A>::generation_at(now - std::min(seen.of.ramp_since, now), length);
    const auto got = on.in.take(at.epoch(), generation, may.calls, still_on);
    if (got.lost != 0) {
        on.lose(at.epoch(), got.lost);
        // If somebody is at the evidence just now, their verdict or the next one tells of them.
        if (evidence_.try_lock()) {
            std::optional<moved> made;
            {
                const guard lock{evidence_, std::adopt_lock};
                made = steer_with(at.epoch(), now, {}, [](steering&) {});
            }
            tell(made);
            if (made) return answer::look_again();
        }
    }
    if (!got.taken) return refused(round_trip(seen.of));
    on.raise(on.admitted_at, now);
    to = granted(at, grant::paced | grant::placed, time);
    to.traits |= std::uint64_t{got.generation} << grant::generation_shift;
    to.begun = now;
    return {};
}

template <class A, class S, class F>
void machine<A, S, F>::leave_ramp(grant& of) noexcept {
    if (!of.is(grant::placed)) return;
    of.traits &= ~std::uint64_t{grant::placed};
    const auto generation = static_cast<std::uint16_t>(of.traits >> grant::generation_shift);
    auto& on = in_trouble().back()->ramp;
    on.in.give_back(of.epoch, generation, [&] { return current().epoch() == of.epoch; });
}

/// What a counted verdict of a call of the ramp does to it. Its place is free before more are allowed.
template <class A, class S, class F>
template <class Time>
void machine<A, S, F>::steer(grant& of, verdict how, const Time& time) noexcept {
    leave_ramp(of);
    const ticks now = in_ticks(time.now());
    const ticks took = of.is(grant::answered) ? of.took : now - of.begun;
    const bool suspended = in_ticks(time.resumed_at()) > of.begun;
    // Beside the lock, and not while waiting for it. Where a reload has made it a ramp by time, evidence is the rules'.
    const auto weight = with_plan([&](const plan& by) -> std::optional<double> {
        const auto& ramp = by.given.recovery.ramp;
        if (!ramp || ramp->by != ramp_by::evidence) return {};
        return how.is_failure() ? by.weight(how.failed_with()) : 0.0;
    });
    if (!weight) return;
    std::optional<ticks> hint;
    if (how.retry_after()) hint = how.retry_after()->count();
    std::optional<moved> made;
    {
        const guard lock{evidence_};
        made = steer_with(of.epoch, now, hint, [&](steering& by) {
            const double at = static_cast<double>(now) * tick;
            if (how.is_success() && suspended) return by.succeeded();
            if (how.is_success()) return by.succeeded(static_cast<double>(took) * tick, at);
            if (*weight > 0) by.failed(at);
        });
    }
    tell(made);
}

template <class A, class S, class F>
template <class Learn>
std::optional<moved> machine<A, S, F>::steer_with(std::uint64_t epoch, ticks now, std::optional<ticks> hint,
                                                  const Learn& learn) noexcept {
    auto& on = in_trouble().back()->ramp;
    look seen = read();
    if (seen.at.epoch() != epoch || !seen.at.on_ramp()) return {};
    if (std::exchange(on.steered_epoch, epoch) != epoch) on.steer = ramp_of(seen.of);
    // Calls that never ended are failures, and of so many at once the last ten tell as much as all.
    const auto lost = std::min(on.take_lost(epoch), steering::relapse_calls);
    for (std::uint32_t i = 0; i < lost; ++i) on.steer.failed(static_cast<double>(now) * tick);
    learn(on.steer);
    on.publish(epoch, on.steer.allowed());
    while (on.steer.relapsed() && seen.at.epoch() == epoch && seen.at.on_ramp()) {
        const std::uint32_t failed = on.steer.failures_of_last(steering::relapse_calls);
        constexpr double of = steering::relapse_calls;
        const finding relapse{cause::failure_ratio,
                              {.calls = steering::relapse_calls,
                               .failures = failed,
                               .observed = failed / of,
                               .threshold = steering::relapse_failures / of}};
        if (const auto made = open(seen, relapse, in_step(seen), now, hint)) {
            if (auto* const watcher = watching()) watcher->opened(made->epoch, now);
            return made;
        }
        seen = read();
    }
    return {};
}

/// About the share of healthy traffic that the ramp lets in now.
template <class A, class S, class F>
double machine<A, S, F>::share_by_evidence(const look& seen) const noexcept {
    const steering first = ramp_of(seen.of);
    const auto* const known = known_trouble();
    const auto* const back = known == nullptr ? nullptr : known->back();
    const allowance may = back == nullptr ? first.allowed() : back->ramp.allowed(seen.at.epoch(), first.allowed());
    const double between = static_cast<double>(may.spacing > 0 ? may.spacing : round_trip(seen.of)) * tick / may.calls;
    // Never nothing: that would read as probing.
    return std::clamp(call_gap(seen.of) / between, 0.001, 1.0);
}

}  // namespace switchgear::detail
