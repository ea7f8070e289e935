#include "shown_breaker.hpp"

namespace switchgear::gateway {

namespace {

constexpr std::string_view overflow = "(overflow)";

}  // namespace

std::string shown_name(const breaker_view& seen) {
    if (seen.what->name() != overflow) return std::string(seen.what->name());
    return std::string(seen.service) + "/" + std::string(overflow);
}

std::shared_ptr<breaker> find_shown(const runtime& state, std::string_view name) {
    if (!name.ends_with(overflow)) return state.find(name);
    std::shared_ptr<breaker> found;
    state.for_each_breaker([&](const breaker_view& seen) {
        if (shown_name(seen) == name) found = seen.what;
    });
    return found;
}

}  // namespace switchgear::gateway
