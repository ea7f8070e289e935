#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>

#include <switchgear/detail/front.hpp>
#include <switchgear/detail/grant.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

/// The right to make one call and the duty to say how it went. Move-only; destroyed unsettled it is
/// ignored: a probe's slot is given back and nothing is proven (rule 19).
///
/// Settling twice is a no-op, and asserts in debug builds.
///
/// Memory: try_acquire() never takes any, and a verdict only a few times in a breaker's life: at the first
/// failure of a class, and when threads first meet in counting. A breaker of a registry that never failed
/// takes some at its first failure. Under the adaptive rule good calls may wait in some more. To tell that it would
/// have opened but for an order takes a copy of the order's words. Where there is none to be had, the program ends.
///
/// Thread safety: may move to and be settled on any thread; one object is for one thread at a time.
/// Lifetime: must not outlive its breaker.
class [[nodiscard]] permit {
public:
    permit(permit&& other) noexcept : at_{std::exchange(other.at_, nullptr)}, grant_{other.grant_} {}
    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            drop();
            at_ = std::exchange(other.at_, nullptr);
            grant_ = other.grant_;
        }
        return *this;
    }
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;
    ~permit() { drop(); }

    [[gnu::always_inline]] void success() noexcept {
        detail::front* const at = taken();
        if (at == nullptr) return;
        if (grant_.plain()) [[likely]] {
            switch (at->count_success(grant_, at->its_time)) {
                using enum detail::front::progress;
                case counted: return;
                case look_further: return at->success_counted(grant_.epoch);
                case late: return at->success_late(grant_.epoch);
                case not_yet: break;
            }
        }
        if (grant_.plain_under_watch()) return at->success_under_watch(grant_.epoch, grant_.begun);
        at->settle(grant_.in_words(), verdict::success());
    }
    void failure(failure_class failed = failure_class::error, std::optional<duration> retry_after = {}) noexcept {
        settle(verdict::failure(failed, retry_after));
    }
    void ignore() noexcept { settle(verdict::ignored()); }
    void settle(verdict how) noexcept {
        if (how.is_success()) return success();
        if (detail::front* const at = taken()) at->settle(grant_.in_words(), how);
    }

    /// Counts the call as slow now, while it is still running; for whoever owns a timer, which goes by
    /// breaker::slow_limit() (rule 10). Under the adaptive rule the call's age says which limit was reached;
    /// before any it does nothing, nor without either rule. A listener that is told of a trip may end the
    /// call, and this permit with it; the breaker must outlive this call all the same.
    void overdue() noexcept;

    /// The answer has begun: from here on time counts neither for slowness nor for the lease. The
    /// verdict comes at the end of the answer.
    void answered() noexcept;

    /// The epoch in which the call was admitted.
    std::uint64_t epoch() const noexcept { return grant_.epoch; }

private:
    friend class breaker;
    permit(detail::front& of, const detail::grant& given) noexcept : at_{&of}, grant_{given} {}

    /// The breaker, once. Null if the permit was settled or moved from.
    detail::front* taken() noexcept {
        assert(at_ != nullptr && "a permit is settled once");
        return std::exchange(at_, nullptr);
    }
    void drop() noexcept {
        if (at_ != nullptr) std::exchange(at_, nullptr)->settle(grant_.in_words(), verdict::ignored());
    }

    detail::front* at_;
    detail::grant grant_;
};

}  // namespace switchgear
