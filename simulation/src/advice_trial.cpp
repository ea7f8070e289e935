#include <switchgear/simulation/advice_trial.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace switchgear::simulation {
namespace {

/// As `trip: {adaptive: true}` is read from a file.
settings adaptive_alone() {
    settings chosen;
    chosen.trip.consecutive_failures.reset();
    chosen.trip.failure_ratio.reset();
    chosen.trip.adaptive = adaptive_rule{};
    return chosen;
}

/// Lost to whoever called: refused though good, or let through to fail.
std::uint64_t lost(const outcome& did) { return did.refused_good + did.admitted_bad; }

}  // namespace

bool tried_advice::adaptive_is_better() const noexcept {
    if (adaptive.outages_met < advised.outages_met || adaptive.opened_outside > advised.opened_outside) return false;
    if (any_slow) return adaptive.outages_met > advised.outages_met || adaptive.opened_outside < advised.opened_outside;
    // By a twentieth: less is an accident of when a pause ended.
    return lost(adaptive.did) * 20 < lost(advised.did) * 19;
}

bool tried_advice::advice_does_harm() const noexcept {
    return !any_slow && advised.did.refused_good > advised.did.refused_bad;
}

advice_trial::advice_trial(const history& seen, const advice& given)
    : outages_{seen.outages},
      courses_(2, course{std::vector<bool>(seen.outages.size(), false)}),
      through_{{{.name = "advised", .settings = given.settings}, {.name = "adaptive", .settings = adaptive_alone()}},
               [this](std::size_t which, const transition& told, recorded_time at) { heard(which, told, at); }} {}

void advice_trial::heard(std::size_t which, const transition& told, recorded_time at) {
    using namespace std::chrono_literals;
    if (told.to != state::open || told.from == told.to) return;
    // A call that began in an outage may tell of it when it ends.
    constexpr recorded_time late = 10s;
    course& of = courses_[which];
    const auto after = std::ranges::upper_bound(outages_, at, {}, &outage::begin);
    if (after != outages_.begin() && at <= std::prev(after)->end + late) {
        of.met[static_cast<std::size_t>(std::prev(after) - outages_.begin())] = true;
    } else if (told.from == state::closed) {
        ++of.opened_outside;
    }
}

tried_advice advice_trial::finish() {
    through_.finish();
    tried_advice found;
    const auto gather = [&](std::size_t which) {
        tried_settings one{.did = through_.outcomes()[which], .opened_outside = courses_[which].opened_outside};
        for (std::size_t i = 0; i < outages_.size(); ++i) {
            if (courses_[which].met[i] && !is_left_alone(outages_[i])) ++one.outages_met;
        }
        return one;
    };
    found.advised = gather(0);
    found.adaptive = gather(1);
    for (const outage& one : outages_) {
        if (is_left_alone(one)) continue;
        ++found.outages;
        found.any_slow |= one.slow && one.total.failing_share() < 0.5;
    }
    return found;
}

}  // namespace switchgear::simulation
