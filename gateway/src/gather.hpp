#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "message_head.hpp"
#include "stream.hpp"

namespace switchgear::gateway {

/// What goes out in one write: a head, and pieces of a body where they lie, with the framing around them.
///
/// Lifetime: views must live until it is written.
class gather {
public:
    void clear() noexcept { count_ = 0; }
    void add(std::string_view text) noexcept {
        if (!text.empty()) parts_[count_++] = asio::const_buffer{text.data(), text.size()};
    }
    /// The pieces, `bytes` together, as one chunk if chunks are asked for; with the body's end if `last`.
    void add_body(const std::vector<std::string_view>& pieces, std::size_t bytes, body_framing, bool last);

    bool empty() const noexcept { return count_ == 0; }
    std::span<const asio::const_buffer> parts() const noexcept { return {parts_.data(), count_}; }

private:
    static constexpr std::size_t most_pieces = 12;

    std::array<asio::const_buffer, write_all::most_parts> parts_;
    std::size_t count_ = 0;
    std::array<char, 24> chunk_head_{};
    std::string joined_;
};

}  // namespace switchgear::gateway
