#include "router.hpp"

#include <algorithm>

namespace switchgear::gateway {
namespace {

bool takes(const route& candidate, std::string_view method) {
    if (candidate.methods.empty()) return true;
    const std::string_view asked = method == "HEAD" ? std::string_view{"GET"} : method;
    return std::any_of(candidate.methods.begin(), candidate.methods.end(),
                       [&](const std::string& one) { return one == method || one == asked; });
}

void add_methods(const route& candidate, std::vector<std::string_view>& into) {
    const auto add = [&](std::string_view method) {
        if (std::find(into.begin(), into.end(), method) == into.end()) into.push_back(method);
    };
    for (const std::string& method : candidate.methods) {
        add(method);
        if (method == "GET") add("HEAD");
    }
}

}  // namespace

routed find_route(const std::vector<route>& routes, std::string_view method, std::string_view path) {
    std::vector<std::string_view> others;
    for (const route& candidate : routes) {
        if (!path.starts_with(candidate.path_prefix)) continue;
        if (takes(candidate, method)) return {&candidate, {}};
        add_methods(candidate, others);
    }
    routed none;
    for (const std::string_view other : others) {
        if (!none.allow.empty()) none.allow += ", ";
        none.allow += other;
    }
    return none;
}

std::string_view path_after(const route& by, std::string_view path, std::string& storage) {
    if (!by.strip_prefix) return path;
    const std::string_view rest = path.substr(by.path_prefix.size());
    if (rest.starts_with('/')) return rest;
    storage = "/";
    storage += rest;
    return storage;
}

}  // namespace switchgear::gateway
