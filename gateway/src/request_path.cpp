#include "request_path.hpp"

#include <algorithm>

namespace switchgear::gateway {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

bool is_refused(char c) noexcept { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '\\' || c == '#'; }

/// Appends the decoded form of `path` to `out`. Returns: false if an escape is malformed.
bool decode_unreserved(std::string_view path, std::string& out) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        if (is_refused(c)) return false;
        if (c != '%') {
            out.push_back(c);
            continue;
        }
        if (i + 2 >= path.size()) return false;
        const int high = hex_digit(path[i + 1]);
        const int low = hex_digit(path[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
        const char decoded = static_cast<char>(high * 16 + low);
        if (is_unreserved(decoded)) {
            out.push_back(decoded);
        } else {
            constexpr std::string_view digits = "0123456789ABCDEF";
            out.push_back('%');
            out.push_back(digits[static_cast<std::size_t>(high)]);
            out.push_back(digits[static_cast<std::size_t>(low)]);
        }
        i += 2;
    }
    return true;
}

/// Merges empty segments and resolves dot segments in place.
void resolve_segments(std::string& path) {
    std::string out;
    out.reserve(path.size());
    const std::string_view whole = path;
    for (std::size_t at = 0; at < whole.size();) {
        const std::size_t begin = whole.find_first_not_of('/', at);
        if (begin == std::string_view::npos) {
            out.push_back('/');
            break;
        }
        const std::size_t end = std::min(whole.find('/', begin), whole.size());
        const std::string_view segment = whole.substr(begin, end - begin);
        const bool last = end == whole.size();
        at = end;
        if (segment == "..") {
            const auto parent = out.rfind('/');
            out.erase(parent == std::string::npos ? 0 : parent);
        }
        if (segment == "." || segment == "..") {
            if (last) out.push_back('/');
            continue;
        }
        out.push_back('/');
        out.append(segment);
    }
    if (out.empty()) out.push_back('/');
    path = std::move(out);
}

bool is_plain(std::string_view path) noexcept {
    char before = 0;
    for (const char c : path) {
        if (c == '%' || is_refused(c)) return false;
        if (before == '/' && (c == '/' || c == '.')) return false;
        before = c;
    }
    return true;
}

}  // namespace

std::optional<request_path> normalise_target(std::string_view target) {
    const auto mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    request_path result;
    if (mark != std::string_view::npos) {
        result.query = target.substr(mark);
        for (const char c : result.query) {
            if (is_refused(c) && c != '\\') return std::nullopt;
        }
    }
    if (path == "*") {
        result.path = path;
    } else if (!path.empty() && path.front() == '/' && is_plain(path)) {
        result.path = path;
    } else {
        if (!decode_unreserved(path, result.path)) return std::nullopt;
        resolve_segments(result.path);
    }
    return result;
}

}  // namespace switchgear::gateway
