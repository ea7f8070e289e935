#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/event.hpp>
#include <switchgear/prometheus/collector.hpp>
#include <switchgear/state.hpp>

namespace switchgear::prometheus {

/// How often each breaker went from where to where, and why.
///
/// Whom a scrape does not find is forgotten. Where nobody scrapes, the counts are bounded: of too many breakers, the
/// half that moved longest ago is forgotten, and begins anew if it moves again, which to Prometheus is a reset.
///
/// Thread safety: every member may be called from any thread; no code of others runs under its lock.
class collector::transition_counts {
public:
    struct kind {
        state from, to;
        switchgear::cause cause;
        friend auto operator<=>(const kind&, const kind&) = default;
    };
    using by_kind = std::map<kind, std::uint64_t>;

    void add(std::string_view name, const transition& told) {
        const std::lock_guard lock{mutex_};
        auto found = counts_.find(name);
        if (found == counts_.end()) {
            if (counts_.size() >= most_) forget_older_half();
            found = counts_.emplace(name, counted{}).first;
        }
        ++found->second.by[{told.from, told.to, told.cause}];
        found->second.moved = ++moves_;
    }

    by_kind of(std::string_view name) const {
        const std::lock_guard lock{mutex_};
        const auto found = counts_.find(name);
        return found == counts_.end() ? by_kind{} : found->second.by;
    }

    std::vector<std::string> names() const {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> out;
        for (const auto& [name, counts] : counts_) out.push_back(name);
        return out;
    }

    /// Forgets those of `known` that are not present, and makes room for twice the number that is.
    void keep(const std::set<std::string, std::less<>>& present, const std::vector<std::string>& known) {
        const std::lock_guard lock{mutex_};
        for (const std::string& name : known) {
            if (!present.contains(name)) counts_.erase(name);
        }
        most_ = std::max(most_unasked, 2 * present.size());
    }

private:
    struct counted {
        by_kind by;
        std::uint64_t moved = 0;  ///< the number of its last transition, of all that were counted
    };

    /// Twice what a registry holds unless told otherwise.
    static constexpr std::size_t most_unasked = 20'000;

    void forget_older_half() {
        std::vector<std::uint64_t> moved;
        for (const auto& [name, counts] : counts_) moved.push_back(counts.moved);
        const auto middle = moved.begin() + static_cast<std::ptrdiff_t>(moved.size() / 2);
        std::nth_element(moved.begin(), middle, moved.end());
        std::erase_if(counts_, [oldest = *middle](const auto& one) { return one.second.moved < oldest; });
    }

    mutable std::mutex mutex_;
    std::map<std::string, counted, std::less<>> counts_;
    std::size_t most_ = most_unasked;
    std::uint64_t moves_ = 0;
};

}  // namespace switchgear::prometheus
