#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

/// The two cannot both be listened on.
bool collide(const socket_address& a, const socket_address& b) {
    if (a.port != b.port || a.port == 0) return false;
    const bool a_is_v6 = a.host.find(':') != std::string::npos;
    const bool b_is_v6 = b.host.find(':') != std::string::npos;
    const auto is_any = [](const socket_address& one) { return one.host == "0.0.0.0" || one.host == "::"; };
    return a.host == b.host || (a_is_v6 == b_is_v6 && (is_any(a) || is_any(b)));
}

bool read_address(config_reader& in, merged value, socket_address& out) {
    const auto text = in.text_of(*value.node(), "an address");
    if (!text) return false;
    const auto parsed = parse_socket_address(*text);
    if (!parsed) {
        in.refuse(*value.node(), fmt::format("\"{}\" is no address to listen on: expected an IP address or localhost, "
                                             "and a port within [0, 65535], such as 127.0.0.1:8080 or [::]:8080",
                                             excerpt(*text)));
        return false;
    }
    out = *parsed;
    return true;
}

/// The system would take what comes before a NUL for the name.
bool read_name_of_file(config_reader& in, merged value, std::string& out) {
    if (!in.read(value, out)) return false;
    if (out.find('\0') == std::string::npos) return true;
    in.refuse(*value.node(), fmt::format("\"{}\" is no name of a file: it has a NUL in it", excerpt(out)));
    return false;
}

void read_file_name(config_reader& in, merged tls, std::string_view key, std::string& out) {
    const merged value = tls.child(key);
    if (!value) return in.missing(*tls.node(), key, "a PEM file");
    if (!read_name_of_file(in, value, out)) return;
    std::ifstream file{out};
    // A folder opens, but has no first byte.
    if (!file || file.peek() == std::ifstream::traits_type::eof()) {
        in.refuse(*value.node(), fmt::format("the file \"{}\" cannot be read, or is empty", excerpt(out)));
    }
}

void read_tls(config_reader& in, merged value, std::optional<tls_files>& out) {
    if (!value || value.is_off() || !in.section(value, {"certificate", "key"})) return;
    out.emplace();
    read_file_name(in, value, "certificate", out->certificate);
    read_file_name(in, value, "key", out->key);
}

void read_token_file(config_reader& in, merged value, std::string& out) {
    if (!value || value.is_off() || !read_name_of_file(in, value, out)) return;
    if (out.empty()) in.refuse(*value.node(), "expected the name of a file, got an empty text");
}

}  // namespace

void read_listeners(config_reader& in, const yaml_node& root, config& out) {
    const yaml_node* list = root.find("listeners");
    if (list == nullptr) return in.missing(root, "listeners", "where to listen, such as [{address: 127.0.0.1:8080}]");
    if (list->is == yaml_node::kind::list && list->children.empty()) return in.refuse(*list, "has no listener");
    for (const yaml_node* item : in.items(*list, config_reader::single::refused)) {
        const merged entry{item};
        if (!in.section(entry, {"address", "tls"})) {
            if (item->is == yaml_node::kind::null) in.missing(*item, "address", "where to listen");
            continue;
        }
        listener one{.at = item->at};
        read_tls(in, entry.child("tls"), one.tls);
        const merged address = entry.child("address");
        if (!address) {
            in.missing(*item, "address", "where to listen, such as 127.0.0.1:8080");
        } else if (read_address(in, address, one.address)) {
            one.at = address.node()->at;
            for (const listener& other : out.listeners) {
                if (!collide(one.address, other.address)) continue;
                in.refuse(*address.node(),
                          fmt::format("{} is taken by the listener on line {}", to_string(one.address), other.at.line));
                break;
            }
            out.listeners.push_back(std::move(one));
        }
    }
}

void read_admin(config_reader& in, const yaml_node& root, config& out) {
    const merged admin{root.find("admin")};
    auto& settings = out.admin;
    const merged address = admin.child("address");
    if (in.section(admin, {"address", "token_file", "tls"})) {
        settings.at = admin.node()->at;
        read_tls(in, admin.child("tls"), settings.tls);
        read_token_file(in, admin.child("token_file"), settings.token_file);
        if (address && !read_address(in, address, settings.address)) return;
    }
    const merged token = admin.child("token_file");
    if (!is_loopback(settings.address) && (!token || token.is_off())) {
        in.refuse(*address.node(), fmt::format("{} can be reached from other machines: set admin.token_file, or "
                                               "listen on a loopback address such as 127.0.0.1:9901",
                                               to_string(settings.address)));
    }
    const auto same = std::ranges::find_if(
        out.listeners, [&](const listener& other) { return collide(settings.address, other.address); });
    if (same == out.listeners.end()) return;
    if (address) {
        in.refuse(*address.node(),
                  fmt::format("{} is taken by the listener on line {}", to_string(settings.address), same->at.line));
    } else {
        in.refuse(same->at, fmt::format("listeners[{}].address", same - out.listeners.begin()),
                  fmt::format("{} is taken by the admin port: set admin.address", to_string(same->address)));
    }
}

void read_limits(config_reader& in, const yaml_node& root, config& out) {
    const merged from{root.find("limits")};
    if (!in.section(from, {"header_bytes", "header_count", "connections"})) return;
    in.read_size(from.child("header_bytes"), out.limits.header_bytes, {1024, 1024 * 1024});
    in.read_count(from.child("header_count"), out.limits.header_count, {1, 10'000});
    in.read_count(from.child("connections"), out.limits.connections, {1, 1'000'000});
}

}  // namespace switchgear::gateway
