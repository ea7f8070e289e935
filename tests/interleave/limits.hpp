#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace switchgear::interleave {

enum class memory : std::uint8_t {
    sequential,  ///< a load returns the newest store
    weak,        ///< … or an older one that the memory orders allow
};

struct limits {
    interleave::memory memory = memory::sequential;
    std::uint32_t older = 1;                  ///< weak: how many stores a load may lag behind
    std::uint32_t stale_reads = 1;            ///< weak: how many loads of one execution may return an older store
    std::optional<std::uint32_t> switches{};  ///< away from threads that could go on, in one execution
    std::uint64_t executions = ~std::uint64_t{0};
    bool reduce = true;            ///< false: every two operations count as dependent, and every order is tried
    std::uint32_t steps = 20'000;  ///< of one execution: beyond is a livelock
};

struct report {
    std::uint64_t executions = 0;
    std::uint64_t repetitions = 0;  ///< of them: found to repeat another one
    std::uint32_t longest = 0;      ///< steps
    bool complete = false;          ///< nothing is left to try
    std::string failure;            ///< empty: none
    std::string schedule;           ///< of the failure
};

}  // namespace switchgear::interleave
