#pragma once

#include <string>
#include <string_view>

#include <switchgear/gateway/config.hpp>

#include "message_head.hpp"

/// What a proxy changes in a head on its way (RFC 9110, section 7.6): written out as the text of the next
/// head, in one pass, with names and order as they came.
namespace switchgear::gateway {

/// Who the client is, as far as the gateway can vouch for it.
struct client_identity {
    std::string_view address;  ///< without port
    url_scheme scheme = url_scheme::http;
};

struct request_rewrite {
    std::string_view path;   ///< normalised
    std::string_view query;  ///< with its '?'
    std::string_view host;   ///< the Host header sent on
    client_identity client;
};

/// Appends the request's head as the service gets it. Hop-by-hop fields and those that Connection lists are
/// left out; what the gateway writes itself (Host, framing, Via, X-Forwarded-*) cannot be removed so.
void write_request_head(std::string& out, const request_head&, const request_rewrite&);

struct answer_rewrite {
    body_framing framing = body_framing::none;  ///< towards the client
    std::string_view connection;                ///< "close", "keep-alive" or empty
    std::string_view circuit_breaker;           ///< replaces the service's own; empty: that one passes
    std::string_view date;  ///< if the service said none; empty: it stays so, as in an interim answer
};

/// Appends an answer's head as the client gets it.
void write_answer_head(std::string& out, const answer_head&, const answer_rewrite&);

/// What Via calls this gateway: `switchgear-` and eight hexadecimal digits, others in every process, so that a request
/// may pass through several gateways and still not through one twice.
std::string_view own_pseudonym() noexcept;

/// Whether Via says that the request came through this gateway before.
bool is_loop(const request_head&) noexcept;

}  // namespace switchgear::gateway
