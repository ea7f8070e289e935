#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchgear::gateway {

/// What a path of the admin port stands for.
enum class admin_resource : std::uint8_t {
    breakers,
    breaker,
    breaker_override,
    breaker_reset,
    breaker_trip,
    events,
    metrics,
    healthz,
    readyz,
    config,
    reload
};

struct admin_target {
    admin_resource resource = admin_resource::breakers;
    /// The breaker's name, decoded; empty where the resource has none.
    std::string name{};
    friend bool operator==(const admin_target&, const admin_target&) = default;
};

/// A target in origin form, and the authority of one in absolute form, which goes before Host (RFC 9112, 3.2.2).
struct origin_form {
    std::string_view target;
    std::optional<std::string_view> authority{};
};
[[nodiscard]] origin_form to_origin_form(std::string_view target) noexcept;

/// Reads a request target in origin form; a query is passed over. A breaker's name is one segment,
/// percent-encoded: `/v1/breakers/payments%2F127.0.0.1%3A9000/trip`.
/// Returns: empty if the path is none of ours, or if an escape in it is broken.
[[nodiscard]] std::optional<admin_target> parse_admin_target(std::string_view target);

/// The methods a resource has, as an Allow header lists them.
[[nodiscard]] std::string_view allowed_methods(admin_resource) noexcept;

/// Whether `method` is one of them.
[[nodiscard]] bool allows(admin_resource, std::string_view method) noexcept;

/// Whether the resource tells whether the process is alive and no more, so that it needs no token.
[[nodiscard]] bool is_public(admin_resource) noexcept;

}  // namespace switchgear::gateway
