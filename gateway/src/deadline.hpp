#pragma once

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <switchgear/time.hpp>

namespace switchgear::gateway {

/// What a session waits for at the most. Several may run at once.
enum class limit : std::uint8_t {
    step,     ///< the present step: a head, a connection, the next piece of an answer
    upload,   ///< the next piece of the request's body
    total,    ///< the request as a whole
    overdue,  ///< after this the call counts as slow
    body      ///< a probe whose client is still sending then says nothing of the service
};
inline constexpr std::size_t limit_count = 5;

/// The time limits of one session on one timer. Setting a limit costs a store and a clock: the timer
/// is armed anew only when it would come too late, and finds out when it fires whether anything is over.
///
/// Lifetime: `finished()` must be awaited before the end.
class deadline {
public:
    struct observer {
        void (*call)(void* whose, limit) = nullptr;
        void* whose = nullptr;
    };
    deadline(boost::asio::io_context& loop, observer who) : timer_{loop}, observer_{who} { at_.fill(never); }
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    /// Empty: no limit. One of a second or more may come early by a tick of the coarse clock.
    void set(limit which, std::optional<std::chrono::milliseconds> from_now);
    /// To the nanosecond.
    void set_at(limit which, time_point at);
    /// `time_point::max()` if there is none.
    time_point at(limit which) const noexcept { return at_[static_cast<std::size_t>(which)]; }
    void clear(limit which) noexcept { at_[static_cast<std::size_t>(which)] = never; }

    /// Ends the timer and awaits that nothing of it is left.
    auto finished() noexcept { return waiting_for_end{*this}; }

private:
    struct waiting_for_end {
        deadline& whose;
        bool await_ready();
        void await_suspend(std::coroutine_handle<> waiting) noexcept { whose.waiting_ = waiting; }
        void await_resume() const noexcept {}
    };
    static constexpr time_point never = time_point::max();

    void arm(time_point at);
    void fired(bool cancelled);

    using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                                    boost::asio::io_context::executor_type>;
    timer timer_;
    observer observer_;
    std::array<time_point, limit_count> at_{};
    time_point armed_for_ = never;
    std::size_t running_ = 0;  // waits that have not come back yet, cancelled ones too
    bool over_ = false;
    std::coroutine_handle<> waiting_;
};

}  // namespace switchgear::gateway
