#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <optional>

#include "gather.hpp"
#include "task.hpp"
#include "upstream_connection.hpp"

namespace switchgear::gateway {

class client_session;

/// Sends what the first write did not take of a request's body, while its exchange already waits for the
/// answer: the service may answer early, and the client's pace is the client's affair.
class upload {
public:
    enum class state : std::uint8_t {
        idle,     ///< nothing to do
        reading,  ///< waits for the client
        writing,  ///< waits for the service
        ended
    };
    enum class outcome : std::uint8_t {
        complete,          ///< the service has all of it
        drained,           ///< the client sent all of it, the service did not want it
        client_gone,       ///< the client's connection ended
        client_malformed,  ///< the framing is wrong
        too_much           ///< there is more than it is sensible to throw away
    };
    struct observer {
        void (*call)(void* whose, outcome) = nullptr;
        void* whose = nullptr;
    };

    upload(client_session& from, std::optional<std::chrono::milliseconds> between_bytes, observer who)
        : from_{from}, between_bytes_{between_bytes}, observer_{who} {}

    /// Begins. The service's connection must stay until `finished`.
    void begin(upstream_connection& to);
    /// Sends nothing more, and reads on only to keep the client's connection usable.
    void discard();
    /// Awaits, after `discard`, that the service's connection is not used any more.
    auto released() noexcept { return waiting_for_release{*this}; }
    /// Awaits the end; at once if it did not begin.
    auto finished() noexcept { return waiting_for_end{*this}; }

    state now() const noexcept { return state_; }
    bool running() const noexcept { return state_ == state::reading || state_ == state::writing; }
    outcome how() const noexcept { return outcome_; }

private:
    struct waiting_for_end {
        upload& whose;
        bool await_ready() const noexcept { return !whose.running(); }
        void await_suspend(std::coroutine_handle<> waiting) noexcept { whose.waiting_ = waiting; }
        void await_resume() const noexcept {}
    };
    struct waiting_for_release {
        upload& whose;
        bool await_ready() const noexcept { return whose.state_ != state::writing; }
        void await_suspend(std::coroutine_handle<> waiting) noexcept { whose.waiting_for_write_ = waiting; }
        void await_resume() const noexcept {}
    };
    task<> pump();
    task<> send_pieces();
    task<bool> read_more();
    void end();

    client_session& from_;
    std::optional<std::chrono::milliseconds> between_bytes_;
    observer observer_;
    upstream_connection* to_ = nullptr;
    gather out_;
    state state_ = state::idle;
    outcome outcome_ = outcome::complete;
    bool discarding_ = false;
    std::size_t discarded_ = 0;
    std::coroutine_handle<> waiting_;
    std::coroutine_handle<> waiting_for_write_;
};

}  // namespace switchgear::gateway
