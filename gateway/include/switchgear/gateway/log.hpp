#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace switchgear::gateway {

enum class log_level : std::uint8_t { debug, info, warning, error, off };
std::string_view to_string(log_level) noexcept;
std::optional<log_level> parse_log_level(std::string_view) noexcept;

enum class log_format : std::uint8_t { text, json };
std::optional<log_format> parse_log_format(std::string_view) noexcept;

/// One `name=value` after a line's message; one without a value is left out.
struct log_field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, std::uint64_t, double, std::monostate> value;
};

class line_queue;

/// The gateway's log: one line an event, on standard error.
///
/// Lines go through a bounded queue to a thread of their own: a sink that blocks never blocks a request.
/// What finds the queue full takes the place of the oldest line, which is counted in `dropped()`.
///
/// Thread safety: all members, from any thread.
class log {
public:
    struct settings {
        log_level level = log_level::info;
        log_format format = log_format::text;
        /// The level of "Calling downstream URL <url>": debug, in the demo info.
        log_level calls = log_level::debug;
    };
    explicit log(settings);
    /// Writes what is queued, for a second at most.
    ~log();
    log(const log&) = delete;
    log& operator=(const log&) = delete;

    bool enabled(log_level level) const noexcept { return level >= settings_.level; }
    /// The level of the line that names each call.
    log_level calls() const noexcept { return settings_.calls; }
    void write(log_level, std::string_view message, std::initializer_list<log_field> fields = {});
    /// The same for a line that is rendered already, whatever the level.
    void put(std::string line);
    log_format format() const noexcept { return settings_.format; }
    /// Lines lost because the sink was too slow, or took no more.
    std::uint64_t dropped() const noexcept;

private:
    settings settings_;
    std::unique_ptr<line_queue> queue_;
};

/// The line without its end, as `format` has it; `seconds` and `milliseconds` since 1970.
struct log_time {
    std::int64_t seconds;
    std::uint32_t milliseconds;
};
/// By the wall clock.
log_time log_time_now();
std::string render_log_line(log_format, log_time, log_level, std::string_view message,
                            std::initializer_list<log_field> fields);

}  // namespace switchgear::gateway
