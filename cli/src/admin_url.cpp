#include "admin_url.hpp"

#include <charconv>
#include <system_error>

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace switchgear::cli {

namespace urls = boost::urls;

namespace {

bool is_port(std::string_view text) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && number > 0;
}

}  // namespace

std::optional<admin_url> parse_admin_url(std::string_view text) {
    const auto parsed = urls::parse_uri(text);
    if (!parsed) return {};
    const urls::url_view url = *parsed;
    const bool sound_path = url.encoded_path().empty() || url.encoded_path() == "/";
    if (url.has_userinfo() || url.has_query() || url.has_fragment() || !sound_path) return {};
    if (url.encoded_host_address().empty() || (url.has_port() && !is_port(url.port()))) return {};

    admin_url out;
    if (url.scheme_id() == urls::scheme::https)
        out.over = transport::tls;
    else if (url.scheme_id() != urls::scheme::http)
        return {};
    out.host = url.host_address();
    out.port = url.has_port() ? std::string(url.port()) : "9901";
    out.authority = std::string(url.encoded_host()) + ":" + out.port;
    return out;
}

std::string encode_segment(std::string_view name) { return urls::encode(name, urls::unreserved_chars); }

}  // namespace switchgear::cli
