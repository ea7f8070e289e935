#pragma once

#include <atomic>
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
class breaker_core : public machine<std_atomics, breaker_core, front> {
public:
    breaker_core(std::string name, std::shared_ptr<const plan> by, const time_source& time,
                 std::shared_ptr<listeners> also);
    breaker_core(const breaker_core&) = delete;
    breaker_core& operator=(const breaker_core&) = delete;

    std::string_view name() const noexcept { return name_; }
    subscription subscribe(std::function<void(const transition&)> listener);
    snapshot observe();

    settings current_settings() const;
    void apply(std::shared_ptr<const plan>);
    void end_pause() noexcept { machine::end_pause(); }
    void extend_pause(duration wait) noexcept;
    // Orders take all the memory they need first: without it they throw, and nothing has changed. What has changed is
    // told, and telling needs none.
    void reset(order);
    void trip(order, std::optional<duration> pause);
    void force(override_mode, order);
    void lift(order);
    std::string save();
    bool restore(std::string_view record, duration elapsed);

    /// Whether anything would be lost with this breaker.
    bool worth_keeping() const noexcept { return !current().plainly_closed() && machine::worth_keeping(now()); }

    /// The machine's sink.
    void told(const moved&) noexcept;

private:
    ticks now() const noexcept { return in_ticks(its_time.now()); }
    /// An order finds what it would have found, had somebody called when the override's time came.
    ticks now_without_expired_override() noexcept;
    void tell(const moved&, std::optional<order>) noexcept;
    std::mutex& orders() const noexcept;

    const std::string name_;
    std::shared_ptr<listeners> listeners_;          ///< under orders(): made for the first one
    std::atomic<listeners*> who_listens_{nullptr};  ///< the same, for telling
    const std::shared_ptr<listeners> also_;         ///< of the registry; may be null
    std::unique_ptr<const order> in_force_;         ///< under orders(): the latest override's; null before the first
};

/// Settings that were found valid, ready for use. Throws: invalid_settings.
std::shared_ptr<const plan> checked(const settings&);

}  // namespace switchgear::detail
