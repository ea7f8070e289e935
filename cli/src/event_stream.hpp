#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace switchgear::cli {

/// One server-sent event.
struct server_event {
    std::string type;  ///< "message" if the server named none
    std::string data;
    friend bool operator==(const server_event&, const server_event&) = default;
};

/// Splits a text/event-stream into events, however it was cut on its way. Comments and fields other than
/// `event` and `data` are passed over; an event without data is none.
class event_parser {
public:
    /// Calls `on_event` for each event that `piece` completes.
    void feed(std::string_view piece, const std::function<void(server_event)>& on_event);

private:
    void take_line(std::string_view line, const std::function<void(server_event)>& on_event);

    std::string line_;
    server_event event_;
};

}  // namespace switchgear::cli
