#include <switchgear/http/classify.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace switchgear::http {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 7> words{"dns", "connect", "tls", "reset", "timeout", "truncated", "framing"};

}  // namespace

std::string_view to_string(transport_error error) noexcept {
    const auto index = static_cast<std::size_t>(error);
    return index < words.size() ? words[index] : std::string_view{"?"};
}

std::optional<transport_error> parse_transport_error(std::string_view word) noexcept {
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<transport_error>(found - words.begin());
}

verdict classify(transport_error error) noexcept {
    switch (error) {
        case transport_error::dns:
        case transport_error::connect:
        case transport_error::tls:
        case transport_error::reset: return verdict::failure(failure_class::unreachable);
        case transport_error::timeout: return verdict::failure(failure_class::timeout);
        case transport_error::truncated:
        case transport_error::framing: break;
    }
    return verdict::failure(failure_class::error);
}

verdict classify(unsigned status) noexcept {
    switch (status) {
        case 101:
        case 501:
        case 505: return verdict::success();
        case 429:
        case 503: return verdict::failure(failure_class::overloaded);
        default: break;
    }
    if (status >= 200 && status <= 499) return verdict::success();
    if (status >= 100 && status <= 199) return verdict::ignored();
    // 5xx, and what is no status at all, which RFC 9110 (section 15) has a client treat as 5xx.
    return verdict::failure(failure_class::error);
}

}  // namespace switchgear::http
