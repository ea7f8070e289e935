#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <switchgear/policies/retry_budget.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

/// Whether to try once more, and when. It only decides: the caller makes the calls and does the waiting,
/// in a thread, a coroutine or a timer's callback.
///
/// # Why full jitter
/// Clients that fail together come back together, and fail together again, however long each of them waits.
/// The wait is therefore drawn from the whole of [0, cap), and only the cap grows: "full jitter" in Marc
/// Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, which found it to need the
/// fewest calls of the ways compared.
///
/// # Why a refusal is not a failure
/// A breaker that refuses has already decided for everybody. Asking it again at once is pointless, so a
/// refusal is either final, or waited for as long as it says; it uses up no attempt and no budget, because
/// it never reached the service.
///
/// # What this does not protect against
/// Retrying what must not be done twice: only the caller knows what is idempotent. Retries in several layers
/// multiply: retry in one, the one nearest to the user who waits.
namespace switchgear::policies {

struct retry_settings {
    /// Calls in all, the first one too. Range: [1, 100].
    std::uint32_t max_attempts = 3;
    /// The cap on the wait before the second attempt. Range: [1 ms, max_wait].
    std::chrono::milliseconds first_wait{100};
    /// The factor on that cap for each further attempt. Range: [1, 10].
    double backoff = 2.0;
    /// The cap on the cap. Range: [1 ms, 1 h].
    std::chrono::milliseconds max_wait{10'000};
    budget_rule budget{};
    /// The seed of the policy's own generator; empty: different in every policy.
    std::optional<std::uint64_t> jitter_seed{};
    friend bool operator==(const retry_settings&, const retry_settings&) = default;
};

/// All that is wrong with the settings, empty if nothing is.
[[nodiscard]] std::vector<violation> validate(const retry_settings&);

/// Why there is no further attempt.
enum class retry_stop : std::uint8_t {
    settled,   ///< it was no failure
    attempts,  ///< max_attempts are used up
    deadline,  ///< the wait would not end before the deadline
    budget,    ///< too large a share of calls is being retried
    refused    ///< the breaker refused, and the deadline does not allow to wait for it
};
[[nodiscard]] std::string_view to_string(retry_stop) noexcept;

class retry_run;

/// One for each service, shared by all who call it.
///
/// Thread safety: every member may be called from any thread at any time; no lock.
/// Lifetime: must outlive its runs.
class retry_policy {
public:
    /// Throws: invalid_settings with every violation.
    explicit retry_policy(const retry_settings& = {});
    retry_policy(const retry_policy&) = delete;
    retry_policy& operator=(const retry_policy&) = delete;

    /// Begins a call, which counts for the budget.
    [[nodiscard]] retry_run begin() noexcept;

    const retry_settings& current_settings() const noexcept { return settings_; }

private:
    friend class retry_run;
    /// A time drawn from [0, cap), where the cap is that of the so-many-th wait, from 1.
    duration draw(std::uint32_t nth) noexcept;

    retry_settings settings_;
    retry_budget budget_;
    std::atomic<std::uint64_t> random_;
};

/// The attempts of one call.
///
///     auto run = policy.begin();
///     for (;;) {
///         auto admitted = payments.try_acquire();
///         …call, settle…
///         const auto wait = went ? run.next(*went, clock.now(), deadline) : run.next(refusal, clock.now(), deadline);
///         if (!wait) break;  // the answer that there is, is the answer
///         …wait…
///     }
///
/// Thread safety: distinct objects may be used from distinct threads.
class retry_run {
public:
    /// An attempt was made and went so.
    ///
    /// Returns: how long to wait before the next one; empty if there is none, and then `stopped_by()` says
    /// why. A hint (`verdict::retry_after`) is waited for in addition to the jitter, or not at all. Without a
    /// deadline nothing is waited for that is longer than `max_wait` and the jitter.
    [[nodiscard]] std::optional<duration> next(const verdict& went, time_point now,
                                               std::optional<time_point> deadline = {}) noexcept;

    /// The breaker refused the attempt. Returns: a wait of at least `retry_after`, if that ends before the
    /// deadline; without a deadline a refusal is final.
    [[nodiscard]] std::optional<duration> next(const rejection& refused, time_point now,
                                               std::optional<time_point> deadline = {}) noexcept;

    /// Attempts that reached the service.
    std::uint32_t attempts() const noexcept { return attempts_; }
    /// Empty as long as `next` has not said no.
    std::optional<retry_stop> stopped_by() const noexcept { return stopped_by_; }

private:
    friend class retry_policy;
    explicit retry_run(retry_policy& by) noexcept : policy_{&by} {}

    std::optional<duration> stop(retry_stop why) noexcept {
        stopped_by_ = why;
        return std::nullopt;
    }

    retry_policy* policy_;
    std::uint32_t attempts_ = 0;
    std::uint32_t refusals_ = 0;
    std::optional<retry_stop> stopped_by_;
};

}  // namespace switchgear::policies
