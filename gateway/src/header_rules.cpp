#include "header_rules.hpp"

#include <algorithm>
#include <iterator>
#include <random>

#include <fmt/format.h>

namespace switchgear::gateway {
namespace {

// Made before the first thread there is, and before descriptors can be short.
const std::string pseudonym = fmt::format("switchgear-{:08x}", std::random_device{}());

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

/// Whether Connection lists that name, so that it is meant for this hop only.
bool is_listed(const message_head& head, std::string_view name) {
    bool listed = false;
    for (const header_field& field : head.fields) {
        if (field.kind != field_kind::connection) continue;
        for_each_element(field.value, [&](std::string_view option) { listed = listed || equal_names(option, name); });
    }
    return listed;
}

void append_via(std::string& out, const message_head& head) {
    out.append("Via: ");
    for (const header_field& field : head.fields) {
        if (field.kind == field_kind::via && !field.value.empty()) out.append(field.value).append(", ");
    }
    out.append(head.version == 10 ? "1.0 " : "1.1 ").append(pseudonym).append("\r\n");
}

void append_framing(std::string& out, const message_head& head, body_framing framing) {
    if (framing == body_framing::chunked) {
        append_field(out, "Transfer-Encoding", "chunked");
    } else if (head.has_content_length && framing != body_framing::until_close) {
        fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", head.content_length);
    }
}

}  // namespace

void write_request_head(std::string& out, const request_head& head, const request_rewrite& with) {
    out.append(head.method).append(" ").append(with.path).append(with.query).append(" HTTP/1.1\r\n");
    append_field(out, "Host", with.host);
    const bool connection_lists = head.find(field_kind::connection) != nullptr;
    for (const header_field& field : head.fields) {
        const bool passes = field.kind == field_kind::other || field.kind == field_kind::circuit_breaker ||
                            field.kind == field_kind::date;
        if (!passes || (connection_lists && is_listed(head, field.name))) continue;
        append_field(out, field.name, field.value);
    }
    append_framing(out, head, head.framing);
    append_field(out, "X-Forwarded-For", with.client.address);
    append_field(out, "X-Forwarded-Proto", to_string(with.client.scheme));
    if (!head.authority.empty()) append_field(out, "X-Forwarded-Host", head.authority);
    append_via(out, head);
    out.append("\r\n");
}

void write_answer_head(std::string& out, const answer_head& head, const answer_rewrite& with) {
    out.append("HTTP/1.1 ");
    fmt::format_to(std::back_inserter(out), "{} ", head.status);
    out.append(head.reason).append("\r\n");
    const bool connection_lists = head.find(field_kind::connection) != nullptr;
    bool dated = with.date.empty();
    for (const header_field& field : head.fields) {
        const bool replaced = field.kind == field_kind::circuit_breaker && !with.circuit_breaker.empty();
        const bool passes = field.kind == field_kind::other || field.kind == field_kind::forwarding ||
                            field.kind == field_kind::host || field.kind == field_kind::expect ||
                            field.kind == field_kind::date || (field.kind == field_kind::circuit_breaker && !replaced);
        if (!passes || (connection_lists && is_listed(head, field.name))) continue;
        append_field(out, field.name, field.value);
        dated = dated || field.kind == field_kind::date;
    }
    if (!dated) append_field(out, "Date", with.date);
    if (head.status >= 200 && head.status != 204) append_framing(out, head, with.framing);
    if (!with.connection.empty()) append_field(out, "Connection", with.connection);
    if (!with.circuit_breaker.empty()) append_field(out, "Circuit-Breaker", with.circuit_breaker);
    append_via(out, head);
    out.append("\r\n");
}

std::string_view own_pseudonym() noexcept { return pseudonym; }

bool is_loop(const request_head& head) noexcept {
    bool seen = false;
    for (const header_field& field : head.fields) {
        if (field.kind != field_kind::via) continue;
        for_each_element(field.value, [&](std::string_view hop) {
            // received-protocol RWS received-by [ RWS comment ]
            const auto space = hop.find_first_of(" \t");
            if (space == std::string_view::npos) return;
            std::string_view by = hop.substr(hop.find_first_not_of(" \t", space));
            by = by.substr(0, by.find_first_of(" \t"));
            seen = seen || equal_names(by, pseudonym);
        });
    }
    return seen;
}

}  // namespace switchgear::gateway
