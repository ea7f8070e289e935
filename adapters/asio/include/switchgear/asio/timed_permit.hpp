#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/system/error_code.hpp>

#include <switchgear/permit.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::asio::detail {

/// A permit, and a timer that tells it that its call is overdue, at each limit that the breaker has for calls in
/// flight. Without such a limit it takes no timer and no memory. The times are the steady clock's, whatever the
/// breaker's clock is.
///
/// Two threads at once, and neither waits
///
/// Telling may run listeners, who may do anything: wait for another thread of the executor, call the breaker, end this
/// very call. So no lock is held meanwhile, and a verdict that comes then does not wait for the end: it is left, and
/// the timer's thread settles with it when it has told. The permit is thus used by one thread at a time:
///
/// | stage | the permit and the timer belong to | next |
/// |---|---|---|
/// | idle | nobody: a wait is pending, or there is none any more | telling, by the timer; over, by the verdict |
/// | telling | the timer's thread | idle, when it has told; again, by the timer; left, by the verdict |
/// | again | the same; the next limit was reached meanwhile | telling; left, by the verdict |
/// | left | the same, which settles and is the last | – |
/// | over | the call's thread, which settles and is the last | – |
///
/// Every change is one compare-and-exchange, so one of two that come at the same time is the first. Of a verdict and
/// the timer: after the verdict the timer finds *over* and touches nothing; after the timer the verdict finds *telling*
/// and is left. Of a verdict and the end of telling: after the verdict that end finds *left* and settles; after the end
/// the verdict finds *idle* and settles on its own. At most one wait is pending, and only the owner of the timer begins
/// or cancels one. A frame that is destroyed gives its verdict like any other: ignored.
///
/// Thread safety: as of its coroutine; the timer may go off on any thread of the executor.
/// Lifetime: `Handle` points to the breaker and keeps it as long as the timer tells, if it is a shared_ptr.
template <class Handle, class Executor>
class timed_permit {
public:
    timed_permit(const Executor& on, const Handle& by, permit given) : granted_{std::move(given)} {
        if (!by->slow_limit()) return;
        in_flight_ = std::make_shared<call_in_flight>(on, by, std::move(granted_));
        wait(in_flight_);
    }
    timed_permit(const timed_permit&) = delete;
    timed_permit& operator=(const timed_permit&) = delete;
    ~timed_permit() {
        if (in_flight_) settle(verdict::ignored());
    }

    /// Settles now, or as soon as the timer, which is just telling, has told.
    void settle(verdict how) {
        if (!in_flight_) return granted_.settle(how);
        const auto call = std::exchange(in_flight_, nullptr);
        call->left = how;
        // Pairs with the exchanges of the timer's thread: from *idle* on, what it did with the permit is seen here, and
        // from *left* on it sees the verdict.
        auto seen = stage::idle;
        while (!call->now.compare_exchange_weak(seen, seen == stage::idle ? stage::over : stage::left)) {
        }
        if (seen == stage::idle) call->end();
    }

private:
    using clock = std::chrono::steady_clock;
    enum class stage : unsigned char { idle, telling, again, left, over };

    struct call_in_flight {
        call_in_flight(const Executor& on, const Handle& of, permit given)
            : timer{on}, by{of}, granted{std::move(given)} {}

        /// Requires: left or over, and the permit is the caller's.
        void end() {
            timer.cancel();
            granted.settle(left);
            by = nullptr;  // the cancelled wait holds this for a while, and need not hold the breaker
        }

        std::atomic<stage> now = stage::idle;
        boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, Executor> timer;
        Handle by;
        permit granted;  // destroyed before its breaker
        verdict left = verdict::ignored();
        const clock::time_point since = clock::now();
    };

    /// Requires: the timer is the caller's.
    static void wait(const std::shared_ptr<call_in_flight>& call) {
        const auto next = call->by->slow_limit(clock::now() - call->since);
        if (!next) return;
        call->timer.expires_at(call->since + *next);
        call->timer.async_wait([call](const boost::system::error_code&) { went_off(call); });
    }

    static void went_off(const std::shared_ptr<call_in_flight>& call) {
        auto seen = stage::idle;
        while (seen != stage::left && seen != stage::over) {
            const auto next = seen == stage::idle ? stage::telling : stage::again;
            if (!call->now.compare_exchange_weak(seen, next)) continue;
            if (next == stage::telling) tell(call);
            return;
        }
    }

    /// Requires: telling. Without memory for the next wait the program ends, as in the core.
    static void tell(const std::shared_ptr<call_in_flight>& call) noexcept {
        for (;;) {
            call->granted.overdue();
            wait(call);
            auto seen = stage::telling;
            if (call->now.compare_exchange_strong(seen, stage::idle)) return;
            if (seen == stage::again && call->now.compare_exchange_strong(seen, stage::telling)) continue;
            return call->end();
        }
    }

    permit granted_;  // until there is a timer
    std::shared_ptr<call_in_flight> in_flight_;
};

}  // namespace switchgear::asio::detail
