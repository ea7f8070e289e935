#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <switchgear/settings.hpp>
#include <switchgear/time.hpp>

namespace switchgear::model {

/// What a user, an operator or the clock does next. The numbers are taken modulo what there is, so any
/// part of a history is a history too: that is what lets it shrink.
struct step {
    enum class kind : std::uint8_t {
        acquire,
        succeed,
        fail,
        give_up,
        trip_verdict,
        overdue,
        answered,
        advance,
        suspend,
        order_reset,
        order_trip,
        force_open,
        force_closed,
        lift,
        end_pause,
        extend_pause,
        save,
        restore,
        apply
    };
    kind what;
    std::uint32_t a, b;
};

/// Settings and steps that follow from one seed. All times are multiples of `tick`, chosen so that no
/// verdict is ever of an age at which the contract leaves open whether it counts (rule 8).
struct history {
    std::uint64_t seed = 0;
    switchgear::settings settings{};
    duration tick{};
    std::vector<step> steps{};
};

history random_history(std::uint64_t seed, std::size_t length);

/// Other thresholds and numbers for the same kind of window (and the same span).
settings reloaded(const settings&, std::uint32_t choice);

/// Plays it on a breaker and on the reference.
/// Returns: how they differ, and after how many steps; nothing if they agree.
struct difference {
    std::size_t after;
    std::string what;
};
std::optional<difference> play(const history&);

/// The shortest history found that still differs.
history shrunk(history);

std::string to_text(const history&);

}  // namespace switchgear::model
