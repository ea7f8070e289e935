#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace switchgear::gateway {

/// Fields that the gateway treats in a way of their own; everything else passes as it came.
enum class field_kind : std::uint8_t {
    other,
    host,
    content_length,
    transfer_encoding,
    connection,
    hop_by_hop,  ///< Keep-Alive, Proxy-Connection, Proxy-Authenticate, …, TE, Trailer, Upgrade
    expect,
    via,
    forwarding,  ///< X-Forwarded-*, Forwarded, X-Real-IP, traceparent, tracestate: what a peer may not claim
    circuit_breaker,
    date
};
field_kind kind_of(std::string_view name) noexcept;

struct header_field {
    std::string_view name;
    std::string_view value;
    field_kind kind = field_kind::other;
};

/// What a body is delimited by.
enum class body_framing : std::uint8_t { none, length, chunked, until_close };

/// What requests and answers have in common. All texts point into the buffer that was parsed.
struct message_head {
    int version = 11;  ///< 10 or 11
    std::vector<header_field> fields;
    body_framing framing = body_framing::none;
    std::uint64_t content_length = 0;  ///< with framing `length`, or as said by an answer without body
    bool has_content_length = false;
    bool keep_alive = true;  ///< what version and Connection say

    const header_field* find(field_kind) const noexcept;
    std::optional<std::string_view> find(std::string_view name) const noexcept;
};

struct request_head : message_head {
    std::string_view method;
    std::string_view target;     ///< path and query; of an absolute target what follows its authority
    std::string_view authority;  ///< of an absolute target, else Host; may be empty
    bool expects_continue = false;
};

struct answer_head : message_head {
    unsigned status = 0;
    std::string_view reason;
};

/// Case-insensitive, ASCII.
bool equal_names(std::string_view a, std::string_view b) noexcept;

/// Calls `visit` for each element of a comma-separated list, trimmed, without the empty ones.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        std::string_view element = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
        const auto first = element.find_first_not_of(" \t");
        if (first == std::string_view::npos) continue;
        visit(element.substr(first, element.find_last_not_of(" \t") - first + 1));
    }
}

}  // namespace switchgear::gateway
