#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <switchgear/event.hpp>

namespace switchgear::gateway {

/// Hands the transitions of every breaker, those to come too, to whoever listens to the gateway.
///
/// Thread safety: all members, from any thread, from listeners too.
class transition_hub {
public:
    using listener = std::function<void(const transition&)>;

    /// The listener is called until the handle is gone, and a call that is running then finishes.
    std::shared_ptr<void> subscribe(listener call) {
        auto entry = std::make_shared<listener>(std::move(call));
        const std::lock_guard lock{mutex_};
        std::erase_if(listeners_, [](const auto& one) { return one.expired(); });
        listeners_.push_back(entry);
        return entry;
    }

    void publish(const transition& t) const {
        std::vector<std::weak_ptr<listener>> present;
        {
            const std::lock_guard lock{mutex_};
            present = listeners_;
        }
        for (const auto& one : present) {
            if (const auto call = one.lock()) (*call)(t);
        }
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<listener>> listeners_;
};

}  // namespace switchgear::gateway
