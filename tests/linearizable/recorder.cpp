#include "recorder.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include <switchgear/testing/manual_time.hpp>

#include "machine.hpp"
#include "perturbed.hpp"

namespace switchgear::linearizable {

using kind = operation::kind;

namespace {

constexpr std::size_t most_threads = 4;
constexpr std::chrono::milliseconds tick{1};

struct listener {
    std::mutex mutex;
    std::vector<change> heard;

    void told(const detail::moved& m) noexcept {
        const std::lock_guard lock{mutex};
        heard.push_back({m.from, m.to, m.cause, static_cast<int>(m.epoch)});
    }
};

settings settings_of(const rules& by) {
    return {.trip = {.consecutive_failures = {}, .failure_ratio = {}},
            .recovery = {.open_for = by.pause * tick,
                         .backoff = 1,
                         .jitter = 0,
                         .probes = static_cast<std::uint32_t>(by.probes),
                         .successes_to_close = static_cast<std::uint32_t>(by.successes_to_close),
                         .probe_timeout = by.probe_timeout * tick}};
}

/// One breaker, and what its threads do to it. The script of each thread is drawn before they start.
class run {
public:
    explicit run(std::uint64_t seed) : random_{seed} {
        const auto from_to = [&](int least, int most) {
            return least + static_cast<int>(random_() % static_cast<unsigned>(most - least + 1));
        };
        made_.by = {.probes = from_to(1, 3),
                    .successes_to_close = from_to(1, 3),
                    // Beyond 10 ms a refusal may read the cheap clock alone.
                    .probe_timeout = random_() % 3 == 0 ? 14 : 4,
                    .pause = from_to(1, 4)};
        threads_ = static_cast<std::size_t>(from_to(2, 4));
        for (std::size_t t = 0; t < threads_; ++t) {
            gives_way_[t] = std::array{0U, 2U, 5U, 20U}[random_() % 4];
            for (int i = from_to(1, 12 / static_cast<int>(threads_)); i > 0; --i) {
                const auto dice = random_() % 10;
                scripts_[t].push_back({.thread = static_cast<int>(t),
                                       .what = dice < 4   ? kind::acquire
                                               : dice < 6 ? kind::success
                                               : dice < 7 ? kind::failure
                                               : dice < 8 ? kind::ignore
                                                          : kind::advance,
                                       .by = made_.by.probe_timeout > 10 ? from_to(3, 15) : from_to(1, 5)});
            }
        }
        start_ = clock_.now();
        by_ = std::make_shared<const detail::plan>(settings_of(made_.by));
        breaker_.emplace(heard_, by_, seed, detail::in_ticks(clock_.now()));
        (void)breaker_->trip(detail::ticks{0}, detail::in_ticks(clock_.now()));
    }

    void work(std::size_t thread) {
        if (thread >= threads_) return;
        gives_way_once_in = gives_way_[thread];
        for (operation& o : scripts_[thread]) perform(o, held_[thread]);
        gives_way_once_in = 0;
    }

    /// After all threads are done.
    history result() {
        for (int i = 0; i <= made_.by.probes; ++i) {
            operation last{.thread = -1};
            perform(last, held_[0]);
            scripts_[0].push_back(last);
        }
        for (const auto& script : scripts_)
            made_.operations.insert(made_.operations.end(), script.begin(), script.end());
        auto& all = made_.operations;
        std::ranges::sort(all, {}, &operation::began);
        // Verdicts name their call by when it began, until here.
        for (operation& o : all) {
            if (o.of < 0) continue;
            o.of = static_cast<int>(std::ranges::find(all, o.of, &operation::began) - all.begin());
        }
        made_.told = heard_.heard;
        std::ranges::sort(made_.told, {}, &change::epoch);
        snapshot seen;
        breaker_->observe(seen, detail::in_ticks(clock_.now()));
        made_.state_at_the_end = seen.current;
        made_.at_the_end = {static_cast<int>(seen.totals.successes), static_cast<int>(seen.totals.failures),
                            static_cast<int>(seen.totals.ignored), static_cast<int>(seen.totals.late)};
        return made_;
    }

private:
    struct held {
        detail::grant given;
        int began;
    };

    void perform(operation& o, std::vector<held>& mine) {
        // Who holds no call asks for one instead of ending it.
        const bool ends_one = o.what != kind::acquire && o.what != kind::advance;
        if (ends_one && mine.empty()) o.what = kind::acquire;
        o.began = tickets_++;
        switch (o.what) {
            case kind::advance: clock_.advance(o.by * tick); break;
            case kind::acquire: acquire(o, mine); break;
            case kind::success: return end(o, mine, verdict::success());
            case kind::failure: return end(o, mine, verdict::failure());
            case kind::ignore: return end(o, mine, verdict::ignored());
        }
        o.ended = tickets_++;
    }
    void acquire(operation& o, std::vector<held>& mine) {
        detail::grant given;
        const detail::answer got = breaker_->acquire(clock_, given);
        if (got.admitted()) {
            o.got = operation::answer::admitted;
            o.epoch = static_cast<int>(given.epoch);
            mine.push_back({given, o.began});
        } else {
            const bool open = got.why == reject_reason::open;
            o.got = open ? operation::answer::open : operation::answer::probes_busy;
        }
    }
    void end(operation& o, std::vector<held>& mine, verdict how) {
        const held call = mine.front();
        mine.erase(mine.begin());
        o.of = call.began;
        breaker_->settle(call.given, how, clock_);
        o.ended = tickets_++;
    }

    std::mt19937_64 random_;
    history made_{};
    std::size_t threads_ = 0;
    std::array<std::uint32_t, most_threads> gives_way_{};
    std::array<std::vector<operation>, most_threads> scripts_{};
    std::array<std::vector<held>, most_threads> held_{};
    testing::manual_time clock_;
    time_point start_;
    listener heard_;
    std::shared_ptr<const detail::plan> by_;
    std::optional<detail::machine<perturbed, listener>> breaker_;
    std::atomic<int> tickets_{0};
};

}  // namespace

void record(std::uint64_t seed, std::uint64_t runs, const std::function<bool(std::uint64_t, const history&)>& look) {
    std::optional<run> present;
    bool over = false;
    std::barrier together{most_threads};
    const auto work = [&](std::size_t thread) {
        for (;;) {
            together.arrive_and_wait();
            if (over) return;
            present->work(thread);
            together.arrive_and_wait();
        }
    };
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < most_threads; ++t) others.emplace_back(work, t);
    for (std::uint64_t i = 0; i < runs && !over; ++i) {
        present.emplace(seed * 0x9e3779b97f4a7c15 + i);
        together.arrive_and_wait();
        present->work(0);
        together.arrive_and_wait();
        if (!look(i, present->result())) break;
    }
    over = true;
    together.arrive_and_wait();
}

}  // namespace switchgear::linearizable
