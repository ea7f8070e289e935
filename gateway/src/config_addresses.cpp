#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

namespace urls = boost::urls;

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, port);
    if (stopped != end || error != std::errc{}) return std::nullopt;
    return port;
}

/// In the one way of many to write it, so that equal addresses are equal texts.
std::optional<std::string> canonical_ip(std::string_view text, bool in_brackets) {
    if (in_brackets) {
        const auto six = urls::parse_ipv6_address(text);
        if (!six) return std::nullopt;
        return std::string{six->to_string()};
    }
    const auto four = urls::parse_ipv4_address(text);
    if (!four) return std::nullopt;
    return std::string{four->to_string()};
}

/// Letters, digits, '-', '.', and '_' because resolvers take it.
bool is_host_name(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    return !text.empty() && text.size() <= 253 && text.front() != '.' && text.find("..") == std::string_view::npos &&
           std::ranges::all_of(text, allowed);
}

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

/// What is wrong with a URL as an endpoint, in words; empty if nothing is, and `out` is filled in.
std::string_view read_url(std::string_view text, endpoint& out) {
    const auto parsed = urls::parse_uri(text);
    if (!parsed) return "is no URL";
    const urls::url_view url = *parsed;
    if (url.scheme_id() != urls::scheme::http && url.scheme_id() != urls::scheme::https) {
        return "has to begin with http:// or https://";
    }
    out.scheme = url.scheme_id() == urls::scheme::http ? url_scheme::http : url_scheme::https;
    if (!url.has_authority() || url.encoded_host().empty()) return "has no host";
    if (url.has_userinfo()) return "has a user; an endpoint is only scheme, host and port";
    if (url.has_query() || url.has_fragment() || (!url.encoded_path().empty() && url.encoded_path() != "/")) {
        return "has a path; an endpoint is only scheme, host and port, and the path is the request's own";
    }
    switch (url.host_type()) {
        case urls::host_type::ipv4: out.host = std::string{url.host_ipv4_address().to_string()}; break;
        case urls::host_type::ipv6: out.host = std::string{url.host_ipv6_address().to_string()}; break;
        default:
            out.host = lower(std::string_view{url.encoded_host().data(), url.encoded_host().size()});
            if (!is_host_name(out.host)) return "has a host that is neither a name nor an IP address";
    }
    out.port = out.scheme == url_scheme::http ? 80 : 443;
    if (url.has_port() && !url.port().empty()) {
        const auto port = parse_port({url.port().data(), url.port().size()});
        if (!port || *port == 0) return "has a port that is not within [1, 65535]";
        out.port = *port;
    }
    return {};
}

}  // namespace

std::optional<socket_address> parse_socket_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return std::nullopt;
    if (host == "localhost") return socket_address{"127.0.0.1", *port};
    const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    auto address = canonical_ip(host, in_brackets);
    if (!address) return std::nullopt;
    // One of IPv4 in the guise of IPv6: no socket of IPv6 alone can be bound to it.
    if (in_brackets && urls::ipv6_address{host}.is_v4_mapped()) return std::nullopt;
    return socket_address{std::move(*address), *port};
}

void read_endpoint(config_reader& in, const yaml_node& item, service& out) {
    const auto text = in.text_of(item, "a URL");
    if (!text) return;
    endpoint one{.at = item.at};
    if (const auto wrong = read_url(*text, one); !wrong.empty()) {
        return in.refuse(item, fmt::format("\"{}\" {}", excerpt(*text), wrong));
    }
    const auto same = std::ranges::find(out.endpoints, one);
    if (same != out.endpoints.end()) {
        return in.refuse(item, fmt::format("{} is listed twice, first on line {}", to_string(one), same->at.line));
    }
    out.endpoints.push_back(std::move(one));
}

}  // namespace switchgear::gateway
