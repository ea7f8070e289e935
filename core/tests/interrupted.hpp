#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace switchgear::detail {

/// Atomics for one thread that let another one come in between, at an operation that the test names.
struct interrupted {
    static inline int done = 0;  ///< how many there were, of this thread alone
    static inline int left = 0;
    static inline std::function<void()> meanwhile;  // NOLINT

    static void begin() { done = left = 0, meanwhile = nullptr; }
    /// `what` happens just before the n-th operation from now.
    static void before(int n, std::function<void()> what) { left = n, meanwhile = std::move(what); }

    static void operate() {
        if (left != 0 && --left == 0) {
            const int mine = done;
            std::exchange(meanwhile, nullptr)();
            done = mine;
        }
        ++done;
    }

    template <class T>
    struct atom {
        atom() = default;
        atom(T value) : is{value} {}
        T load(std::memory_order) const noexcept { return operate(), is.load(); }
        void store(T value, std::memory_order) noexcept { operate(), is.store(value); }
        bool compare_exchange_strong(T& seen, T next, std::memory_order, std::memory_order = {}) noexcept {
            return operate(), is.compare_exchange_strong(seen, next);
        }
        bool compare_exchange_weak(T& seen, T next, std::memory_order, std::memory_order = {}) noexcept {
            return operate(), is.compare_exchange_strong(seen, next);
        }
        std::atomic<T> is{};
    };

    static inline unsigned this_lane = 0;
    static unsigned& lane() noexcept { return this_lane; }
    static unsigned lanes() noexcept { return 4; }
    static unsigned next_lane() noexcept { return this_lane + 1; }
};

}  // namespace switchgear::detail
