#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include <switchgear/wire/views.hpp>

#include "event_stream.hpp"
#include "output_format.hpp"

namespace switchgear::cli {

/// Turns the gateway's events into lines: every breaker once, then what changes. A transition that was
/// missed while the connection was lost shows as a state that is another than the one last told; while
/// there is a connection, transitions alone tell the changes.
class watch_lines {
public:
    watch_lines(output_format, std::ostream& out);

    /// Throws: std::runtime_error if the event is not what a gateway sends.
    void take(const server_event&);

    /// The connection was lost.
    void lost() noexcept { catching_up_ = true; }

private:
    void take_snapshot(const server_event&);
    void take_transition(const server_event&);

    output_format format_;
    std::ostream& out_;
    std::map<std::string, state, std::less<>> told_;
    bool catching_up_ = false;
};

}  // namespace switchgear::cli
