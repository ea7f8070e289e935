#include <algorithm>

#include <switchgear/gateway/runtime.hpp>

#include "exchange.hpp"
#include "worker.hpp"

/// The breaker's side of an exchange: which breaker, which endpoint, and what a refusal looks like.
namespace switchgear::gateway {

std::optional<rejection> exchange::admit_by(std::size_t endpoint, const breaker_use& by) {
    result<permit> admitted = by.what->try_acquire();
    if (!admitted) return admitted.error();
    endpoint_ = endpoint;
    use_ = by;
    permit_.emplace(std::move(*admitted));
    return std::nullopt;
}

std::optional<rejection> exchange::admit() {
    const std::size_t count = settings().endpoints.size();
    const std::size_t first = count == 1 ? 0 : of_.turn.fetch_add(1, std::memory_order_relaxed) % count;
    began_ = with_.on().runtime().clock().now();
    switch (settings().breaker.scope) {
        case breaker_scope::service: use_ = of_.fixed.front(); return admit_by(first, of_.fixed.front());
        case breaker_scope::key:
            use_ = of_.breakers->of_key(with_.head().find(settings().breaker.key_header));
            return admit_by(first, breaker_use{use_});
        case breaker_scope::endpoint: break;
    }
    // The first whose breaker lets it through; if none does, the one that will first. When all are open the
    // request is refused (no panic mode): letting it through to the least bad would take its probes away.
    std::optional<rejection> soonest;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t endpoint = (first + i) % count;
        const auto refused = admit_by(endpoint, of_.fixed[endpoint]);
        if (!refused) return std::nullopt;
        if (soonest && soonest->retry_after <= refused->retry_after) continue;
        soonest = refused;
        use_ = of_.fixed[endpoint];
    }
    of_.counters->all_endpoints_refused.fetch_add(1, std::memory_order_relaxed);
    return soonest;
}

told_state exchange::tell() const {
    const snapshot seen = use_.what->observe();
    return {use_.counters->name, seen.current, seen.retry_after};
}

std::string exchange::exposed_state() const {
    if (!settings().expose) return {};
    // Asking a breaker for a snapshot adds up its window; while it is closed its name says it all.
    if (use_.counters->is_closed()) return use_.counters->closed_text;
    return circuit_breaker_value(tell(), {});
}

task<bool> exchange::answer_refused(const rejection& refused) {
    told_state told{use_.counters->name, state::open, refused.retry_after};
    switch (refused.reason) {
        case reject_reason::open: break;
        case reject_reason::probes_busy:
        case reject_reason::ramping: told.state = state::half_open; break;
        case reject_reason::forced_open: told.state = use_.what->observe().current; break;
    }
    if (record_) {
        record_->line.state = told.state;
        record_->line.reason = to_string(refused.reason);
    }
    runtime& of = with_.on().runtime();
    use_.counters->refusals.note(of.log(), told.breaker, refused, of.clock().coarse());
    const own_answer answer{.status = 503,
                            .detail = "The service is not called at present; its circuit breaker refuses.",
                            .reason = to_string(refused.reason),
                            .proxy_error = "destination_unavailable",
                            .received_status = 0,
                            .breaker = told,
                            .allow = {},
                            .retry_later = true};
    co_return co_await answer_instead(answer, false);
}

}  // namespace switchgear::gateway
