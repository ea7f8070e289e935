#include <switchgear/gateway/config_load.hpp>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

/// Of a message, not of a configuration.
constexpr std::size_t longest_list_of_names = 200;

void read_root(config_reader& in, const yaml_node& root, config& out) {
    if (!in.section({&root}, {"listeners", "admin", "access_log", "limits", "defaults", "services", "routes"})) {
        if (root.is != yaml_node::kind::null) return;
    }
    read_listeners(in, root, out);
    read_admin(in, root, out);
    read_access_log(in, root, out);
    read_limits(in, root, out);
    read_services(in, root, out);
    read_routes(in, root, out);
}

config_violation unreadable_file(const std::string& path, int error) {
    return {path, 0, 0, {}, fmt::format("cannot be read: {}", std::generic_category().message(error))};
}

result<std::string, std::vector<config_violation>> read_text(const std::string& path) {
    errno = 0;
    std::ifstream file{path, std::ios::binary};
    if (!file) return std::vector{unreadable_file(path, errno != 0 ? errno : EIO)};
    // One byte more than is allowed tells a text that is too long from one that just fits.
    std::string text(longest_text + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.gcount() == 0 && errno != 0))
        return std::vector{unreadable_file(path, errno != 0 ? errno : EIO)};
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

/// The rules of one service of a whole configuration.
result<breaker_file, std::vector<config_violation>> breaker_of(std::string_view text, const std::string& path,
                                                               std::string_view service) {
    const auto loaded = load_config(text, path);
    if (!loaded) return loaded.error();
    std::string names;
    for (const auto& one : loaded->services) {
        if (one.name == service) return breaker_file{one.breaker, true};
        if (names.size() < longest_list_of_names) names += (names.empty() ? "" : ", ") + one.name;
    }
    const std::string why = service.empty()
                                ? "is a gateway's configuration: --service names one of " + names
                                : fmt::format("has no service \"{}\"; there is {}", excerpt(service), names);
    return std::vector{config_violation{path, 0, 0, {}, why}};
}

}  // namespace

std::string to_string(const config_violation& one) {
    std::string text = one.file;
    if (one.line != 0) text += fmt::format(":{}:{}", one.line, one.column);
    if (!one.path.empty()) text += ": " + one.path;
    return text + ": " + one.message;
}

result<config, std::vector<config_violation>> load_config(std::string_view text, std::string file) {
    const yaml_document document = read_yaml(text);
    config_reader in{std::move(file)};
    config loaded;
    for (const yaml_problem& problem : document.problems) in.refuse(problem.at, problem.path, problem.message);
    if (document.root != nullptr) {
        read_root(in, *document.root, loaded);
    } else if (document.problems.empty()) {
        read_root(in, yaml_node{.at = {1, 1}}, loaded);
    }
    auto violations = std::move(in).take();
    if (!violations.empty()) return violations;
    return loaded;
}

result<config, std::vector<config_violation>> load_config_file(const std::string& path) {
    const auto text = read_text(path);
    if (!text) return text.error();
    return load_config(*text, path);
}

result<breaker_file, std::vector<config_violation>> load_breaker_file(const std::string& path,
                                                                      std::string_view service) {
    const auto text = read_text(path);
    if (!text) return text.error();
    const yaml_document document = read_yaml(*text);
    if (document.root != nullptr && document.root->find("services") != nullptr) return breaker_of(*text, path, service);
    config_reader in{path};
    for (const yaml_problem& problem : document.problems) in.refuse(problem.at, problem.path, problem.message);
    breaker_file loaded;
    const yaml_node nothing{.at = {1, 1}};
    const yaml_node& root = document.root != nullptr ? *document.root : nothing;
    if (document.problems.empty() && root.children.empty() &&
        (root.is == yaml_node::kind::null || root.is == yaml_node::kind::map)) {
        in.refuse(root.at, {}, "no settings in it: expected trip, recovery or mode; trip: {} takes the defaults");
    }
    if (document.problems.empty() && in.section({&root}, {"trip", "recovery", "mode"}))
        read_breaker(in, {&root}, reading::a_service, loaded.rules);
    auto violations = std::move(in).take();
    if (!violations.empty()) return violations;
    return loaded;
}

}  // namespace switchgear::gateway
