#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "explorer.hpp"

namespace switchgear::interleave {

/// std::atomic<T> as far as the machine uses it; every operation is a choice of the explorer.
template <class T>
class atom {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

public:
    atom() : atom{T{}} {}
    atom(T value) : where_{explorer::current().new_location(pack(value))} {}
    atom(const atom&) = delete;
    atom& operator=(const atom&) = delete;

    T load(std::memory_order with = std::memory_order_seq_cst) const noexcept {
        return unpack(explorer::current().load(where_, with));
    }
    void store(T value, std::memory_order with = std::memory_order_seq_cst) noexcept {
        explorer::current().store(where_, pack(value), with);
    }
    T exchange(T value, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return change([&](T) { return value; }, with);
    }
    T fetch_add(T by, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return change([&](T old) { return static_cast<T>(old + by); }, with);
    }
    T fetch_sub(T by, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return change([&](T old) { return static_cast<T>(old - by); }, with);
    }
    T fetch_or(T bits, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return change([&](T old) { return static_cast<T>(old | bits); }, with);
    }
    T fetch_and(T bits, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return change([&](T old) { return static_cast<T>(old & bits); }, with);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order with, std::memory_order failed) noexcept {
        const std::uint64_t wanted = pack(expected);
        const std::uint64_t old = explorer::current().modify(
            where_, [&](std::uint64_t is) { return is == wanted ? std::optional{pack(desired)} : std::nullopt; }, with,
            failed);
        if (old == wanted) return true;
        expected = unpack(old);
        return false;
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return compare_exchange_strong(expected, desired, with, of_a_failure(with));
    }
    /// Never fails without a reason: a loop around it would only go round once more.
    bool compare_exchange_weak(T& expected, T desired, std::memory_order with, std::memory_order failed) noexcept {
        return compare_exchange_strong(expected, desired, with, failed);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order with = std::memory_order_seq_cst) noexcept {
        return compare_exchange_strong(expected, desired, with);
    }

private:
    static std::uint64_t pack(T value) noexcept {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof value);
        return bits;
    }
    static T unpack(std::uint64_t bits) noexcept {
        T value;
        std::memcpy(static_cast<void*>(&value), &bits, sizeof value);  // trivially copyable, if not trivial
        return value;
    }
    static constexpr std::memory_order of_a_failure(std::memory_order with) noexcept {
        if (with == std::memory_order_acq_rel) return std::memory_order_acquire;
        return with == std::memory_order_release ? std::memory_order_relaxed : with;
    }
    template <class Change>
    T change(const Change& to, std::memory_order with) noexcept {
        return unpack(explorer::current().modify(
            where_, [&](std::uint64_t old) { return std::optional{pack(to(unpack(old)))}; }, with, with));
    }

    std::uint32_t where_;
};

/// Data that is no atom: using it is no choice, but two uses of which one writes and that nothing orders
/// are a data race, and fail.
template <class T>
class plain {
public:
    plain(T value = {}) : value_{std::move(value)} {}

    const T& read() const {
        auto& now = explorer::current();
        if (now.watches_data()) {
            ordered(written_, "reads what another thread writes, and nothing orders the two");
            read_[now.running()] = now.seen()[now.running()] + 1;
        }
        return value_;
    }
    void write(T value) {
        auto& now = explorer::current();
        if (now.watches_data()) {
            ordered(written_, "writes what another thread writes, and nothing orders the two");
            ordered(read_, "writes what another thread reads, and nothing orders the two");
            written_[now.running()] = now.seen()[now.running()] + 1;
        }
        value_ = std::move(value);
    }

    // As the machine uses what it is given in its place.
    operator const T&() const { return read(); }
    plain& operator=(T value) { return write(std::move(value)), *this; }
    auto& operator*() const { return *read(); }
    auto* operator->() const { return &*read(); }

private:
    static void ordered(const clock& uses, const char* otherwise) {
        auto& now = explorer::current();
        for (std::uint32_t t = 0; t < most_threads; ++t) {
            if (t != now.running() && uses[t] > now.seen()[t]) {
                return now.fail(std::string{"data race: "} + otherwise);
            }
        }
    }

    T value_;
    clock written_{};
    mutable clock read_{};
};

/// What the machine is given in place of std_atomics.
struct explored_atomics {
    template <class T>
    using atom = interleave::atom<T>;
    template <class T>
    using plain = interleave::plain<T>;

    static void wait_a_moment() noexcept { explorer::current().wait_for_change(); }

    static unsigned& lane() noexcept { return explorer::current().lane(); }
    static unsigned lanes() noexcept { return 2; }
    static unsigned next_lane() noexcept { return lane() + 1; }
};

}  // namespace switchgear::interleave
