// Which mutant is alive, by SWITCHGEAR_MUTANT. With SWITCHGEAR_MUTANTS_REACHED, the name of a file, none
// is, and each test's name is written there with the numbers of the mutants that it reaches.
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "mutant.hpp"

namespace switchgear_mutants {
namespace {

constexpr int most = 20'000;
char reached[most];  // each written by any thread, always with the same value

int from_environment() {
    if (std::getenv("SWITCHGEAR_MUTANTS_REACHED") != nullptr) return -1;
    const char* const number = std::getenv("SWITCHGEAR_MUTANT");
    return number == nullptr ? 0 : std::atoi(number);
}

}  // namespace

int alive = from_environment();

bool note(int number) noexcept {
    __atomic_store_n(&reached[number], 1, __ATOMIC_RELAXED);
    return false;
}

/// Writes what was reached since the last time.
void write_reached(const std::string& test) {
    const char* const file = std::getenv("SWITCHGEAR_MUTANTS_REACHED");
    if (file == nullptr) return;
    std::ofstream out{file, std::ios::app};
    out << test;
    for (int i = 0; i < most; ++i) {
        if (__atomic_exchange_n(&reached[i], 0, __ATOMIC_RELAXED) != 0) out << ' ' << i;
    }
    out << '\n';
}

}  // namespace switchgear_mutants
