#include <switchgear/policies/retry.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <utility>

namespace switchgear::policies {
namespace {

using std::chrono::milliseconds;

std::string text_of(double value) {
    if (std::isnan(value)) return "NaN";
    std::array<char, 64> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}
std::string text_of(std::uint32_t value) { return std::to_string(value); }
std::string text_of(milliseconds value) { return std::to_string(value.count()) + " ms"; }

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> stops{"settled", "attempts", "deadline", "budget", "refused"};

std::uint64_t seed_of(const retry_settings& given) {
    if (given.jitter_seed) return *given.jitter_seed;
    std::random_device entropy;
    return (std::uint64_t{entropy()} << 32U) | entropy();
}

const retry_settings& checked(const retry_settings& given) {
    auto found = validate(given);
    if (!found.empty()) throw invalid_settings{std::move(found)};
    return given;
}

/// What is left until the deadline, never negative.
duration left(time_point deadline, time_point now) noexcept {
    return deadline > now ? deadline - now : duration::zero();
}

}  // namespace

std::vector<violation> validate(const retry_settings& given) {
    std::vector<violation> found;
    const auto within = [&found]<class T>(std::string field, T value, T least, T most) {
        // Written so that NaN is outside.
        if (value >= least && value <= most) return;
        found.push_back(
            {std::move(field), text_of(value) + ": must be within [" + text_of(least) + ", " + text_of(most) + "]"});
    };
    within("max_attempts", given.max_attempts, std::uint32_t{1}, std::uint32_t{100});
    within("first_wait", given.first_wait, milliseconds{1}, std::max(given.max_wait, milliseconds{1}));
    within("backoff", given.backoff, 1.0, 10.0);
    within("max_wait", given.max_wait, milliseconds{1}, milliseconds{3'600'000});
    within("budget.share", given.budget.share, 0.0, 1.0);
    within("budget.reserve", given.budget.reserve, std::uint32_t{1}, std::uint32_t{1'000'000});
    return found;
}

std::string_view to_string(retry_stop why) noexcept {
    const auto index = static_cast<std::size_t>(why);
    return index < stops.size() ? stops[index] : std::string_view{"?"};
}

retry_policy::retry_policy(const retry_settings& given)
    : settings_{checked(given)}, budget_{given.budget}, random_{seed_of(given)} {}

retry_run retry_policy::begin() noexcept {
    budget_.count_call();
    return retry_run{*this};
}

duration retry_policy::draw(std::uint32_t nth) noexcept {
    const double grown =
        static_cast<double>(duration{settings_.first_wait}.count()) * std::pow(settings_.backoff, nth - 1);
    const double cap = std::min(grown, static_cast<double>(duration{settings_.max_wait}.count()));

    // SplitMix64 (Steele, Lea, Flood 2014): its state is a counter, so threads that draw at the same time
    // need no more than one atomic add. Relaxed: the number drawn guards no other memory.
    constexpr std::uint64_t step = 0x9e3779b97f4a7c15U;
    std::uint64_t bits = random_.fetch_add(step, std::memory_order_relaxed) + step;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    bits ^= bits >> 31U;
    const double share = static_cast<double>(bits >> 11U) * 0x1p-53;
    return duration{static_cast<duration::rep>(cap * share)};
}

std::optional<duration> retry_run::next(const verdict& went, time_point now,
                                        std::optional<time_point> deadline) noexcept {
    const retry_settings& rules = policy_->settings_;
    ++attempts_;
    if (!went.is_failure()) return stop(retry_stop::settled);
    if (attempts_ >= rules.max_attempts) return stop(retry_stop::attempts);

    const duration hint = std::max(went.retry_after().value_or(duration::zero()), duration::zero());
    const duration jitter = policy_->draw(attempts_);
    // The hint is compared before it is added to anything: it may be as long as the clock's whole range.
    if (deadline ? left(*deadline, now) <= hint || left(*deadline, now) - hint <= jitter : hint > rules.max_wait) {
        return stop(retry_stop::deadline);
    }
    // Last of all, so that nothing is spent on an attempt that is not made.
    if (!policy_->budget_.try_spend()) return stop(retry_stop::budget);
    return hint + jitter;
}

std::optional<duration> retry_run::next(const rejection& refused, time_point now,
                                        std::optional<time_point> deadline) noexcept {
    const duration room = deadline ? left(*deadline, now) : duration::zero();
    if (room <= refused.retry_after) return stop(retry_stop::refused);
    // Spread like the waits after failures, but never beyond the deadline: the breaker has said when to come.
    const duration jitter = policy_->draw(++refusals_);
    return refused.retry_after + std::min(jitter, room - refused.retry_after - duration{1});
}

}  // namespace switchgear::policies
