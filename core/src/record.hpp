#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "machine.hpp"

namespace switchgear::detail {

/// A saved state as one line of text, with a version and a checksum over all before it.
std::string write_record(const saved_state&);

/// Returns: nothing if the line is damaged in any character, or of a newer version.
std::optional<saved_state> read_record(std::string_view);

}  // namespace switchgear::detail
