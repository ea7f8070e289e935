#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace switchgear {

/// The verdicts of the last `span` of time. Range: [1 s, 1 h]. A verdict younger than nine tenths of it
/// always counts, an older one than all of it never does (rule 8).
struct last {
    std::chrono::milliseconds span;
    friend bool operator==(const last&, const last&) = default;
};

/// The last `count` verdicts, exactly. Range: [1, 65536]. Costs sixteen bytes each.
struct last_calls {
    std::uint32_t count;
    friend bool operator==(const last_calls&, const last_calls&) = default;
};

using window = std::variant<last, last_calls>;

/// Trips when too many calls are slow, whether or not they succeed. Costs two readings of the clock a
/// call; without it the healthy path reads no exact clock at all.
struct slow_rule {
    /// Slow is strictly longer than this. Range: at least 1 ms.
    std::chrono::milliseconds after{1'000};
    /// The share of slow calls in the window that trips. Range: (0, 1].
    double ratio = 0.5;
    friend bool operator==(const slow_rule&, const slow_rule&) = default;
};

/// How much a failure of each class counts. Range: [0, 1000]; 0 informs but never trips.
struct class_weights {
    double error = 1, timeout = 1, unreachable = 1, overloaded = 1, custom_1 = 1, custom_2 = 1, custom_3 = 1,
           custom_4 = 1;
    friend bool operator==(const class_weights&, const class_weights&) = default;
};

/// Failures of one class in the window that trip on their own. Range: at least 1; empty: no limit.
struct class_limits {
    std::optional<std::uint32_t> error{}, timeout{}, unreachable{}, overloaded{}, custom_1{}, custom_2{}, custom_3{},
        custom_4{};
    friend bool operator==(const class_limits&, const class_limits&) = default;
};

/// Trips by evidence instead of thresholds: what is normal is learned, and the breaker opens as soon as
/// what it sees could hardly be normal. Errors and slow calls both; costs two readings of the clock a call.
struct adaptive_rule {
    /// At most one needless trip in this time, in the mean, for each breaker. Range: [1 h, 87600 h].
    /// Longer: a little slower to trip, by the logarithm only.
    std::chrono::hours false_trip_budget{24 * 30};
    /// A failing share below this is left alone; it rises by itself to twice what is normal. Range: [0.01, 0.5].
    double care = 0.10;
    /// Act when this share of calls is slower than what is normal. Range: [0.1, 0.95].
    double slow_care = 0.50;
    /// Slower than this is always slow, whatever is normal; empty: only what was learned. Range: at least 1 ms.
    std::optional<std::chrono::milliseconds> deadline{};
    /// How long normal is remembered: after so long without a repetition, half of it counts. The shape of
    /// bursts is remembered seven times as long. Range: [1 h, 8760 h].
    std::chrono::hours memory{24};
    friend bool operator==(const adaptive_rule&, const adaptive_rule&) = default;
};

/// When to open. Any rule that holds trips; thresholds are reached at equal (rules 2 and 3). With no rule
/// at all a breaker opens by a `trip` verdict or an order only.
struct trip_rules {
    /// Failures in a row. Range: [1, 1e9]. Finds a dead service in that many calls, and never a
    /// half-dead one.
    std::optional<std::uint32_t> consecutive_failures = 5;
    /// Weighted number of failures in the window. Range: > 0.
    std::optional<double> failures{};
    /// Weighted failures divided by calls in the window, once `minimum_calls` are counted. Range: (0, 1].
    std::optional<double> failure_ratio = 0.5;
    std::optional<slow_rule> slow{};
    class_limits limits{};
    std::optional<adaptive_rule> adaptive{};
    class_weights weights{};
    switchgear::window window = last{std::chrono::seconds{10}};
    /// Calls that the window must hold before the two ratios are judged. Range: [1, 1e9], and within a
    /// window of calls. Low: trips on noise when traffic is thin. High: never trips there.
    std::uint32_t minimum_calls = 20;
    friend bool operator==(const trip_rules&, const trip_rules&) = default;
};

/// How long a pause is. fixed: `open_for`, and longer by `backoff` at every failed probe. learned: what probing
/// costs is weighed against what waiting costs, from the age of this outage, how long outages last here and how
/// many calls wait (docs/guide/recovery-learned.md). A server's Retry-After is the least with fixed ones (rule 12), and
/// the pause itself where it is learned.
enum class pacing : std::uint8_t { fixed, learned };
std::string_view to_string(pacing) noexcept;

/// What the ramp goes by. time: a share that grows in a straight line (rule 22). evidence: calls in flight, doubled
/// as long as answers come as quickly as the quickest of this ramp, halved when calls fail.
enum class ramp_by : std::uint8_t { time, evidence };
std::string_view to_string(ramp_by) noexcept;

/// Lets traffic back in little by little instead of all at once (rule 22).
struct ramp_rule {
    /// With `by` time only. Range: [100 ms, 24 h].
    std::chrono::milliseconds over{30'000};
    /// The share at the beginning, with `by` time only. Range: (0, 1].
    double from = 0.1;
    ramp_by by = ramp_by::time;
    friend bool operator==(const ramp_rule&, const ramp_rule&) = default;
};

/// How long to stay open and how to come back.
struct recovery_rules {
    /// The first pause, with fixed pacing. Range: [1 ms, max_open_for].
    std::chrono::milliseconds open_for{5'000};
    /// The factor on the pause for every trip after a half-open without a close between, with fixed pacing.
    /// Range: [1, 10].
    double backoff = 2.0;
    /// The cap on the pause, before jitter, with either pacing. Range: [1 ms, 24 h].
    std::chrono::milliseconds max_open_for{60'000};
    /// The share by which a pause is spread either way, so that many clients do not come back at once.
    /// Range: [0, 1).
    double jitter = 0.1;
    /// The seed of this breaker's own generator; empty: different in every breaker.
    std::optional<std::uint64_t> jitter_seed{};
    /// The cap on what a server may ask for by Retry-After. Range: [0, 7 d]; 0: hints are ignored.
    std::chrono::milliseconds max_retry_after{600'000};
    /// Calls let through at the same time while half-open. Range: [1, 1024].
    ///
    /// One is the gentlest to a service that is coming back, and the slowest to notice that it has.
    /// Raise it when a single unlucky probe would keep a healthy service shut for a whole pause; keep it
    /// well below what the service can survive, because every instance of the client probes on its own.
    std::uint32_t probes = 1;
    /// Successes that end probing. Range: [1, 10000].
    std::uint32_t successes_to_close = 1;
    /// A probe that has not been answered for so long is scored as a failure. Range: [1 ms, 24 h].
    std::chrono::milliseconds probe_timeout{30'000};
    std::optional<ramp_rule> ramp{};
    switchgear::pacing pacing = switchgear::pacing::fixed;
    /// How many good calls one failed probe is worth, with learned pacing: the dearer a probe, the rarer. Where N
    /// instances share a service that a probe hurts, N times as much. Range: [0.001, 1e6].
    double probe_price = 5;
    friend bool operator==(const recovery_rules&, const recovery_rules&) = default;
};

/// enforce: refuse calls while open. observe: run and report, but admit every call (rule 25).
enum class mode : std::uint8_t { enforce, observe };
std::string_view to_string(mode) noexcept;

struct settings {
    trip_rules trip{};
    recovery_rules recovery{};
    switchgear::mode mode = mode::enforce;
    friend bool operator==(const settings&, const settings&) = default;
};

/// One thing wrong with settings: the path of the field ("recovery.open_for"), and a message that gives
/// the value and the range allowed.
struct violation {
    std::string field;
    std::string message;
    friend bool operator==(const violation&, const violation&) = default;
};

/// All that is wrong with the settings, empty if nothing is. Nothing is repaired (rule 34).
[[nodiscard]] std::vector<violation> validate(const settings&);

/// Thrown by what takes settings, with every violation; `what()` has them all, one a line.
class invalid_settings : public std::invalid_argument {
public:
    explicit invalid_settings(std::vector<violation>);
    const std::vector<violation>& violations() const noexcept { return violations_; }

private:
    std::vector<violation> violations_;
};

}  // namespace switchgear
