#include "config_tree.hpp"

#include <algorithm>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config_encoding.hpp"

namespace switchgear::gateway {
namespace {

source_position position(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

/// Ends the reading of a text that cannot be understood any further.
struct unreadable {
    yaml_problem problem;
};

/// Makes the tree from the parser's events.
class tree_builder final : public YAML::EventHandler {
public:
    tree_builder(yaml_document& into, std::string_view text) : into_{into}, text_{text} {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        if (expects_key()) stop(position(mark), "a key must be text");
        add(yaml_node::kind::null, null_position(mark), "?");
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        stop(position(mark), "aliases are not supported: write the value out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_anchor(mark, anchor);
        const auto end = tag == "!" ? end_of_quoted(mark) : offset(mark) + value.size();
        if (expects_key()) return take_key(position(mark), value, end);
        add(yaml_node::kind::scalar, position(mark), tag).text = value;
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        refuse_anchor(mark, anchor);
        enter(yaml_node::kind::list, position(mark), tag);
    }
    void OnSequenceEnd() override { open_.pop_back(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        refuse_anchor(mark, anchor);
        enter(yaml_node::kind::map, position(mark), tag);
    }
    void OnMapEnd() override { open_.pop_back(); }

    /// What the parser found wrong, said in terms of what was begun and not ended.
    [[noreturn]] void stop_at(const YAML::Exception& error) const {
        const bool unclosed =
            error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW || error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
        if (!unclosed || open_.empty()) throw unreadable{{position(error.mark), {}, excerpt(error.msg)}};
        const yaml_node& begun = *open_.back().node;
        const char* what = begun.is == yaml_node::kind::list ? "list" : "map";
        // At the end of the text the parser's place is no help, and sometimes none at all.
        const std::string_view rest = text_.substr(offset(error.mark));
        if (error.mark.pos <= 0 || rest.find_first_not_of(" \t\r\n") == std::string_view::npos) {
            throw unreadable{{begun.at, {}, fmt::format("this {} is never closed", what)}};
        }
        throw unreadable{
            {position(error.mark),
             {},
             fmt::format("the {} begun at {}:{} is not closed before this", what, begun.at.line, begun.at.column)}};
    }

private:
    struct open_node {
        yaml_node* node;
        std::optional<std::string> key{};
        source_position key_at{};
        std::size_t key_end = 0;
        std::unordered_map<std::string, source_position> seen{};
    };

    [[noreturn]] void stop(source_position at, std::string message) const {
        const std::string path = open_.empty() ? std::string{} : path_of(*open_.back().node);
        throw unreadable{{at, path, std::move(message)}};
    }

    bool expects_key() const {
        return !open_.empty() && open_.back().node->is == yaml_node::kind::map && !open_.back().key;
    }

    void take_key(source_position at, const std::string& key, std::size_t end) {
        open_.back().key = key;
        open_.back().key_at = at;
        open_.back().key_end = end;
    }

    std::size_t offset(const YAML::Mark& mark) const {
        return mark.pos < 0 ? text_.size() : std::min(static_cast<std::size_t>(mark.pos), text_.size());
    }

    void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != 0) stop(position(mark), "anchors and aliases are not supported: write the value out");
    }

    // The parser takes the end of the text for the end of a quoted one; then all that follows a forgotten
    // quote would silently be part of it.
    std::size_t end_of_quoted(const YAML::Mark& mark) const {
        std::size_t i = offset(mark);
        const char quote = i < text_.size() ? text_[i] : '\0';
        if (quote != '"' && quote != '\'') stop(position(mark), "tags are not supported");
        for (++i; i < text_.size(); ++i) {
            const bool escapes = quote == '"' ? text_[i] == '\\' : text_.substr(i).starts_with("''");
            if (escapes) {
                ++i;
            } else if (text_[i] == quote) {
                return i + 1;
            }
        }
        stop(position(mark), "this quote is never closed");
    }

    // An empty value has no place of its own, and the parser gives that of what comes next.
    source_position null_position(const YAML::Mark& mark) const {
        const std::string_view here = text_.substr(offset(mark));
        const bool written =
            here.starts_with('~') || here.starts_with("null") || here.starts_with("Null") || here.starts_with("NULL");
        if (written || open_.empty() || !open_.back().key) return position(mark);
        // The parser lets a word without a colon pass for a key if nothing follows.
        const open_node& parent = open_.back();
        const std::string_view after = text_.substr(std::min(parent.key_end, text_.size()));
        const std::size_t next = after.find_first_not_of(" \t");
        if (next == std::string_view::npos || after[next] != ':')
            stop(parent.key_at, "expected a colon after this word");
        return parent.key_at;
    }

    void enter(yaml_node::kind is, source_position at, const std::string& tag) {
        if (expects_key()) stop(at, "a key must be text");
        if (open_.size() >= deepest_nesting) {
            stop(at, fmt::format("nested deeper than {} levels", deepest_nesting));
        }
        open_.push_back({&add(is, at, tag)});
    }

    yaml_node& add(yaml_node::kind is, source_position at, const std::string& tag) {
        // "?": a plain scalar, "!": a quoted one.
        if (!tag.empty() && tag != "?" && tag != "!") {
            stop(at, fmt::format("tags are not supported, and this is {}", excerpt(tag)));
        }
        auto& node = into_.nodes.emplace_back();
        node.is = is;
        node.written = tag == "!" ? yaml_node::style::quoted : yaml_node::style::plain;
        node.at = at;
        if (open_.empty()) {
            into_.root = &node;
        } else {
            attach(node, open_.back());
        }
        return node;
    }

    void attach(yaml_node& node, open_node& parent) {
        node.parent = parent.node;
        if (parent.node->is == yaml_node::kind::list) {
            node.name = fmt::format("[{}]", parent.node->children.size());
            parent.node->children.push_back(&node);
            return;
        }
        node.name = *std::exchange(parent.key, std::nullopt);
        node.name_at = parent.key_at;
        const auto [first, is_new] = parent.seen.try_emplace(node.name, node.name_at);
        if (is_new) {
            parent.node->children.push_back(&node);
        } else {
            into_.problems.push_back(
                {node.name_at, path_of(node), fmt::format("duplicate key, first on line {}", first->second.line)});
        }
    }

    yaml_document& into_;
    std::string_view text_;
    std::vector<open_node> open_{};
};

/// Refuses a second document in the same text.
class nothing_more final : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark& mark) override {
        throw unreadable{{position(mark), {}, "a configuration is one document, this begins a second"}};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

/// Lets the parser read the text where it is.
class text_buffer final : public std::streambuf {
public:
    explicit text_buffer(std::string_view text) {
        // The interface of streambuf wants it writable; nothing writes.
        char* begin = const_cast<char*>(text.data());
        setg(begin, begin, begin + text.size());
    }
};

void parse(std::string_view text, yaml_document& into) {
    text_buffer buffer{text};
    std::istream stream{&buffer};
    YAML::Parser parser{stream};
    tree_builder builder{into, text};
    try {
        if (!parser.HandleNextDocument(builder)) return;
    } catch (const YAML::Exception& error) {
        builder.stop_at(error);
    }
    nothing_more guard;
    static_cast<void>(parser.HandleNextDocument(guard));
}

}  // namespace

const yaml_node* yaml_node::find(std::string_view child) const noexcept {
    if (is != kind::map) return nullptr;
    const auto name_of = [](const yaml_node* one) { return std::string_view{one->name}; };
    const auto found = std::ranges::find(children, child, name_of);
    return found == children.end() ? nullptr : *found;
}

std::string path_of(const yaml_node& node) {
    if (node.parent == nullptr) return {};
    const std::string above = path_of(*node.parent);
    if (node.parent->is == yaml_node::kind::list) return above + node.name;
    return above.empty() ? excerpt(node.name) : above + "." + excerpt(node.name);
}

std::string excerpt(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool begins_character = (byte & 0xc0) != 0x80;
        if (begins_character && shown.size() >= longest) return shown + "...";
        if (byte == '\n') {
            shown += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            shown += fmt::format("\\x{:02x}", byte);
        } else {
            shown += text[i];
        }
    }
    return shown;
}

yaml_document read_yaml(std::string_view text) {
    yaml_document document;
    const auto refuse = [&document](yaml_problem problem) {
        document = {};
        document.problems.push_back(std::move(problem));
    };
    if (text.size() > longest_text) {
        refuse({{}, {}, fmt::format("{} bytes: a configuration is at most {}", text.size(), longest_text)});
        return document;
    }
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (auto bad = first_bad_character(text)) {
        refuse({bad->at, {}, std::move(bad->message)});
        return document;
    }
    try {
        parse(text, document);
    } catch (unreadable& stopped) {
        refuse(std::move(stopped.problem));
    } catch (const YAML::Exception& error) {
        refuse({position(error.mark), {}, excerpt(error.msg)});
    }
    return document;
}

}  // namespace switchgear::gateway
