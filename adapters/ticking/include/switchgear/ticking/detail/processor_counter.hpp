#pragma once

#include <cstdint>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <x86intrin.h>

#include <fstream>
#include <string>
#endif

namespace switchgear::ticking::detail {

/// The processor's time-stamp counter, at half of what the system's clock costs, where the system itself tells
/// the time from it: on Linux with x86-64, where the counter runs evenly whatever the processor does (the
/// "invariant TSC" of AMD's and Intel's manuals) and the kernel trusts it to agree between processors (its
/// clock source is "tsc").
struct processor_counter {
#if defined(__x86_64__) && defined(__linux__)
    static bool is_usable() {
        constexpr unsigned power_management = 0x80000007, invariant = 1U << 8U;
        unsigned a{}, b{}, c{}, d{};
        if (__get_cpuid(power_management, &a, &b, &c, &d) == 0 || (d & invariant) == 0) return false;
        std::ifstream file{"/sys/devices/system/clocksource/clocksource0/current_clocksource"};
        std::string source;
        return file >> source && source == "tsc";
    }
    /// Not ordered with what stands beside it: two threads may disagree by what a processor does ahead of time,
    /// some ten nanoseconds.
    std::uint64_t operator()() const noexcept { return __rdtsc(); }
#else
    static bool is_usable() { return false; }
    std::uint64_t operator()() const noexcept { return 0; }
#endif
};

}  // namespace switchgear::ticking::detail
