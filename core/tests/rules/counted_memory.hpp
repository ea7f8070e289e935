#pragma once

#include <cstdint>
#include <new>

namespace switchgear::rules {

// What this thread has asked the program's own operator new for (counted_memory.cpp), and given back.
inline constinit thread_local std::uint64_t allocations = 0, bytes = 0, frees = 0;
/// After so many further allocations of this thread there is no memory.
inline constinit thread_local std::uint64_t until_memory_runs_out = ~std::uint64_t{0};

/// Works with so many allocations and no more. Returns: whether they were enough.
bool with_memory_for(std::uint64_t further, const auto& work) {
    until_memory_runs_out = further;
    bool enough = true;
    try {
        work();
    } catch (const std::bad_alloc&) {
        enough = false;
    }
    until_memory_runs_out = ~std::uint64_t{0};
    return enough;
}

}  // namespace switchgear::rules
