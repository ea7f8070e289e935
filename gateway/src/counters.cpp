#include <switchgear/gateway/counters.hpp>

#include <algorithm>
#include <chrono>

namespace switchgear::gateway {

void duration_histogram::observe(duration took) noexcept {
    const double seconds = std::chrono::duration<double>{took}.count();
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds);  // the first bound not below it
    buckets_[static_cast<std::size_t>(bucket - bounds.begin())].fetch_add(1, std::memory_order_relaxed);
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(std::max(took, duration::zero()));
    nanoseconds_.fetch_add(static_cast<std::uint64_t>(nanoseconds.count()), std::memory_order_relaxed);
}

duration_histogram::reading duration_histogram::read() const noexcept {
    reading result;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        result.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
        result.count += result.buckets[i];
    }
    result.sum_seconds = static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) / 1e9;
    return result;
}

}  // namespace switchgear::gateway
