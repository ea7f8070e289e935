#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include <switchgear/event.hpp>
#include <switchgear/state.hpp>

namespace switchgear::linearizable {

/// The numbers of one run. Times are in milliseconds of its clock, which begins at 0.
struct rules {
    int probes = 1, successes_to_close = 1, probe_timeout = 4, pause = 3;
};

/// What one thread did, from `began` to `ended` in the order of all beginnings and ends.
struct operation {
    enum class kind : std::uint8_t { acquire, success, failure, ignore, advance };
    enum class answer : std::uint8_t { none, admitted, open, probes_busy };

    int thread = 0;
    kind what = kind::acquire;
    int of = -1;  ///< of a verdict: the operation that was admitted
    int by = 0;   ///< of advance
    int began = 0, ended = 0;
    answer got = answer::none;
    int epoch = 0;  ///< of an admitted one
};

/// A change of state, as it was told.
struct change {
    state from, to;
    switchgear::cause cause;
    int epoch;
    friend bool operator==(const change&, const change&) = default;
};

struct totals {
    int successes = 0, failures = 0, ignored = 0, late = 0;
    friend auto operator<=>(const totals&, const totals&) = default;
};

/// A breaker that is open, with its pause over, and what became of it.
struct history {
    rules by;
    std::vector<operation> operations{};
    std::vector<change> told{};  ///< in the order of their epochs; the first is after epoch 1
    totals at_the_end{};
    state state_at_the_end = state::open;
};

std::ostream& operator<<(std::ostream&, const history&);

}  // namespace switchgear::linearizable
