#pragma once

#include <cstdio>
#include <cstdlib>

namespace switchgear::fuzz {

/// Stops the program, which libFuzzer takes for a finding. In every build mode, unlike an assertion.
inline void must(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

}  // namespace switchgear::fuzz
