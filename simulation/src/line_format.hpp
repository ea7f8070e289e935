#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/simulation/recorded_call.hpp>
#include <switchgear/simulation/recording.hpp>

namespace switchgear::simulation {

/// A call as its line has it.
struct call_line {
    recorded_time start{};
    std::chrono::nanoseconds lasts{};
    verdict how = verdict::success();
    // Valid until the next line is read; empty if the line names none.
    std::string_view key{};
    std::string_view breaker{};
    std::string_view endpoint{};
    std::string_view service{};
};

enum class line_kind : std::uint8_t {
    call,
    other,  ///< rightly no call
    lacks,  ///< no call, for want of what every call has
    bad,    ///< `why` says what is wrong with it
};

/// Reads the lines of one format.
class line_format {
public:
    line_format() = default;
    virtual ~line_format() = default;
    line_format(const line_format&) = delete;
    line_format& operator=(const line_format&) = delete;

    virtual line_kind read(std::string_view line, call_line& out, std::string& why) = 0;
    /// What may have been misunderstood in all the lines so far; empty if nothing.
    virtual std::string doubt() const { return {}; }
};

/// The format that a line looks to be written in; CSV if it looks like no other.
recording_format guess_format(std::string_view line);

/// What `line` names as columns. Throws: unreadable_recording, if one that is needed is missing, or twice.
std::unique_ptr<line_format> csv_format(std::string_view header, const std::string& file);
std::unique_ptr<line_format> json_format();
std::unique_ptr<line_format> combined_format();

}  // namespace switchgear::simulation
