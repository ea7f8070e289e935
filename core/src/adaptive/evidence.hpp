#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace switchgear::adaptive {

/// The e-detector of one stream (Shin, Ramdas, Rinaldo, arXiv 2203.03532): for each of some failing shares,
/// the sum of the likelihood ratios of all the outages that may have begun, each weighted with the share of
/// the false-trip budget that its moment was worth.
///
/// While the service is healthy a value grows in the mean by no more than the budget that went by, so it
/// reaches 1 no more often than the budget allows, whatever the traffic does. It jumps beyond 1 when it
/// does, and the mean jump is known (Pollak 1987): the values are scaled by it, which costs nothing of the
/// mean time to a needless trip that the theory promises for long runs.
class evidence {
public:
    static constexpr std::size_t count = 6;

    /// Alternatives to a healthy `base`: shares of `care` and more, which rises to twice the base.
    void aim(double care, double base) noexcept {
        const double lowest = std::max(care, std::min(0.6, 2 * base));
        shares_ = {lowest, 0.2, 0.35, 0.55, 0.8, 0.97};
        for (std::size_t j = 0; j < count; ++j) {
            shares_[j] = std::min(0.995, std::max(shares_[j], lowest));
            const double ratio = shares_[j] / base;
            scale_[j] = std::log(ratio) / (1 - 1 / ratio) / static_cast<double>(count);
            log_good_[j] = std::log1p(-shares_[j]);
        }
    }

    /// The logarithm of what one good call, or one bad one, says for the lowest alternative.
    double log_of_good(double expected) const noexcept {
        return std::log1p(-against(0, expected)) - std::log1p(-expected);
    }
    double log_of_bad(double expected) const noexcept { return std::log(against(0, expected) / expected); }

    /// A run of good calls, each worth `budget` of time, in closed form.
    void pass_good(double expected, std::uint64_t calls, double budget) noexcept {
        const double log_healthy = std::log1p(-expected);
        for (std::size_t j = 0; j < count; ++j) {
            const double against_j = against(j, expected);
            const double log_step = (against_j > shares_[j] ? std::log1p(-against_j) : log_good_[j]) - log_healthy;
            const double step = std::exp(log_step);
            const double rest = budget * step / (1 - step);
            const double fall = static_cast<double>(calls) * log_step;
            // Then nothing is left even of the most that there may be, and an exponential is saved.
            values_[j] = fall < -120 ? rest : rest + (values_[j] - rest) * std::exp(fall);
        }
    }

    void add_bad(double expected, double budget) noexcept {
        for (std::size_t j = 0; j < count; ++j) {
            values_[j] = std::min(1e30, (values_[j] + budget) * against(j, expected) / expected);
        }
    }

    /// 1 trips.
    double value() const noexcept {
        double sum = 0;
        for (std::size_t j = 0; j < count; ++j) sum += scale_[j] * values_[j];
        return sum;
    }

    void clear() noexcept { values_.fill(0); }

private:
    double against(std::size_t j, double expected) const noexcept {
        return std::min(0.995, std::max(shares_[j], 1.02 * expected));
    }

    std::array<double, count> shares_{}, scale_{}, log_good_{}, values_{};
};

}  // namespace switchgear::adaptive
