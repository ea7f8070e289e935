#include "transition_history.hpp"

#include <utility>

namespace switchgear::gateway {

void transition_history::add(wire::transition_view seen) {
    transitions& list = by_name_[seen.name];
    if (list.size() == kept_for_each) list.pop_front();
    list.push_back(std::move(seen));
}

const transition_history::transitions& transition_history::of(std::string_view name) const {
    static const transitions none;
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? none : found->second;
}

void transition_history::keep_only(const std::function<bool(std::string_view)>& exists) {
    std::erase_if(by_name_, [&](const auto& entry) { return !exists(entry.first); });
}

}  // namespace switchgear::gateway
