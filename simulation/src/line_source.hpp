#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace switchgear::simulation {

/// The lines of a file, or of standard input ("-"), without their ends (LF or CRLF) and without a byte order
/// mark. What begins like gzip is decompressed; several members after each other are one text.
class line_source {
public:
    /// A longer line is cut here, and `was_cut()` says so.
    static constexpr std::size_t longest_line = 64 * 1024;

    /// Throws: unreadable_recording.
    explicit line_source(const std::string& path);
    ~line_source();
    line_source(const line_source&) = delete;
    line_source& operator=(const line_source&) = delete;

    /// Returns: the next line, valid until the next call; empty at the end.
    /// Throws: unreadable_recording, if reading fails or a compressed file ends too early.
    std::optional<std::string_view> next();
    /// Of the last line, from 1.
    std::uint64_t number() const noexcept { return number_; }
    bool was_cut() const noexcept { return was_cut_; }
    const std::string& name() const noexcept { return name_; }

private:
    bool fill();
    std::string_view ended_at(std::size_t end, std::size_t next);

    std::string name_;
    gzFile file_;
    std::vector<char> block_;
    std::size_t from_ = 0, to_ = 0;
    bool at_end_ = false;
    bool was_cut_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace switchgear::simulation
