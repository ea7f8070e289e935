#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace switchgear::simulation {

/// How long calls took, counted in steps of 19 % from 0.1 ms to about 200 s. What is shorter or longer
/// counts in the first or the last, and how long it was is not known.
class latencies {
public:
    static constexpr std::chrono::nanoseconds shortest = std::chrono::microseconds{100};
    static constexpr std::chrono::nanoseconds longest = shortest * (1 << 21);

    void add(std::chrono::nanoseconds lasts) noexcept { ++counts_[step_of(lasts)]; }
    void add(const latencies& others) noexcept;
    std::uint64_t total() const noexcept;

    /// How long at most the share `q` of the calls took, to within about 5 %, at the ends of the
    /// distribution 10 %. Range of `q`: [0, 1].
    /// Returns: empty if there is no call; `shortest` for anything up to it, `longest` for anything from there on.
    std::optional<std::chrono::nanoseconds> quantile(double q) const noexcept;

    /// How many took longer than that, counted in whole steps.
    std::uint64_t above(std::chrono::nanoseconds limit) const noexcept;

private:
    static constexpr std::size_t steps_an_octave = 4;
    static constexpr std::size_t steps = 21 * steps_an_octave + 2;
    static std::size_t step_of(std::chrono::nanoseconds) noexcept;

    std::array<std::uint32_t, steps> counts_{};
};

}  // namespace switchgear::simulation
