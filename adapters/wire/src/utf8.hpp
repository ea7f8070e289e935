#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchgear::wire {

/// The bytes of the character that the text begins with; zero if it is no UTF-8 (RFC 3629). Requires: there is text.
inline std::size_t character_at_front(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return 0;
    }
    // Longer forms than needed, surrogates, and what is beyond U+10FFFF.
    const unsigned next = byte(1);
    const bool refused = (first == 0xE0 && next < 0xA0) || (first == 0xED && next >= 0xA0) ||
                         (first == 0xF0 && next < 0x90) || (first == 0xF4 && next >= 0x90);
    return refused ? 0 : length;
}

/// The text, with U+FFFD for each byte that is no UTF-8: a key may hold any bytes, and JSON with one of
/// them cannot be read.
inline std::string in_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = character_at_front(text);
        out += length == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace switchgear::wire
