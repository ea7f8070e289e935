#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <thread>

namespace switchgear::detail {

/// What the machine takes its atomics from: the one template parameter that a schedule explorer
/// replaces to enumerate interleavings.
struct std_atomics {
    template <class T>
    using atom = std::atomic<T>;
    /// Data that is no atom. Here it is just that; an explorer notices where nothing orders two uses of it.
    template <class T>
    using plain = T;

    /// Somebody else has to finish a few instructions first.
    static void wait_a_moment() noexcept { std::this_thread::yield(); }

    /// Which of several cells this thread counts in; whoever meets another thread there moves on.
    static unsigned& lane() noexcept {
        static constinit thread_local unsigned own{};
        return own;
    }
    static unsigned lanes() noexcept { return lanes_for(std::thread::hardware_concurrency()); }
    /// How many cells are worth having: a power of two. More than sixteen would be more than 1 KiB.
    static constexpr unsigned lanes_for(unsigned processors) noexcept {
        return std::bit_ceil(std::clamp(processors, 2U, 16U));
    }
    /// A lane for a thread that has met another: neighbours in order of their meeting.
    static unsigned next_lane() noexcept {
        static constinit std::atomic<unsigned> next{};
        return next.fetch_add(1, std::memory_order_relaxed);  // a counter of its own
    }
};

/// A lock for a few dozen instructions that never run user code.
template <class Atomics>
class brief_lock {
public:
    void lock() noexcept {
        // acquire: pairs with the release in unlock(). relaxed: only to wait without writing; the exchange decides.
        while (held_.exchange(true, std::memory_order_acquire)) {
            while (held_.load(std::memory_order_relaxed)) Atomics::wait_a_moment();
        }
    }
    /// Memory orders as in lock().
    bool try_lock() noexcept {
        return !held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire);
    }
    // release: pairs with the acquire of whoever takes it next.
    void unlock() noexcept { held_.store(false, std::memory_order_release); }

private:
    typename Atomics::template atom<bool> held_{false};
};

}  // namespace switchgear::detail
