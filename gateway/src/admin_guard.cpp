#include "admin_guard.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>

namespace switchgear::gateway {

namespace {

using digest = std::array<unsigned char, 32>;

// Of equal length whatever the text, so that comparing two says nothing about either.
digest digest_of(std::string_view text) {
    digest out{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), out.data(), &length, EVP_sha256(), nullptr);
    return out;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    return same_ignoring_case(type, "application/json");
}

bool is_own_origin(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme)) return same_ignoring_case(origin.substr(scheme.size()), host);
    }
    return false;  // "null" among them
}

std::optional<admin_answer> check_caller(const admin_request& request, const std::optional<std::string>& token) {
    if (token) {
        if (has_token(request.authorization, *token)) return {};
        admin_answer refused =
            problem(401, "this needs the header Authorization: Bearer TOKEN with the token of admin.token_file");
        refused.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"switchgear\"");
        return refused;
    }
    if (!is_loopback_host(request.host)) {
        return problem(403, "Host is '" + request.host +
                                "'; without a token the admin port answers only to localhost, 127.0.0.1 and [::1]");
    }
    if (request.origin && !is_own_origin(*request.origin, request.host)) {
        return problem(403, "Origin is '" + *request.origin + "'; without a token only pages of '" + request.host +
                                "' itself may ask");
    }
    return {};
}

}  // namespace

bool has_token(std::string_view authorization, std::string_view token) {
    constexpr std::string_view scheme = "bearer ";
    const bool bearer =
        authorization.size() > scheme.size() && same_ignoring_case(authorization.substr(0, scheme.size()), scheme);
    const digest given = digest_of(bearer ? authorization.substr(scheme.size()) : std::string_view{});
    const digest wanted = digest_of(token);
    return CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0 && bearer;
}

bool is_loopback_host(std::string_view host) {
    const auto parsed = boost::urls::parse_authority(host);
    if (!parsed || parsed->has_userinfo()) return false;
    switch (parsed->host_type()) {
        case boost::urls::host_type::ipv4: return parsed->host_ipv4_address().is_loopback();
        case boost::urls::host_type::ipv6: return parsed->host_ipv6_address().is_loopback();
        case boost::urls::host_type::name: return same_ignoring_case(parsed->host_name(), "localhost");
        default: return false;
    }
}

std::optional<admin_answer> check_access(const admin_request& request, const std::optional<admin_target>& target,
                                         const std::optional<std::string>& token) {
    if (!target || !is_public(target->resource)) {
        if (auto refused = check_caller(request, token)) return refused;
    }
    if (!target) return problem(404, "there is nothing at " + request.target);
    if (!allows(target->resource, request.method)) {
        const std::string allowed{allowed_methods(target->resource)};
        admin_answer refused = problem(405, "this takes " + allowed + ", not " + request.method);
        refused.headers.emplace_back("Allow", allowed);
        return refused;
    }
    const bool changes = request.method == "POST" || request.method == "PUT";
    if (changes && !is_json(request.content_type)) {
        return problem(415, "Content-Type is '" + request.content_type + "'; an order needs application/json");
    }
    return {};
}

}  // namespace switchgear::gateway
