#include "config_encoding.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

#include <switchgear/utf8.hpp>

namespace switchgear::gateway {
namespace {

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
