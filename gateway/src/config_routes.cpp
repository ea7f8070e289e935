#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "config_sections.hpp"
#include "request_path.hpp"

namespace switchgear::gateway {
namespace {

/// Comparing every route with every earlier one stays quick up to here.
constexpr std::size_t most_routes = 5'000;

void read_prefix(config_reader& in, merged value, std::string& out) {
    if (!in.read(value, out)) return;
    const auto usual = out.starts_with('/') ? normalise_target(out) : std::nullopt;
    if (!usual) {
        in.refuse(*value.node(),
                  fmt::format("\"{}\" is no beginning of a path: expected one such as /pay/", excerpt(out)));
    } else if (usual->path != out) {
        in.refuse(*value.node(), fmt::format("\"{}\" matches nothing: paths are normalised first; write \"{}\"",
                                             excerpt(out), excerpt(usual->path)));
    }
}

void read_methods(config_reader& in, merged value, std::vector<std::string>& out) {
    if (!value) return;
    const auto items = in.items(*value.node(), config_reader::single::allowed);
    if (value.node()->is == yaml_node::kind::list && items.empty()) {
        in.refuse(*value.node(), "is empty, so that the route matches nothing; leave it out for every method");
    }
    for (const yaml_node* item : items) {
        const auto text = in.text_of(*item, "a method");
        if (!text) continue;
        const bool has_lower = std::ranges::any_of(*text, [](char c) { return c >= 'a' && c <= 'z'; });
        if (!is_token(*text) || has_lower) {
            in.refuse(*item,
                      fmt::format("\"{}\" is no method: expected one such as GET, in upper case", excerpt(*text)));
        } else {
            out.emplace_back(*text);
        }
    }
}

/// As requests are routed: GET takes HEAD too.
bool takes(const route& one, std::string_view method) {
    const auto listed = [&](std::string_view name) {
        return std::ranges::find(one.methods, name) != one.methods.end();
    };
    return listed(method) || (method == "HEAD" && listed("GET"));
}

/// Whether earlier routes leave nothing of this one: for each of its methods an earlier route takes every
/// path. Returns: the line of the last that was needed; 0: something is left.
std::uint32_t hidden_by(const std::vector<route>& earlier, const route& one) {
    std::vector<std::string_view> left{one.methods.begin(), one.methods.end()};
    for (const route& other : earlier) {
        if (!one.path_prefix.starts_with(other.path_prefix)) continue;
        if (other.methods.empty()) return other.at.line;
        std::erase_if(left, [&](std::string_view method) { return takes(other, method); });
        if (left.empty() && !one.methods.empty()) return other.at.line;
    }
    return 0;
}

void read_service_name(config_reader& in, const yaml_node& item, const config& out,
                       const std::unordered_map<std::string_view, std::size_t>& indices, route& one) {
    const merged service{item.find("service")};
    if (!service) return in.missing(item, "service", "the name of one of services");
    if (!in.read(service, one.service)) return;
    if (const auto found = indices.find(one.service); found != indices.end()) {
        one.service_index = found->second;
        return;
    }
    std::vector<std::string_view> names;
    for (const auto& known : out.services) {
        if (names.size() < 20) names.push_back(known.name);
    }
    in.refuse(*service.node(), names.empty() ? fmt::format("unknown service \"{}\"", excerpt(one.service))
                                             : fmt::format("unknown service \"{}\"; {}", excerpt(one.service),
                                                           suggestion(one.service, names)));
}

}  // namespace

void read_routes(config_reader& in, const yaml_node& root, config& out) {
    const yaml_node* list = root.find("routes");
    if (list == nullptr)
        return in.missing(root, "routes", "at least one, such as [{match: {path_prefix: /}, service: payments}]");
    if (list->is == yaml_node::kind::list && list->children.empty()) return in.refuse(*list, "has no route");
    std::unordered_map<std::string_view, std::size_t> indices;
    for (std::size_t i = 0; i < out.services.size(); ++i) indices.emplace(out.services[i].name, i);

    for (const yaml_node* item : in.items(*list, config_reader::single::refused, most_routes)) {
        const merged from{item};
        if (item->is == yaml_node::kind::null) in.missing(*item, "service", "the name of one of services");
        if (!in.section(from, {"match", "service", "strip_prefix"})) continue;
        route one{.at = item->at};
        const merged match = from.child("match");
        const merged prefix = match.child("path_prefix");
        const merged methods = match.child("methods");
        if (in.section(match, {"path_prefix", "methods"})) {
            read_prefix(in, prefix, one.path_prefix);
            read_methods(in, methods, one.methods);
        }
        read_service_name(in, *item, out, indices, one);
        in.read(from.child("strip_prefix"), one.strip_prefix);
        if (const auto line = hidden_by(out.routes, one); line != 0) {
            in.refuse(prefix ? *prefix.node() : *item,
                      fmt::format("the route for \"{}\" is never used: the one on line {} takes everything before it",
                                  excerpt(one.path_prefix), line));
        }
        // With methods that did not parse it would seem to take every method.
        if (!methods || !one.methods.empty()) out.routes.push_back(std::move(one));
    }
}

}  // namespace switchgear::gateway
