#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include <switchgear/simulation/recorded_call.hpp>

namespace switchgear::simulation {

/// Tells a call whose time is wrong from a gap in the recording.
///
/// A wrong time far ahead, taken for true, would make everything after it too late. So a call that lies further ahead
/// than calls may be out of order waits for the next ones: it is wrong if it would make most of them late.
/// After a night without calls they lie where it lies; and the last call of a recording has none that speak against it.
class jump_watch {
public:
    struct judged {
        recorded_call call;
        std::uint64_t line = 0;
        bool believed = true;
    };

    /// `tolerance`: how much earlier than the latest start a call may have begun.
    explicit jump_watch(std::chrono::nanoseconds tolerance) : tolerance_{tolerance} {}

    void add(const recorded_call& call, std::uint64_t line) { waiting_.push_back({call, line}); }
    /// Nothing more will be added.
    void end() noexcept { ended_ = true; }

    /// Returns: the first call that is not told yet, in the order they were added; empty while it has to wait.
    std::optional<judged> next() {
        if (waiting_.empty()) return std::nullopt;
        judged& first = waiting_.front();
        if (is_jump(first.call.start)) {
            if (waiting_.size() <= witnesses && !ended_) return std::nullopt;
            first.believed = !is_contradicted(first.call.start);
        }
        if (first.believed) latest_ = std::max(latest_.value_or(recorded_time{}), first.call.start);
        const judged told = first;
        waiting_.pop_front();
        return told;
    }

private:
    /// Of one call they would be too few if two wrong ones follow each other.
    static constexpr std::size_t witnesses = 8;

    bool is_jump(recorded_time start) const noexcept { return !latest_ || start > *latest_ + tolerance_; }
    bool is_contradicted(recorded_time start) const noexcept {
        const std::size_t heard = std::min(witnesses, waiting_.size() - 1);
        std::size_t against = 0;
        for (std::size_t i = 1; i <= heard; ++i) {
            const recorded_time other = waiting_[i].call.start;
            const bool late_anyway = latest_ && other < *latest_ - tolerance_;
            against += !late_anyway && other < start - tolerance_;
        }
        return against * 2 > heard;
    }

    std::chrono::nanoseconds tolerance_;
    std::deque<judged> waiting_{};
    std::optional<recorded_time> latest_{};
    bool ended_ = false;
};

}  // namespace switchgear::simulation
