#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/state.hpp>
#include <switchgear/time.hpp>

namespace switchgear {

/// What moved the breaker: the rule that fired, or the event of recovery.
enum class cause : std::uint8_t {
    consecutive_failures,
    failure_count,
    failure_ratio,
    slow_ratio,
    class_limit,
    trip_verdict,
    adaptive,
    probe_failed,
    probe_expired,
    pause_over,
    probes_succeeded,
    ramp_finished,
    operator_order,
    restored
};
std::string_view to_string(cause) noexcept;

/// What a rule saw: raw counts, and the value observed (weighted) beside the threshold it reached.
struct evidence {
    std::uint64_t calls = 0, failures = 0, slow = 0;
    double observed = 0, threshold = 0;
    /// Of the adaptive rule, whose threshold is the share that is normal: how rarely that many bad calls come
    /// together by chance. Else zero.
    duration by_chance_once_in{};
    friend bool operator==(const evidence&, const evidence&) = default;
};

/// Who ordered something, why, and until when (empty: until lifted).
struct order {
    std::string reason;
    std::string actor;
    std::optional<time_point> until{};
    friend bool operator==(const order&, const order&) = default;
};

/// One change of state, with its evidence (rule 30). Orders that leave the state as it is, and "would
/// have opened" under `force_closed`, are told with from == to and the order attached.
struct transition {
    std::string_view name;  ///< the breaker's; lives as long as it does
    state from, to;
    std::uint64_t epoch;  ///< the epoch that began; a gap is a transition missed
    time_point at;
    switchgear::cause cause;
    switchgear::evidence evidence;
    duration pause;         ///< of a trip; else zero
    std::uint32_t attempt;  ///< trips in a row without a close; of the period that ended if not a trip
    std::optional<switchgear::order> order;
};

namespace detail {
struct listener_entry;
class listeners;
}  // namespace detail

/// Ends a subscription when destroyed. Does not wait for a callback that is running; may be destroyed
/// by the callback itself, and after the breaker.
///
/// Thread safety: distinct objects may be used from distinct threads.
class [[nodiscard]] subscription {
public:
    subscription() noexcept = default;
    subscription(subscription&&) noexcept;
    subscription& operator=(subscription&&) noexcept;
    subscription(const subscription&) = delete;
    subscription& operator=(const subscription&) = delete;
    ~subscription();

private:
    friend class detail::listeners;
    subscription(std::shared_ptr<detail::listeners> hub, detail::listener_entry* entry) noexcept;

    std::shared_ptr<detail::listeners> hub_;
    detail::listener_entry* entry_ = nullptr;
};

}  // namespace switchgear
