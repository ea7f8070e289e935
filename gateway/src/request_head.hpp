#pragma once

#include <optional>
#include <string_view>

#include "message_head.hpp"

namespace switchgear::gateway {

/// Why a request is answered by the gateway itself and its connection closed.
struct head_problem {
    unsigned status;
    std::string_view detail;  ///< a literal
};

/// Checks what a parser's syntax does not: how the body is delimited, Host, the target's form. Fills in
/// framing, keep_alive, authority, expects_continue, and cuts the target down to path and query.
///
/// Whatever two recipients could read in two ways is refused, never repaired (RFC 9112, sections 3 and 6).
std::optional<head_problem> check_request_head(request_head&) noexcept;

/// The status for a head that the parser refused: 505 if it was well-formed but for its version, else 400.
unsigned status_of_malformed(std::string_view head) noexcept;

/// As `check_request_head`, for an answer: framing and keep_alive. `to_head`: it answers a HEAD. Returns: what is wrong.
std::optional<std::string_view> check_answer_head(answer_head&, bool to_head) noexcept;

}  // namespace switchgear::gateway
