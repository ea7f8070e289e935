#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace switchgear::adaptive {

/// Which of the last 1024 calls were bad, and how many of the last 8, 128 and 1024: the recent past that
/// the healthy model is conditional on.
///
/// A run of good calls costs what the bad calls cost that leave a window meanwhile, not the run's length.
class call_history {
public:
    static constexpr std::array<std::uint32_t, 3> spans{8, 128, 1024};

    std::uint32_t bad(std::size_t scale) const noexcept { return counts_[scale]; }

    /// How many good calls may pass before a count changes; 0: there is no bad call in sight.
    std::uint64_t steady_for() const noexcept {
        std::uint32_t least = 0;
        for (std::size_t i = 0; i < spans.size(); ++i) {
            if (counts_[i] == 0) continue;
            const std::uint32_t next = next_bad((at_ + size - spans[i]) % size);
            if (least == 0 || next < least) least = next;
        }
        return least;
    }

    /// Requires: count <= steady_for(), or no bad call in sight. The last of them may take a bad call out.
    void pass_good(std::uint64_t count) noexcept {
        if (counts_.back() == 0) return;  // where the next one is written makes no difference
        const auto steps = static_cast<std::uint32_t>(count);
        for (std::size_t i = 0; i < spans.size(); ++i) {
            if (counts_[i] != 0 && is_bad((at_ + size - spans[i] + steps - 1) % size)) --counts_[i];
        }
        // What leaves the longest window is where the newest are written: cleared on the way.
        for (std::uint32_t left = steps; left > 0;) {
            const std::uint32_t within = at_ % 64;
            const std::uint32_t here = std::min(left, 64 - within);
            const std::uint64_t mask = (here == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << here) - 1) << within;
            bits_[at_ / 64] &= ~mask;
            at_ = (at_ + here) % size;
            left -= here;
        }
    }

    void add_bad() noexcept {
        for (std::size_t i = 0; i < spans.size(); ++i) {
            if (counts_[i] != 0 && is_bad((at_ + size - spans[i]) % size)) --counts_[i];
            ++counts_[i];
        }
        bits_[at_ / 64] |= std::uint64_t{1} << (at_ % 64);
        at_ = (at_ + 1) % size;
    }

    void clear() noexcept { *this = call_history{}; }

private:
    static constexpr std::uint32_t size = spans.back();

    bool is_bad(std::uint32_t place) const noexcept { return (bits_[place / 64] >> (place % 64) & 1) != 0; }

    /// Steps from `from` on that take the next bad call in. Requires: there is one.
    std::uint32_t next_bad(std::uint32_t from) const noexcept {
        std::uint32_t word = from / 64, steps = 1;
        std::uint64_t bits = bits_[word] >> (from % 64);
        for (std::uint32_t passed = 64 - from % 64; bits == 0; passed = 64) {
            word = (word + 1) % (size / 64);
            bits = bits_[word];
            steps += passed;
        }
        return steps + static_cast<std::uint32_t>(std::countr_zero(bits));
    }

    std::array<std::uint64_t, size / 64> bits_{};
    std::array<std::uint32_t, spans.size()> counts_{};
    std::uint32_t at_ = 0;  // where the next call is written
};

}  // namespace switchgear::adaptive
