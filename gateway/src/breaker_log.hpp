#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <switchgear/breaker.hpp>
#include <switchgear/gateway/log.hpp>

/// What the log says about breakers, word for word as promised.
namespace switchgear::gateway {

/// For the time a verdict is being settled, what the service answered: its status code, or the word of the
/// error. Lines of transitions that the verdict causes on this thread carry it.
class settling_status {
public:
    explicit settling_status(std::string_view text) noexcept;
    ~settling_status();
    settling_status(const settling_status&) = delete;
    settling_status& operator=(const settling_status&) = delete;
};

void log_transition(log&, const transition&);

/// "Downstream failure recorded. failure_count=3 threshold=3", to be called before the failure is settled,
/// so that it comes before the line that the circuit opened. Says nothing unless the circuit is closed.
void log_failure(log&, const breaker&, std::string_view name, std::string_view status);

/// At most one line a second, with the number of those held back in between.
///
/// Thread safety: all members, from any thread.
class refusal_log {
public:
    void note(log&, std::string_view breaker, const rejection&, time_point now);

private:
    std::atomic<time_point::rep> next_line_{time_point::min().time_since_epoch().count()};
    std::atomic<std::uint64_t> held_back_{0};
};

}  // namespace switchgear::gateway
