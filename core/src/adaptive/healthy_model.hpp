#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <switchgear/time.hpp>

#include "ageing.hpp"
#include "call_history.hpp"
#include "numbers.hpp"

namespace switchgear::adaptive {

/// How probable a bad call is while the service is healthy, given the recent past.
///
/// Two memories hold the share of bad calls, a long and a short one; what is expected is an upper bound
/// of the first or the second, whichever is higher. Cells hold the share by how many of the last 8, 128 and
/// 1024 calls were bad: bursts that are normal for this service are expected once they were seen.
///
/// Calls are held until it is clear that they were healthy: `commit` learns them, `drop` forgets them.
class healthy_model {
public:
    static constexpr std::size_t cell_count = 6 * 7 * 5;
    static constexpr double least = 1e-4;  ///< a share below this is not believed
    static constexpr double most = 0.5;    ///< a normal above this is refused

    healthy_model(double care, duration memory, time_point now);

    static std::size_t cell_of(const call_history&) noexcept;

    /// The share of bad calls to expect without regard to the recent past. Within [least, most], or from what
    /// expect_at_least() said.
    double base() const noexcept { return base_; }
    /// … and with it. Never below base().
    double expected(std::size_t cell) const noexcept { return static_cast<double>(expected_[cell]); }
    /// Calls that were learned and are remembered.
    double known() const noexcept { return long_.calls; }
    /// The share that was seen, up to `most`.
    double observed() const noexcept;

    void hold(std::size_t cell, std::uint64_t calls, std::uint64_t bad) noexcept;
    void commit(time_point now) noexcept;
    void drop() noexcept;
    /// Good calls that need no holding back.
    void learn(std::size_t cell, std::uint64_t calls, time_point now) noexcept;

    void change(double care, duration memory) noexcept;
    /// A lower bound of base(), within [least, most].
    void expect_at_least(double share) noexcept;
    void save(learned& to) const;
    void restore(number_reader& from, duration away, time_point now);

private:
    struct seen_cell {
        float calls = 0;
        float bad = 0;
    };
    struct held_cell {
        std::uint32_t calls = 0;
        std::uint32_t bad = 0;
    };

    void fade(time_point now) noexcept;
    void refresh_base() noexcept;
    void refresh_cells() noexcept;

    double harmless_;  // a share that the short memory may learn freely
    double least_ = least;
    double base_{};
    double base_of_cells_{};  // base_ when expected_ was made
    share_of_calls long_{}, short_{};
    ageing long_age_, short_age_, cell_age_;
    share_of_calls held_{};
    std::uint32_t fresh_{};  // commits since expected_ was made
    std::array<std::uint64_t, (cell_count + 63) / 64> touched_{};
    std::array<seen_cell, cell_count> cells_{};
    std::array<held_cell, cell_count> held_cells_{};
    std::array<float, cell_count> expected_{};
};

}  // namespace switchgear::adaptive
