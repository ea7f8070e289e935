#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/simulation/recorded_call.hpp>

namespace switchgear::simulation {

/// What a recording is written in.
enum class recording_format : std::uint8_t {
    csv,       ///< a header and columns by name: time, duration, verdict or status, class, key, retry_after
    json,      ///< the gateway's access log, one JSON object a line
    combined,  ///< the combined log of nginx and Apache, with the request time as its last field
};
std::string_view to_string(recording_format) noexcept;

/// What of its line is a call's key. A column `key` is any of it.
enum class key_source : std::uint8_t {
    any,       ///< its key, or else its breaker
    key,       ///< its key
    endpoint,  ///< the endpoint that was called
};

/// What the keys of a recording are.
enum class key_meaning : std::uint8_t {
    keys,      ///< as lines name them
    breakers,  ///< no line names a key: breakers of a gateway, those of services or of endpoints
};

/// The file cannot be read, or is not what it says: what() names the file and the reason.
class unreadable_recording : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A line that is no call although it should be one.
struct bad_line {
    std::uint64_t number;  ///< from 1
    std::string why;
};

/// Reads a recording from a file, or from standard input, plain or compressed by gzip, in one pass.
///
/// Calls come out in the order of their starts. Lines may be out of order by `tolerance()`, because logs are
/// written when calls end; a call that began earlier than that before one already read is a bad line, and so is one
/// that began later than that after most of the lines that follow it. In memory are a block of the file, the calls
/// of that much time, and the keys.
///
/// Thread safety: one object is for one thread at a time.
class recording {
public:
    struct options {
        /// "-": standard input.
        std::string path;
        /// Empty: found by content.
        std::optional<recording_format> format{};
        /// Of lines that name their service, only this one's are calls. Empty: all.
        std::string service{};
        key_source keys = key_source::any;
    };
    struct counts {
        std::uint64_t lines = 0;  ///< that were to be calls: without the header, blank lines and other lines of a log
        std::uint64_t bad = 0;
        std::uint64_t late = 0;             ///< of the bad ones, that began too long before a call above
        std::uint64_t other = 0;            ///< of a log, that tell of something else than a call that was made
        std::uint64_t lacking = 0;          ///< of those, without a duration, or without a status and a verdict
        std::uint64_t without_key = 0;      ///< calls that do not say what was asked for as their key
        std::vector<bad_line> first_bad{};  ///< at most `most_shown`
    };
    static constexpr std::size_t most_shown = 10;

    /// Throws: unreadable_recording.
    explicit recording(options);
    ~recording();
    recording(const recording&) = delete;
    recording& operator=(const recording&) = delete;

    /// Returns: the next call; empty at the end. Throws: unreadable_recording.
    std::optional<recorded_call> next();

    recording_format format() const noexcept;
    /// 10 s for CSV, 2 min for logs.
    std::chrono::nanoseconds tolerance() const noexcept;
    const counts& counted() const noexcept;
    /// What of the lines so far may have another meaning than the one taken, in words; empty if nothing.
    std::string doubt() const;
    /// Every key so far; the first is empty and stands for calls without one.
    ///
    /// Two services may have keys of the same name: where all services count
    /// a key has its service before it, "payments/tenant-7", as the gateway names the breaker.
    const std::vector<std::string>& keys() const noexcept;
    key_meaning keys_are() const noexcept;
    /// Every service that a call so far was made to, asked for or not; the first is empty.
    const std::vector<std::string>& services() const noexcept;

private:
    class reader;
    std::unique_ptr<reader> reader_;
};

}  // namespace switchgear::simulation
