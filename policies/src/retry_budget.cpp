#include <switchgear/policies/retry_budget.hpp>

#include <algorithm>
#include <cmath>

namespace switchgear::policies {
namespace {

constexpr std::int64_t one_retry = 1'000'000;

}  // namespace

// All orders are relaxed: the balance is one number and guards no other memory. Whoever loses a race for
// the last retry sees the new balance in the failed exchange.

retry_budget::retry_budget(const budget_rule& rule) noexcept
    : income_{std::llround(rule.share * static_cast<double>(one_retry))},
      most_{static_cast<std::int64_t>(rule.reserve) * one_retry},
      balance_{most_} {}

void retry_budget::count_call() noexcept {
    // relaxed, in all of this file: a number that stands for itself; the exchanges keep it right.
    std::int64_t seen = balance_.load(std::memory_order_relaxed);
    std::int64_t next = std::min(seen + income_, most_);
    // A full budget is not written to: healthy traffic shares the line and does not fight for it.
    while (next != seen && !balance_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) {  // as above
        next = std::min(seen + income_, most_);
    }
}

bool retry_budget::try_spend() noexcept {
    std::int64_t seen = balance_.load(std::memory_order_relaxed);  // as in count_call()
    while (seen >= one_retry) {
        if (balance_.compare_exchange_weak(seen, seen - one_retry, std::memory_order_relaxed)) return true;
    }
    return false;
}

}  // namespace switchgear::policies
