#include <switchgear/simulation/latencies.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

namespace switchgear::simulation {
namespace {

/// The quarter powers of two, in 64ths of a step of an octave.
constexpr std::array<std::int64_t, 3> quarters{76, 91, 108};  // 64 · 2^(1/4), 2^(2/4), 2^(3/4)

}  // namespace

std::size_t latencies::step_of(std::chrono::nanoseconds lasts) noexcept {
    if (lasts < shortest) return 0;
    // Without a logarithm: the octave from the highest bit, the quarter by comparison.
    const auto scaled = static_cast<std::uint64_t>(lasts / shortest);
    const auto octave = static_cast<std::size_t>(std::bit_width(scaled) - 1);
    const auto base = shortest.count() << octave;
    const std::int64_t part = lasts.count() * 64 / base;
    const auto quarter = static_cast<std::size_t>(
        std::count_if(quarters.begin(), quarters.end(), [part](std::int64_t edge) { return part >= edge; }));
    return std::min(1 + octave * steps_an_octave + quarter, steps - 1);
}

void latencies::add(const latencies& others) noexcept {
    std::transform(counts_.begin(), counts_.end(), others.counts_.begin(), counts_.begin(), std::plus<>{});
}

std::uint64_t latencies::total() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::uint64_t latencies::above(std::chrono::nanoseconds limit) const noexcept {
    const auto from = counts_.begin() + static_cast<std::ptrdiff_t>(step_of(limit)) + 1;
    return std::accumulate(from, counts_.end(), std::uint64_t{0});
}

std::optional<std::chrono::nanoseconds> latencies::quantile(double q) const noexcept {
    const std::uint64_t all = total();
    if (all == 0) return std::nullopt;
    const double wanted = q * static_cast<double>(all);
    double below = 0;
    std::size_t step = 0;
    while (step + 1 < steps && below + counts_[step] < wanted) below += counts_[step++];
    if (step == 0) return shortest;
    if (step + 1 == steps) return longest;
    // Within a step calls are taken to be spread evenly over its logarithm.
    const double part = counts_[step] == 0 ? 0 : std::clamp((wanted - below) / counts_[step], 0.0, 1.0);
    const double octaves = (static_cast<double>(step - 1) + part) / static_cast<double>(steps_an_octave);
    return std::chrono::nanoseconds{std::llround(static_cast<double>(shortest.count()) * std::exp2(octaves))};
}

}  // namespace switchgear::simulation
