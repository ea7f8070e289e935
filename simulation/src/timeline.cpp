#include <switchgear/simulation/timeline.hpp>

#include <algorithm>
#include <functional>
#include <iterator>

namespace switchgear::simulation {

void failing_keys::add(std::uint32_t key, std::uint32_t failures) noexcept {
    for (entry& one : kept_) {
        if (one.failures != 0 && one.key == key) {
            one.failures += failures;
            return;
        }
    }
    // The new one takes an empty place, or pays with as many of everybody's as the smallest has.
    while (failures > 0) {
        const auto least = std::ranges::min_element(kept_, {}, &entry::failures);
        if (least->failures == 0) {
            *least = {key, failures};
            return;
        }
        const std::uint32_t paid = std::min(least->failures, failures);
        for (entry& one : kept_) one.failures -= paid;
        failures -= paid;
        missing_ += paid;
    }
}

void failing_keys::add(const failing_keys& others) noexcept {
    for (const entry& one : others.kept_) add(one.key, one.failures);
    missing_ += others.missing_;
}

std::vector<failing_keys::entry> failing_keys::entries() const {
    std::vector<entry> found;
    std::ranges::copy_if(kept_, std::back_inserter(found), [](const entry& one) { return one.failures != 0; });
    std::ranges::sort(found, [](const entry& a, const entry& b) {
        return a.failures != b.failures ? a.failures > b.failures : a.key < b.key;
    });
    return found;
}

void slice::add(const recorded_call& call) noexcept {
    ++calls;
    took.add(call.lasts);
    if (call.how.is_ignored()) ++ignored;
    if (!call.how.is_failure()) return;
    ++failures;
    ++failures_by_class[static_cast<std::size_t>(call.how.failed_with())];
    failing.add(call.key, 1);
}

void slice::add(const slice& other) noexcept {
    calls += other.calls;
    failures += other.failures;
    ignored += other.ignored;
    std::transform(failures_by_class.begin(), failures_by_class.end(), other.failures_by_class.begin(),
                   failures_by_class.begin(), std::plus<>{});
    took.add(other.took);
    failing.add(other.failing);
}

double slice::failing_share() const noexcept {
    return judged() == 0 ? 0.0 : static_cast<double>(failures) / static_cast<double>(judged());
}

timeline::timeline(std::size_t most) : most_{std::max<std::size_t>(most, 2)} {}

void timeline::add(const recorded_call& call) {
    if (slices_.empty()) {
        // On a whole multiple of the width, so that slices of a day begin with it.
        begin_ = call.start - call.start % shortest_width;
        end_ = call.start;
    }
    last_start_ = call.start;
    end_ = std::max(end_, call.start + call.lasts);
    while ((call.start - begin_) / width_ >= static_cast<std::int64_t>(most_)) halve();
    const auto at = static_cast<std::size_t>((call.start - begin_) / width_);
    if (at >= slices_.size()) slices_.resize(at + 1);
    slices_[at].add(call);
}

void timeline::halve() {
    const std::size_t half = (slices_.size() + 1) / 2;
    for (std::size_t i = 0; i < half; ++i) {
        if (i != 0) slices_[i] = slices_[2 * i];
        if (2 * i + 1 < slices_.size()) slices_[i].add(slices_[2 * i + 1]);
    }
    slices_.resize(half);
    width_ *= 2;
}

timeline timeline::coarser(std::size_t most) const {
    timeline copy = *this;
    while (copy.slices_.size() > most) copy.halve();
    return copy;
}

}  // namespace switchgear::simulation
