#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <switchgear/wire/views.hpp>

namespace switchgear::gateway {

/// The last transitions of each breaker, for people who ask what happened.
///
/// Thread safety: none; lives on the control thread.
class transition_history {
public:
    static constexpr std::size_t kept_for_each = 32;

    using transitions = std::deque<wire::transition_view>;  ///< the oldest first

    void add(wire::transition_view);
    /// Empty if nothing was seen of that breaker.
    const transitions& of(std::string_view name) const;

    std::size_t size() const noexcept { return by_name_.size(); }
    /// Forgets the breakers for which `exists` says no.
    void keep_only(const std::function<bool(std::string_view)>& exists);

private:
    std::map<std::string, transitions, std::less<>> by_name_;
};

}  // namespace switchgear::gateway
