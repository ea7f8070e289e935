#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <switchgear/http/headers.hpp>
#include <switchgear/http/retry_after.hpp>
#include <switchgear/verdict.hpp>

/// Who is to blame: what an HTTP exchange says about the service behind it.
///
/// | what happened                                | verdict |
/// |----------------------------------------------|---------|
/// | 2xx, 3xx, 4xx but 429; 101, 501, 505         | success |
/// | 429, 503                                     | failure `overloaded`, with the hint of its headers |
/// | other 5xx, and numbers that are no status    | failure `error` |
/// | 1xx but 101: interim, the answer is to come  | ignored |
/// | no name, no connection, no TLS, reset before the head | failure `unreachable` |
/// | no answer in time                            | failure `timeout` |
/// | truncated, or not HTTP                       | failure `error` |
///
/// A 4xx is the caller's mistake; 501 and 505 tell what the service cannot do, not that it is unwell.
namespace switchgear::http {

/// How an exchange ended without a whole answer.
enum class transport_error : std::uint8_t {
    dns,        ///< the name did not resolve
    connect,    ///< refused, unreachable, or not connected in time
    tls,        ///< the handshake failed, or the certificate is not the right one
    reset,      ///< the connection broke before the head of the answer
    timeout,    ///< no answer in time
    truncated,  ///< the answer broke off after its head
    framing     ///< what came is not HTTP, or its head is beyond the limits
};

/// The word for it, as in the configuration ("dns").
[[nodiscard]] std::string_view to_string(transport_error) noexcept;
/// The error for the word. Returns: empty if there is none.
[[nodiscard]] std::optional<transport_error> parse_transport_error(std::string_view word) noexcept;

[[nodiscard]] verdict classify(transport_error) noexcept;

/// The verdict by status alone: of 429 and 503 without a hint.
[[nodiscard]] verdict classify(unsigned status) noexcept;

/// The verdict on an answer, its dates read against `wall_now`.
template <header_lookup Lookup>
[[nodiscard]] verdict classify(unsigned status, const Lookup& headers, wall_time wall_now) {
    const verdict by_status = classify(status);
    if (!by_status.is_failure() || by_status.failed_with() != failure_class::overloaded) return by_status;
    return verdict::failure(failure_class::overloaded, retry_after_of(headers, wall_now));
}

/// The same, for an answer that has just arrived. Cost: reads the wall clock only where a hint may be.
template <header_lookup Lookup>
[[nodiscard]] verdict classify(unsigned status, const Lookup& headers) {
    const verdict by_status = classify(status);
    if (!by_status.is_failure() || by_status.failed_with() != failure_class::overloaded) return by_status;
    return classify(status, headers, std::chrono::system_clock::now());
}

}  // namespace switchgear::http
