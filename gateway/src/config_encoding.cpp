#include "config_encoding.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace switchgear::gateway {
namespace {

/// How many bytes the character at the beginning of `rest` has; 0: it is none.
std::size_t character_length(std::string_view rest) {
    const auto byte = [rest](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || rest.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    // Too long for what they say, surrogates, and beyond the last code point.
    const unsigned second = byte(1);
    const bool excluded = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                          (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return excluded ? 0 : length;
}

bool is_forbidden_control(unsigned char byte) {
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
}

}  // namespace

std::optional<bad_character> first_bad_character(std::string_view text) {
    source_position at{1, 1};
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const std::size_t length = character_length(text.substr(i));
        if (length == 0) return bad_character{at, fmt::format("the byte 0x{:02x} is not UTF-8", byte)};
        if (is_forbidden_control(byte)) {
            return bad_character{at, fmt::format("the control character U+{:04X} is not allowed", byte)};
        }
        i += length;
        at.column += static_cast<std::uint32_t>(length);
        if (byte == '\n') at = {at.line + 1, 1};
    }
    return std::nullopt;
}

}  // namespace switchgear::gateway
