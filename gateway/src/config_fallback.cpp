#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

// One answer is kept for every service; larger ones are better served by a service of their own.
constexpr std::size_t most_headers = 100;
constexpr std::size_t longest_value = 4 * 1024;
constexpr std::size_t longest_body = 64 * 1024;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

/// Those that frame the message or belong to the connection: the gateway writes them itself.
bool is_the_gateways(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{
        "Connection", "Content-Length",    "Date",    "Keep-Alive", "Proxy-Connection", "TE",
        "Trailer",    "Transfer-Encoding", "Upgrade", "Via",        "Circuit-Breaker",  "Proxy-Status"};
    return std::ranges::any_of(names, [name](std::string_view one) { return same_name(one, name); });
}

/// RFC 9110, section 5.5: visible, blank, tab, and bytes above ASCII.
bool is_field_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

void add_header(config_reader& in, const yaml_node& header, fallback_answer& out) {
    if (!is_token(header.name)) {
        return in.refuse_key(header, fmt::format("\"{}\" is no name of a header", excerpt(header.name)));
    }
    if (is_the_gateways(header.name)) {
        return in.refuse_key(header, "is written by the gateway itself");
    }
    const auto value = in.text_of(header);
    if (!value) return;
    if (value->size() > longest_value) {
        return in.refuse(header, fmt::format("{} bytes: at most {} are allowed", value->size(), longest_value));
    }
    if (!is_field_value(*value)) {
        return in.refuse(header, fmt::format("\"{}\" is no value of a header: it has a line break or another control "
                                             "character in it",
                                             excerpt(*value)));
    }
    const auto same =
        std::ranges::find_if(out.headers, [&](const auto& one) { return same_name(one.first, header.name); });
    if (same != out.headers.end()) {
        *same = {header.name, std::string{*value}};
    } else {
        out.headers.emplace_back(header.name, *value);
    }
}

void read_headers(config_reader& in, merged from, fallback_answer& out) {
    if (from.is_off()) return;
    if (from && from.node()->is != yaml_node::kind::map) {
        return in.refuse(*from.node(), "expected a map of header names to values");
    }
    for (const yaml_node* part : {from.by_default, from.own}) {
        if (part == nullptr) continue;
        if (part->children.size() > most_headers) {
            in.refuse(*part, fmt::format("{} headers: at most {} are allowed", part->children.size(), most_headers));
            continue;
        }
        for (const yaml_node* header : part->children) add_header(in, *header, out);
    }
}

}  // namespace

bool is_token(std::string_view text) noexcept {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [marks](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

void read_fallback(config_reader& in, merged from, std::optional<fallback_answer>& out) {
    if (!from || from.is_off() || !in.section(from, {"when", "status", "headers", "body"})) return;
    out.emplace().at = from.node()->at;
    in.read_word(from.child("when"), fallback_when_words, out->when);
    const merged status = from.child("status");
    std::size_t number = out->status;
    if (in.read_count(status, number, {200, 599})) out->status = static_cast<std::uint16_t>(number);
    read_headers(in, from.child("headers"), *out);
    const merged body = from.child("body");
    if (!body.is_off()) in.read(body, out->body, longest_body);
    if ((out->status == 204 || out->status == 304) && !out->body.empty()) {
        in.refuse(*body.node(), fmt::format("an answer with status {} has no body", out->status));
    }
}

}  // namespace switchgear::gateway
