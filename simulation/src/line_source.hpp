#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.hpp"

namespace switchgear::simulation {

/// The lines of a file, or of standard input ("-"), plain or compressed, without their ends (LF or CRLF) and
/// without a byte order mark.
class line_source {
public:
    /// A longer line is cut here, and `was_cut()` says so.
    static constexpr std::size_t longest_line = 64 * 1024;

    /// Throws: unreadable_recording.
    explicit line_source(const std::string& path);

    /// Returns: the next line, valid until the next call; empty at the end.
    /// Throws: unreadable_recording, as `byte_source::read()`.
    std::optional<std::string_view> next();
    /// Of the last line, from 1.
    std::uint64_t number() const noexcept { return number_; }
    bool was_cut() const noexcept { return was_cut_; }
    const std::string& name() const noexcept { return bytes_.name(); }

private:
    bool fill();
    std::string_view ended_at(std::size_t end, std::size_t next);

    byte_source bytes_;
    std::vector<char> block_;
    std::size_t from_ = 0, to_ = 0;
    bool was_cut_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace switchgear::simulation
