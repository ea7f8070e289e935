#include "listeners.hpp"

#include <utility>

namespace switchgear {
namespace detail {

listeners::~listeners() {
    // relaxed: nobody else is left.
    for (auto* entry = first_.load(std::memory_order_relaxed); entry != nullptr;) {
        delete std::exchange(entry, entry->next);
    }
}

subscription listeners::subscribe(std::function<void(const transition&)> listener) {
    // acquire: pairs with the release push below, so that a chained entry is seen whole.
    for (auto* entry = first_.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
        std::uint32_t free = 0;
        // acquire: pairs with the store of 0 in release(): the last user of the old `call` is done with it.
        if (entry->use.compare_exchange_strong(free, listener_entry::claimed, std::memory_order_acquire)) {
            entry->call = std::move(listener);
            entry->use.store(listener_entry::live, std::memory_order_release);  // pairs with tell()
            return {shared_from_this(), entry};
        }
    }
    auto* entry = new listener_entry{.use = listener_entry::live, .call = std::move(listener), .next = nullptr};
    // release: pairs with the acquire loads of first_. Failed, relaxed: nothing of what was found is read here.
    while (!first_.compare_exchange_weak(entry->next, entry, std::memory_order_release, std::memory_order_relaxed)) {
    }
    return {shared_from_this(), entry};
}

void listeners::tell(const transition& what) noexcept {
    // acquire: pairs with the release of subscribe(), so that `next` is seen.
    for (auto* entry = first_.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
        auto use = entry->use.load(std::memory_order_relaxed);  // the exchange looks again
        // acquire: pairs with the store of `live` in subscribe(), so that `call` is seen whole. Failed, relaxed: it
        // looks again.
        while ((use & listener_entry::live) != 0 &&
               !entry->use.compare_exchange_weak(use, use + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
        }
        if ((use & listener_entry::live) == 0) continue;
        entry->call(what);
        release(*entry);
    }
}

void listeners::release(listener_entry& entry) noexcept {
    // release: what this thread did with `call` comes before its destruction, by whichever thread.
    entry.use.fetch_sub(1, std::memory_order_release);
    // Nobody uses it any more, and it has ended? Nobody pins an entry that is not live, and nobody claims one
    // whose use is not 0: park it in `claimed` while its function is destroyed. acquire: pairs with the above.
    std::uint32_t none = 0;
    if (entry.use.compare_exchange_strong(none, listener_entry::claimed, std::memory_order_acquire)) {
        entry.call = nullptr;
        entry.use.store(0, std::memory_order_release);  // pairs with the claim in subscribe()
    }
}

void listeners::end(listener_entry& entry) noexcept {
    // Count ourselves in while taking `live` away, so that release() is the one place that destroys.
    entry.use.fetch_sub(listener_entry::live - 1, std::memory_order_relaxed);  // release() publishes
    release(entry);
}

}  // namespace detail

subscription::subscription(std::shared_ptr<detail::listeners> hub, detail::listener_entry* entry) noexcept
    : hub_{std::move(hub)}, entry_{entry} {}

subscription::subscription(subscription&& other) noexcept
    : hub_{std::move(other.hub_)}, entry_{std::exchange(other.entry_, nullptr)} {}

subscription& subscription::operator=(subscription&& other) noexcept {
    subscription old{std::move(*this)};
    hub_ = std::move(other.hub_);
    entry_ = std::exchange(other.entry_, nullptr);
    return *this;
}

subscription::~subscription() {
    if (entry_ != nullptr) detail::listeners::end(*entry_);
}

}  // namespace switchgear
