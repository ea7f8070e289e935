#include <switchgear/wire/evidence_words.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace switchgear::wire {
namespace {

/// To two digits, in percent; what nobody can picture is not written out.
std::string share_words(double share) {
    const double percent = 100 * share;
    if (percent < 0.01) return percent <= 0 ? "0 %" : "below 0.01 %";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2g %%", percent);
    return text.data();
}

/// In whole units of the largest that is there at least twice: "36 hours", "31 days".
std::string rarity_words(duration once_in) {
    using namespace std::chrono;
    struct unit {
        seconds length;
        std::string_view name;
    };
    constexpr std::array units{unit{years{1}, "years"}, unit{days{1}, "days"}, unit{hours{1}, "hours"},
                               unit{minutes{1}, "minutes"}};
    const auto whole = floor<seconds>(once_in);
    if (whole >= years{100}) return "more than 100 years";
    for (const unit& one : units) {
        if (whole >= 2 * one.length) return std::to_string(whole / one.length) + " " + std::string{one.name};
    }
    return std::to_string(whole.count()) + " seconds";
}

}  // namespace

std::string evidence_words(const evidence& seen) {
    const bool slow = seen.slow > 0;
    std::string words = std::to_string(slow ? seen.slow : seen.failures) + " of the last " +
                        std::to_string(seen.calls) + " calls " + (slow ? "were slow" : "failed") + "; normal is " +
                        share_words(seen.threshold);
    // Half of all calls being bad trips whatever chance says.
    if (seen.by_chance_once_in == duration{}) return words + "; half of them is too much in any case";
    return words + "; such a run comes by chance once in " + rarity_words(seen.by_chance_once_in);
}

}  // namespace switchgear::wire
