#include <switchgear/simulation/replay.hpp>

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <utility>

#include <switchgear/breaker.hpp>
#include <switchgear/registry.hpp>

#include "replay_clock.hpp"

namespace switchgear::simulation {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t jitter_seed = 1;

registry_settings settings_for(const candidate& of) {
    registry_settings all{.defaults = of.settings, .rules = {}, .max_entries = of.max_keys};
    if (!all.defaults.recovery.jitter_seed) all.defaults.recovery.jitter_seed = jitter_seed;
    return all;
}

/// Keys by their numbers, each counted once.
class key_set {
public:
    void add(std::uint32_t key) {
        if (key >= seen_.size()) seen_.resize(std::max<std::size_t>(key + std::size_t{1}, 2 * seen_.size()));
        if (seen_[key]) return;
        seen_[key] = true;
        ++size_;
    }
    std::uint64_t size() const noexcept { return size_; }

private:
    std::vector<bool> seen_{};
    std::uint64_t size_ = 0;
};

/// The breakers of one candidate, and what they did.
class trial {
public:
    trial(const candidate& of, const replay_clock& clock) : scope_{of.breakers}, breakers_{settings_for(of), clock} {
        if (scope_ == breakers::one) only_ = breakers_.get("");
    }

    std::shared_ptr<breaker> breaker_for(const recorded_call& call, std::string_view key) {
        if (only_) return only_;
        const std::uint64_t overflowed = breakers_.overflowed();
        auto found = breakers_.get(key);
        met_.add(call.key);
        if (breakers_.overflowed() != overflowed) sharing_.add(call.key);
        return found;
    }
    subscription subscribe(std::function<void(const transition&)> listener) {
        return breakers_.subscribe(std::move(listener));
    }
    void count(const recorded_call& call, bool admitted) {
        ++done.calls;
        const bool good = call.how.is_success(), bad = call.how.is_failure();
        if (admitted) {
            ++done.admitted;
            done.admitted_good += good;
            done.admitted_bad += bad;
        } else {
            ++(good ? done.refused_good : bad ? done.refused_bad : done.refused_ignored);
        }
    }

    void moved(const transition& told, recorded_time at) {
        if (told.from == told.to) return;
        now_open& now = not_closed_[std::string{told.name}];
        if (told.from == state::open) done.open_time += at - now.open_since;
        if (told.to == state::open) {
            now.open_since = at;
            ++done.trips;
            if (told.from == state::closed) begin_period(now, told, at);
            if (now.period) ++done.periods[*now.period].trips;
        }
        now.is_open = told.to == state::open;
        if (told.to == state::closed) {
            if (now.period) done.periods[*now.period].end = at;
            not_closed_.erase(std::string{told.name});
        }
    }

    void finish(recorded_time at) {
        for (const auto& [name, now] : not_closed_) {
            if (now.is_open) done.open_time += std::max(at - now.open_since, nanoseconds::zero());
        }
        done.keys = met_.size();
        done.keys_sharing = sharing_.size();
    }

    outcome done{};

private:
    struct now_open {
        bool is_open = false;
        recorded_time open_since{};
        /// Its place in the list, if that was not full.
        std::optional<std::size_t> period{};
    };

    void begin_period(now_open& now, const transition& told, recorded_time at) {
        ++done.opened;
        if (done.periods.size() == outcome::most_periods) return;
        now.period = done.periods.size();
        done.periods.push_back({.key = std::string{told.name},
                                .begin = at,
                                .end = {},
                                .cause = told.cause,
                                .evidence = told.evidence,
                                .trips = 0});
    }

    breakers scope_;
    registry breakers_;
    std::shared_ptr<breaker> only_{};
    key_set met_{}, sharing_{};
    std::unordered_map<std::string, now_open> not_closed_{};
};

/// A call under way with one candidate. The handle is declared first: a permit must not outlive its breaker.
struct under_way {
    std::shared_ptr<breaker> with{};
    std::optional<permit> given{};
    nanoseconds start{}, end{};

    /// When it becomes overdue, or does so once more by another limit; empty if it ends before.
    std::optional<nanoseconds> overdue_after(nanoseconds now) const {
        const auto limit = with->slow_limit(now - start);
        return limit && *limit < end - start ? std::optional{start + *limit} : std::nullopt;
    }
};

/// What happens to a call after its start.
struct happening {
    nanoseconds at;
    std::uint64_t number;  ///< of the call; what happens at the same time happens in this order
    std::uint32_t place;
    std::uint32_t overdue_with;  ///< the candidate with which it becomes overdue
    static constexpr std::uint32_t its_end = UINT32_MAX;

    friend bool operator<(const happening& a, const happening& b) {
        return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
};

}  // namespace

class replay::course {
public:
    course(std::vector<candidate> of, listener told) : candidates_{std::move(of)}, told_{std::move(told)} {
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            trial& one = *trials_.emplace_back(std::make_unique<trial>(candidates_[i], clock_));
            heard_.push_back(one.subscribe([this, i](const transition& seen) {
                const recorded_time at = clock_.recorded(seen.at);
                trials_[i]->moved(seen, at);
                if (told_) told_(i, seen, at);
            }));
        }
    }

    void take(const recorded_call& call, std::string_view key) {
        clock_.begin_at(call.start);
        pass_until(call.start);
        clock_.move_to(call.start);
        const std::uint32_t place = free_place();
        const nanoseconds end = call.start + call.lasts;
        ++number_;
        bool any = false;
        for (std::size_t i = 0; i < trials_.size(); ++i) {
            under_way& mine = running_[place * trials_.size() + i];
            std::shared_ptr<breaker> with = trials_[i]->breaker_for(call, key);
            auto given = with->try_acquire();
            trials_[i]->count(call, given.has_value());
            if (!given) continue;
            any = true;
            mine.with = std::move(with);
            mine.given.emplace(std::move(*given));
            mine.start = call.start;
            mine.end = end;
            watch_for_overdue(call.start, number_, place, static_cast<std::uint32_t>(i));
        }
        if (!any) return free_.push_back(place);
        verdicts_[place] = call.how;
        coming_.push({end, number_, place, happening::its_end});
    }

    void finish() {
        pass_until(nanoseconds::max());
        for (std::size_t i = 0; i < trials_.size(); ++i) trials_[i]->finish(clock_.recorded(clock_.now()));
        gather();
    }

    const std::vector<candidate>& candidates() const noexcept { return candidates_; }
    const std::vector<outcome>& outcomes() const noexcept { return outcomes_; }

private:
    void pass_until(nanoseconds time) {
        while (!coming_.empty() && coming_.top().at <= time) {
            const happening next = coming_.top();
            coming_.pop();
            clock_.move_to(next.at);
            if (next.overdue_with != happening::its_end) {
                running_[next.place * trials_.size() + next.overdue_with].given->overdue();
                watch_for_overdue(next.at, next.number, next.place, next.overdue_with);
            } else {
                settle(next.place);
            }
        }
    }

    void watch_for_overdue(nanoseconds now, std::uint64_t number, std::uint32_t place, std::uint32_t with) {
        if (const auto at = running_[place * trials_.size() + with].overdue_after(now))
            coming_.push({*at, number, place, with});
    }

    void settle(std::uint32_t place) {
        for (std::size_t i = 0; i < trials_.size(); ++i) {
            under_way& mine = running_[place * trials_.size() + i];
            if (mine.given) mine.given->settle(verdicts_[place]);
            mine.given.reset();
            mine.with.reset();
        }
        free_.push_back(place);
    }

    std::uint32_t free_place() {
        if (free_.empty()) {
            verdicts_.push_back(verdict::ignored());
            running_.resize(verdicts_.size() * trials_.size());
            return static_cast<std::uint32_t>(verdicts_.size() - 1);
        }
        const std::uint32_t place = free_.back();
        free_.pop_back();
        return place;
    }

    void gather() {
        outcomes_.clear();
        for (const auto& one : trials_) outcomes_.push_back(one->done);
    }

    std::vector<candidate> candidates_;
    listener told_;
    replay_clock clock_{};
    std::vector<std::unique_ptr<trial>> trials_{};
    std::vector<subscription> heard_{};
    std::uint64_t number_ = 0;
    std::priority_queue<happening> coming_{};
    /// By place: the verdict to come, and one entry for each candidate.
    std::vector<verdict> verdicts_{};
    std::vector<under_way> running_{};
    std::vector<std::uint32_t> free_{};
    std::vector<outcome> outcomes_{};
};

replay::replay(std::vector<candidate> of, listener told)
    : course_{std::make_unique<course>(std::move(of), std::move(told))} {}
replay::~replay() = default;

void replay::take(const recorded_call& call, std::string_view key) { course_->take(call, key); }
void replay::finish() { course_->finish(); }
const std::vector<candidate>& replay::candidates() const noexcept { return course_->candidates(); }
const std::vector<outcome>& replay::outcomes() const noexcept { return course_->outcomes(); }

}  // namespace switchgear::simulation
