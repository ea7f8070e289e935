#pragma once

#include <cstdint>
#include <string>

#include <switchgear/time.hpp>

#include "access_log.hpp"

namespace switchgear::gateway {

/// What an exchange notes for its line in the access log, on its way.
struct access_record {
    access_line line{};
    // What the line points to that does not outlive the client's next read.
    std::string path{};
    std::string trace_id{};
    std::uint64_t written_before = 0;  ///< to the client
    time_point connected{};
    time_point head_arrived{};

    void note_attempt(time_point now) noexcept {
        ++line.attempt;
        line.connect.reset();
        connected = now;
    }
    /// Of a new connection: that it is there, or that there will be none.
    void note_connection(time_point now) noexcept {
        line.connect = now - connected;
        connected = now;
    }
    void note_head(time_point now) noexcept {
        head_arrived = now;
        line.first_byte = now - connected;
    }
};

/// A target without its query, which may hold secrets.
inline std::string_view without_query(std::string_view target) noexcept { return target.substr(0, target.find('?')); }

}  // namespace switchgear::gateway
