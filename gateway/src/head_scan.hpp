#pragma once

#include <cstddef>
#include <string_view>

namespace switchgear::gateway {

/// Finds the end of a message's head in a buffer that fills up, and refuses what must not be cleaned up
/// and forwarded (bare CR or LF, NUL, folded lines) before any parser sees it.
class head_scan {
public:
    enum class outcome { incomplete, complete, bad };

    /// Looks at `buffer`, which begins where the head begins; called again as it grows, it goes on where
    /// it stopped.
    outcome look(std::string_view buffer) noexcept;

    /// The length of the head with its empty line. Requires: complete.
    std::size_t length() const noexcept { return line_; }
    /// Lines seen so far, the first and the empty one included.
    std::size_t lines() const noexcept { return lines_; }
    /// What is wrong, in words. Requires: bad.
    std::string_view problem() const noexcept { return problem_; }

private:
    std::size_t line_ = 0;  // where the line begins that is not complete yet
    std::size_t lines_ = 0;
    std::string_view problem_;
};

}  // namespace switchgear::gateway
