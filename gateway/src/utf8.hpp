#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// For text that goes into JSON: what clients send as paths and headers may be anything.
namespace switchgear::gateway {

/// U+FFFD, which stands for what is not UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Bytes of the character that `text` begins with; 0 if it begins with none. Requires: it is not empty.
std::size_t character_length(std::string_view text) noexcept;

/// The text with U+FFFD in place of every byte that is not part of UTF-8.
std::string as_utf8(std::string_view text);

}  // namespace switchgear::gateway
