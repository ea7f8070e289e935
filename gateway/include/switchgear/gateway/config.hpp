#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchgear/http/classify.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/verdict.hpp>

/// The gateway's configuration as the rest of the gateway reads it: plain aggregates with every default
/// filled in. `config_load.hpp` makes one from YAML and refuses whatever is wrong, so a `config` at hand
/// is sound: services exist, numbers are in range, addresses parse.
///
/// Thread safety: as of any aggregate; the gateway shares a `const config` and replaces it on reload.
namespace switchgear::gateway {

/// Where in the file something was written, both from 1. 0: nowhere, a default stands in.
struct source_position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    friend bool operator==(const source_position&, const source_position&) = default;
};

/// Where to listen: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
struct socket_address {
    /// Always numeric and without brackets; `localhost` was turned into 127.0.0.1.
    std::string host{};
    /// 0: any free port.
    std::uint16_t port = 0;
    friend bool operator==(const socket_address&, const socket_address&) = default;
};
/// "127.0.0.1:8080", "[::1]:8080".
std::string to_string(const socket_address&);
/// 127.0.0.0/8 or ::1: only processes of this machine reach it.
bool is_loopback(const socket_address&);

/// PEM files; both were readable when the configuration was loaded. Their contents are never kept here.
struct tls_files {
    std::string certificate{};
    std::string key{};
    friend bool operator==(const tls_files&, const tls_files&) = default;
};

struct listener {
    socket_address address{};
    std::optional<tls_files> tls{};
    /// Of the address.
    source_position at{};
};

struct admin_settings {
    /// Default: 127.0.0.1:9901. Any address but a loopback one needs `token_file`.
    socket_address address{"127.0.0.1", 9901};
    /// The file that holds the token; empty: no token is asked for. Not looked at by the loader: whoever
    /// starts the admin port reads it, and refuses to start if that fails.
    std::string token_file{};
    std::optional<tls_files> tls{};
    source_position at{};
};

enum class access_log_place : std::uint8_t {
    off,
    standard_error,  ///< among the other lines, in their format
    file             ///< JSON lines, one after the other
};

/// Where each request that ended gets its line.
struct access_log_settings {
    access_log_place place = access_log_place::off;
    /// Opened for appending, made if there is none, and opened anew with every reload. With `file` only.
    std::string file{};
    friend bool operator==(const access_log_settings&, const access_log_settings&) = default;
};
/// "off", "stderr", or the name of a file. Returns: empty for words that would make a file by mistake, such as "-", "true"
/// or "stdout".
std::optional<access_log_settings> parse_access_log(std::string_view);

/// What the gateway takes from its clients. Not per service: it applies before a service is known.
struct limits {
    /// Bytes of a request's or an answer's head, start line included. Range: [1 KiB, 1 MiB].
    std::size_t header_bytes = 64 * 1024;
    /// Fields in a head. Range: [1, 10000].
    std::size_t header_count = 100;
    /// Client connections at a time over all listeners. Range: [1, 1e6]. The admin port has its own.
    std::size_t connections = 10'000;
    friend bool operator==(const limits&, const limits&) = default;
};

/// How long to wait for what. Range of each: [1 ms, 24 h]; those that may be empty are so by `off`.
struct timeouts {
    /// Name, connection and TLS handshake to an endpoint, together.
    std::chrono::milliseconds connect{1'000};
    /// A client's request head, from its first byte to the empty line.
    std::chrono::milliseconds request_headers{10'000};
    /// From the request sent to the first byte of the answer.
    std::optional<std::chrono::milliseconds> first_byte{10'000};
    /// Between two pieces of a body, either way: upstream's, and the client's (408).
    std::optional<std::chrono::milliseconds> between_bytes{30'000};
    /// From the request's head read to the answer's last byte. `off` for streams that do not end.
    std::optional<std::chrono::milliseconds> total{60'000};
    /// A connection without a request on it, to a client and to an endpoint.
    std::chrono::milliseconds idle{60'000};
    friend bool operator==(const timeouts&, const timeouts&) = default;
};

enum class url_scheme : std::uint8_t { http, https };
std::string_view to_string(url_scheme) noexcept;

/// One server of a service: `http://127.0.0.1:9000`. Only scheme, host and port: a path other than `/`,
/// a query or a user is refused, because the request's own path is what is sent on.
struct endpoint {
    url_scheme scheme = url_scheme::http;
    /// A name or a numeric address, lower case, without brackets.
    std::string host{};
    /// Filled in from the scheme when the URL has none.
    std::uint16_t port = 80;
    source_position at{};
    friend bool operator==(const endpoint& a, const endpoint& b) {
        return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
    }
};
/// "http://127.0.0.1:9000", without the port if it is the scheme's own.
std::string to_string(const endpoint&);
/// "pay.example.com:443", "[::1]:80": always with the port. The second half of a breaker's name.
std::string host_and_port(const endpoint&);
/// What a Host header says: without the port if it is the scheme's own.
std::string authority(const endpoint&);

/// Which Host header is sent on.
enum class host_policy : std::uint8_t {
    endpoint,  ///< the endpoint's authority
    preserve   ///< the client's
};
std::string_view to_string(host_policy) noexcept;

enum class breaker_scope : std::uint8_t {
    service,   ///< one breaker, named `service`
    endpoint,  ///< one for each endpoint, named `service/host:port`
    key        ///< one for each value of a request header, named `service/key`
};
std::string_view to_string(breaker_scope) noexcept;

struct breaker_rules {
    breaker_scope scope = breaker_scope::service;
    /// The header whose value is the key. Not empty exactly when scope is `key`.
    std::string key_header{};
    /// Keys with a breaker of their own; the ones beyond share one. Range: [1, 1e6].
    std::size_t max_keys = 1'000;
    switchgear::settings settings{};
    friend bool operator==(const breaker_rules&, const breaker_rules&) = default;
};

enum class rule_verdict : std::uint8_t { success, failure, trip, ignored };
std::string_view to_string(rule_verdict) noexcept;

enum class rule_condition : std::uint8_t {
    always,
    retry_after  ///< only if the answer has a Retry-After that parses
};

/// One line of `classify`: what an answer or an error says about the service. The first that matches
/// wins; after the last the defaults of the gateway hold.
struct classify_rule {
    /// Final status codes it is for, [200, 599]. Exactly one of `statuses` and `errors` is not empty.
    std::vector<std::uint16_t> statuses{};
    std::vector<http::transport_error> errors{};
    rule_verdict as = rule_verdict::failure;
    /// Of a failure or a trip; empty: the class the defaults would give, else `error` (of a trip: `overloaded`).
    std::optional<failure_class> failed_with{};
    rule_condition when = rule_condition::always;
    source_position at{};
};

enum class failure_answer : std::uint8_t {
    pass,        ///< the answer as the service sent it
    bad_gateway  ///< 502 with the breaker's state
};
std::string_view to_string(failure_answer) noexcept;

enum class half_close_policy : std::uint8_t {
    abort,  ///< the client has gone
    serve   ///< it waits for its answer
};
std::string_view to_string(half_close_policy) noexcept;

enum class fallback_when : std::uint8_t {
    refused,  ///< the breaker gave no permit
    failed,   ///< the call was made and judged a failure before its head was sent on
    both
};
std::string_view to_string(fallback_when) noexcept;

/// A fixed answer in place of an error.
struct fallback_answer {
    fallback_when when = fallback_when::refused;
    /// Range: [200, 599], and with a body neither 204 nor 304.
    std::uint16_t status = 200;
    /// As written, in the order of the file. Never Content-Length, Transfer-Encoding or another header
    /// that belongs to the connection: those are the gateway's.
    /// At most 100, of 4 KiB each.
    std::vector<std::pair<std::string, std::string>> headers{};
    /// At most 64 KiB.
    std::string body{};
    source_position at{};
};

/// Asks the service itself, while its breaker is open, whether it is back. Any 2xx says yes.
struct health_check_settings {
    /// In origin form: `/healthz`, `/healthz?deep=1`.
    std::string path{};
    /// Range: [100 ms, 1 h].
    std::chrono::milliseconds every{5'000};
    /// For the whole check. Range: [1 ms, 1 h].
    std::chrono::milliseconds timeout{1'000};
    source_position at{};
};

struct service {
    /// 1 to 128 of `A-Z a-z 0-9 . _ ~ -`, so that it needs no escaping in a breaker's name.
    std::string name{};
    /// 1 to 1000, no two alike; used in turn.
    std::vector<endpoint> endpoints{};
    host_policy host = host_policy::endpoint;
    breaker_rules breaker{};
    std::vector<classify_rule> classify{};
    failure_answer on_failure = failure_answer::pass;
    std::optional<fallback_answer> fallback{};
    std::optional<health_check_settings> health_check{};
    /// Whether `Circuit-Breaker` is added to what is passed through. Default: true; with scope `key`
    /// false, because the header would tell one client another's key.
    bool expose = true;
    /// What it means that a client ends its side of the connection after its request. Most who do are gone; TCP cannot
    /// tell these from those who wait. With `serve`, the service works on for both.
    half_close_policy half_close = half_close_policy::abort;
    gateway::timeouts timeouts{};
    source_position at{};
};

/// Which requests go to which service. Routes are tried in the order of the file.
struct route {
    /// Begins with `/` and is compared, as text, with the beginning of the normalised path: `/pay/`
    /// matches `/pay/x` and not `/payments`. Default: `/`, every path.
    std::string path_prefix = "/";
    /// Upper case; GET takes HEAD too. Empty: every method.
    std::vector<std::string> methods{};
    std::string service{};
    /// Where that service is in `config::services`.
    std::size_t service_index = 0;
    /// Whether the prefix is taken off before the request is sent on; what is left begins with `/` again.
    bool strip_prefix = false;
    source_position at{};
};

struct config {
    /// 1 to 1000, no two alike.
    std::vector<listener> listeners{};
    admin_settings admin{};
    access_log_settings access_log{};
    gateway::limits limits{};
    /// For what happens before a request's service is known: `idle` of a client's connection, and
    /// `request_headers`. From `defaults.timeouts`; `request_headers` is the longest of any service's,
    /// and a head that took longer than its own service allows is answered 408 once it is routed.
    timeouts client_timeouts{};
    /// In the order of the file; 1 to 1000.
    std::vector<service> services{};
    /// 1 to 5000.
    std::vector<route> routes{};
};

}  // namespace switchgear::gateway
