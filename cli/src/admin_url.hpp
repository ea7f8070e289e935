#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchgear::cli {

enum class transport : std::uint8_t { plain, tls };

/// Where a gateway's admin port is.
struct admin_url {
    transport over = transport::plain;
    std::string host;       ///< a name or a numeric address, without brackets
    std::string port;       ///< digits
    std::string authority;  ///< as a Host header says it: "127.0.0.1:9901", "[::1]:9901"
    friend bool operator==(const admin_url&, const admin_url&) = default;
};

/// Reads `http://HOST[:PORT]` or `https://HOST[:PORT]`; without a port it is 9901.
/// Returns: empty for anything else, a path, a query or a user among it.
[[nodiscard]] std::optional<admin_url> parse_admin_url(std::string_view text);

/// The name as one segment of a path: "payments/a%20b" becomes "payments%2Fa%2520b".
[[nodiscard]] std::string encode_segment(std::string_view name);

}  // namespace switchgear::cli
