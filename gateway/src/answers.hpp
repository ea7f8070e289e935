#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/gateway/config.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>

/// What the gateway itself answers, as text: RFC 9457 problem details, RFC 9209 Proxy-Status, and the
/// breaker's state in `Circuit-Breaker`.
namespace switchgear::gateway {

/// A breaker's state as clients are told.
struct told_state {
    std::string_view breaker;
    switchgear::state state = switchgear::state::closed;
    duration retry_after{};  ///< zero when calls are admitted
};

/// `payments; state=open; reason=open; retry-after-ms=3200`. A name that is no RFC 8941 token is quoted; the
/// reason is left out if empty, the time if zero.
std::string circuit_breaker_value(const told_state&, std::string_view reason);

struct own_answer {
    unsigned status = 500;
    std::string_view detail;
    /// Machine-readable: why. A reject_reason, an upstream error, or what was wrong with the request.
    std::string_view reason;
    /// RFC 9209, section 2.3.
    std::string_view proxy_error;
    /// Of the service, if the gateway answers in place of an answer that came.
    unsigned received_status = 0;
    std::optional<told_state> breaker{};
    std::string_view allow{};  ///< of a 405
    /// Writes Retry-After.
    bool retry_later = false;
};

/// How this answer goes out, whoever wrote it.
struct answer_delivery {
    bool to_head = false;         ///< no body
    std::string_view connection;  ///< "close", "keep-alive" or empty
    std::string_view date;        ///< the value of Date, see `http_date`
};

/// Appends head and body.
void write_own_answer(std::string& out, const own_answer&, const answer_delivery&);

/// Appends the fallback in place of `instead`, whose Circuit-Breaker and Proxy-Status it carries.
void write_fallback(std::string& out, const fallback_answer&, const own_answer& instead, const answer_delivery&);

/// "Service Unavailable"; for codes without a name "".
std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace switchgear::gateway
