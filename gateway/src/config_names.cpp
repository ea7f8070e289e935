#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config_words.hpp"

namespace switchgear::gateway {
namespace {

template <class E, std::size_t N>
std::string_view word_for(const word<E> (&words)[N], E value) noexcept {
    for (const auto& one : words) {
        if (one.value == value) return one.text;
    }
    return "?";
}

std::uint16_t default_port(url_scheme scheme) { return scheme == url_scheme::https ? 443 : 80; }

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

std::string_view to_string(url_scheme value) noexcept { return word_for(url_scheme_words, value); }
std::string_view to_string(host_policy value) noexcept { return word_for(host_policy_words, value); }
std::string_view to_string(breaker_scope value) noexcept { return word_for(breaker_scope_words, value); }
std::string_view to_string(rule_verdict value) noexcept { return word_for(rule_verdict_words, value); }
std::string_view to_string(failure_answer value) noexcept { return word_for(failure_answer_words, value); }
std::string_view to_string(half_close_policy value) noexcept { return word_for(half_close_policy_words, value); }
std::string_view to_string(fallback_when value) noexcept { return word_for(fallback_when_words, value); }

std::string to_string(const socket_address& value) { return fmt::format("{}:{}", bracketed(value.host), value.port); }

bool is_loopback(const socket_address& value) {
    return value.host.starts_with("127.") || value.host == "::1" || value.host.starts_with("::ffff:127.");
}

std::string host_and_port(const endpoint& value) { return fmt::format("{}:{}", bracketed(value.host), value.port); }

std::string authority(const endpoint& value) {
    return value.port == default_port(value.scheme) ? bracketed(value.host) : host_and_port(value);
}

std::string to_string(const endpoint& value) {
    return fmt::format("{}://{}", to_string(value.scheme), authority(value));
}

}  // namespace switchgear::gateway
