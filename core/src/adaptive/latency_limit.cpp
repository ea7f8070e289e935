#include "latency_limit.hpp"

#include <cmath>

namespace switchgear::adaptive {

bool latency_limit::learn(time_point now) noexcept {
    const bool was_known = calls_ >= least_calls;
    for (std::size_t i = 0; i < used_; ++i) {
        learned_[i] += static_cast<float>(pending_[i]);
        pending_[i] = 0;
    }
    calls_ += pending_calls_;
    since_fading_ += pending_calls_;
    pending_calls_ = 0;
    // Thin traffic is remembered by calls instead of by time.
    if (age_.is_due(now) && since_fading_ >= least_memory / ageing::steps_in_half_life) {
        const double most_fading = std::exp2(-since_fading_ / least_memory);
        const double factor = std::max(age_.pass(now), most_fading);
        for (float& one : learned_) one *= static_cast<float>(factor);
        calls_ *= factor;
        since_fading_ = 0;
    }
    settle();
    return !was_known && calls_ >= least_calls;
}

duration::rep latency_limit::quantile(double share) const noexcept {
    const double wanted = share * calls_;
    std::size_t bin = 0;
    auto sum = static_cast<double>(learned_[bin]);
    while (sum < wanted && bin + 1 < used_) sum += static_cast<double>(learned_[++bin]);
    return end_of(bin);
}

void latency_limit::settle() noexcept {
    limit_ = none;
    is_wide_ = false;
    if (calls_ >= least_calls) {
        const duration::rep median = quantile(0.5), most = quantile(0.99);
        is_wide_ = most > 4 * median;
        limit_ = is_wide_ ? std::max(quantile(0.9), 3 * median) : std::max(most, 2 * median);
    }
    if (deadline_ && deadline_->count() < limit_) {
        limit_ = deadline_->count();
        is_wide_ = false;
    }
}

void latency_limit::save(learned& to) const {
    const auto used = std::ranges::count_if(learned_, [](float one) { return one > 0; });
    to.numbers.push_back(static_cast<double>(used));
    for (std::size_t i = 0; i < bins; ++i) {
        if (learned_[i] > 0)
            to.numbers.insert(to.numbers.end(), {static_cast<double>(i), static_cast<double>(learned_[i])});
    }
}

void latency_limit::restore(number_reader& from, time_point now) {
    learned_.fill(0);
    used_ = 0;
    drop();
    calls_ = 0;
    for (std::size_t left = from.next_count(); left > 0 && !from.failed(); --left) {
        const std::size_t bin = from.next_index(bins);
        learned_[bin] = static_cast<float>(from.next(0, 1e15));
        used_ = std::max(used_, bin + 1);
    }
    for (const float one : learned_) calls_ += static_cast<double>(one);
    since_fading_ = 0;
    age_.restart(now);
    settle();
}

}  // namespace switchgear::adaptive
