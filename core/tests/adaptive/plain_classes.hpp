#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include <switchgear/verdict.hpp>

#include "plain.hpp"

namespace switchgear::adaptive::testing {

/// Evidence by single classes of failure, each with a detector of its own for its share of what is expected.
struct plain_classes {
    struct one {
        plain_evidence says{};
        double aimed_at = 0;
        std::uint64_t calls = 0;  // how far it has seen
        std::int64_t elapsed = 0;
    };
    std::array<one, failure_class_count> all{};
    std::array<double, failure_class_count> seen{}, held{};

    double share_of(failure_class of) const {
        double sum = 0;
        for (const double count : seen) sum += count;
        return (seen[static_cast<std::size_t>(of)] + 1) / (sum + 2);
    }
    void add(failure_class of, double expected, double base, std::uint64_t calls, std::int64_t elapsed, double rate,
             double care) {
        one& it = all[static_cast<std::size_t>(of)];
        const double normal = std::max(1e-5, base * share_of(of));
        if (it.aimed_at == 0 || std::abs(normal / it.aimed_at - 1) > 0.02) {
            it.aimed_at = normal;
            it.says.aim(care, normal);
        }
        // The time since is shared out among the good calls and this one.
        const double u = rate * static_cast<double>(elapsed - it.elapsed) / static_cast<double>(calls - it.calls + 1);
        for (; it.calls < calls; ++it.calls) it.says.good(normal, u);
        it.says.bad(std::max(normal, expected * share_of(of)), u);
        ++it.calls;
        it.elapsed = elapsed;
        held[static_cast<std::size_t>(of)] += 1;
    }
    void catch_up(std::uint64_t calls, std::int64_t elapsed, double rate) {
        for (one& it : all) {
            if (it.says.value() == 0 || it.calls >= calls) continue;
            const double u = rate * static_cast<double>(elapsed - it.elapsed) / static_cast<double>(calls - it.calls);
            for (; it.calls < calls; ++it.calls) it.says.good(it.aimed_at, u);
            it.elapsed = elapsed;
        }
    }
    void aim_anew() {
        for (one& it : all) it.aimed_at = 0;
    }
    double value(failure_class of) const { return all[static_cast<std::size_t>(of)].says.value(); }
    void commit() {
        double sum = 0;
        for (std::size_t k = 0; k < failure_class_count; ++k) {
            seen[k] += held[k];
            sum += seen[k];
        }
        held = {};
        if (sum >= 4'000) {
            for (double& count : seen) count /= 2;
        }
    }
    void drop() { held = {}; }
    void restart() {
        for (one& it : all) it.says.sums = {};
    }
};

}  // namespace switchgear::adaptive::testing
