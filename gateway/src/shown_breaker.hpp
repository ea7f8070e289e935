#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <switchgear/gateway/runtime.hpp>

namespace switchgear::gateway {

/// The name under which a breaker is shown: its own, but that of the breaker that serves the keys beyond
/// `max_keys` of a service, which every registry calls "(overflow)", is "service/(overflow)".
std::string shown_name(std::string_view name, std::string_view service);
std::string shown_name(const breaker_view&);

/// Of the breaker's own name.
bool is_overflow(std::string_view name) noexcept;

/// The same transition under the name its breaker is shown by, told to `listener`.
void tell_by_shown_name(const transition&, std::string_view service,
                        const std::function<void(const transition&)>& listener);

/// The breaker shown under this name; null if there is none.
std::shared_ptr<breaker> find_shown(const runtime&, std::string_view name);

}  // namespace switchgear::gateway
