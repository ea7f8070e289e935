#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchgear::gateway {

/// What the demo's client saw of one request: the answer, and how often the service had been asked by then.
struct demo_answer {
    unsigned status = 0;
    /// From the Circuit-Breaker header; empty if there was none.
    std::string state{};
    std::size_t service_asked = 0;
};

/// The cycle the demo promises, checked against what happened: 200 while closed; failures answered 502, the
/// third of them with the circuit open; 503 without a request to the service; one probe, 502 and open
/// again; 503 again; one probe, 200; and then 200 while closed.
class demo_story {
public:
    /// The next answer the client got. Returns: what is wrong with it, if anything is.
    std::optional<std::string> next(const demo_answer&);
    bool complete() const noexcept { return chapter_ == chapter::closed_again; }

    /// What the service must have answered by then, if it saw what the client was told.
    const std::vector<unsigned>& service_answers() const noexcept { return service_answers_; }

private:
    enum class chapter { closed, failing, open, reopened, recovered, closed_again };
    std::optional<std::string> expect_refusal_or_probe(const demo_answer&, chapter after_probe);

    chapter chapter_ = chapter::closed;
    std::size_t refused_in_a_row_ = 0;
    std::size_t failures_ = 0;
    std::vector<unsigned> service_answers_;
};

/// The value of `state=` in a Circuit-Breaker header; empty if there is none.
std::string state_in_header(std::string_view circuit_breaker);

}  // namespace switchgear::gateway
