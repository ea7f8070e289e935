#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <switchgear/verdict.hpp>

#include "evidence.hpp"
#include "numbers.hpp"

namespace switchgear::adaptive {

/// Evidence by single classes of failure: a class that hardly ever occurs in health says more than one
/// that is common, and the learned share of each is its weight.
///
/// What is expected of a class is what is expected of any failure, bursts and all, times its share.
class class_evidence {
public:
    /// A failure of this class. `calls` and `elapsed` are of all calls up to it, without it; `expected` is of
    /// any failure here, `base` without regard to the recent past; `rate` makes time into budget.
    void add(failure_class of, double expected, double base, std::uint64_t calls, std::int64_t elapsed, double rate,
             double care) noexcept {
        const auto k = static_cast<std::size_t>(of);
        one& it = all_[k];
        const double share = share_of(k);
        const double normally = std::max(least, base * share);
        if (std::abs(normally - it.aimed_at) > 0.02 * it.aimed_at) {
            it.aimed_at = normally;
            it.says.aim(care, normally);
        }
        const std::uint64_t good = calls - it.calls;
        const double budget = rate * static_cast<double>(elapsed - it.elapsed) / static_cast<double>(good + 1);
        // Less than what the recent past lets expect, and so less evidence than there may be.
        it.says.pass_good(normally, good, budget);
        it.says.add_bad(std::max(normally, expected * share), budget);
        it.calls = calls + 1;
        it.elapsed = elapsed;
        held_[k] += 1;
    }

    /// Good calls and time, for what evidence there is: so it fades though its class never fails again. As in add().
    void catch_up(std::uint64_t calls, std::int64_t elapsed, double rate) noexcept {
        for (one& it : all_) {
            const std::uint64_t good = calls - it.calls;
            if (!(it.says.value() > 0) || calls <= it.calls) continue;
            it.says.pass_good(it.aimed_at, good,
                              rate * static_cast<double>(elapsed - it.elapsed) / static_cast<double>(good));
            it.calls = calls;
            it.elapsed = elapsed;
        }
    }
    /// Each class takes its aim again when it next fails.
    void aim_anew() noexcept {
        for (one& it : all_) it.aimed_at = 0;
    }

    double value(failure_class of) const noexcept { return all_[static_cast<std::size_t>(of)].says.value(); }

    void commit() noexcept {
        double sum = 0;
        for (std::size_t k = 0; k < failure_class_count; ++k) sum += seen_[k] += held_[k];
        held_.fill(0);
        if (sum < remembered) return;
        for (double& count : seen_) count /= 2;
    }
    void drop() noexcept { held_.fill(0); }
    void restart() noexcept {
        for (one& it : all_) it.says.clear();
    }

    void save(learned& to) const { to.numbers.insert(to.numbers.end(), seen_.begin(), seen_.end()); }
    void restore(number_reader& from) {
        for (double& count : seen_) count = from.next(0, 1e15);
        for (one& it : all_) it = {};
        drop();
    }

private:
    static constexpr double least = 1e-5;
    static constexpr double remembered = 4'000;  ///< failures; of more the older half counts half

    struct one {
        evidence says{};
        double aimed_at = 0;
        std::uint64_t calls = 0;
        std::int64_t elapsed = 0;
    };

    /// Of all failures; what never occurred counts as having occurred once.
    double share_of(std::size_t k) const noexcept {
        double sum = 0;
        for (const double count : seen_) sum += count;
        return (seen_[k] + 1) / (sum + 2);
    }

    std::array<one, failure_class_count> all_{};
    std::array<double, failure_class_count> seen_{}, held_{};
};

}  // namespace switchgear::adaptive
