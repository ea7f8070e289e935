#include "line_source.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <switchgear/simulation/recording.hpp>

namespace switchgear::simulation {
namespace {

constexpr std::size_t block_size = 1024 * 1024;
static_assert(block_size > 2 * line_source::longest_line);

[[noreturn]] void refuse(const std::string& name, std::string_view why) {
    throw unreadable_recording(fmt::format("{}: {}", name, why));
}

gzFile open(const std::string& path, const std::string& name) {
    // A copy of standard input, so that closing ours leaves it as it was.
    const int descriptor = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) refuse(name, "cannot be read: " + std::generic_category().message(errno));
    gzFile file = ::gzdopen(descriptor, "rb");
    if (file == nullptr) {
        ::close(descriptor);
        refuse(name, "cannot be read: no memory");
    }
    ::gzbuffer(file, 256 * 1024);
    return file;
}

}  // namespace

line_source::line_source(const std::string& path)
    : name_{path == "-" ? "standard input" : path}, file_{open(path, name_)}, block_(block_size) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    try {
        while (to_ < byte_order_mark.size() && fill()) {
        }
    } catch (...) {
        ::gzclose_r(file_);
        throw;
    }
    if (std::string_view{block_.data(), to_}.starts_with(byte_order_mark)) from_ = byte_order_mark.size();
}

line_source::~line_source() { ::gzclose_r(file_); }

/// Reads more behind what is left. Returns: false at the end.
bool line_source::fill() {
    if (at_end_) return false;
    std::memmove(block_.data(), block_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
    errno = 0;
    const int got = ::gzread(file_, block_.data() + to_, static_cast<unsigned>(block_.size() - to_));
    const int reading_error = errno;
    int error = Z_OK;
    const char* words = ::gzerror(file_, &error);
    // zlib gives what it could read of a truncated file, and tells only then.
    if (error == Z_BUF_ERROR) refuse(name_, "the compressed data ends too early; is the file complete?");
    if (error == Z_ERRNO) refuse(name_, "cannot be read: " + std::generic_category().message(reading_error));
    if (got < 0 || error != Z_OK) refuse(name_, fmt::format("the compressed data is damaged: {}", words));
    if (got == 0) at_end_ = true;
    to_ += static_cast<std::size_t>(got);
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
