#include "config_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <switchgear/wire/units.hpp>

namespace switchgear::gateway {
namespace {

using std::chrono::milliseconds;

/// What a message calls a value of the wrong type.
std::string named(const yaml_node& value) {
    switch (value.is) {
        case yaml_node::kind::null: return "nothing";
        case yaml_node::kind::list: return "a list";
        case yaml_node::kind::map: return "a map";
        case yaml_node::kind::scalar: break;
    }
    return fmt::format("\"{}\"", excerpt(value.text));
}

bool is_within(auto value, auto allowed) { return value >= allowed.least && value <= allowed.most; }

}  // namespace

merged merged::child(std::string_view key) const noexcept {
    const merged found = replaced(key);
    if (found.own == nullptr || found.own->is != yaml_node::kind::map || by_default == nullptr) return found;
    const auto* fallback = by_default->find(key);
    if (fallback == nullptr || fallback->is != yaml_node::kind::map) return found;
    return {found.own, fallback};
}

merged merged::section(std::string_view key) const noexcept {
    const merged found = child(key);
    if (found.own == nullptr || found.own->is != yaml_node::kind::null || by_default == nullptr) return found;
    return {nullptr, by_default->find(key)};
}

merged merged::replaced(std::string_view key) const noexcept {
    if (own != nullptr) {
        if (const auto* found = own->find(key)) return {found, nullptr};
    }
    return {nullptr, by_default != nullptr ? by_default->find(key) : nullptr};
}

void config_reader::refuse(source_position at, std::string path, std::string message) {
    if (found_.size() >= most_violations) {
        more_ = true;
        return;
    }
    found_.emplace(at.line, at.column, std::move(path), std::move(message));
}

void config_reader::refuse(const yaml_node& value, std::string message) {
    refuse(value.at, path_of(value), std::move(message));
}

void config_reader::refuse_key(const yaml_node& value, std::string message) {
    refuse(value.name_at, path_of(value), std::move(message));
}

void config_reader::missing(const yaml_node& section, std::string_view key, std::string_view what) {
    const std::string above = path_of(section);
    refuse(section.at, above.empty() ? std::string{key} : fmt::format("{}.{}", above, key),
           fmt::format("is missing: {}", what));
}

bool config_reader::has_refused(source_position at) const noexcept {
    const auto next = found_.lower_bound({at.line, at.column, {}, {}});
    return next != found_.end() && std::get<0>(*next) == at.line && std::get<1>(*next) == at.column;
}

std::vector<config_violation> config_reader::take() && {
    std::vector<config_violation> listed;
    for (const auto& [line, column, path, message] : found_) listed.push_back({file_, line, column, path, message});
    if (more_) {
        listed.push_back(
            {file_, 0, 0, {}, fmt::format("more than {} violations; the rest is not listed", most_violations)});
    }
    return listed;
}

bool config_reader::section(merged value, keys known) {
    const yaml_node* node = value.node();
    if (node == nullptr || node->is == yaml_node::kind::null) return false;
    if (node->is != yaml_node::kind::map) {
        refuse(*node, fmt::format("expected a map, got {}", named(*node)));
        return false;
    }
    // Those of the defaults are looked at where the defaults are read on their own.
    if (value.own == nullptr) return true;
    for (const yaml_node* child : value.own->children) {
        if (std::ranges::find(known, std::string_view{child->name}) != known.end()) continue;
        refuse_key(*child,
                   fmt::format("unknown key; {}", suggestion(child->name, std::span{known.begin(), known.size()})));
    }
    return true;
}

bool config_reader::named_map(const yaml_node& value, std::string_view what) {
    if (value.is == yaml_node::kind::map && !value.children.empty()) return !too_many(value, most_items);
    if (value.is == yaml_node::kind::map || value.is == yaml_node::kind::null) {
        refuse(value, fmt::format("has no {}", what));
    } else {
        refuse(value, fmt::format("expected a map of each {} by its name, got {}", what, named(value)));
    }
    return false;
}

bool config_reader::too_many(const yaml_node& value, std::size_t most) {
    if (value.children.size() <= most) return false;
    refuse(value, fmt::format("{} entries: at most {} are allowed", value.children.size(), most));
    return true;
}

std::span<const yaml_node* const> config_reader::items(const yaml_node& value, single alone, std::size_t most) {
    if (too_many(value, most)) return {};
    if (value.is == yaml_node::kind::list) return value.children;
    if (alone == single::refused || value.is != yaml_node::kind::scalar) {
        refuse(value, fmt::format("expected a list, got {}", named(value)));
        return {};
    }
    // The parent holds the pointer that a list of one would hold.
    return {std::ranges::find(value.parent->children, &value), 1};
}

std::optional<std::string_view> config_reader::text_of(const yaml_node& value, std::string_view expected) {
    if (value.is == yaml_node::kind::scalar) return value.text;
    refuse(value, fmt::format("expected {}, got {}", expected, named(value)));
    return std::nullopt;
}

bool config_reader::read(merged value, bool& out, std::string_view expected) {
    const yaml_node* node = value.node();
    if (node == nullptr) return false;
    for (const std::string_view yes : {"true", "yes", "on"}) {
        if (node->is_plain(yes)) return out = true, true;
    }
    for (const std::string_view no : {"false", "no", "off"}) {
        if (node->is_plain(no)) return out = false, true;
    }
    const bool quoted = node->is == yaml_node::kind::scalar && node->written == yaml_node::style::quoted;
    refuse(*node, fmt::format("expected {}, got {}{}", expected, named(*node), quoted ? " in quotes, a text" : ""));
    return false;
}

bool config_reader::read(merged value, std::string& out, std::size_t longest) {
    const auto text = value ? text_of(*value.node()) : std::nullopt;
    if (!text) return false;
    if (text->size() > longest) {
        refuse(*value.node(), fmt::format("{} bytes: at most {} are allowed", text->size(), longest));
        return false;
    }
    out = *text;
    return true;
}

std::optional<milliseconds> config_reader::duration_of(const yaml_node& value, std::string_view examples) {
    const auto text = text_of(value, "a duration");
    if (!text) return std::nullopt;
    const auto parsed = wire::parse_duration(*text);
    if (!parsed) refuse(value, fmt::format("expected a duration such as {}, got {}", examples, named(value)));
    return parsed;
}

bool config_reader::read(merged value, milliseconds& out, std::string_view examples) {
    const auto parsed = value ? duration_of(*value.node(), examples) : std::nullopt;
    if (parsed) out = *parsed;
    return parsed.has_value();
}

bool config_reader::read(merged value, milliseconds& out, range<milliseconds> allowed) {
    const auto parsed = value ? duration_of(*value.node()) : std::nullopt;
    if (!parsed) return false;
    if (!is_within(*parsed, allowed)) {
        refuse(*value.node(), fmt::format("{}: must be within [{}, {}]", excerpt(value.node()->text),
                                          wire::format_duration(allowed.least), wire::format_duration(allowed.most)));
        return false;
    }
    out = *parsed;
    return true;
}

std::optional<std::uint64_t> config_reader::whole_number(const yaml_node& value, std::uint64_t most) {
    const auto text = text_of(value, "a whole number");
    if (!text) return std::nullopt;
    std::uint64_t parsed = 0;
    const char* end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, parsed);
    const bool only_digits = stopped == end && !text->empty() && value.written == yaml_node::style::plain;
    if (!only_digits || error == std::errc::invalid_argument) {
        refuse(value, fmt::format("expected a whole number from 0, got {}", named(value)));
        return std::nullopt;
    }
    if (error == std::errc::result_out_of_range || parsed > most) {
        refuse(value, fmt::format("{}: must be within [0, {}]", excerpt(*text), most));
        return std::nullopt;
    }
    return parsed;
}

bool config_reader::read(merged value, std::uint32_t& out) {
    const auto parsed = value ? whole_number(*value.node(), std::numeric_limits<std::uint32_t>::max()) : std::nullopt;
    if (parsed) out = static_cast<std::uint32_t>(*parsed);
    return parsed.has_value();
}

bool config_reader::read(merged value, std::uint64_t& out) {
    const auto parsed = value ? whole_number(*value.node(), std::numeric_limits<std::uint64_t>::max()) : std::nullopt;
    if (parsed) out = *parsed;
    return parsed.has_value();
}

bool config_reader::read_count(merged value, std::size_t& out, range<std::size_t> allowed) {
    const auto parsed = value ? whole_number(*value.node(), std::numeric_limits<std::uint64_t>::max()) : std::nullopt;
    if (!parsed) return false;
    if (!is_within(*parsed, allowed)) {
        refuse(*value.node(), fmt::format("{}: must be within [{}, {}]", *parsed, allowed.least, allowed.most));
        return false;
    }
    out = *parsed;
    return true;
}

bool config_reader::read_size(merged value, std::size_t& out, range<std::size_t> allowed) {
    const auto text = value ? text_of(*value.node(), "a size") : std::nullopt;
    if (!text) return false;
    const auto parsed = wire::parse_size(*text);
    if (!parsed) {
        refuse(*value.node(), fmt::format("expected a size such as 64KiB, got {}", named(*value.node())));
        return false;
    }
    if (!is_within(*parsed, allowed)) {
        refuse(*value.node(), fmt::format("{}: must be within [{}, {}]", excerpt(*text),
                                          wire::format_size(allowed.least), wire::format_size(allowed.most)));
        return false;
    }
    out = *parsed;
    return true;
}

bool config_reader::read_number(merged value, double& out) {
    const auto text = value ? text_of(*value.node(), "a number") : std::nullopt;
    if (!text) return false;
    double parsed = 0;
    const char* end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, parsed);
    const bool plain = value.node()->written == yaml_node::style::plain;
    if (stopped != end || error != std::errc{} || !plain || !std::isfinite(parsed)) {
        refuse(*value.node(), fmt::format("expected a number, got {}", named(*value.node())));
        return false;
    }
    out = parsed;
    return true;
}

bool config_reader::read_ratio(merged value, double& out) {
    const auto text = value ? text_of(*value.node(), "a ratio") : std::nullopt;
    if (!text) return false;
    const auto parsed = wire::parse_ratio(*text);
    if (parsed) {
        out = *parsed;
    } else {
        refuse(*value.node(), fmt::format("expected a ratio such as 0.5 or 50%, got {}", named(*value.node())));
    }
    return parsed.has_value();
}

void config_reader::refuse_word(const yaml_node& value, std::string_view text,
                                const std::vector<std::string_view>& allowed) {
    refuse(value, fmt::format("unknown word \"{}\"; {}", excerpt(text), suggestion(text, allowed)));
}

}  // namespace switchgear::gateway
