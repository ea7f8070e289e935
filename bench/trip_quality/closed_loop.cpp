#include "closed_loop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include <switchgear/breaker.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace switchgear::trip_quality {
namespace {

constexpr double demand = 700, give_up_after = 0.5, longest_retry_wait = 0.1;
constexpr int attempts_per_call = 3;
constexpr std::size_t workers = 20, longest_queue = 2'000;
constexpr double service_time = 0.02, cold_factor = 3, warming = 3'000;
constexpr double health = 60, after = 180;

/// Seconds of one call in a service that has served so many.
double time_of_one(double served, bool cold) {
    return service_time * (cold ? 1 + cold_factor * std::exp(-served / warming) : 1);
}

/// One try of one call.
struct attempt {
    std::uint32_t client = 0;
    int left = 0;  ///< tries after this one
    double arrived = 0;
    std::optional<switchgear::permit> permit{};
    bool in_service = false;  ///< the service still has it
    bool timed = false;       ///< its time to be given up is still to come
};

/// Counts by the second, and keeps the most.
struct busiest_second {
    void count(double since, double& most) {
        if (since < 0) return;
        if (std::floor(since) != second) second = std::floor(since), so_far = 0;
        most = std::max(most, ++so_far);
    }
    double second = -1, so_far = 0;
};

class world {
public:
    explicit world(const closed_loop& of) : of_{of}, random_{of.seed} {
        const double length = 60 * std::uniform_real_distribution<double>{0.6, 1.4}(random_);
        outage_begins_ = health;
        outage_ends_ = health + length;
        end_ = outage_ends_ + after;
        for (std::uint32_t i = 0; i < of.clients; ++i) {
            settings own = of.of_each;
            own.recovery.jitter_seed = of.seed * 1'000 + i;
            breakers_.push_back(std::make_unique<breaker>("client", own, clock_));
        }
    }

    aftermath live() {
        double next_arrival = draw_gap();
        bool down = false;
        while (now_ < end_) {
            const double timeout = given_up_.empty() ? end_ : given_up_.front().first;
            const double due = events_.empty() ? end_ : events_.top().at;
            const double break_down = down ? end_ : outage_begins_;
            const double next = std::min({next_arrival, timeout, due, break_down, end_});
            advance_to(next);
            if (next == break_down) {
                if (!std::exchange(down, true)) go_down();
            } else if (next == next_arrival) {
                next_arrival = now_ + draw_gap();
                arrive();
            } else if (next == timeout) {
                const std::size_t which = given_up_.front().second;
                given_up_.pop_front();
                time_out(which);
            } else if (next == due) {
                const auto what = events_.top();
                events_.pop();
                what.finishes ? finish(what.which) : again(what.which);
            }
        }
        found_.relapsed = answered_late_ < 0.9 * arrived_late_;
        return found_;
    }

private:
    struct event {
        double at;
        std::size_t which;
        bool finishes;  ///< a worker; else a retry begins
        friend bool operator>(const event& a, const event& b) { return a.at > b.at; }
    };

    bool is_down() const { return now_ >= outage_begins_ && now_ < outage_ends_; }
    double draw_gap() { return std::exponential_distribution<double>{demand}(random_); }
    void advance_to(double to) {
        const auto ticks = static_cast<duration::rep>(to * 1e9);
        clock_.advance(duration{ticks - at_});
        at_ = ticks;
        now_ = to;
    }
    bool counts_as_lost(double arrived) const { return arrived >= outage_ends_; }
    bool is_late(double arrived) const { return arrived >= outage_ends_ + 120; }

    std::size_t make(attempt one) {
        if (free_.empty()) {
            attempts_.push_back(std::move(one));
            return attempts_.size() - 1;
        }
        const std::size_t which = free_.back();
        free_.pop_back();
        attempts_[which] = std::move(one);
        return which;
    }
    void arrive() {
        const auto client = static_cast<std::uint32_t>(random_() % of_.clients);
        if (is_late(now_)) ++arrived_late_;
        demanded_.count(now_ - outage_ends_, found_.demand_peak);
        begin(make({.client = client, .left = attempts_per_call - 1, .arrived = now_}));
    }
    void again(std::size_t which) { begin(which); }

    void begin(std::size_t which) {
        attempt& one = attempts_[which];
        auto admitted = breakers_[one.client]->try_acquire();
        if (!admitted) return lose(which);
        one.permit.emplace(std::move(*admitted));
        note_offered();
        if (is_down()) return fail(which, failure_class::unreachable);
        if (queue_.size() >= longest_queue) return fail(which, failure_class::overloaded);
        one.in_service = one.timed = true;
        given_up_.emplace_back(now_ + give_up_after, which);
        queue_.push_back(which);
        work();
    }
    void work() {
        while (busy_ < workers && !queue_.empty()) {
            const std::size_t which = queue_.front();
            queue_.pop_front();
            ++busy_;
            const double spread = std::uniform_real_distribution<double>{0.8, 1.2}(random_);
            events_.push({now_ + spread * time_of_one(served_, of_.cold && now_ >= outage_ends_), which, true});
        }
    }
    void finish(std::size_t which) {
        --busy_;
        ++served_;
        attempt& one = attempts_[which];
        one.in_service = false;
        if (one.permit) {
            one.permit->success();
            one.permit.reset();
            if (is_late(one.arrived)) ++answered_late_;
        }
        forget(which);
        work();
    }
    void time_out(std::size_t which) {
        attempt& one = attempts_[which];
        one.timed = false;
        if (one.permit) {
            // The service goes on with what nobody waits for; the client tries again.
            one.permit->failure(failure_class::timeout);
            one.permit.reset();
            retry_or_lose(make({.client = one.client, .left = one.left, .arrived = one.arrived}));
        }
        forget(which);
    }
    void forget(std::size_t which) {
        const attempt& one = attempts_[which];
        if (!one.in_service && !one.timed) free_.push_back(which);
    }
    /// At once, before the service took it.
    void fail(std::size_t which, failure_class with) {
        attempts_[which].permit->failure(with);
        attempts_[which].permit.reset();
        retry_or_lose(which);
    }
    void retry_or_lose(std::size_t which) {
        attempt& one = attempts_[which];
        if (one.left-- == 0) return lose(which);
        events_.push({now_ + std::uniform_real_distribution<double>{0, longest_retry_wait}(random_), which, false});
    }
    void lose(std::size_t which) {
        if (counts_as_lost(attempts_[which].arrived)) ++found_.lost;
        free_.push_back(which);
    }
    /// The service loses what it was working on; connections break.
    void go_down() {
        served_ = 0;
        std::vector<std::size_t> broken{queue_.begin(), queue_.end()};
        queue_.clear();
        std::priority_queue<event, std::vector<event>, std::greater<>> kept;
        for (; !events_.empty(); events_.pop()) {
            if (events_.top().finishes) {
                broken.push_back(events_.top().which);
            } else {
                kept.push(events_.top());
            }
        }
        events_ = std::move(kept);
        busy_ = 0;
        // Each is told by its own timeout: the service has vanished without a word.
        for (const std::size_t which : broken) attempts_[which].in_service = false, forget(which);
    }
    void note_offered() {
        if (is_down()) ++found_.sent_into_outage;
        offered_.count(now_ - outage_ends_, found_.peak);
    }

    const closed_loop& of_;
    std::mt19937_64 random_;
    testing::manual_time clock_;
    duration::rep at_ = 0;
    double now_ = 0, outage_begins_ = 0, outage_ends_ = 0, end_ = 0;
    std::vector<std::unique_ptr<breaker>> breakers_;
    std::deque<attempt> attempts_;
    std::vector<std::size_t> free_;
    std::deque<std::size_t> queue_;
    std::size_t busy_ = 0;
    double served_ = 0;
    std::deque<std::pair<double, std::size_t>> given_up_;
    std::priority_queue<event, std::vector<event>, std::greater<>> events_;
    busiest_second offered_, demanded_;
    double arrived_late_ = 0, answered_late_ = 0;
    aftermath found_;
};

}  // namespace

aftermath run(const closed_loop& of) { return world{of}.live(); }

double unavoidable_loss() {
    double served = 0, lost = 0;
    constexpr double step = 1e-3;
    for (;;) {
        const double capacity = static_cast<double>(workers) / time_of_one(served, true);
        if (capacity >= demand) return lost;
        served += capacity * step;
        lost += (demand - capacity) * step;
    }
}

}  // namespace switchgear::trip_quality
