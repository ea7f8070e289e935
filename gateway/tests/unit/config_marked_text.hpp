#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <switchgear/gateway/config_load.hpp>

/// Configurations in tests: as text, with `@@` before the place where a violation is expected.
namespace switchgear::gateway::testing {

/// A text without its marks, and where they were.
struct marked_text {
    std::string text;
    std::vector<source_position> marks;

    explicit marked_text(std::string_view with_marks) {
        source_position at{1, 1};
        for (std::size_t i = 0; i < with_marks.size(); ++i) {
            if (with_marks.substr(i).starts_with("@@")) {
                marks.push_back(at);
                ++i;
                continue;
            }
            text += with_marks[i];
            ++at.column;
            if (with_marks[i] == '\n') at = {at.line + 1, 1};
        }
    }
};

inline std::vector<config_violation> violations_of(std::string_view text) {
    auto loaded = load_config(text, "F");
    return loaded ? std::vector<config_violation>{} : std::move(loaded).error();
}

inline std::string listing(const std::vector<config_violation>& violations) {
    std::string all;
    for (const auto& one : violations) all += to_string(one) + "\n";
    return all;
}

/// Loads what is expected to be in order.
inline config accepted(std::string_view text) {
    auto loaded = load_config(text, "F");
    if (loaded) return *std::move(loaded);
    ADD_FAILURE() << listing(loaded.error());
    return {};
}

struct expected {
    std::string path;
    std::string message;
};

/// Loads a text in which each mark, and nothing else, is wrong; `all` in the order of the marks.
inline void expect_refused(std::string_view with_marks, const std::vector<expected>& all) {
    const marked_text marked{with_marks};
    const auto found = violations_of(marked.text);
    ASSERT_EQ(marked.marks.size(), all.size()) << "the test marks another number of places than it expects";
    ASSERT_EQ(found.size(), all.size()) << listing(found);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(found[i].file, "F");
        EXPECT_EQ(found[i].line, marked.marks[i].line) << to_string(found[i]);
        EXPECT_EQ(found[i].column, marked.marks[i].column) << to_string(found[i]);
        EXPECT_EQ(found[i].path, all[i].path);
        EXPECT_THAT(found[i].message, ::testing::HasSubstr(all[i].message));
    }
}

/// A sound configuration around the part that a test is about.
inline std::string with_service(std::string_view keys) {
    return "listeners: [{address: 127.0.0.1:8080}]\n"
           "routes: [{service: a}]\n"
           "services:\n"
           "  a:\n"
           "    endpoints: [http://127.0.0.1:9000]\n" +
           std::string{keys};
}
inline std::string with_top(std::string_view keys) { return with_service("") + std::string{keys}; }

}  // namespace switchgear::gateway::testing
