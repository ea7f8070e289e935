#include "byte_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <switchgear/simulation/recording.hpp>

namespace switchgear::simulation {
namespace {

constexpr std::size_t block_size = 256 * 1024;
constexpr std::string_view gzip_magic = "\x1F\x8B";

[[noreturn]] void refuse(const std::string& name, std::string_view why) {
    throw unreadable_recording(fmt::format("{}: {}", name, why));
}

}  // namespace

/// The file as it is, a block at a time.
class byte_source::file {
public:
    file(const std::string& path, const std::string& name)
        : name_{name},
          descriptor_{path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)},
          block_(block_size) {
        if (descriptor_ < 0) refuse(name_, "cannot be read: " + std::generic_category().message(errno));
    }
    ~file() {
        if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    /// What is at hand and not yet taken.
    std::string_view left() const noexcept { return {block_.data() + from_, to_ - from_}; }
    void take(std::size_t size) noexcept { from_ += size; }
    /// Reads on until `size` bytes are at hand. Returns: false if the file ends before.
    bool need(std::size_t size) {
        while (to_ - from_ < size) {
            if (!more()) return false;
        }
        return true;
    }

private:
    bool more() {
        if (at_end_) return false;
        std::memmove(block_.data(), block_.data() + from_, to_ - from_);
        to_ -= from_;
        from_ = 0;
        ssize_t got = 0;
        do {
            got = ::read(descriptor_, block_.data() + to_, block_.size() - to_);
        } while (got < 0 && errno == EINTR);
        if (got < 0) refuse(name_, "cannot be read: " + std::generic_category().message(errno));
        to_ += static_cast<std::size_t>(got);
        at_end_ = got == 0;
        return got > 0;
    }

    const std::string& name_;
    int descriptor_;
    std::vector<char> block_;
    std::size_t from_ = 0, to_ = 0;
    bool at_end_ = false;
};

/// The text of gzip members, one after the other.
class byte_source::gunzip {
public:
    gunzip(file& from, const std::string& name) : from_{from}, name_{name} {
        constexpr int gzip_only = 15 + 16;
        if (::inflateInit2(&stream_, gzip_only) != Z_OK) refuse(name_, "cannot be read: no memory");
    }
    ~gunzip() { ::inflateEnd(&stream_); }
    gunzip(const gunzip&) = delete;
    gunzip& operator=(const gunzip&) = delete;

    std::size_t read(char* to, std::size_t size) {
        stream_.next_out = reinterpret_cast<Bytef*>(to);
        stream_.avail_out = static_cast<uInt>(size);
        while (!at_end_ && stream_.avail_out == size) step();
        return size - stream_.avail_out;
    }

private:
    void step() {
        if (!from_.need(1)) refuse(name_, "the compressed data ends too early; is the file complete?");
        const std::string_view packed = from_.left();
        // zlib does not write to its input.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        stream_.avail_in = static_cast<uInt>(packed.size());
        const int said = ::inflate(&stream_, Z_NO_FLUSH);
        from_.take(packed.size() - stream_.avail_in);
        if (said == Z_STREAM_END) {
            begin_next_member();
        } else if (said == Z_MEM_ERROR) {
            refuse(name_, "cannot be read: no memory");
        } else if (said != Z_OK) {
            const char* words = stream_.msg != nullptr ? stream_.msg : "it makes no sense";
            refuse(name_, fmt::format("the compressed data is damaged: {}", words));
        }
    }

    void begin_next_member() {
        if (from_.need(gzip_magic.size()) && from_.left().starts_with(gzip_magic)) {
            ::inflateReset(&stream_);
            return;
        }
        at_end_ = true;
        while (from_.need(1)) {
            if (from_.left().find_first_not_of('\0') != std::string_view::npos)
                refuse(name_, "something that is not compressed by gzip follows the compressed data");
            from_.take(from_.left().size());
        }
    }

    file& from_;
    const std::string& name_;
    z_stream stream_{};
    bool at_end_ = false;
};

byte_source::byte_source(const std::string& path)
    : name_{path == "-" ? "standard input" : path}, file_{std::make_unique<file>(path, name_)} {
    if (file_->need(gzip_magic.size()) && file_->left().starts_with(gzip_magic))
        gunzip_ = std::make_unique<gunzip>(*file_, name_);
}

byte_source::~byte_source() = default;

std::size_t byte_source::read(char* to, std::size_t size) {
    if (gunzip_) return gunzip_->read(to, size);
    if (!file_->need(1)) return 0;
    const std::size_t got = std::min(size, file_->left().size());
    std::memcpy(to, file_->left().data(), got);
    file_->take(got);
    return got;
}

}  // namespace switchgear::simulation
