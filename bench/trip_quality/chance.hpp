#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace switchgear::trip_quality {

/// xoshiro256++ (Blackman, Vigna 2019) with the few distributions that the worlds need. The same on every
/// machine, unlike those of the standard library.
class chance {
public:
    explicit chance(std::uint64_t seed) {
        for (auto& word : state_) {  // splitmix64
            seed += 0x9e3779b97f4a7c15U;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
            z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
            word = z ^ (z >> 31U);
        }
    }

    /// Within [0, 1).
    double share() noexcept { return static_cast<double>(next() >> 11U) * 0x1p-53; }
    bool happens(double probability) noexcept { return share() < probability; }
    /// Of mean 1.
    double exponential() noexcept { return -std::log1p(-share()); }
    double normal() noexcept {
        const double radius = std::sqrt(-2 * std::log1p(-share()));
        return radius * std::cos(2 * std::numbers::pi * share());
    }
    double lognormal(double median, double sigma) noexcept { return median * std::exp(sigma * normal()); }

private:
    std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t t = state_[1] << 17U;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    std::uint64_t state_[4];
};

}  // namespace switchgear::trip_quality
