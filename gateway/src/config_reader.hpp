#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <switchgear/gateway/config_load.hpp>

#include "config_tree.hpp"
#include "config_words.hpp"

namespace switchgear::gateway {

/// A value of the configuration: as its own section has it, and as `defaults:` has it. Looking into both
/// at once is the merge: no merged tree is ever made.
struct merged {
    const yaml_node* own = nullptr;
    const yaml_node* by_default = nullptr;

    /// What is in force: its own if there is one, else the default; nullptr if nothing was written.
    const yaml_node* node() const noexcept { return own != nullptr ? own : by_default; }
    explicit operator bool() const noexcept { return node() != nullptr; }
    bool is_off() const noexcept { return node() != nullptr && node()->is_off(); }
    bool is_map() const noexcept { return node() != nullptr && node()->is == yaml_node::kind::map; }
    /// The key in both, merged further if both are maps.
    merged child(std::string_view key) const noexcept;
    /// The same of a section that is always there: left empty, it is as if it had not been written.
    merged section(std::string_view key) const noexcept;
    /// The key in one: its own replaces the default's even if both are maps.
    merged replaced(std::string_view key) const noexcept;
};

template <class T>
struct range {
    T least;
    T most;
};

using keys = std::initializer_list<std::string_view>;

/// Reads typed values out of the tree and collects everything that is wrong with them. A `read…` of
/// something that was not written leaves `out`, the default, as it is, and so does one that fails.
///
/// Ensures: at most `most_violations` are kept, none twice.
class config_reader {
public:
    explicit config_reader(std::string file) : file_{std::move(file)} {}

    static constexpr std::size_t most_violations = 1'000;
    /// Of a text, and of a list or a map of names, unless it is said otherwise. What stands in the defaults is
    /// read again for every service, and this keeps the product small.
    static constexpr std::size_t longest_line = 4 * 1024;
    static constexpr std::size_t most_items = 1'000;

    /// At the value.
    void refuse(const yaml_node& value, std::string message);
    /// At the key of the value, for what is wrong with the key itself.
    void refuse_key(const yaml_node& value, std::string message);
    void refuse(source_position at, std::string path, std::string message);
    /// Something that has to be in this section and is not.
    void missing(const yaml_node& section, std::string_view key, std::string_view what);
    bool has_refused(source_position at) const noexcept;
    /// In the order of the file.
    std::vector<config_violation> take() &&;

    /// True of a map. An empty section is one without keys; refuses anything else, and the keys of its
    /// own that are not known.
    bool section(merged value, keys known);
    /// A map whose keys are names given by the user, with at least one and at most `most_items`.
    bool named_map(const yaml_node& value, std::string_view what);
    /// Its items; refuses what is no list. A single value in place of a list stands for a list of it if
    /// `single` allows.
    enum class single : std::uint8_t { refused, allowed };
    std::span<const yaml_node* const> items(const yaml_node& value, single, std::size_t most = most_items);

    /// The text of a scalar; refuses lists, maps and nothing.
    std::optional<std::string_view> text_of(const yaml_node& value, std::string_view expected = "a text");

    /// `expected` and `examples` are for the message.
    bool read(merged value, bool& out, std::string_view expected = "true or false");
    bool read(merged value, std::string& out, std::size_t longest = longest_line);
    bool read(merged value, std::chrono::milliseconds& out, std::string_view examples = example_durations);
    bool read(merged value, std::chrono::milliseconds& out, range<std::chrono::milliseconds>);
    bool read(merged value, std::uint32_t& out);
    bool read(merged value, std::uint64_t& out);
    bool read_size(merged value, std::size_t& out, range<std::size_t>);
    bool read_count(merged value, std::size_t& out, range<std::size_t>);
    bool read_number(merged value, double& out);
    bool read_ratio(merged value, double& out);

    /// `off` and null empty it; anything else is read by `read_value(value, T&)`.
    template <class T, class Read>
    void read_optional(merged value, std::optional<T>& out, Read&& read_value) {
        if (!value) return;
        if (value.is_off()) {
            out.reset();
            return;
        }
        T held = out.value_or(T{});
        if (std::invoke(read_value, value, held)) out = std::move(held);
    }

    template <class E, std::size_t N>
    bool read_word(const yaml_node& value, const word<E> (&words)[N], E& out) {
        const auto text = text_of(value);
        if (!text) return false;
        std::vector<std::string_view> allowed;
        for (const auto& one : words) {
            if (one.text == *text) {
                out = one.value;
                return true;
            }
            allowed.push_back(one.text);
        }
        refuse_word(value, *text, allowed);
        return false;
    }
    template <class E, std::size_t N>
    bool read_word(merged value, const word<E> (&words)[N], E& out) {
        return value && read_word(*value.node(), words, out);
    }

private:
    bool too_many(const yaml_node& value, std::size_t most);
    void refuse_word(const yaml_node& value, std::string_view text, const std::vector<std::string_view>& allowed);
    std::optional<std::uint64_t> whole_number(const yaml_node& value, std::uint64_t most);
    static constexpr std::string_view example_durations = "250ms, 5s, 10m or 1h";
    std::optional<std::chrono::milliseconds> duration_of(const yaml_node& value,
                                                         std::string_view examples = example_durations);

    std::string file_;
    // By place, and so in the order of the file.
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::string, std::string>> found_{};
    bool more_ = false;
};

/// "did you mean \"trip\"?", or the list of what is allowed if nothing is near.
std::string suggestion(std::string_view text, std::span<const std::string_view> allowed);

}  // namespace switchgear::gateway
