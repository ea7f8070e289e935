#pragma once

#include <atomic>
#include <cstdint>

namespace switchgear::policies {

/// How much more load retries may make.
struct budget_rule {
    /// What each call adds to the budget. Range: [0, 1]. At 0.2 retries add a fifth to the load of a
    /// service that fails every call; without a budget, three attempts would triple it.
    double share = 0.2;
    /// What the budget begins with, and the most it holds. Range: [1, 1e6]. It lets thin traffic retry at
    /// all; what was saved in quiet hours beyond it is forgotten, so that it cannot become a storm.
    std::uint32_t reserve = 10;
    friend bool operator==(const budget_rule&, const budget_rule&) = default;
};

/// Counts calls in and retries out: of any k calls in a row at most `reserve` + `share` × k are retried.
///
/// It has no clock: a budget by time would allow the most retries for each call just when calls are few
/// because the service is down.
///
/// Thread safety: every member may be called from any thread at any time; no lock.
class retry_budget {
public:
    /// Requires: the rule is within its ranges.
    explicit retry_budget(const budget_rule&) noexcept;

    /// A call is made for the first time.
    void count_call() noexcept;
    /// Asks for one retry. Returns: whether the budget had one, which is then spent.
    [[nodiscard]] bool try_spend() noexcept;

private:
    // In millionths of a retry: shares add up exactly.
    std::int64_t income_;
    std::int64_t most_;
    std::atomic<std::int64_t> balance_;
};

}  // namespace switchgear::policies
