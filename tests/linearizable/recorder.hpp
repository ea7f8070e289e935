#pragma once

#include <cstdint>
#include <functional>

#include "history.hpp"

namespace switchgear::linearizable {

/// Runs `runs` histories that follow from the seed, each of two to four threads and up to twelve operations,
/// and a few by one thread afterwards, which show whether a place was lost. `look` is told each; it returns
/// whether to go on.
void record(std::uint64_t seed, std::uint64_t runs, const std::function<bool(std::uint64_t run, const history&)>& look);

}  // namespace switchgear::linearizable
