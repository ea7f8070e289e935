#include "event_stream.hpp"

#include <utility>

namespace switchgear::cli {

void event_parser::feed(std::string_view piece, const std::function<void(server_event)>& on_event) {
    for (const char c : piece) {
        if (c != '\n') {
            line_ += c;
            continue;
        }
        if (line_.ends_with('\r')) line_.pop_back();
        take_line(line_, on_event);
        line_.clear();
    }
}

void event_parser::take_line(std::string_view line, const std::function<void(server_event)>& on_event) {
    if (line.empty()) {
        server_event done = std::exchange(event_, {});
        if (done.data.empty()) return;
        if (done.type.empty()) done.type = "message";
        on_event(std::move(done));
        return;
    }
    const auto colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") {
        event_.type = value;
    } else if (field == "data") {
        if (!event_.data.empty()) event_.data += '\n';
        event_.data += value;
    }
}

}  // namespace switchgear::cli
