#include "demo_story.hpp"

#include <fmt/format.h>

namespace switchgear::gateway {

namespace {

constexpr std::size_t failures_to_open = 3;

std::string surprise(const demo_answer& got, std::string_view expected) {
    return fmt::format("answer {} with state '{}' and {} requests at the service; expected {}", got.status, got.state,
                       got.service_asked, expected);
}

}  // namespace

std::optional<std::string> demo_story::next(const demo_answer& got) {
    // The service is asked exactly for the answers that are not refusals.
    if (got.status != 503) service_answers_.push_back(got.status == 200 ? 200 : 503);
    if (got.service_asked != service_answers_.size()) {
        return surprise(got, fmt::format("{} requests at the service", service_answers_.size()));
    }
    switch (chapter_) {
        case chapter::closed:
            if (got.status == 200 && got.state == "closed") return {};
            if (service_answers_.size() == 1) return surprise(got, "200, closed");
            chapter_ = chapter::failing;
            [[fallthrough]];
        case chapter::failing:
            ++failures_;
            if (got.status != 502) return surprise(got, "502");
            if (got.state != (failures_ == failures_to_open ? "open" : "closed")) {
                return surprise(got, fmt::format("the circuit to open at failure {}", failures_to_open));
            }
            if (failures_ == failures_to_open) chapter_ = chapter::open;
            return {};
        case chapter::open: return expect_refusal_or_probe(got, chapter::reopened);
        case chapter::reopened: return expect_refusal_or_probe(got, chapter::recovered);
        case chapter::recovered:
            if (got.status != 200 || got.state != "closed") return surprise(got, "200, closed");
            chapter_ = chapter::closed_again;
            return {};
        case chapter::closed_again: return {};
    }
    return {};
}

std::optional<std::string> demo_story::expect_refusal_or_probe(const demo_answer& got, chapter after_probe) {
    if (got.status == 503) {
        ++refused_in_a_row_;
        if (got.state != "open") return surprise(got, "503, open");
        return {};
    }
    if (refused_in_a_row_ == 0) return surprise(got, "503 while the circuit is open");
    refused_in_a_row_ = 0;
    // An answer that is passed on has begun before its verdict: its header still says half_open.
    const bool succeeds = after_probe == chapter::recovered;
    if (succeeds && got.status != 200) return surprise(got, "200 by the probe");
    if (!succeeds && (got.status != 502 || got.state != "open"))
        return surprise(got, "502 by the probe, and open again");
    chapter_ = after_probe;
    return {};
}

std::string state_in_header(std::string_view circuit_breaker) {
    constexpr std::string_view name = "state=";
    const auto begin = circuit_breaker.find(name);
    if (begin == circuit_breaker.npos) return {};
    const std::string_view rest = circuit_breaker.substr(begin + name.size());
    return std::string(rest.substr(0, rest.find_first_of("; ")));
}

}  // namespace switchgear::gateway
