#include "breaker_log.hpp"

#include <chrono>

#include <fmt/format.h>

#include <switchgear/wire/evidence_words.hpp>

namespace switchgear::gateway {
namespace {

thread_local std::string_view status_being_settled;  // NOLINT: one verdict at a time on a thread

std::int64_t milliseconds_of(duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

struct line {
    log_level level;
    std::string message;
};

line line_of(const transition& t) {
    if (t.from == t.to) {
        if (t.cause == cause::adaptive)
            return {log_level::warning, "Circuit would have opened: " + wire::evidence_words(t.evidence) + "."};
        if (t.cause != cause::operator_order) return {log_level::warning, "Circuit would have opened."};
        return {log_level::info, "Operator order in force."};
    }
    if (t.cause == cause::operator_order) {
        if (t.to == state::open) return {log_level::error, "Circuit opened by an operator."};
        return {log_level::info, "Circuit closed by an operator."};
    }
    if (t.cause == cause::restored) return {log_level::info, "Circuit state restored."};
    if (t.to == state::half_open) return {log_level::info, "Cooldown elapsed; circuit moved to half-open."};
    if (t.to == state::closed) return {log_level::info, "Downstream probe succeeded; circuit closed."};
    if (t.cause == cause::adaptive)
        return {log_level::error, "Circuit opened: " + wire::evidence_words(t.evidence) + "."};
    if (t.from == state::half_open) return {log_level::warning, "Downstream probe failed; circuit reopened."};
    return {log_level::error, "Circuit opened after repeated downstream failures."};
}

}  // namespace

settling_status::settling_status(std::string_view text) noexcept { status_being_settled = text; }
settling_status::~settling_status() { status_being_settled = {}; }

void log_transition(log& to, const transition& t) {
    const auto [level, message] = line_of(t);
    const std::string_view status = status_being_settled.empty() ? std::string_view{"none"} : status_being_settled;
    if (t.order) {
        to.write(level, message,
                 {{"breaker", t.name},
                  {"cause", to_string(t.cause)},
                  {"cooldown_ms", milliseconds_of(t.pause)},
                  {"status", status},
                  {"attempt", std::uint64_t{t.attempt}},
                  {"reason", std::string_view{t.order->reason}},
                  {"actor", std::string_view{t.order->actor}}});
        return;
    }
    to.write(level, message,
             {{"breaker", t.name},
              {"cause", to_string(t.cause)},
              {"cooldown_ms", milliseconds_of(t.pause)},
              {"status", status},
              {"attempt", std::uint64_t{t.attempt}}});
}

void log_failure(log& to, const breaker& of, std::string_view name, std::string_view status) {
    if (!to.enabled(log_level::warning)) return;
    const snapshot seen = of.observe();
    if (seen.current != state::closed) return;
    const settings in_force = of.current_settings();
    std::string message = fmt::format("Downstream failure recorded. failure_count={}", seen.failures_in_a_row + 1);
    if (in_force.trip.consecutive_failures) {
        message += fmt::format(" threshold={}", *in_force.trip.consecutive_failures);
    }
    to.write(log_level::warning, message, {{"breaker", name}, {"status", status}});
}

void refusal_log::note(log& to, std::string_view breaker, const rejection& refused, time_point now) {
    // Relaxed: only the exchange decides who writes, and a number that comes a line later is no loss.
    auto next = next_line_.load(std::memory_order_relaxed);
    const auto present = now.time_since_epoch().count();
    const auto after = (now + std::chrono::seconds{1}).time_since_epoch().count();
    if (present < next || !next_line_.compare_exchange_strong(next, after, std::memory_order_relaxed)) {
        held_back_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    to.write(log_level::warning, "Circuit open; rejecting request during cooldown.",
             {{"breaker", breaker},
              {"reason", to_string(refused.reason)},
              {"retry_after_ms", milliseconds_of(refused.retry_after)},
              {"held_back", held_back_.exchange(0, std::memory_order_relaxed)}});
}

}  // namespace switchgear::gateway
