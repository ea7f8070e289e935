#include "line_queue.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace switchgear::gateway {
namespace {

constexpr std::size_t plenty = 100'000;

std::size_t lines_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) ++count;
    return count;
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

class line_queues : public ::testing::Test {
protected:
    line_queues() {
        std::string name = (std::filesystem::temp_directory_path() / "switchgear-lines-XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }
    ~line_queues() override { std::filesystem::remove_all(folder); }

    std::filesystem::path folder;
};

TEST_F(line_queues, what_was_pushed_before_a_turn_goes_where_it_was_meant_for) {
    constexpr std::size_t each = 3'000;  // so many that the thread is behind as it turns
    {
        line_queue lines{descriptor::appending_to(folder / "0"), plenty};
        for (const char* const next : {"1", "2", ""}) {
            for (std::size_t n = 0; n < each; ++n) lines.push("a line\n");
            lines.turn_to(*next ? descriptor::appending_to(folder / next) : descriptor{});
        }
        lines.push("nobody wants it\n");
    }
    for (const char* const file : {"0", "1", "2"}) EXPECT_EQ(lines_of(folder / file), each) << file;
}

TEST_F(line_queues, what_is_moved_away_is_let_go_of_though_nothing_more_is_pushed) {
    line_queue lines{descriptor::appending_to(folder / "0"), plenty};
    const std::size_t before = open_descriptors();
    lines.turn_to(descriptor{});
    while (open_descriptors() >= before) std::this_thread::yield();  // for ever, if it is not
    EXPECT_EQ(lines.dropped(), 0U);
}

}  // namespace
}  // namespace switchgear::gateway
