#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include <switchgear/ticked_time.hpp>
#include <switchgear/ticking/detail/counter_line.hpp>
#include <switchgear/ticking/detail/processor_counter.hpp>

namespace switchgear::ticking {

/// A ticked_time with a thread of its own that ticks, for programs without an event loop.
///
/// The thread sleeps but for the tick: at the default of a millisecond it takes about a thousandth of a
/// core. On a machine so busy that it does not get its turn within 10 ms, see ticked_time for what that
/// means.
///
/// Where the system tells its own time from the processor's counter (Linux on x86-64, as a rule), the exact form
/// is told from it as well, at half to two thirds of the cost: a tenth of a second after the beginning, and within a
/// microsecond of the system's clock. Elsewhere, with an `exact` of one's own, and while the thread is late, it is
/// `exact`.
///
/// Not across a fork(): the thread stays with the parent; in the child the coarse time stands still, and the end waits
/// for a thread that is not there. A program that forks makes it, and the breakers that use it, in the child.
///
/// Thread safety: as ticked_time. Lifetime: must outlive the breakers that use it; its end waits for the
/// thread, which is at once.
class ticking_time final : public ticked_time {
public:
    static constexpr std::chrono::milliseconds longest{10};

    /// `every`: how often it ticks, in (0, 10 ms].
    /// Throws: std::invalid_argument outside that range; std::system_error if there is no thread to be had.
    explicit ticking_time(duration every = std::chrono::milliseconds{1},
                          const time_source& exact = time_source::steady())
        : ticked_time{exact},
          every_{checked(every)},
          exact_{exact},
          counted_{&exact == &time_source::steady() && detail::processor_counter::is_usable()},
          ticker_{[this](const std::stop_token& stop) { run(stop); }} {}
    ticking_time(const ticking_time&) = delete;
    ticking_time& operator=(const ticking_time&) = delete;
    ~ticking_time() override = default;

    time_point now() const noexcept override {
        return counted_ ? time_point{duration{line_.now(detail::processor_counter{}, steady{})}} : exact_.now();
    }

private:
    struct steady {
        duration::rep operator()() const noexcept {
            return std::chrono::steady_clock::now().time_since_epoch().count();
        }
    };

    static duration checked(duration every) {
        if (every > duration::zero() && every <= longest) return every;
        throw std::invalid_argument{"ticking_time.every: " + std::to_string(every.count()) +
                                    " ns: must be above 0 and at most 10000000 ns (10 ms)"};
    }
    void run(const std::stop_token& stop) {
        std::unique_lock lock{sleep_};
        while (!stop.stop_requested()) {
            wake_.wait_for(lock, stop, every_, [] { return false; });
            if (counted_) line_.steer(detail::processor_counter{}, steady{});
            tick();
        }
    }

    const duration every_;
    const time_source& exact_;
    const bool counted_;  ///< the exact form is told from the processor's counter
    detail::counter_line<> line_;
    std::mutex sleep_;
    std::condition_variable_any wake_;
    std::jthread ticker_;  // last: it uses the others
};

}  // namespace switchgear::ticking
