#pragma once

#include <optional>
#include <vector>

#include "history.hpp"

namespace switchgear::linearizable {

/// An order of a history's operations that the model allows, or nothing if there is none: the operations
/// by their numbers, in the order in which they ended in the model.
///
/// Requires: at most `most_operations`.
std::optional<std::vector<int>> find_order(const history&);

}  // namespace switchgear::linearizable
