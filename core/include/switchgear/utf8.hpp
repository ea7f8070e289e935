#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// For whoever shows text: names, keys and reasons may hold any bytes, and JSON or a scrape with one that is no UTF-8
/// (RFC 3629) cannot be read.
namespace switchgear {

/// U+FFFD, which stands for what is not UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Bytes of the character that the text begins with; 0 if it begins with none. Requires: it is not empty.
std::size_t character_length(std::string_view text) noexcept;

/// The text with U+FFFD in place of every byte that is not part of UTF-8.
std::string as_utf8(std::string_view text);

}  // namespace switchgear
