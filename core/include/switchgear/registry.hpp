#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/breaker.hpp>
#include <switchgear/event.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/time.hpp>

namespace switchgear {

/// Settings for the keys that match: an exact key, or a pattern with one '*' that stands for any text.
struct keyed_settings {
    std::string pattern;
    switchgear::settings settings;
    friend bool operator==(const keyed_settings&, const keyed_settings&) = default;
};

struct registry_settings {
    switchgear::settings defaults{};
    /// Exact beats pattern; of patterns the first listed (rule 38).
    std::vector<keyed_settings> rules{};
    /// Breakers kept. Range: at least 1. Beyond it an idle closed one is evicted, and nobody is told; if none can go,
    /// the overflow breaker serves.
    std::size_t max_entries = 10'000;
    friend bool operator==(const registry_settings&, const registry_settings&) = default;
};

/// All violations, with paths such as "rules[2].settings.trip.window".
[[nodiscard]] std::vector<violation> validate(const registry_settings&);

/// One breaker for each key, made on first use (rules 27, 37 and 38).
///
/// Handles are shared: a breaker that is held is never destroyed; removing it detaches it, and its calls
/// finish normally. When `max_entries` are all open, half-open, overridden or held, new keys share the
/// breaker "(overflow)", which has the default settings, is not in `size` or `find`, and is in `for_each`. No key is
/// reserved for it: a key of that text has a breaker of its own, which views and metrics by name cannot tell from the
/// shared one.
///
/// Thread safety: every member may be called from any thread at any time, from callbacks too.
/// Lifetime: handles and subscriptions may outlive it.
class registry {
public:
    /// Throws: invalid_settings. Requires: `time` outlives the registry and every handle.
    explicit registry(registry_settings = {}, const time_source& time = time_source::steady());
    ~registry();
    registry(const registry&) = delete;
    registry& operator=(const registry&) = delete;

    /// The breaker of that key, made if there is none. Hold it for the length of the call: its permits
    /// must not outlive the handle. A weak_ptr does not keep a key from being evicted: what is locked from one may
    /// have left the registry, and another breaker have its key.
    [[nodiscard]] std::shared_ptr<breaker> get(std::string_view key);
    /// Null if there is none.
    [[nodiscard]] std::shared_ptr<breaker> find(std::string_view key) const;
    /// Returns: whether there was one. Whoever holds it keeps it.
    bool remove(std::string_view key);
    std::size_t size() const;
    /// Keys that were served by the overflow breaker, counted once a request.
    std::uint64_t overflowed() const noexcept;
    /// Calls `visit` for each breaker, the overflow breaker too if it was ever used, without any lock held.
    /// Those that are evicted or removed before their turn are not visited.
    void for_each(const std::function<void(breaker&)>& visit) const;
    /// New settings for the breakers that exist and those to come. Throws: invalid_settings; the old stay.
    ///
    /// Without memory: std::bad_alloc, and the old stay too. Except where it is a breaker that finds none for what its
    /// own new settings need (another window, the adaptive rule, learned pacing, the ramp by evidence, more probes):
    /// then the new ones hold for those to come and for some that exist, and the others have their old ones whole,
    /// until they are applied again.
    void apply(registry_settings);
    /// Transitions of all breakers, present and future.
    [[nodiscard]] subscription subscribe(std::function<void(const transition&)> listener);

private:
    class table;
    std::unique_ptr<table> table_;
};

}  // namespace switchgear
