#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include <switchgear/event.hpp>

namespace switchgear::detail {

/// One listener. `use` says who may touch `call`:
/// 0 free; `claimed` being written by subscribe(); `live` + n: n threads are calling it; n without
/// `live`: ended, and the last of them destroys it.
struct listener_entry {
    static constexpr std::uint32_t live = 1U << 31;
    static constexpr std::uint32_t claimed = ~live;

    std::atomic<std::uint32_t> use;
    std::function<void(const transition&)> call;
    listener_entry* next = nullptr;
};

/// Who wants to hear of transitions. Telling them takes no lock and allocates nothing, because a
/// verdict may have to; entries are chained for ever and used again, so their number is the largest
/// number of subscriptions there ever was at once.
///
/// Thread safety: every member may be called from any thread, from listeners too.
class listeners : public std::enable_shared_from_this<listeners> {
public:
    listeners() = default;
    listeners(const listeners&) = delete;
    listeners& operator=(const listeners&) = delete;
    ~listeners();

    subscription subscribe(std::function<void(const transition&)> listener);
    /// A listener that throws ends the program: half-notifying would be worse.
    void tell(const transition&) noexcept;

private:
    friend class switchgear::subscription;
    static void end(listener_entry&) noexcept;
    static void release(listener_entry&) noexcept;

    std::atomic<listener_entry*> first_{nullptr};
};

}  // namespace switchgear::detail
