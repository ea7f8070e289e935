#include "answers.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/http/retry_after.hpp>

#include "header_rules.hpp"
#include "message_head.hpp"

namespace switchgear::gateway {
namespace {

std::int64_t whole_milliseconds(duration d) {
    return std::chrono::ceil<std::chrono::milliseconds>(std::max(d, duration::zero())).count();
}

/// RFC 8941: a token needs no quotes.
bool is_token(std::string_view text) {
    const auto alpha = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (text.empty() || !alpha(text.front())) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return alpha(c) || (c >= '0' && c <= '9') ||
               std::string_view{"!#$%&'*+-.^_`|~:/"}.find(c) != std::string_view::npos;
    });
}

boost::json::string_view json_text(std::string_view text) { return {text.data(), text.size()}; }

std::string problem_body(const own_answer& answer) {
    boost::json::object body;
    body["title"] = json_text(reason_phrase(answer.status));
    body["status"] = answer.status;
    body["detail"] = json_text(answer.detail);
    body["reason"] = json_text(answer.reason);
    if (answer.breaker) {
        body["breaker"] = json_text(answer.breaker->breaker);
        body["state"] = json_text(to_string(answer.breaker->state));
        body["retry_after_ms"] = whole_milliseconds(answer.breaker->retry_after);
    }
    return boost::json::serialize(body) + "\n";
}

void write_status_fields(std::string& out, const own_answer& answer, const answer_delivery& delivery) {
    auto end = std::back_inserter(out);
    fmt::format_to(end, "Date: {}\r\n", delivery.date);
    fmt::format_to(end, "Proxy-Status: switchgear; error={}", answer.proxy_error);
    if (answer.received_status != 0) fmt::format_to(end, "; received-status={}", answer.received_status);
    out.append("\r\n");
    if (answer.breaker) {
        fmt::format_to(end, "Circuit-Breaker: {}\r\n", circuit_breaker_value(*answer.breaker, answer.reason));
    }
    if (!delivery.connection.empty()) fmt::format_to(end, "Connection: {}\r\n", delivery.connection);
    fmt::format_to(end, "Via: 1.1 {}\r\n", own_pseudonym());
}

void write_status_line(std::string& out, unsigned status) {
    fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
}

}  // namespace

std::string circuit_breaker_value(const told_state& told, std::string_view reason) {
    std::string value;
    auto end = std::back_inserter(value);
    if (is_token(told.breaker)) {
        value.append(told.breaker);
    } else {
        fmt::format_to(end, "\"{}\"", told.breaker);
    }
    fmt::format_to(end, "; state={}", to_string(told.state));
    if (!reason.empty()) fmt::format_to(end, "; reason={}", reason);
    if (told.retry_after > duration::zero()) {
        fmt::format_to(end, "; retry-after-ms={}", whole_milliseconds(told.retry_after));
    }
    return value;
}

void write_own_answer(std::string& out, const own_answer& answer, const answer_delivery& delivery) {
    const std::string body = problem_body(answer);
    auto end = std::back_inserter(out);
    write_status_line(out, answer.status);
    out.append("Content-Type: application/problem+json\r\nCache-Control: no-store\r\n");
    fmt::format_to(end, "Content-Length: {}\r\n", body.size());
    if (answer.retry_later) {
        const duration wait = answer.breaker ? answer.breaker->retry_after : duration::zero();
        fmt::format_to(end, "Retry-After: {}\r\n", http::format_retry_after(wait));
    }
    if (!answer.allow.empty()) fmt::format_to(end, "Allow: {}\r\n", answer.allow);
    write_status_fields(out, answer, delivery);
    out.append("\r\n");
    if (!delivery.to_head) out.append(body);
}

void write_fallback(std::string& out, const fallback_answer& fallback, const own_answer& instead,
                    const answer_delivery& delivery) {
    write_status_line(out, fallback.status);
    for (const auto& [name, value] : fallback.headers) out.append(name).append(": ").append(value).append("\r\n");
    const bool bodiless = fallback.status == 204 || fallback.status == 304;
    // RFC 9110, section 8.6: of a 304 it would be the length of an answer that we do not know.
    if (!bodiless) {
        fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", fallback.body.size());
    }
    write_status_fields(out, instead, delivery);
    out.append("\r\n");
    if (!delivery.to_head && !bodiless) out.append(fallback.body);
}

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 203: return "Non-Authoritative Information";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 413: return "Content Too Large";
        case 417: return "Expectation Failed";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        case 508: return "Loop Detected";
        default: return "";
    }
}

}  // namespace switchgear::gateway
