#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <switchgear/breaker.hpp>
#include <switchgear/event.hpp>
#include <switchgear/registry.hpp>

namespace switchgear::prometheus {

/// What breakers have to tell Prometheus:
///
/// | metric | |
/// |---|---|
/// | `switchgear_state{breaker}` | 0 closed, 1 open, 2 half-open |
/// | `switchgear_calls_total{breaker,verdict,class}` | verdict: success, failure, ignored, late; class: empty unless failure |
/// | `switchgear_rejections_total{breaker,reason}` | |
/// | `switchgear_transitions_total{breaker,from,to,cause}` | orders that left the state as it was, too: from = to |
/// | `switchgear_override{breaker,mode}` | 1 if that override is in force |
///
/// Everything but the transitions is read from snapshots when Prometheus asks: a call is not counted twice.
/// Transitions are counted as they are told, which is rare and not on the way of a call. The custom classes
/// appear with their first failure. A breaker that is gone takes its series along (rule 38). While nobody asks, the
/// transitions of at most 20,000 breakers are kept, or of twice as many as there were when somebody last did; then the
/// half that moved longest ago is forgotten.
///
/// In a label, bytes that are no UTF-8 become U+FFFD: Prometheus refuses the whole scrape for one of them. Of breakers
/// that would be shown by one name, such as a user's key `(overflow)` beside the registry's own, the first is.
///
///     switchgear::prometheus::collector metrics{services};
///     exposer.RegisterCollectable(…);
///
/// Thread safety: every member may be called from any thread at any time, `record` from listeners too.
class collector final : public ::prometheus::Collectable {
public:
    using visitor = std::function<void(std::string_view name, const breaker&)>;
    /// Calls the visitor for each breaker there is, by the name under which it is to be shown. A name that comes twice
    /// is shown once.
    using source = std::function<void(const visitor&)>;

    /// For breakers kept in any way; whoever keeps them hands their transitions to `record`.
    explicit collector(source);
    /// For a registry, whose transitions are recorded from now on. Requires: the registry outlives it.
    explicit collector(registry&);
    ~collector() override;
    collector(const collector&) = delete;
    collector& operator=(const collector&) = delete;

    /// A breaker that is shown under `name` has made this transition.
    void record(std::string_view name, const transition&);

    std::vector<::prometheus::MetricFamily> Collect() const override;

private:
    class transition_counts;

    source breakers_;
    // Shared with the listener, which may be running while the collector goes.
    std::shared_ptr<transition_counts> transitions_;
    subscription listening_;
};

}  // namespace switchgear::prometheus
