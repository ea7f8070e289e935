#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "period.hpp"

namespace switchgear::detail {

/// Admits a growing share of the arrivals evenly (rule 22), by error diffusion: each arrival adds the
/// share of the moment to an account, and is admitted when the account passes a whole number. So among
/// any k arrivals the admitted differ from the sum of their shares by less than one, without dice.
///
///     epoch:16 | arrivals:16 | account:32 (the fraction only)
///
/// A word of another epoch is an account that admits the first arrival; a thread that stalled over a change
/// of epoch never writes over a later account (`still_wanted`). Arrivals are counted for the
/// estimate of how long until the next admission, and stop at 65,535.
template <class Atomics>
class ramp {
public:
    struct answer {
        bool over = false;  ///< not wanted any more: the rest says nothing
        bool admitted = false;
        ticks next_admission = 0;  ///< refused: the time to the next admission, as arrivals have come so far
    };

    /// The share at `elapsed` of a ramp that takes `over`, linear from `from` to 1.
    static double share_at(ticks elapsed, ticks over, double from) noexcept {
        const double done = std::clamp(static_cast<double>(elapsed) / static_cast<double>(over), 0.0, 1.0);
        return from + (1.0 - from) * done;
    }

    /// `still_wanted` is asked after each look and before each attempt.
    template <class StillWanted>
    answer arrive(std::uint64_t epoch, double share, ticks elapsed, const StillWanted& still_wanted) noexcept {
        const auto step = static_cast<std::uint64_t>(share * static_cast<double>(whole));
        // acquire: pairs with the exchange of a later epoch's arrival, so that still_wanted() sees that epoch.
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        for (;;) {
            if (!still_wanted()) return {.over = true};
            const bool fresh = (seen >> 48) != (epoch & 0xffff);
            const std::uint64_t account = (fresh ? whole - step : seen & (whole - 1)) + step;
            const std::uint64_t arrivals = std::min<std::uint64_t>(fresh ? 1 : ((seen >> 32) & 0xffff) + 1, 0xffff);
            const std::uint64_t next = ((epoch & 0xffff) << 48) | (arrivals << 32) | (account & (whole - 1));
            // acq_rel: pairs with the acquire above, and where an exchange failed.
            if (!word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) {
                continue;
            }
            if (account >= whole) return {.admitted = true};
            const double missing =
                static_cast<double>(whole - account) / static_cast<double>(std::max<std::uint64_t>(step, 1));
            const double gap = static_cast<double>(elapsed) / static_cast<double>(arrivals);
            return {.next_admission = std::max<ticks>(static_cast<ticks>(missing * gap), 1)};
        }
    }

private:
    static constexpr std::uint64_t whole = std::uint64_t{1} << 32;

    typename Atomics::template atom<std::uint64_t> word_{std::numeric_limits<std::uint64_t>::max()};
};

}  // namespace switchgear::detail
