#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include <switchgear/time.hpp>

#include "ageing.hpp"
#include "healthy_model.hpp"
#include "numbers.hpp"

namespace switchgear::adaptive {

/// How long a call normally takes at most, by a histogram on a logarithmic scale with a half-life of a quarter of an
/// hour and no less than some thousand calls: the 99th percentile or twice the median, whichever is more. Where calls
/// spread so widely that three times as slow would mostly be below that – a 99th percentile of more than four medians –
/// it is the 90th percentile or three times the median. A deadline lowers it, and is the limit as long as nothing is
/// known.
class latency_limit {
public:
    latency_limit(std::optional<duration> deadline, time_point now) : age_{half_life, now}, deadline_{deadline} {
        settle();
    }

    /// Longer than this is slow.
    duration::rep limit() const noexcept { return limit_; }
    /// The least share of longer calls to take for normal: one in ten where the limit may be the 90th percentile,
    /// for such calls come in spells.
    double least_normal() const noexcept { return is_wide_ ? 0.1 : healthy_model::least; }
    std::optional<duration> known() const noexcept {
        if (limit_ == none) return {};
        return duration{limit_};
    }

    void add(duration took) noexcept {
        const std::size_t bin = bin_of(took);
        used_ = std::max(used_, bin + 1);
        ++pending_[bin];
        ++pending_calls_;
    }
    bool wants_learning() const noexcept { return pending_calls_ >= (calls_ < least_memory ? first_batch : batch); }
    /// Returns: whether this is the first time that there is a limit.
    bool learn(time_point now) noexcept;
    void drop() noexcept {
        pending_.fill(0);
        pending_calls_ = 0;
    }

    void change(std::optional<duration> deadline) noexcept {
        deadline_ = deadline;
        settle();
    }
    void save(learned& to) const;
    void restore(number_reader& from, time_point now);

private:
    static constexpr duration half_life = std::chrono::minutes{15};
    // Learning passes over the histogram: rarely enough to cost little for each call.
    static constexpr std::uint32_t first_batch = 128, batch = 512;
    static constexpr double least_calls = 100;     // before so many nothing is said
    static constexpr double least_memory = 3'000;  // no fading below so many
    static constexpr std::size_t octaves = 32, parts = 16;
    static constexpr std::size_t bins = octaves * parts;
    static constexpr duration::rep none = std::numeric_limits<duration::rep>::max();

    /// Sixteen to an octave, from a microsecond on.
    static std::size_t bin_of(duration took) noexcept {
        const auto raw = static_cast<std::uint64_t>(std::max<duration::rep>(took.count(), 1024));
        const auto octave = static_cast<std::size_t>(std::bit_width(raw)) - 11;
        return std::min(octave * parts + static_cast<std::size_t>(raw >> (octave + 6) & (parts - 1)), bins - 1);
    }
    static duration::rep end_of(std::size_t bin) noexcept {
        return static_cast<duration::rep>((parts + bin % parts + 1) << (bin / parts + 6));
    }
    void settle() noexcept;
    duration::rep quantile(double share) const noexcept;

    duration::rep limit_ = none;
    bool is_wide_ = false;  // below the 99th percentile, because calls spread widely
    std::uint32_t pending_calls_{};
    double calls_{};
    double since_fading_{};
    ageing age_;
    std::optional<duration> deadline_;
    std::size_t used_{};  // beyond this there is nothing
    std::array<std::uint32_t, bins> pending_{};
    std::array<float, bins> learned_{};
};

}  // namespace switchgear::adaptive
