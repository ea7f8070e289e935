#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

struct bad_character {
    source_position at;
    std::string message;
};

/// The first byte that is no UTF-8, or a control character that YAML does not allow. The parser would
/// take some of them for the end of the text and silently leave out the rest.
std::optional<bad_character> first_bad_character(std::string_view text);

}  // namespace switchgear::gateway
