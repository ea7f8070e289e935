#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <switchgear/registry.hpp>
#include <switchgear/testing/manual_time.hpp>

#include "watched.hpp"

namespace switchgear::stress {

/// A call that is running. Whoever finds it may end it.
struct running {
    std::shared_ptr<breaker> at;  ///< outlives the permit
    watched* by;                  ///< whose books it is in; null: nobody's
    permit call;
};

/// What all threads share.
class place {
public:
    static constexpr std::size_t most_entries = 24, fewest_entries = 16;

    place();

    testing::manual_time clock;
    registry all;
    std::vector<std::unique_ptr<watched>> them;
    std::atomic<std::uint64_t> evicted{0};  ///< breakers that were not removed and are gone

    /// Puts a call where others find it, or takes one that somebody put there.
    void put(std::mt19937& random, running&& what);
    std::optional<running> take(std::mt19937& random);
    std::vector<running> take_all();

private:
    struct shelf {
        std::mutex mutex;
        std::vector<running> calls;
    };
    std::array<shelf, 16> shelves_;
    subscription listening_;
};

/// Settings of every shape, under which a breaker changes its state every few milliseconds of the clock.
settings any_settings(std::mt19937& random, const freedoms& may);
registry_settings any_registry_settings(std::mt19937& random);

}  // namespace switchgear::stress
