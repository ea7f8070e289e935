#include "shown_breaker.hpp"

namespace switchgear::gateway {

namespace {

constexpr std::string_view overflow = "(overflow)";

}  // namespace

bool is_overflow(std::string_view name) noexcept { return name == overflow; }

std::string shown_name(std::string_view name, std::string_view service) {
    return is_overflow(name) ? std::string{service} + "/" + std::string{name} : std::string{name};
}

std::string shown_name(const breaker_view& seen) { return shown_name(seen.what->name(), seen.service); }

void tell_by_shown_name(const transition& seen, std::string_view service,
                        const std::function<void(const transition&)>& listener) {
    if (!is_overflow(seen.name)) return listener(seen);
    const std::string name = shown_name(seen.name, service);
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
