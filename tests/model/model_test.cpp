// Random histories on the breaker and on the reference model, side by side.
//
//   SWITCHGEAR_MODEL_SEED    the first seed; default: a new one each time, printed
//   SWITCHGEAR_MODEL_STEPS   how many steps in all; default: ten million
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "history.hpp"

namespace switchgear::model {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const given = std::getenv(name);
    return given == nullptr ? otherwise : std::stoull(given);
}

std::uint64_t any_seed() {
    std::random_device device;
    return device();
}

TEST(model, agrees_with_the_breaker_on_random_histories) {
    constexpr std::size_t length = 500;
    const std::uint64_t seed = from_environment("SWITCHGEAR_MODEL_SEED", any_seed());
    const std::uint64_t steps = from_environment("SWITCHGEAR_MODEL_STEPS", 10'000'000);
    std::cout << "SWITCHGEAR_MODEL_SEED=" << seed << " SWITCHGEAR_MODEL_STEPS=" << steps << std::endl;
    for (std::uint64_t i = 0; i * length < steps; ++i) {
        const history h = random_history(seed + i, length);
        if (const auto found = play(h)) {
            const history least = shrunk(h);
            FAIL() << "after " << found->after << " steps they differ: " << found->what << "\nshrunk to "
                   << least.steps.size() << " steps: " << play(least)->what << '\n'
                   << to_text(least);
        }
    }
}

}  // namespace
}  // namespace switchgear::model
