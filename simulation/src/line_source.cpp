#include "line_source.hpp"

#include <cstring>

namespace switchgear::simulation {
namespace {

constexpr std::size_t block_size = 1024 * 1024;
static_assert(block_size > 2 * line_source::longest_line);

}  // namespace

line_source::line_source(const std::string& path) : bytes_{path}, block_(block_size) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    while (to_ < byte_order_mark.size() && fill()) {
    }
    if (std::string_view{block_.data(), to_}.starts_with(byte_order_mark)) from_ = byte_order_mark.size();
}

/// Reads more behind what is left. Returns: false at the end.
bool line_source::fill() {
    std::memmove(block_.data(), block_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
    const std::size_t got = bytes_.read(block_.data() + to_, block_.size() - to_);
    to_ += got;
    return got > 0;
}

std::string_view line_source::ended_at(std::size_t end, std::size_t next) {
    std::string_view line{block_.data() + from_, end - from_};
    from_ = next;
    if (line.ends_with('\r')) line.remove_suffix(1);
    was_cut_ = line.size() > longest_line;
    ++number_;
    return line.substr(0, longest_line);
}

std::optional<std::string_view> line_source::next() {
    std::size_t searched = from_;
    while (true) {
        const void* found = std::memchr(block_.data() + searched, '\n', to_ - searched);
        if (found != nullptr) {
            const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - block_.data());
            return ended_at(end, end + 1);
        }
        // Of an endless line only its beginning is kept.
        if (to_ - from_ > 2 * longest_line) to_ = from_ + longest_line + 1;
        searched = to_ - from_;
        if (!fill()) break;
    }
    if (from_ == to_) return std::nullopt;
    return ended_at(to_, to_);
}

}  // namespace switchgear::simulation
