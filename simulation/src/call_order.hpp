#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <vector>

#include <switchgear/simulation/recorded_call.hpp>

namespace switchgear::simulation {

/// Puts calls that come almost in order of their starts into that order.
///
/// What comes in order goes through a queue and costs no comparison of more than two; the rest through a heap.
class call_order {
public:
    /// How much earlier than the latest start a call may have begun.
    explicit call_order(std::chrono::nanoseconds tolerance) : tolerance_{tolerance} {}

    /// Returns: false if the call began too long before one already seen; then it is not taken.
    bool add(const recorded_call& call) {
        if (any_ && call.start < latest_ - tolerance_) return false;
        if (!any_ || call.start >= latest_) {
            any_ = true;
            latest_ = call.start;
            in_order_.push_back(call);
        } else {
            strays_.push({call, ++strays_seen_});
        }
        return true;
    }
    /// Nothing more will be added.
    void end() noexcept { ended_ = true; }

    /// Returns: the earliest, unless an earlier one may still come. Of calls that began at the same time
    /// the one that was added first is first, but for those that came out of order.
    std::optional<recorded_call> next() {
        const bool stray =
            !strays_.empty() && (in_order_.empty() || strays_.top().call.start < in_order_.front().start);
        if (!stray && in_order_.empty()) return std::nullopt;
        const recorded_call first = stray ? strays_.top().call : in_order_.front();
        if (!ended_ && first.start > latest_ - tolerance_) return std::nullopt;
        if (stray) {
            strays_.pop();
        } else {
            in_order_.pop_front();
        }
        return first;
    }

private:
    struct out_of_order {
        recorded_call call;
        std::uint64_t number;
        friend bool operator<(const out_of_order& a, const out_of_order& b) {
            return a.call.start != b.call.start ? a.call.start > b.call.start : a.number > b.number;
        }
    };

    std::chrono::nanoseconds tolerance_;
    std::deque<recorded_call> in_order_{};
    std::priority_queue<out_of_order> strays_{};
    std::uint64_t strays_seen_ = 0;
    recorded_time latest_{};
    bool any_ = false;
    bool ended_ = false;
};

}  // namespace switchgear::simulation
