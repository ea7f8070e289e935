#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

namespace detail {
class breaker_core;

/// What a breaker remembers of one call: everything that its verdict will need.
struct grant {
    enum class role : std::uint8_t {
        counted,    ///< admitted while closed, or on the ramp
        probe,      ///< admitted while half-open, under a lease
        bystander,  ///< let through only because the breaker observes: its verdict moves nothing
    };
    std::uint64_t epoch = 0;
    time_point begun{};                ///< when it was admitted; set for probes and where timed
    duration took{};                   ///< how long the service took; set by answered()
    std::uint64_t lease = 0;           ///< of a probe: what is written in its slot; 0: no lease runs
    std::uint64_t overdue_at = 0;      ///< where in the window it was counted as overdue …
    std::uint32_t overdue_window = 0;  ///< … and in which window
    std::uint32_t slot = 0;
    role part = role::counted;
    bool timed = false;     ///< a slow rule was on: begun is set, and slowness is judged
    bool answered = false;  ///< took is set
    bool overdue = false;   ///< counted as slow already
};
}  // namespace detail

/// The right to make one call and the duty to say how it went. Move-only; destroyed unsettled it is
/// ignored: a probe's slot is given back and nothing is proven (rule 19).
///
/// Settling twice is a no-op, and asserts in debug builds.
///
/// Thread safety: may move to and be settled on any thread; one object is for one thread at a time.
/// Lifetime: must not outlive its breaker.
class [[nodiscard]] permit {
public:
    permit(permit&& other) noexcept : core_{std::exchange(other.core_, nullptr)}, grant_{other.grant_} {}
    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            drop();
            core_ = std::exchange(other.core_, nullptr);
            grant_ = other.grant_;
        }
        return *this;
    }
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;
    ~permit() { drop(); }

    void success() noexcept { settle(verdict::success()); }
    void failure(failure_class failed = failure_class::error, std::optional<duration> retry_after = {}) noexcept {
        settle(verdict::failure(failed, retry_after));
    }
    void ignore() noexcept { settle(verdict::ignored()); }
    void settle(verdict) noexcept;

    /// Counts the call as slow now, while it is still running; for whoever owns a timer (rule 10).
    /// Without a slow rule it does nothing.
    void overdue() noexcept;

    /// The answer has begun: from here on time counts neither for slowness nor for the lease. The
    /// verdict comes at the end of the answer.
    void answered() noexcept;

    /// The epoch in which the call was admitted.
    std::uint64_t epoch() const noexcept { return grant_.epoch; }

private:
    friend class detail::breaker_core;
    permit(detail::breaker_core& core, const detail::grant& given) noexcept : core_{&core}, grant_{given} {}

    void drop() noexcept {
        if (core_ != nullptr) settle(verdict::ignored());
    }

    detail::breaker_core* core_;
    detail::grant grant_;
};

}  // namespace switchgear
