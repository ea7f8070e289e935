#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace switchgear::adaptive {

/// What a detector has learned, as plain numbers in an order that `version` names: write them one after
/// the other, hand them back in the same order. A few dozen, some hundreds after many bursts.
struct learned {
    static constexpr std::uint32_t current_version = 1;

    std::uint32_t version = current_version;
    std::vector<double> numbers{};

    friend bool operator==(const learned&, const learned&) = default;
};

/// Takes numbers back in order, and remembers whether one was missing or impossible.
class number_reader {
public:
    explicit number_reader(const std::vector<double>& from) : from_{from} {}

    /// The next number if it is within [least, most]; else `least`, and the reader has failed.
    double next(double least, double most) noexcept {
        const double value = at_ < from_.size() ? from_[at_] : std::nan("");
        ++at_;
        if (value >= least && value <= most) return value;
        failed_ = true;
        return least;
    }
    std::size_t next_index(std::size_t size) noexcept {
        const double value = next(0, static_cast<double>(size) - 1);
        if (value != std::floor(value)) failed_ = true;
        return static_cast<std::size_t>(value);
    }
    /// Of that many pieces that follow, each of at least one number.
    std::size_t next_count() noexcept {
        const double value = next(0, static_cast<double>(from_.size()));
        if (value != std::floor(value)) failed_ = true;
        return static_cast<std::size_t>(value);
    }
    bool failed() const noexcept { return failed_; }
    bool finished() const noexcept { return !failed_ && at_ == from_.size(); }

private:
    const std::vector<double>& from_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

}  // namespace switchgear::adaptive
