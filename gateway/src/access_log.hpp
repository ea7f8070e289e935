#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/log.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

#include "line_queue.hpp"

namespace switchgear::gateway {

/// What is told of a request that ended; what is empty is left out of the line.
struct access_line {
    std::string_view method{};
    std::string_view path{};  ///< as the client wrote it, without the query
    unsigned status = 499;    ///< what the client was answered
    std::uint64_t bytes = 0;  ///< sent to the client, heads and all
    duration took{};          ///< from the request's head to the answer's end
    // Its parts, one after the other:
    std::optional<duration> connect{};     ///< a connection to the endpoint was made
    std::optional<duration> first_byte{};  ///< from there to the head of the answer
    std::optional<duration> body{};        ///< from there to the answer's end
    std::string_view service{};
    std::string_view endpoint{};
    std::string_view breaker{};
    std::string_view key{};
    std::optional<switchgear::state> state{};  ///< in which the breaker admitted or refused it
    std::optional<verdict> judged{};           ///< "none" if no call was made
    std::string_view reason{};                 ///< why none was made
    unsigned attempt = 0;                      ///< the service was asked so many times
    std::string_view trace_id{};
};

/// The line without its end. `switchgear simulate` reads it as JSON (simulation/src/json_format.cpp): a call has a
/// verdict and no reason, whatever else has a reason or the verdict "none".
///
/// What a client chose cannot forge a line, nor make one that is no JSON: a path is shown with every byte
/// percent-encoded that cannot stand in one, and cut after 2 KiB.
std::string render_access_line(log_format, log_time, const access_line&);

/// The trace that a `traceparent` names (W3C Trace Context, level 1). Empty if it is malformed.
std::string_view trace_id_of(std::string_view traceparent) noexcept;

/// Where the lines of requests go. A file has a thread and a queue of its own, so that neither log keeps the other waiting.
///
/// Thread safety: `write` and `dropped` from any thread, the rest from one at a time.
class access_log {
public:
    /// Requires: `lines` outlives it.
    explicit access_log(log& lines) : lines_{lines} {}

    /// Opens what the settings name, if it is a file.
    /// Throws: std::runtime_error, naming file and reason.
    static descriptor open(const access_log_settings&);
    /// Puts what `open` gave in force.
    void use(descriptor);

    void write(const access_line&, const access_log_settings& to);
    /// Of a file.
    std::uint64_t dropped() const noexcept;

private:
    static constexpr std::size_t queued_lines = 8'192;

    log& lines_;
    std::unique_ptr<line_queue> file_;         // made when there is first a file, and kept
    std::atomic<line_queue*> ready_{nullptr};  // the same, for the threads that write
};

}  // namespace switchgear::gateway
