#include "message_head.hpp"

#include <algorithm>
#include <array>

namespace switchgear::gateway {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

struct known_name {
    std::string_view name;
    field_kind kind;
};
// By length: a name is compared only with those of its own length.
constexpr std::array known_names{
    known_name{"te", field_kind::hop_by_hop},
    known_name{"via", field_kind::via},
    known_name{"host", field_kind::host},
    known_name{"date", field_kind::date},
    known_name{"expect", field_kind::expect},
    known_name{"trailer", field_kind::hop_by_hop},
    known_name{"upgrade", field_kind::hop_by_hop},
    known_name{"forwarded", field_kind::forwarding},
    known_name{"x-real-ip", field_kind::forwarding},
    known_name{"keep-alive", field_kind::hop_by_hop},
    known_name{"connection", field_kind::connection},
    known_name{"tracestate", field_kind::forwarding},
    known_name{"traceparent", field_kind::forwarding},
    known_name{"content-length", field_kind::content_length},
    known_name{"circuit-breaker", field_kind::circuit_breaker},
    known_name{"http2-settings", field_kind::hop_by_hop},
    known_name{"proxy-connection", field_kind::hop_by_hop},
    known_name{"transfer-encoding", field_kind::transfer_encoding},
    known_name{"proxy-authenticate", field_kind::hop_by_hop},
    known_name{"proxy-authorization", field_kind::hop_by_hop},
    known_name{"proxy-authentication-info", field_kind::hop_by_hop},
};

}  // namespace

bool equal_names(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

field_kind kind_of(std::string_view name) noexcept {
    for (const known_name& known : known_names) {
        if (known.name.size() == name.size() && equal_names(known.name, name)) return known.kind;
    }
    constexpr std::string_view prefix = "x-forwarded-";
    if (name.size() > prefix.size() && equal_names(name.substr(0, prefix.size()), prefix)) {
        return field_kind::forwarding;
    }
    return field_kind::other;
}

const header_field* message_head::find(field_kind kind) const noexcept {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.kind == kind; });
    return found == fields.end() ? nullptr : &*found;
}

std::optional<std::string_view> message_head::find(std::string_view name) const noexcept {
    for (const header_field& field : fields) {
        if (equal_names(field.name, name)) return field.value;
    }
    return std::nullopt;
}

}  // namespace switchgear::gateway
