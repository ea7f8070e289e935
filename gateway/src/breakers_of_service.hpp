#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/breaker.hpp>
#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/counters.hpp>
#include <switchgear/registry.hpp>

#include "breaker_log.hpp"

namespace switchgear::gateway {

/// What the gateway keeps beside a breaker.
struct breaker_counters {
    explicit breaker_counters(std::string shown) : name{std::move(shown)} {}

    const std::string name;  ///< under which the breaker is shown
    duration_histogram durations;
    refusal_log refusals;
    /// The Circuit-Breaker header while it is closed, written once.
    std::string closed_text;

    /// Whether the last transition led to closed; false where transitions are not followed.
    bool is_closed() const noexcept { return (seen_.load(std::memory_order_relaxed) & 1U) != 0; }
    /// Follows the transitions, which may be told out of order.
    void follow(const transition&) noexcept;
    void follow_from_closed() noexcept { seen_.store(1, std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> seen_{0};  // epoch, and 1 if closed
};

/// A breaker for the length of a request. Requires of holders: permits go before it.
struct breaker_use {
    std::shared_ptr<breaker> what;
    std::shared_ptr<breaker_counters> counters;
};

/// The breakers of one service, of whatever scope. Survives reloads while its identity (scope, key) does.
///
/// Thread safety: all members, from any thread.
class breakers_of_service {
public:
    using listener = std::function<void(const transition&)>;

    /// Throws: invalid_settings. Requires: `time` outlives every breaker.
    breakers_of_service(const service&, const time_source& time, listener);

    /// Whether a reload from one to the other keeps the breakers.
    static bool same_identity(const service& a, const service& b) noexcept;

    /// Takes over new thresholds, and endpoints that came or went. Requires: same identity, valid settings.
    void apply(const service&);

    /// With scope `service` its one breaker, with scope `endpoint` one for each, in their order; none with
    /// scope `key`.
    std::vector<breaker_use> fixed(const service&) const;
    /// With scope `key`: the breaker of that value, made on first use.
    breaker_use of_key(std::optional<std::string_view> value);

    std::shared_ptr<breaker> find(std::string_view name) const;
    void for_each(const std::function<void(const breaker_use&)>&) const;

private:
    struct named {
        breaker_use use;
        subscription listening;
    };
    void add(const std::string& name, const settings&);
    std::shared_ptr<breaker_counters> counters_of(std::string_view name);
    std::shared_ptr<breaker_counters> known_counters_of(std::string_view name) const;

    const time_source& time_;
    listener listener_;
    std::string service_;
    mutable std::mutex mutex_;  // guards what follows, never held while a listener runs
    std::map<std::string, named, std::less<>> named_;
    std::shared_ptr<registry> keyed_;
    subscription keyed_listening_;
    std::size_t max_keys_ = 0;
    std::map<std::string, std::shared_ptr<breaker_counters>, std::less<>> keyed_counters_;
};

}  // namespace switchgear::gateway
