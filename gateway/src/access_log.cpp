#include "access_log.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace switchgear::gateway {
namespace {

using value = decltype(log_field::value);

constexpr std::size_t longest_path = 2'048;
constexpr std::size_t longest_method = 32;

bool stands_in_a_path(char c) noexcept { return c > ' ' && c <= '~'; }

std::string shown_path(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string shown;
    shown.reserve(std::min(path.size(), longest_path));
    for (const char c : path.substr(0, longest_path)) {
        if (stands_in_a_path(c)) {
            shown.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        shown.push_back('%');
        shown.push_back(digits[byte >> 4U]);
        shown.push_back(digits[byte & 15U]);
    }
    if (path.size() > longest_path) shown.append("...");
    return shown;
}

value text(std::string_view from) {
    if (from.empty()) return std::monostate{};
    return from;
}

/// With microseconds and not more: who reads it wants to see at a glance how long it took.
value milliseconds_of(std::optional<duration> from) {
    if (!from) return std::monostate{};
    using microseconds = std::chrono::duration<double, std::micro>;
    return std::round(microseconds{std::max(*from, duration::zero())}.count()) / 1'000;
}

value state_of(const access_line& of) {
    if (!of.state) return std::monostate{};
    return to_string(*of.state);
}

std::string_view verdict_of(const access_line& of) {
    if (!of.judged) return "none";
    if (of.judged->is_failure()) return "failure";
    return of.judged->is_success() ? "success" : "ignored";
}

value class_of(const access_line& of) {
    if (!of.judged || !of.judged->is_failure()) return std::monostate{};
    return to_string(of.judged->failed_with());
}

value retry_after_of(const access_line& of) {
    if (!of.judged || !of.judged->is_failure() || !of.judged->retry_after()) return std::monostate{};
    return std::int64_t{std::chrono::ceil<std::chrono::milliseconds>(*of.judged->retry_after()).count()};
}

value attempt_of(const access_line& of) {
    if (of.attempt == 0) return std::monostate{};
    return std::uint64_t{of.attempt};
}

bool is_lower_hex(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string render_access_line(log_format format, log_time at, const access_line& of) {
    const std::string path = shown_path(of.path);
    return render_log_line(format, at, log_level::info, "Request ended.",
                           {{"method", text(of.method.substr(0, longest_method))},
                            {"path", text(path)},
                            {"status", std::uint64_t{of.status}},
                            {"bytes", of.bytes},
                            {"duration_ms", milliseconds_of(of.took)},
                            {"connect_ms", milliseconds_of(of.connect)},
                            {"first_byte_ms", milliseconds_of(of.first_byte)},
                            {"body_ms", milliseconds_of(of.body)},
                            {"service", text(of.service)},
                            {"endpoint", text(of.endpoint)},
                            {"breaker", text(of.breaker)},
                            {"key", text(of.key)},
                            {"state", state_of(of)},
                            {"verdict", verdict_of(of)},
                            {"class", class_of(of)},
                            {"retry_after_ms", retry_after_of(of)},
                            {"reason", text(of.reason)},
                            {"attempt", attempt_of(of)},
                            {"trace_id", text(of.trace_id)}});
}

std::string_view trace_id_of(std::string_view traceparent) noexcept {
    constexpr std::size_t whole = 55;  // "00-", 32 of the trace, "-", 16 of the parent, "-", 2 of the flags
    const bool later_version =
        traceparent.size() > whole && traceparent[whole] == '-' && !traceparent.starts_with("00");
    if (traceparent.size() != whole && !later_version) return {};
    if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return {};
    const std::string_view version = traceparent.substr(0, 2);
    const std::string_view trace = traceparent.substr(3, 32);
    const std::string_view parent = traceparent.substr(36, 16);
    for (const std::string_view part : {version, trace, parent, traceparent.substr(53, 2)}) {
        if (!is_lower_hex(part)) return {};
    }
    const auto is_zero = [](std::string_view id) { return id.find_first_not_of('0') == std::string_view::npos; };
    if (version == "ff" || is_zero(trace) || is_zero(parent)) return {};
    return trace;
}

descriptor access_log::open(const access_log_settings& settings) {
    if (settings.place != access_log_place::file) return descriptor{};
    try {
        return descriptor::appending_to(settings.file);
    } catch (const std::runtime_error& failed) {
        throw std::runtime_error{std::string{"access_log: "} + failed.what()};
    }
}

void access_log::use(descriptor opened) {
    if (file_) return file_->turn_to(std::move(opened));
    if (opened.number() < 0) return;
    file_ = std::make_unique<line_queue>(std::move(opened), queued_lines);
    // release: pairs with the acquire in `write` and `dropped`; whoever sees the pointer sees the queue.
    ready_.store(file_.get(), std::memory_order_release);
}

void access_log::write(const access_line& line, const access_log_settings& to) {
    switch (to.place) {
        case access_log_place::off: break;
        case access_log_place::standard_error:
            lines_.put(render_access_line(lines_.format(), log_time_now(), line));
            break;
        case access_log_place::file: {
            line_queue* const file = ready_.load(std::memory_order_acquire);
            if (file == nullptr) break;
            std::string text = render_access_line(log_format::json, log_time_now(), line);
            text.push_back('\n');
            file->push(text);
        }
    }
}

std::uint64_t access_log::dropped() const noexcept {
    const line_queue* const file = ready_.load(std::memory_order_acquire);
    return file == nullptr ? 0 : file->dropped();
}

}  // namespace switchgear::gateway
