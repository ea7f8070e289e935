#include "admin_target.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/url/grammar/ci_string.hpp>
#include <boost/url/pct_string_view.hpp>

namespace switchgear::gateway {

namespace {

struct fixed_path {
    std::string_view path;
    admin_resource resource;
};
constexpr std::array fixed_paths{
    fixed_path{"/v1/breakers", admin_resource::breakers}, fixed_path{"/v1/events", admin_resource::events},
    fixed_path{"/metrics", admin_resource::metrics},      fixed_path{"/healthz", admin_resource::healthz},
    fixed_path{"/readyz", admin_resource::readyz},        fixed_path{"/v1/config", admin_resource::config},
    fixed_path{"/v1/reload", admin_resource::reload},
};
constexpr std::array below_a_breaker{
    fixed_path{"", admin_resource::breaker},
    fixed_path{"/override", admin_resource::breaker_override},
    fixed_path{"/reset", admin_resource::breaker_reset},
    fixed_path{"/trip", admin_resource::breaker_trip},
};
constexpr std::string_view breakers_prefix = "/v1/breakers/";

std::optional<std::string> decode_segment(std::string_view text) {
    const auto encoded = boost::urls::make_pct_string_view(text);
    if (!encoded || text.empty()) return {};
    return encoded->decode();
}

}  // namespace

origin_form to_origin_form(std::string_view target) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!boost::urls::grammar::ci_is_equal(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        const std::string_view path = target.substr(end);
        return {path.starts_with('/') ? path : std::string_view{"/"}, target.substr(0, end)};
    }
    return {target};
}

std::optional<admin_target> parse_admin_target(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    for (const fixed_path& known : fixed_paths) {
        if (path == known.path) return admin_target{known.resource};
    }
    if (!path.starts_with(breakers_prefix)) return {};
    const std::string_view below = path.substr(breakers_prefix.size());
    const auto end = below.find('/');
    const std::string_view rest = end == below.npos ? std::string_view{} : below.substr(end);
    for (const fixed_path& known : below_a_breaker) {
        if (rest != known.path) continue;
        auto name = decode_segment(below.substr(0, end));
        if (!name) return {};
        return admin_target{known.resource, std::move(*name)};
    }
    return {};
}

std::string_view allowed_methods(admin_resource resource) noexcept {
    switch (resource) {
        case admin_resource::breaker_override: return "PUT";
        case admin_resource::breaker_reset:
        case admin_resource::breaker_trip:
        case admin_resource::reload: return "POST";
        default: return "GET, HEAD";
    }
}

bool allows(admin_resource resource, std::string_view method) noexcept {
    const std::string_view allowed = allowed_methods(resource);
    return allowed == method || (allowed == "GET, HEAD" && (method == "GET" || method == "HEAD"));
}

bool is_public(admin_resource resource) noexcept {
    return resource == admin_resource::healthz || resource == admin_resource::readyz;
}

}  // namespace switchgear::gateway
