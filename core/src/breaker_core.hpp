#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/breaker.hpp>

#include "listeners.hpp"
#include "machine.hpp"

namespace switchgear::detail {

/// The machine with what it does not know of: its name, its clock, who listens, and the words of the
/// order in force.
///
/// Thread safety: every member may be called from any thread at any time. Listeners are told without any
/// lock held, so they may call back.
class breaker_core {
public:
    breaker_core(std::string name, std::shared_ptr<const plan> by, const time_source& time,
                 std::shared_ptr<listeners> also);
    breaker_core(const breaker_core&) = delete;
    breaker_core& operator=(const breaker_core&) = delete;

    std::string_view name() const noexcept { return name_; }
    result<permit> try_acquire() noexcept {
        auto given = machine_.acquire(time_);
        if (!given) return given.error();
        return permit{*this, *given};
    }
    void settle(grant& of, verdict how) noexcept { machine_.settle(of, how, time_); }
    void overdue(grant& of) noexcept { machine_.overdue(of, time_); }
    void answered(grant& of) noexcept { machine_.answered(of, time_); }

    subscription subscribe(std::function<void(const transition&)> listener);
    snapshot observe() const;
    bool worth_keeping() const noexcept { return machine_.worth_keeping(); }

    settings current_settings() const;
    void apply(std::shared_ptr<const plan>);
    void end_pause() noexcept { machine_.end_pause(); }
    void extend_pause(duration wait) noexcept { machine_.extend_pause(wait.count(), now()); }
    void reset(const order&);
    void trip(const order&, std::optional<duration> pause);
    void force(override_mode, const order&);
    void lift(const order&);
    std::string save() const;
    bool restore(std::string_view record, duration elapsed);

    /// The machine's sink.
    void told(const moved&) noexcept;

private:
    ticks now() const noexcept { return time_.now().time_since_epoch().count(); }
    void tell(const moved&, std::optional<order>) noexcept;

    const std::string name_;
    const time_source& time_;
    const std::shared_ptr<listeners> listeners_;
    const std::shared_ptr<listeners> also_;  ///< of the registry; may be null
    mutable std::mutex orders_;              ///< one reload or override at a time; never around a listener
    std::optional<order> in_force_;          ///< under orders_: the override's, while there is one
    mutable machine<std_atomics, breaker_core> machine_;
};

/// Settings that were found valid, ready for use. Throws: invalid_settings.
std::shared_ptr<const plan> checked(const settings&);

}  // namespace switchgear::detail
