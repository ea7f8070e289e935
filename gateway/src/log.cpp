#include <switchgear/gateway/log.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <iterator>

#include <fmt/format.h>

#include <switchgear/utf8.hpp>

#include "line_queue.hpp"

namespace switchgear::gateway {
namespace {

constexpr std::size_t queued_lines = 1'024;

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t length = character_length(text);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out.append(length > 0 ? text.substr(0, length) : replacement_character);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out.push_back('"');
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) return true;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == 0x7F) return true;
    }
    return false;
}

bool is_absent(const log_field& field) { return std::holds_alternative<std::monostate>(field.value); }

enum class text_quoting { always, when_needed };

void append_value(std::string& out, const log_field& field, text_quoting quoting) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        if (quoting == text_quoting::always || needs_quotes(*text)) {
            append_json_string(out, *text);
        } else {
            out.append(*text);
        }
        return;
    }
    auto end = std::back_inserter(out);
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) fmt::format_to(end, "{}", *number);
    if (const auto* number = std::get_if<std::uint64_t>(&field.value)) fmt::format_to(end, "{}", *number);
    if (const auto* number = std::get_if<double>(&field.value)) {
        // JSON knows no infinity.
        if (std::isfinite(*number)) {
            fmt::format_to(end, "{}", *number);
        } else {
            out.append("null");
        }
    }
}

void append_time(std::string& out, log_time at) {
    const std::time_t seconds = at.seconds;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, at.milliseconds);
}

std::string_view upper_word(log_level level) noexcept {
    switch (level) {
        case log_level::debug: return "DEBUG";
        case log_level::info: return "INFO";
        case log_level::warning: return "WARNING";
        case log_level::error: return "ERROR";
        case log_level::off: break;
    }
    return "OFF";
}

}  // namespace

log::log(settings with)
    : settings_{with}, queue_{std::make_unique<line_queue>(descriptor::standard_error(), queued_lines)} {}
log::~log() = default;

void log::write(log_level level, std::string_view message, std::initializer_list<log_field> fields) {
    if (!enabled(level) || level == log_level::off) return;
    put(render_log_line(settings_.format, log_time_now(), level, message, fields));
}

void log::put(std::string line) {
    line.push_back('\n');
    queue_->push(line);
}

std::uint64_t log::dropped() const noexcept { return queue_->dropped(); }

log_time log_time_now() {
    using namespace std::chrono;
    const auto since = system_clock::now().time_since_epoch();
    const auto whole = floor<seconds>(since);
    return {whole.count(), static_cast<std::uint32_t>(duration_cast<milliseconds>(since - whole).count())};
}

std::string render_log_line(log_format format, log_time at, log_level level, std::string_view message,
                            std::initializer_list<log_field> fields) {
    std::string line;
    if (format == log_format::json) {
        line.append(R"({"time":")");
        append_time(line, at);
        line.append(R"(","level":")").append(to_string(level)).append(R"(","message":)");
        append_json_string(line, message);
        for (const log_field& field : fields) {
            if (is_absent(field)) continue;
            line.push_back(',');
            append_json_string(line, field.name);
            line.push_back(':');
            append_value(line, field, text_quoting::always);
        }
        line.push_back('}');
        return line;
    }
    append_time(line, at);
    line.append(" [").append(upper_word(level)).append("] ");
    for (const char c : message) line.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
    for (const log_field& field : fields) {
        if (is_absent(field)) continue;
        line.append(" ").append(field.name).append("=");
        append_value(line, field, text_quoting::when_needed);
    }
    return line;
}

std::string_view to_string(log_level level) noexcept {
    switch (level) {
        case log_level::debug: return "debug";
        case log_level::info: return "info";
        case log_level::warning: return "warning";
        case log_level::error: return "error";
        case log_level::off: break;
    }
    return "off";
}

std::optional<log_level> parse_log_level(std::string_view word) noexcept {
    for (const auto level : {log_level::debug, log_level::info, log_level::warning, log_level::error, log_level::off}) {
        if (to_string(level) == word) return level;
    }
    return std::nullopt;
}

std::optional<log_format> parse_log_format(std::string_view word) noexcept {
    if (word == "text") return log_format::text;
    if (word == "json") return log_format::json;
    return std::nullopt;
}

}  // namespace switchgear::gateway
