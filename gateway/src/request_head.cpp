#include "request_head.hpp"

#include <charconv>

namespace switchgear::gateway {
namespace {

/// What the fields say about framing and persistence, before version and kind of message come in.
struct framing_fields {
    bool chunked = false;
    bool other_coding = false;    ///< one besides "chunked"
    bool chunked_before = false;  ///< "chunked" that is not the last
    std::size_t codings = 0;
    std::size_t lengths = 0;
    bool bad_length = false;
    std::uint64_t length = 0;
    bool close = false;
    bool keep_alive = false;
};

void read_length(std::string_view value, framing_fields& into) noexcept {
    ++into.lengths;
    const auto* const end = value.data() + value.size();
    const auto [stopped, failed] = std::from_chars(value.data(), end, into.length);
    // from_chars takes a '-' only for signed types; what it leaves over is junk, a list too.
    if (value.empty() || failed != std::errc{} || stopped != end) into.bad_length = true;
}

void read_coding(std::string_view coding, framing_fields& into) noexcept {
    if (into.chunked) into.chunked_before = true;
    ++into.codings;
    into.chunked = equal_names(coding, "chunked");
    if (!into.chunked) into.other_coding = true;
}

void read_codings(std::string_view list, framing_fields& into) noexcept {
    const std::size_t before = into.codings;
    for_each_element(list, [&](std::string_view coding) { read_coding(coding, into); });
    // A list without an element, such as ",", names a coding that nobody knows. Whoever took the field for absent
    // would go by Content-Length, or find no body; the next recipient may not.
    if (into.codings == before) read_coding({}, into);
}

framing_fields read_framing(const message_head& head) noexcept {
    framing_fields found;
    for (const header_field& field : head.fields) {
        switch (field.kind) {
            case field_kind::content_length: read_length(field.value, found); break;
            case field_kind::transfer_encoding: read_codings(field.value, found); break;
            case field_kind::connection:
                for_each_element(field.value, [&](std::string_view option) {
                    found.close = found.close || equal_names(option, "close");
                    found.keep_alive = found.keep_alive || equal_names(option, "keep-alive");
                });
                break;
            default: break;
        }
    }
    return found;
}

void apply(const framing_fields& found, message_head& head) noexcept {
    head.keep_alive = !found.close && (head.version == 11 || found.keep_alive);
    head.has_content_length = found.lengths == 1;
    head.content_length = found.length;
    head.framing = found.chunked                            ? body_framing::chunked
                   : found.lengths == 1 && found.length > 0 ? body_framing::length
                                                            : body_framing::none;
}

bool is_authority(std::string_view text) noexcept {
    for (const char c : text) {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                             std::string_view{"-._~:[]%!$&'()*+,;="}.find(c) != std::string_view::npos;
        if (!allowed) return false;
    }
    return true;
}

std::optional<head_problem> check_host(request_head& head) noexcept {
    std::size_t hosts = 0;
    for (const header_field& field : head.fields) {
        if (field.kind != field_kind::host) continue;
        ++hosts;
        head.authority = field.value;
    }
    if (hosts > 1) return head_problem{400, "Host is there twice"};
    if (hosts == 0 && head.version == 11) return head_problem{400, "Host is missing"};
    if (!is_authority(head.authority)) return head_problem{400, "Host is malformed"};
    return {};
}

std::optional<head_problem> check_target(request_head& head) noexcept {
    if (head.method == "CONNECT") return head_problem{501, "CONNECT is not supported"};
    if (head.target.front() == '/') return {};
    if (head.target == "*") {
        if (head.method == "OPTIONS") return {};
        return head_problem{400, "the target * is for OPTIONS only"};
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equal_names(head.target.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = head.target.substr(scheme.size());
        const auto end = rest.find_first_of("/?#");
        head.authority = rest.substr(0, end);
        head.target = end == std::string_view::npos ? std::string_view{"/"} : rest.substr(end);
        if (head.authority.empty() || !is_authority(head.authority)) {
            return head_problem{400, "the target's authority is malformed"};
        }
        return {};
    }
    return head_problem{400, "the request target is neither a path nor a URL"};
}

bool is_version(std::string_view text) noexcept {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' && digit(text[7]);
}

}  // namespace

unsigned status_of_malformed(std::string_view head) noexcept {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || line.find(' ', first + 1) != last) return 400;
    const std::string_view version = line.substr(last + 1);
    return is_version(version) && version != "HTTP/1.1" && version != "HTTP/1.0" ? 505 : 400;
}

std::optional<head_problem> check_request_head(request_head& head) noexcept {
    const framing_fields found = read_framing(head);
    if (found.codings > 0) {
        if (found.lengths > 0) return head_problem{400, "Content-Length and Transfer-Encoding are both there"};
        if (head.version == 10) return head_problem{400, "Transfer-Encoding in HTTP/1.0"};
        if (!found.chunked) return head_problem{400, "Transfer-Encoding does not end in chunked"};
        if (found.chunked_before) return head_problem{400, "Transfer-Encoding has chunked twice"};
        if (found.other_coding) return head_problem{501, "a transfer coding other than chunked is not supported"};
    }
    if (found.lengths > 1) return head_problem{400, "Content-Length is there twice"};
    if (found.bad_length) return head_problem{400, "Content-Length is not one number"};
    apply(found, head);

    head.authority = {};
    if (auto problem = check_host(head)) return problem;
    if (head.target.empty()) return head_problem{400, "the request target is empty"};
    if (auto problem = check_target(head)) return problem;

    head.expects_continue = false;
    for (const header_field& field : head.fields) {
        if (field.kind != field_kind::expect || head.version == 10) continue;
        if (!equal_names(field.value, "100-continue"))
            return head_problem{417, "an expectation that is not 100-continue"};
        head.expects_continue = true;
    }
    return {};
}

std::optional<std::string_view> check_answer_head(answer_head& head, bool to_head) noexcept {
    const framing_fields found = read_framing(head);
    if (found.codings > 0) {
        if (found.lengths > 0) return "Content-Length and Transfer-Encoding are both there";
        if (found.other_coding || found.chunked_before || !found.chunked) return "a transfer coding other than chunked";
        if (head.version == 10) return "Transfer-Encoding in HTTP/1.0";
    }
    if (found.lengths > 1) return "Content-Length is there twice";
    if (found.bad_length) return "Content-Length is not one number";
    if (head.status < 100 || head.status > 599) return "the status is out of range";
    apply(found, head);

    const bool bodiless = to_head || head.status < 200 || head.status == 204 || head.status == 304;
    if (bodiless) {
        head.framing = body_framing::none;
    } else if (!found.chunked && found.lengths == 0) {
        head.framing = body_framing::until_close;
        head.keep_alive = false;
    }
    return {};
}

}  // namespace switchgear::gateway
