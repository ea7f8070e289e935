#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include <switchgear/event.hpp>
#include <switchgear/snapshot.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>
#include <switchgear/wire/json.hpp>

/// Snapshots and transitions as they travel: what a server shows and what its clients read.
///
/// A view owns all its texts and knows wall time only, because another process's monotonic clock means
/// nothing to a reader. Durations are whole milliseconds, rounded up, so that one that is not over never
/// reads as zero. Times are texts as in RFC 3339: "2024-11-22T15:31:00.123Z". Bytes of a name, a reason or an
/// actor that are no UTF-8, and would make the JSON unreadable, are U+FFFD in a view.
///
/// Reading refuses a member that is missing or of a wrong type, and passes over members that it does not
/// know: a client may be older than its server.
namespace switchgear::wire {

using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// One instant on both clocks, by which times on the breaker's clock become wall times.
struct both_clocks {
    time_point steady;
    std::chrono::system_clock::time_point wall;
};

struct order_view {
    std::string reason;
    std::string actor;
    std::optional<wall_time> until;  ///< empty: until lifted
    friend bool operator==(const order_view&, const order_view&) = default;
};

/// What the adaptive rule takes for normal. Members as in `normal_calls`, by the same names.
struct normal_view {
    double failure_share = 0, slow_share = 0;
    std::optional<std::chrono::milliseconds> slow_after;  ///< empty: not known yet
    double evidence = 0, penalty = 0;
    friend bool operator==(const normal_view&, const normal_view&) = default;
};

/// A breaker, seen at one instant. Members as in `snapshot`, by the same names.
struct breaker_view {
    struct window_counts {
        std::uint64_t calls = 0, failures = 0, slow = 0;
        friend bool operator==(const window_counts&, const window_counts&) = default;
    };
    struct learned_pacing {
        std::chrono::milliseconds median_outage{};
        double calls_per_second = 0;
        friend bool operator==(const learned_pacing&, const learned_pacing&) = default;
    };
    struct total_counts {
        std::uint64_t successes = 0, failures = 0, slow = 0, ignored = 0, late = 0, rejected = 0;
        std::array<std::uint64_t, failure_class_count> failures_by_class{};
        std::array<std::uint64_t, 4> rejected_by_reason{};
        friend bool operator==(const total_counts&, const total_counts&) = default;
    };

    std::string name;
    switchgear::state state = switchgear::state::closed;
    override_mode override = override_mode::none;
    std::optional<order_view> order;  ///< the order in force
    std::uint64_t epoch = 0;
    bool probe_due = false;
    std::chrono::milliseconds retry_after{};
    double admitted_share = 1;
    std::uint32_t attempt = 0;
    std::uint32_t failures_in_a_row = 0;
    window_counts window;
    std::optional<normal_view> normal;  ///< empty without the adaptive rule
    learned_pacing learned;             ///< zero: not known yet
    total_counts totals;
    friend bool operator==(const breaker_view&, const breaker_view&) = default;
};

/// A change of state. Members as in `transition`, by the same names.
struct transition_view {
    std::string name;
    state from = state::closed;
    state to = state::closed;
    std::uint64_t epoch = 0;
    wall_time at;
    switchgear::cause cause = switchgear::cause::operator_order;
    switchgear::evidence evidence;
    std::chrono::milliseconds pause{};
    std::uint32_t attempt = 0;
    std::optional<order_view> order;
    friend bool operator==(const transition_view&, const transition_view&) = default;
};

[[nodiscard]] order_view view_of(const order&, const both_clocks&);
[[nodiscard]] breaker_view view_of(std::string_view name, const snapshot&, const both_clocks&);
[[nodiscard]] transition_view view_of(const transition&, const both_clocks&);

[[nodiscard]] boost::json::object to_json(const order_view&);
[[nodiscard]] boost::json::object to_json(const breaker_view&);
[[nodiscard]] boost::json::object to_json(const transition_view&);

template <>
[[nodiscard]] parsed<order_view> from_json<order_view>(const boost::json::value&);
template <>
[[nodiscard]] parsed<breaker_view> from_json<breaker_view>(const boost::json::value&);
template <>
[[nodiscard]] parsed<transition_view> from_json<transition_view>(const boost::json::value&);

}  // namespace switchgear::wire
