#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/system/error_code.hpp>

#include <switchgear/breaker.hpp>
#include <switchgear/permit.hpp>
#include <switchgear/time.hpp>

namespace switchgear::asio::detail {

/// Tells a permit that its call is overdue, at each limit that the breaker has for calls in flight. Without such a
/// limit it takes no timer and no memory. The times are the steady clock's, whatever the breaker's clock is.
///
/// Thread safety: it may go off on any thread of the executor; the permit is used under a lock until stop().
/// Lifetime: breaker and permit outlive it.
template <class Executor>
class overdue_timer {
public:
    overdue_timer(const Executor& on, const breaker& by, permit& of) {
        if (!by.slow_limit()) return;
        waiting_ = std::make_shared<waiting>(on, by, of);
        wait(waiting_);
    }
    overdue_timer(const overdue_timer&) = delete;
    overdue_timer& operator=(const overdue_timer&) = delete;
    ~overdue_timer() { stop(); }

    /// Afterwards the permit is the caller's alone.
    void stop() {
        if (!waiting_) return;
        const std::lock_guard lock{waiting_->in_use};
        waiting_->whose = nullptr;
        waiting_->timer.cancel();
    }

private:
    using clock = std::chrono::steady_clock;
    struct waiting {
        waiting(const Executor& on, const breaker& by, permit& of) : timer{on}, limits{by}, whose{&of} {}

        /// Recursive: a listener that is told of the trip may destroy the coroutine, on this very thread.
        std::recursive_mutex in_use;
        boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, Executor> timer;
        const breaker& limits;
        permit* whose;  ///< null once stopped
        const clock::time_point since = clock::now();
    };

    /// Requires: in_use is held, or nobody else knows of it yet.
    static void wait(const std::shared_ptr<waiting>& what) {
        const auto next = what->limits.slow_limit(clock::now() - what->since);
        if (!next) return;
        what->timer.expires_at(what->since + *next);
        what->timer.async_wait([what](const boost::system::error_code&) {
            const std::lock_guard lock{what->in_use};
            if (what->whose == nullptr) return;
            what->whose->overdue();
            if (what->whose != nullptr) wait(what);
        });
    }

    std::shared_ptr<waiting> waiting_;
};

}  // namespace switchgear::asio::detail
