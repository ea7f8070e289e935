#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <switchgear/gateway/config_text.hpp>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

/// Damages a good text in ways that people and disks do.
class vandal {
public:
    explicit vandal(std::uint32_t seed) : random_{seed} {}

    std::string damage(std::string text) {
        for (std::size_t times = 1 + below(4); times > 0 && !text.empty(); --times) strike(text);
        return text;
    }
    std::string noise() {
        std::string text(below(300), '\0');
        std::ranges::generate(text, [this] { return static_cast<char>(below(256)); });
        return text;
    }

private:
    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_); }

    void strike(std::string& text) {
        static constexpr std::string_view pieces[] = {
            "off",  "null", "[]",  "{}",     "-1", ": ",    "\n",
            "  ",   "&a ",  "*a",  "!!str ", "'",  "\"",    "99999999999999999999",
            "0",    "1h",   "50%", "NaN",    "# ", "---\n", "[[[[",
            "{a: ", "\\x00"};
        const std::size_t at = below(text.size());
        const std::size_t length = std::min(text.size() - at, 1 + below(12));
        switch (below(5)) {
            case 0: text.erase(at, length); break;
            case 1: text[at] = static_cast<char>(below(256)); break;
            case 2: text.insert(at, pieces[below(std::size(pieces))]); break;
            case 3: text.replace(at, length, pieces[below(std::size(pieces))]); break;
            default: text.insert(below(text.size()), text.substr(at, 80)); break;
        }
    }

    std::mt19937 random_;
};

std::string shipped_text() {
    std::ifstream file{std::string{SWITCHGEAR_EXAMPLE_CONFIGS} + "/full.yaml"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Either a configuration that can be shown, or violations that can be read, in the order of the file.
void expect_an_answer(const std::string& text) {
    const auto loaded = load_config(text, "F");
    if (loaded) {
        EXPECT_FALSE(loaded->listeners.empty() || loaded->services.empty() || loaded->routes.empty());
        for (const auto& one : loaded->routes) EXPECT_EQ(loaded->services.at(one.service_index).name, one.service);
        for (const auto& one : loaded->services) EXPECT_TRUE(validate(one.breaker.settings).empty());
        EXPECT_FALSE(config_json(*loaded).empty());
        return;
    }
    const auto& found = loaded.error();
    EXPECT_FALSE(found.empty());
    const auto in_order = [](const config_violation& a, const config_violation& b) {
        return std::pair{a.line, a.column} < std::pair{b.line, b.column};
    };
    EXPECT_TRUE(std::ranges::is_sorted(found, in_order));
    const auto lines = static_cast<std::uint32_t>(std::ranges::count(text, '\n')) + 1;
    for (const auto& one : found) {
        EXPECT_LE(one.line, lines) << to_string(one);
        EXPECT_FALSE(one.message.empty());
    }
}

class config_mutation : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(config_mutation, of_a_good_file_always_gets_an_answer) {
    const std::string good = shipped_text();
    ASSERT_GT(good.size(), 1'000U);
    vandal hand{GetParam()};
    for (int i = 0; i < 200; ++i) {
        const std::string text = hand.damage(good);
        expect_an_answer(text);
        if (::testing::Test::HasFailure()) FAIL() << "seed " << GetParam() << ", text:\n" << text;
    }
}

TEST_P(config_mutation, of_nothing_at_all_always_gets_an_answer) {
    vandal hand{GetParam()};
    for (int i = 0; i < 500; ++i) {
        const std::string text = hand.noise();
        expect_an_answer(text);
        if (::testing::Test::HasFailure()) FAIL() << "seed " << GetParam();
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, config_mutation, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace switchgear::gateway
