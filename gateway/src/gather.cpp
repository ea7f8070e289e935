#include "gather.hpp"

#include <charconv>

namespace switchgear::gateway {

void gather::add_body(const std::vector<std::string_view>& pieces, std::size_t bytes, body_framing framing, bool last) {
    const bool chunked = framing == body_framing::chunked;
    if (bytes > 0) {
        if (chunked) {
            char* const begin = chunk_head_.data();
            char* end = std::to_chars(begin, begin + chunk_head_.size(), bytes, 16).ptr;
            *end++ = '\r';
            *end++ = '\n';
            add({begin, static_cast<std::size_t>(end - begin)});
        }
        if (pieces.size() <= most_pieces) {
            for (const std::string_view piece : pieces) add(piece);
        } else {
            joined_.clear();
            for (const std::string_view piece : pieces) joined_.append(piece);
            add(joined_);
        }
    }
    if (!chunked) return;
    if (bytes > 0)
        add(last ? std::string_view{"\r\n0\r\n\r\n"} : std::string_view{"\r\n"});
    else if (last)
        add("0\r\n\r\n");
}

}  // namespace switchgear::gateway
