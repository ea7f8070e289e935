// One breaker for each shard: the shard that is down is cut off, the others go on. The registry makes
// breakers on first use, gives them settings by pattern, and reports the transitions of all.

#include <array>
#include <cstddef>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <switchgear/switchgear.hpp>

namespace {

constexpr std::size_t shard_count = 4;
constexpr std::size_t broken_shard = 2;

/// A database in four shards, one of which has lost its disk.
struct database {
    std::array<int, shard_count> queries{};

    std::string row(std::size_t key) {
        const std::size_t shard = key % shard_count;
        ++queries[shard];
        if (shard == broken_shard) throw std::runtime_error{"disk failed"};
        return "row " + std::to_string(key);
    }
};

std::string shard_of(std::size_t key) { return "db/shard-" + std::to_string(key % shard_count); }

}  // namespace

int main() {
    database db;
    switchgear::registry breakers{{
        .rules = {{.pattern = "db/*", .settings = {.trip = {.consecutive_failures = 3}}}},
        .max_entries = 100,
    }};
    int opened = 0;
    const switchgear::subscription log = breakers.subscribe([&](const switchgear::transition& change) {
        std::cout << change.name << ": " << to_string(change.from) << " -> " << to_string(change.to) << " ("
                  << to_string(change.cause) << ", " << change.evidence.failures << " failures)\n";
        if (change.to == switchgear::state::open) ++opened;
    });

    int rows = 0, failed = 0, refused = 0;
    for (std::size_t key = 0; key < 100; ++key) {
        // Held for the length of the call: a permit must not outlive its breaker.
        const std::shared_ptr<switchgear::breaker> shard = breakers.get(shard_of(key));
        try {
            const auto row = shard->call([&] { return db.row(key); });
            ++(row ? rows : refused);
        } catch (const std::runtime_error&) {
            ++failed;
        }
    }

    std::cout << rows << " rows, " << failed << " failures, " << refused << " refused; " << breakers.size()
              << " breakers\n";
    return rows == 75 && failed == 3 && refused == 22 && opened == 1 && db.queries[broken_shard] == 3 &&
                   breakers.size() == shard_count
               ? 0
               : 1;
}
