#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <switchgear/breaker.hpp>
#include <switchgear/event.hpp>
#include <switchgear/registry.hpp>

namespace switchgear::testing {

/// A transition that owns its name, so that it may be kept after the breaker is gone.
struct event {
    std::string name;
    state from, to;
    std::uint64_t epoch;
    time_point at;
    switchgear::cause cause;
    switchgear::evidence evidence;
    duration pause;
    std::uint32_t attempt;
    std::optional<switchgear::order> order;

    explicit event(const transition& told)
        : name{told.name},
          from{told.from},
          to{told.to},
          epoch{told.epoch},
          at{told.at},
          cause{told.cause},
          evidence{told.evidence},
          pause{told.pause},
          attempt{told.attempt},
          order{told.order} {}

    friend bool operator==(const event&, const event&) = default;

    /// One line: "payments: closed -> open (consecutive_failures 5 >= 5; calls 7, failures 5, slow 0),
    /// epoch 1, attempt 1, pause 5000 ms, by alice: maintenance".
    friend std::ostream& operator<<(std::ostream& out, const event& e) {
        out << e.name << ": " << to_string(e.from) << " -> " << to_string(e.to) << " (" << to_string(e.cause);
        if (e.evidence.threshold > 0) out << ' ' << e.evidence.observed << " >= " << e.evidence.threshold;
        out << "; calls " << e.evidence.calls << ", failures " << e.evidence.failures << ", slow " << e.evidence.slow
            << "), epoch " << e.epoch << ", attempt " << e.attempt;
        if (e.pause != duration::zero()) {
            out << ", pause " << std::chrono::duration<double, std::milli>{e.pause}.count() << " ms";
        }
        if (e.order) out << ", by " << e.order->actor << ": " << e.order->reason;
        return out;
    }
};

/// Collects the transitions of a breaker, or of all breakers of a registry, for tests to look at.
///
///     event_log log{payments};
///     …
///     ASSERT_EQ(log.size(), 2) << log;
///     EXPECT_EQ(log.last().cause, cause::probe_failed);
///
/// Thread safety: every member may be called from any thread at any time.
/// Lifetime: may end before or after what it listens to; holds no breaker alive.
class event_log {
public:
    explicit event_log(breaker& of) : subscription_{of.subscribe(collector())} {}
    explicit event_log(registry& of) : subscription_{of.subscribe(collector())} {}

    /// All events so far, in the order in which they were told.
    std::vector<event> all() const {
        const std::lock_guard lock{kept_->mutex};
        return kept_->events;
    }

    /// The newest event. Throws: std::out_of_range if there is none.
    event last() const {
        const std::lock_guard lock{kept_->mutex};
        return kept_->events.at(kept_->events.size() - 1);
    }

    std::size_t size() const {
        const std::lock_guard lock{kept_->mutex};
        return kept_->events.size();
    }

    bool empty() const { return size() == 0; }

    /// How many events told of this change.
    std::size_t count(state from, state to) const {
        const std::lock_guard lock{kept_->mutex};
        std::size_t found = 0;
        for (const event& e : kept_->events) found += e.from == from && e.to == to ? 1U : 0U;
        return found;
    }

    void clear() {
        const std::lock_guard lock{kept_->mutex};
        kept_->events.clear();
    }

    /// One event a line.
    friend std::ostream& operator<<(std::ostream& out, const event_log& log) {
        for (const event& e : log.all()) out << e << '\n';
        return out;
    }

private:
    struct kept {
        mutable std::mutex mutex;
        std::vector<event> events;
    };

    // The listener shares what is kept: a callback may still run while the log is destroyed.
    std::function<void(const transition&)> collector() const {
        return [kept = kept_](const transition& told) {
            const std::lock_guard lock{kept->mutex};
            kept->events.emplace_back(told);
        };
    }

    std::shared_ptr<kept> kept_ = std::make_shared<kept>();
    subscription subscription_;
};

}  // namespace switchgear::testing
