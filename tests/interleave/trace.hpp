#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memory.hpp"

namespace switchgear::interleave {

using threads = std::uint32_t;  ///< a set of them, one bit each
constexpr threads only(std::uint32_t thread) noexcept { return threads{1} << thread; }

/// One operation that was run.
struct event {
    enum class kind : std::uint8_t { load, store, modified, compare_failed, boundary };
    std::uint32_t thread = 0;
    std::uint32_t where = 0;  ///< the location
    kind what = kind::load;
    std::memory_order with = std::memory_order_seq_cst;
    std::uint32_t index = 0;  ///< in the location's modification order: what it read or wrote
    std::uint64_t value = 0;  ///< what it read or wrote
    std::uint32_t step = 0;   ///< of its thread, from 1
    clock after{};            ///< the steps that come before it by dependence, itself included

    bool writes() const noexcept { return what != kind::load && what != kind::compare_failed; }
};

/// The operations of one execution and which of them depend on each other: those of one thread, and those
/// on one location of which at least one writes.
class trace {
public:
    void begin(std::size_t locations) {
        events_.clear();
        clocks_ = {};
        touched_.assign(locations, {});
    }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(events_.size()); }
    const event& operator[](std::uint32_t i) const noexcept { return events_[i]; }

    /// Appends, and calls `race(i, threads)` for every earlier operation that could as well have come after
    /// this one: `threads` are those of which one has to run at that point to see the other order.
    template <class Race>
    void add(event next, const Race& race) {
        if (next.where >= touched_.size()) touched_.resize(next.where + 1);
        touch& at = touched_[next.where];
        clock& mine = clocks_[next.thread];
        const clock before = mine;
        if (at.write != none) join(mine, events_[at.write].after);
        bool read_since = false;
        if (next.writes()) {
            for (std::uint32_t t = 0; t < most_threads; ++t) {
                if (at.reads[t] == none) continue;
                join(mine, events_[at.reads[t]].after);
                if (t != next.thread) read_since = true;
            }
        }
        next.step = ++mine[next.thread];
        next.after = mine;
        const auto consider = [&](std::uint32_t i) {
            const event& e = events_[i];
            if (e.thread != next.thread && e.step > before[e.thread]) race(i, first_instead_of(i, next));
        };
        if (read_since) {  // the write came before those reads
            for (const auto i : at.reads) {
                if (i != none) consider(i);
            }
        } else if (at.write != none) {
            consider(at.write);
        }
        if (next.writes()) {
            at = {.write = size()};
        } else {
            at.reads[next.thread] = size();
        }
        events_.push_back(next);
    }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct touch {
        std::uint32_t write = none;
        std::array<std::uint32_t, most_threads> reads{none, none, none, none};  ///< since that write
    };

    /// Of the operations after the i-th that do not come after it by dependence, and `last` behind them: the
    /// threads of which the first has none of the others before it.
    threads first_instead_of(std::uint32_t i, const event& last) const noexcept {
        const event& moved = events_[i];
        std::array<std::uint32_t, most_threads> begun{};
        threads first = 0;
        const auto look = [&](const event& e) {
            if (begun[e.thread] != 0) return;
            begun[e.thread] = e.step;
            for (std::uint32_t t = 0; t < most_threads; ++t) {
                if (t != e.thread && begun[t] != 0 && e.after[t] >= begun[t]) return;
            }
            first |= only(e.thread);
        };
        for (std::uint32_t j = i + 1; j < size(); ++j) {
            if (events_[j].after[moved.thread] < moved.step) look(events_[j]);
        }
        look(last);
        return first;
    }

    std::vector<event> events_;
    std::array<clock, most_threads> clocks_{};
    std::vector<touch> touched_;
};

inline std::string_view to_string(std::memory_order with) noexcept {
    switch (with) {
        case std::memory_order_relaxed: return "relaxed";
        case std::memory_order_consume: return "consume";
        case std::memory_order_acquire: return "acquire";
        case std::memory_order_release: return "release";
        case std::memory_order_acq_rel: return "acq_rel";
        case std::memory_order_seq_cst: break;
    }
    return "seq_cst";
}

inline std::string to_string(const event& of) {
    static constexpr std::array<std::string_view, 5> words{"load", "store", "modify", "compare, unequal", "operation"};
    std::string text = "thread " + std::to_string(of.thread) + "  ";
    text += words[static_cast<std::size_t>(of.what)];
    if (of.what == event::kind::boundary) return text;
    text += " @" + std::to_string(of.where) + " = " + std::to_string(of.value) + "  ";
    return text += to_string(of.with);
}

}  // namespace switchgear::interleave
