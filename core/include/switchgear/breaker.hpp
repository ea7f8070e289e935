#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <switchgear/classify.hpp>
#include <switchgear/event.hpp>
#include <switchgear/permit.hpp>
#include <switchgear/result.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/snapshot.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

namespace detail {

class breaker_core;
class listeners;
struct plan;

/// Whether a refusal fits into R itself, so that `call` needs no second layer around it. Of other result-like types
/// nobody knows how they are made from an error, or whether what is made then is not a value.
template <class R>
concept carries_rejection =
    is_result<std::remove_cv_t<R>> && std::constructible_from<typename R::error_type, const rejection&>;

template <class R>
using call_result = std::conditional_t<carries_rejection<R>, R, result<std::remove_cv_t<R>>>;

template <class R>
constexpr R refused(const rejection& why) {
#ifdef __cpp_lib_expected
    if constexpr (requires { R{std::unexpect, why}; })
        return R{std::unexpect, why};
    else
#endif
        return R(typename R::error_type(why));
}

/// Whether a To that is made from a From may be returned: it is no reference to a temporary, which would be gone.
/// `std::reference_wrapper` is made from exactly what an lvalue reference binds to without one.
template <class To, class From>
concept outlives_return =
    !std::is_reference_v<To> ||
    (std::is_reference_v<From> && std::convertible_to<std::add_pointer_t<From>, std::add_pointer_t<To>>) ||
    (std::is_lvalue_reference_v<To> && std::convertible_to<From, std::reference_wrapper<std::remove_reference_t<To>>>);

/// Makes the call and settles its permit. Whatever unwinds past the permit drops it, a judge that
/// throws and a thread that is cancelled too: the slot is given back and the unwinding goes on (rule 28).
template <class F, class Judge>
auto run(permit p, F&& f, const Judge& judge) -> std::invoke_result_t<F> {
    using returned = std::invoke_result_t<F>;
    auto attempt = [&]() -> returned {
        try {
            return std::invoke(std::forward<F>(f));
        } catch (...) {
            // Null where the thread is cancelled or exits: that is no exception, and says nothing of the service.
            const std::exception_ptr thrown = std::current_exception();
            if (thrown) p.settle(judge_exception(judge, thrown));
            throw;
        }
    };
    if constexpr (std::is_void_v<returned>) {
        attempt();
        p.success();
    } else {
        returned out = attempt();
        p.settle(judge_value(judge, std::as_const(out)));
        return static_cast<returned>(std::forward<returned>(out));
    }
}

}  // namespace detail

/// Decides whether a call may be made, from how recent calls went.
///
/// |           | failure seen         | pause over | probe succeeded | probe failed      |
/// |-----------|----------------------|------------|-----------------|-------------------|
/// | closed    | open if a rule holds | –          | –               | –                 |
/// | open      | ignored (late)       | half-open  | –               | –                 |
/// | half-open | ignored (late)       | –          | closed if enough | open, pause grows |
///
/// A verdict counts only in the epoch that issued its permit; an older one is dropped and counted in
/// snapshot::totals.late. The breaker has no thread and no timer: time passes when somebody asks.
///
/// Thread safety: every member may be called from any thread at any time, from callbacks too.
/// Lifetime: must outlive its permits. Immovable.
class breaker {
public:
    /// Throws: invalid_settings with every violation. Requires: `time` outlives the breaker.
    explicit breaker(std::string name, const settings& = {}, const time_source& time = time_source::steady());
    ~breaker();
    breaker(const breaker&) = delete;
    breaker& operator=(const breaker&) = delete;

    /// Asks for the right to make one call.
    /// Returns: a permit, to be settled once; or a rejection with the time to come back.
    /// Cost: no lock, no allocation, in every state; no clock while closed without a slow or adaptive rule.
    [[nodiscard]] result<permit> try_acquire() noexcept {
        const detail::word at = front_->current();
        if (!at.plainly_closed()) [[unlikely]] {
            detail::room_for_grant given;
            const detail::answer further = front_->acquire_further(given.it);
            if (!further.admitted()) return rejection{further.why, duration{further.wait}};
            return permit{*front_, given.it};
        }
        return permit{*front_, detail::front::granted(at, detail::grant::counted, front_->its_time)};
    }

    /// Makes the call if it is admitted, judges how it went, and hands its outcome on untouched.
    ///
    /// Returns: R where R is a result or std::expected whose error can be made from a rejection; else
    /// `result<R>` (`result<void>` for void). Throws: what `f` throws, and what the judge throws, in
    /// which case the permit is given back (rule 28). So it is where the thread is cancelled or exits in `f`.
    template <class F, class Judge = default_classifier>
    auto call(F&& f, const Judge& judge = {}) -> detail::call_result<std::invoke_result_t<F>>;

    /// The same with an answer for a refusal: `fallback(rejection)`, convertible to R; a reference to what lives on
    /// where R is one.
    template <class F, class Fallback, class Judge = default_classifier>
    auto call_or(F&& f, Fallback&& fallback, const Judge& judge = {}) -> std::invoke_result_t<F>;

    /// Calls `listener` for each transition, after it is visible, on the thread that caused it, without
    /// any lock held. A listener that throws ends the program.
    [[nodiscard]] subscription subscribe(std::function<void(const transition&)> listener);

    snapshot observe() const;
    std::string_view name() const noexcept;

    /// When a call in flight becomes slow, for whoever owns a timer: the shortest limit in force that a call of
    /// this age has not reached yet, of the slow rule and what the adaptive rule has learned. At that age
    /// `permit::overdue` says so; then there may be a second one. Empty: there is none. No lock, no clock.
    std::optional<duration> slow_limit(duration age = {}) const noexcept;

    settings current_settings() const;
    /// Keeps state, epoch, deadline, outstanding permits and the samples that fit (rule 35).
    /// Throws: invalid_settings; the old settings stay.
    void apply(const settings&);

    /// A health check passed: a probe is due (rule 16). Without effect unless open.
    void end_pause() noexcept;
    /// A health check failed: the probe is not due before now + `wait`. Without effect unless open;
    /// never shortens the pause.
    void extend_pause(duration wait) noexcept;

    // Orders. Each throws std::bad_alloc where there is no memory for it, and has changed nothing then; what one has
    // changed is told.

    /// Closed, windows and back-off cleared.
    void reset(order);
    /// Open, timer restarted; recovers by itself. For `pause` exactly if given, but no longer than
    /// `recovery.max_retry_after` (10 min unless set; 0: no cap): force_open() is for longer.
    void trip(order, std::optional<duration> pause = {});
    /// Refuses every call until lifted, or until `order::until`.
    void force_open(order);
    /// Admits and counts every call until lifted, or until `order::until`.
    void force_closed(order);
    /// Ends an override: `force_open` leads to open with a probe due, `force_closed` to closed.
    void lift_override(order);

    /// The state as one line of text with a version and a checksum. Overrides and windows are not part
    /// of it: an order that outlived its process would be a forgotten one.
    std::string save() const;
    /// Takes over a saved state, `elapsed` after it was saved. Returns: false if the record is damaged or
    /// of a newer version; then the breaker is as it was.
    bool restore(std::string_view record, duration elapsed = {});

private:
    friend class registry;
    class of_registry {
        friend class breaker;
        friend class registry;
        of_registry() = default;
    };

public:
    /// The registry's own way: settings that are shared, and listeners of all its breakers.
    breaker(of_registry, std::string name, std::shared_ptr<const detail::plan>, const time_source&,
            std::shared_ptr<detail::listeners> also);

private:
    detail::breaker_core& core() const noexcept;

    detail::front* const front_;  ///< of the breaker_core that this owns
};

template <class F, class Judge>
auto breaker::call(F&& f, const Judge& judge) -> detail::call_result<std::invoke_result_t<F>> {
    using answer = detail::call_result<std::invoke_result_t<F>>;
    result<permit> admitted = try_acquire();
    if (!admitted) return detail::refused<answer>(admitted.error());
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        detail::run(std::move(*admitted), std::forward<F>(f), judge);
        return answer{};
    } else {
        return answer(detail::run(std::move(*admitted), std::forward<F>(f), judge));
    }
}

template <class F, class Fallback, class Judge>
auto breaker::call_or(F&& f, Fallback&& fallback, const Judge& judge) -> std::invoke_result_t<F> {
    static_assert(detail::outlives_return<std::invoke_result_t<F>, std::invoke_result_t<Fallback, rejection&>>,
                  "where the function returns a reference, the fallback has to return one, and to the same type");
    result<permit> admitted = try_acquire();
    if (!admitted) return std::invoke(std::forward<Fallback>(fallback), admitted.error());
    return detail::run(std::move(*admitted), std::forward<F>(f), judge);
}

/// `f` behind a breaker, as a function object that takes what `f` takes and returns what
/// `breaker::call` would. Lifetime: the breaker must outlive it.
template <class F, class Judge = default_classifier>
auto guarded(breaker& by, F f, Judge judge = {}) {
    return [&by, f = std::move(f), judge = std::move(judge)]<class... Args>(Args&&... args) mutable {
        return by.call(
            [&]() -> std::invoke_result_t<F&, Args...> { return std::invoke(f, std::forward<Args>(args)...); }, judge);
    };
}

}  // namespace switchgear
