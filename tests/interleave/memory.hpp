#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace switchgear::interleave {

// What a load may return.
//
// Every store to a location is kept, in the order in which it was made: its modification order. A load may
// return any of them that is not hidden: by a later store that happens before the load, by a later one that
// a read before it has returned (coherence), or, if load and store are seq_cst, by a later seq_cst store.
// Happens-before is kept by vector clocks: an acquire that reads from a release, or from the
// read-modify-writes that continue it, takes over the clock of the one that released.
//
// A read-modify-write always reads the newest store. Loads never return a store of the future, and
// the order of seq_cst operations is the order in which they are run.

inline constexpr std::size_t most_threads = 4;
using clock = std::array<std::uint32_t, most_threads>;

inline void join(clock& into, const clock& other) noexcept {
    for (std::size_t i = 0; i < most_threads; ++i) into[i] = std::max(into[i], other[i]);
}

constexpr bool acquires(std::memory_order o) noexcept {
    return o == std::memory_order_acquire || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst ||
           o == std::memory_order_consume;
}
constexpr bool releases(std::memory_order o) noexcept {
    return o == std::memory_order_release || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}

struct stored {
    std::uint64_t value = 0;
    clock released{};  ///< what an acquire takes over
    std::uint32_t thread = 0;
    std::uint32_t step = 0;  ///< of that thread; 0: before the threads began
};

/// One location, and who has read and written it.
class location {
public:
    /// As it is before the threads begin, or as that thread makes it, at that step of its own.
    void begin(std::uint64_t value, std::uint32_t maker = 0, std::uint32_t step = 0) {
        history_.assign(1, stored{.value = value});
        last_sc_ = 0;
        maker_ = maker, made_ = step;
        for (auto& of : reads_) of.clear();
    }
    /// Whether it was made before all that this thread does: else using it is a data race.
    bool is_there(const clock& to) const noexcept { return made_ <= to[maker_]; }

    std::uint32_t last() const noexcept { return static_cast<std::uint32_t>(history_.size() - 1); }
    const stored& at(std::uint32_t index) const noexcept { return history_[index]; }
    std::uint64_t newest() const noexcept { return history_.back().value; }

    /// The oldest store that a load of this thread may return.
    std::uint32_t oldest_visible(const clock& to, std::memory_order with) const noexcept {
        std::uint32_t oldest = with == std::memory_order_seq_cst ? last_sc_ : 0;
        for (std::uint32_t i = last(); i > oldest; --i) {
            if (history_[i].step <= to[history_[i].thread]) oldest = i;
        }
        for (std::size_t t = 0; t < most_threads; ++t) {
            for (const auto& [step, index] : reads_[t]) {
                if (step <= to[t]) oldest = std::max(oldest, index);
            }
        }
        return oldest;
    }

    /// `remember`: for coherence, where loads may return older stores at all.
    std::uint64_t read(std::uint32_t index, std::uint32_t thread, clock& seen, std::memory_order with, bool remember) {
        if (remember) reads_[thread].emplace_back(seen[thread], index);
        if (acquires(with)) join(seen, history_[index].released);
        return history_[index].value;
    }

    /// `modifies`: the write half of a read-modify-write, which continues a release sequence.
    void write(std::uint64_t value, std::uint32_t thread, const clock& seen, std::memory_order with, bool modifies) {
        stored next{.value = value, .thread = thread, .step = seen[thread]};
        if (releases(with)) next.released = seen;
        if (modifies) join(next.released, history_.back().released);
        history_.push_back(next);
        if (with == std::memory_order_seq_cst) last_sc_ = last();
    }

    /// Outside of the threads: nothing is ordered, nothing is remembered.
    void set(std::uint64_t value) noexcept { history_.back().value = value; }

private:
    std::vector<stored> history_;
    std::uint32_t last_sc_ = 0;
    std::uint32_t maker_ = 0, made_ = 0;
    std::array<std::vector<std::pair<std::uint32_t, std::uint32_t>>, most_threads> reads_;
};

}  // namespace switchgear::interleave
