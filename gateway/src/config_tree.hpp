#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

/// One value of the YAML text, with where it stands. Owned by its document; never changes once built.
struct yaml_node {
    enum class kind : std::uint8_t { null, scalar, list, map };
    enum class style : std::uint8_t { plain, quoted };

    kind is = kind::null;
    /// Quoted text is text even if it looks like a number or like `off`.
    style written = style::plain;
    /// Of a scalar.
    std::string text{};
    source_position at{};
    /// What its parent calls it: a map's key, or "[2]".
    std::string name{};
    source_position name_at{};
    const yaml_node* parent = nullptr;
    /// Of a list or a map, in the order of the file. No two of a map have the same name.
    std::vector<const yaml_node*> children{};

    const yaml_node* find(std::string_view child) const noexcept;
    /// null and a plain `off` say the same: nothing here, on purpose.
    bool is_off() const noexcept { return is == kind::null || is_plain("off"); }
    bool is_plain(std::string_view word) const noexcept {
        return is == kind::scalar && written == style::plain && text == word;
    }
};

/// "services.payments.endpoints[0]".
std::string path_of(const yaml_node&);
/// The text for a message: one line, printable, and not longer than a line.
std::string excerpt(std::string_view);

/// Something that the text itself is wrong in, whatever it was meant to say.
struct yaml_problem {
    source_position at;
    std::string path;
    std::string message;
};

/// A text of YAML as a tree. Built from the parser's events rather than from YAML::Node, which forgets
/// duplicate keys and where keys stood, and follows aliases.
struct yaml_document {
    std::deque<yaml_node> nodes{};
    /// nullptr: the text is empty or could not be read.
    const yaml_node* root = nullptr;
    /// A text that cannot be read has one, and no root. Duplicate keys are all listed.
    std::vector<yaml_problem> problems{};
};

/// Limits that no configuration meets, and no hostile text gets past.
inline constexpr std::size_t longest_text = 1024 * 1024;
inline constexpr std::size_t deepest_nesting = 64;

yaml_document read_yaml(std::string_view text);

}  // namespace switchgear::gateway
