#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include <switchgear/settings.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

#include "aims.hpp"
#include "class_evidence.hpp"
#include "latency_limit.hpp"
#include "numbers.hpp"
#include "stream.hpp"

namespace switchgear::adaptive {

/// A call that is over and counts.
struct finished {
    time_point at;                            ///< when it ended
    duration took{};                          ///< how long it ran; zero: not measured, counts as quick
    failure_class of = failure_class::error;  ///< if it failed
    bool failed = false;
    bool slow_already = false;  ///< it was reported by overdue() while it ran
};

enum class suspicion_of : std::uint8_t {
    errors,      ///< too many calls fail
    slowness,    ///< too many calls take longer than the learned limit
    one_class,   ///< too many calls fail with one class of failure
    half_of_all  ///< half of the calls are bad, whatever was learned
};

/// Why to trip: "`bad` of the last `of` calls failed; normal is `normal`; such a run comes by chance once in
/// `by_chance_once_in`".
struct finding {
    suspicion_of what = suspicion_of::errors;
    bool slow = false;  ///< the bad ones are slow, else failed
    std::uint64_t bad = 0;
    std::uint64_t of = 0;
    double normal = 0;             ///< the share of bad calls that is normal
    duration by_chance_once_in{};  ///< zero of half_of_all
};

/// What the first calls after a trip said.
enum class trip_was : std::uint8_t { needless, outage };

/// What a trip was, by its probes up to the first good one. A trouble that is over within three probes and
/// three seconds was not worth opening for: it is a burst, and is learned as one.
trip_was what_it_was(std::uint32_t failed_probes, duration until_a_good_one) noexcept;

/// Tells from how calls went when the breaker should open: as soon as what it sees comes by chance less
/// often than once in the budget of false trips.
///
/// A good call in an uneventful time costs a few additions; the arithmetic is done in closed form when the
/// next bad call comes. The share of the budget that the time between two bad calls is worth is spread
/// evenly over the calls between them; otherwise the result depends on the calls only, never on how they
/// were cut into spans.
///
/// Thread safety: none; one thread at a time. Cost: no allocation but in save(); about 16 KiB.
class detector {
public:
    detector(const aims&, time_point now);

    /// Takes calls in the order in which they ended. Stops at the one that trips: what comes after it in the
    /// span is passed over. Says nothing between opened() and judged().
    std::optional<finding> observe(std::span<const finished>) noexcept;

    /// A call in flight has just passed limit(): it counts as slow now. Its `finished` says `slow_already`.
    std::optional<finding> overdue(time_point now) noexcept;

    /// The learned limit of latency or the deadline, for timers. Empty: nothing is slow yet.
    std::optional<duration> limit() const noexcept { return latency_.known(); }

    /// The breaker has opened, for this reason or another one.
    void opened(time_point now) noexcept;
    /// … and what its probes said. Needless: the calls before the trip are learned, and if this detector was
    /// the cause it is more careful for a while. Outage: they are forgotten, and the next minute is not learned.
    void judged(trip_was, time_point now) noexcept;

    learned save();
    /// Lets the numbers below, and save(), include the good calls since the last bad one.
    void bring_up_to_date() noexcept;
    /// Returns: false if the record is not one, or of another version; then nothing has changed.
    /// `away`: how long ago it was saved.
    bool restore(const learned&, duration away, time_point now);
    void forget(time_point now) noexcept;
    /// Of how long calls take only: it begins anew with the calls to come.
    void forget_latency(time_point now) noexcept;
    /// New aims; what was learned stays.
    void change(const aims&) noexcept;

    double normal_failure_share() const noexcept { return errors_.model().observed(); }
    double normal_slow_share() const noexcept { return slow_.model().observed(); }
    /// How far the evidence is on its way to a trip, on a logarithmic scale: 0 none, 1 trips.
    double evidence() const noexcept;
    /// By how many powers of e the budget is stretched because of needless trips; falls by 1 in two budgets.
    double penalty() const noexcept { return penalty_; }

private:
    std::optional<finding> weigh(const finished&, bool slow) noexcept;
    std::optional<finding> judge(bool failed, bool slow) noexcept;
    finding found(suspicion_of, const stream&, double value) const noexcept;
    void pass_time(time_point now) noexcept;
    void catch_up(stream&, std::uint64_t& calls, std::int64_t& elapsed, std::uint64_t bad) noexcept;
    void look() noexcept;
    void plan_next_look() noexcept;
    void learn_latency() noexcept;
    void follow_latency() noexcept { slow_.expect_at_least(latency_.least_normal()); }
    void set_rate() noexcept;
    void age_penalty() noexcept;
    double lapsed(duration) const noexcept;
    double total() const noexcept;

    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    aims aims_;
    time_point last_;
    std::int64_t elapsed_ = 0;  // sum of the gaps between events, each up to a minute
    std::uint64_t calls_ = 0;
    std::uint64_t next_look_ = never;
    bool waiting_ = false;  // for judged()
    bool own_ = false;      // the trip that is waited for was this one's finding
    double penalty_;
    time_point penalty_at_;
    double rate_{};  // of budget, in 1/ns
    double class_weights_{};
    // How far each stream has seen calls and time.
    std::uint64_t errors_calls_ = 0, slow_calls_ = 0;
    std::int64_t errors_elapsed_ = 0, slow_elapsed_ = 0;
    latency_limit latency_;
    stream errors_, slow_;
    class_evidence classes_;
};

}  // namespace switchgear::adaptive
