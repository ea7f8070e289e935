#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchgear::gateway {

/// `service/key`: the key percent-encoded outside `[A-Za-z0-9._~-]`; longer than 128 bytes as sent it is its
/// SHA-256 in hex; missing it is `(none)`, which no encoded key can be.
std::string breaker_name_of_key(std::string_view service, std::optional<std::string_view> key);

}  // namespace switchgear::gateway
