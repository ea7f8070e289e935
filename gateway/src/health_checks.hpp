#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

class runtime;

/// Asks services with a `health_check`, while a breaker of theirs is open, whether they are back.
///
/// One healthy endpoint makes a probe due on the breakers that cover it; if none is healthy, their probe
/// is put off until after the next check. A check takes no permit, appears in no breaker's numbers and
/// closes nothing: that is for the probe to decide. The first checks of all endpoints are spread over `every`.
///
/// Thread safety: none; lives on the control thread.
class health_checks {
public:
    /// Requires: the runtime outlives `io`'s last run.
    health_checks(boost::asio::io_context& io, runtime& state);
    ~health_checks();
    health_checks(const health_checks&) = delete;
    health_checks& operator=(const health_checks&) = delete;

    /// Checks what this configuration asks for, and no longer what the one before did.
    void apply(const std::shared_ptr<const config>&);

private:
    class round;
    boost::asio::io_context& io_;
    runtime& state_;
    std::shared_ptr<round> current_;
};

}  // namespace switchgear::gateway
