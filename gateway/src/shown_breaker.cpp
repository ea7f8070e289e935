#include "shown_breaker.hpp"

namespace switchgear::gateway {

namespace {

constexpr std::string_view overflow = "(overflow)";

std::string shown_overflow(std::string_view service) { return std::string(service) + "/" + std::string(overflow); }

}  // namespace

std::string shown_name(const breaker_view& seen) {
    if (seen.what->name() != overflow) return std::string(seen.what->name());
    return shown_overflow(seen.service);
}

void tell_by_shown_name(const transition& seen, std::string_view service,
                        const std::function<void(const transition&)>& listener) {
    if (seen.name != overflow) return listener(seen);
    const std::string name = shown_overflow(service);
    transition renamed = seen;
    renamed.name = name;
    listener(renamed);
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
