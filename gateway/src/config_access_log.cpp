#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "config_sections.hpp"

namespace switchgear::gateway {

std::optional<access_log_settings> parse_access_log(std::string_view text) {
    if (text == "off") return access_log_settings{};
    if (text == "stderr") return access_log_settings{access_log_place::standard_error, {}};
    for (const std::string_view mistake : {"", "-", "on", "yes", "true", "no", "false", "stdout"}) {
        if (text == mistake) return std::nullopt;
    }
    if (text.find('\0') != std::string_view::npos) return std::nullopt;  // the system would stop reading the name there
    return access_log_settings{access_log_place::file, std::string{text}};
}

void read_access_log(config_reader& in, const yaml_node& root, config& out) {
    constexpr std::string_view allowed = "off, stderr or the name of a file";
    const merged value{root.find("access_log")};
    if (!value || value.is_off()) return;
    const auto text = in.text_of(*value.node(), allowed);
    if (!text) return;
    const auto parsed = parse_access_log(*text);
    if (!parsed) return in.refuse(*value.node(), fmt::format("expected {}, got \"{}\"", allowed, excerpt(*text)));
    out.access_log = *parsed;
    if (parsed->place != access_log_place::file) return;
    const std::filesystem::path file{parsed->file};
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
        in.refuse(*value.node(), fmt::format("\"{}\" is a folder: expected {}", excerpt(*text), allowed));
    } else if (!std::filesystem::is_directory(folder, ignored)) {
        in.refuse(*value.node(), fmt::format("there is no folder \"{}\" for the file", excerpt(folder.string())));
    }
}

}  // namespace switchgear::gateway
