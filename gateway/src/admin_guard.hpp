#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin_message.hpp"
#include "admin_target.hpp"

namespace switchgear::gateway {

/// Who may use the admin port, and how a request must look before the API reads it.
///
/// With a token, the token decides, on loopback too. Without one the port listens on loopback only, and
/// what is left to fear is a web page in a browser on this machine: it can send requests here, by a name
/// of its own that it points at 127.0.0.1 (so Host must be a loopback name) or across origins (so Origin,
/// if there is one, must be this very address). An order must be application/json besides, which no page
/// can send across origins without asking first.
///
/// `target` is empty for a path that is none of ours: only who may use the port learns that.
///
/// Returns: the refusal (401, 403, 404, 405, 415, in this order), or empty if the request may go on.
[[nodiscard]] std::optional<admin_answer> check_access(const admin_request&, const std::optional<admin_target>& target,
                                                       const std::optional<std::string>& token);

/// Whether `authorization` is "Bearer " and this token. Cost: depends on the lengths, not on where the
/// texts begin to differ.
[[nodiscard]] bool has_token(std::string_view authorization, std::string_view token);

/// Whether a Host header names this machine by loopback: localhost, 127.0.0.0/8 or [::1], any port.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace switchgear::gateway
