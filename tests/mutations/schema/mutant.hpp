#pragma once

// Included before everything else of an instrumented file: which mutant is alive.

#include <type_traits>

namespace switchgear_mutants {

extern int alive;                // its number; 0: none; -1: none, and the reached ones are noted
bool note(int number) noexcept;  // false

inline bool on(int number) noexcept {
    return __builtin_expect(alive != 0, 1) && (alive == number || (alive < 0 && note(number)));
}
/// For functions that the compiler may evaluate: there nothing is mutated.
constexpr bool on_at_run_time(int number) noexcept {
    if (std::is_constant_evaluated()) return false;
    return on(number);
}

}  // namespace switchgear_mutants
