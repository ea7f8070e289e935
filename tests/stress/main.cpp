#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

#include "options.hpp"

namespace {

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc{} || end.ptr != text.data() + text.size() || value > 86'400) return {};
    return value;
}

}  // namespace

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    for (int i = 1; i < count; i += 2) {
        const std::string_view name = arguments[i];
        const auto value = number(i + 1 < count ? arguments[i + 1] : "");
        if (!value || (name != "--seconds" && name != "--seed")) {
            std::fprintf(stderr, "usage: %s [--seconds N] [--seed N]   each within [0, 86400]\n", arguments[0]);
            return 2;
        }
        if (name == "--seconds") switchgear::stress::given.how_long = std::chrono::seconds{*value};
        if (name == "--seed") switchgear::stress::given.seed = *value;
    }
    return RUN_ALL_TESTS();
}
