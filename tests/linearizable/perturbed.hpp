#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace switchgear::linearizable {

/// How often this thread gives way before it touches an atomic: once in so many times; 0: never.
inline thread_local std::uint32_t gives_way_once_in = 0;

inline void perhaps_give_way() noexcept {
    static thread_local std::uint32_t draws = 0;
    if (gives_way_once_in == 0) return;
    draws = draws * 1'664'525 + 1'013'904'223;
    if ((draws >> 8) % gives_way_once_in == 0) std::this_thread::yield();
}

/// The machine's atomics, at each of which another thread may come first.
struct perturbed {
    template <class T>
    using plain = T;
    template <class T>
    class atom {
    public:
        constexpr atom() noexcept = default;
        constexpr atom(T value) noexcept : it_{value} {}

        T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
            perhaps_give_way();
            return it_.load(order);
        }
        void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
            perhaps_give_way();
            it_.store(value, order);
        }
        T exchange(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
            perhaps_give_way();
            return it_.exchange(value, order);
        }
        T fetch_add(T by, std::memory_order order = std::memory_order_seq_cst) noexcept {
            perhaps_give_way();
            return it_.fetch_add(by, order);
        }
        T fetch_sub(T by, std::memory_order order = std::memory_order_seq_cst) noexcept {
            perhaps_give_way();
            return it_.fetch_sub(by, order);
        }
        T fetch_or(T bits, std::memory_order order = std::memory_order_seq_cst) noexcept {
            perhaps_give_way();
            return it_.fetch_or(bits, order);
        }
        template <class... Order>
        bool compare_exchange_strong(T& expected, T wanted, Order... order) noexcept {
            perhaps_give_way();
            return it_.compare_exchange_strong(expected, wanted, order...);
        }
        template <class... Order>
        bool compare_exchange_weak(T& expected, T wanted, Order... order) noexcept {
            perhaps_give_way();
            return it_.compare_exchange_weak(expected, wanted, order...);
        }

    private:
        std::atomic<T> it_{};
    };

    static void wait_a_moment() noexcept { std::this_thread::yield(); }
    static unsigned& lane() noexcept {
        static thread_local unsigned own = 0;
        return own;
    }
    static unsigned lanes() noexcept { return 2; }
    static unsigned next_lane() noexcept {
        static std::atomic<unsigned> next{0};
        return next.fetch_add(1);
    }
};

}  // namespace switchgear::linearizable
