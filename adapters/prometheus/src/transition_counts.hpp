#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/event.hpp>
#include <switchgear/prometheus/collector.hpp>
#include <switchgear/state.hpp>

namespace switchgear::prometheus {

/// How often each breaker went from where to where, and why.
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
        if (found == counts_.end()) found = counts_.emplace(name, by_kind{}).first;
        ++found->second[{told.from, told.to, told.cause}];
    }

    by_kind of(std::string_view name) const {
        const std::lock_guard lock{mutex_};
        const auto found = counts_.find(name);
        return found == counts_.end() ? by_kind{} : found->second;
    }

    std::vector<std::string> names() const {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> out;
        for (const auto& [name, counts] : counts_) out.push_back(name);
        return out;
    }

    void forget(std::string_view name) {
        const std::lock_guard lock{mutex_};
        if (const auto found = counts_.find(name); found != counts_.end()) counts_.erase(found);
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, by_kind, std::less<>> counts_;
};

}  // namespace switchgear::prometheus
