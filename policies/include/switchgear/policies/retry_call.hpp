#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <switchgear/classify.hpp>
#include <switchgear/policies/retry.hpp>
#include <switchgear/state.hpp>
#include <switchgear/time.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::policies {

namespace detail {

/// What one attempt came to: an answer, or what was thrown.
template <class Answer>
struct outcome {
    std::optional<Answer> answer;
    std::exception_ptr thrown;

    Answer give() && {
        if (thrown) std::rethrow_exception(thrown);
        return *std::move(answer);
    }
};

template <class Call>
auto attempt(Call& call) -> outcome<std::invoke_result_t<Call&>> {
    try {
        return {std::invoke(call), nullptr};
    } catch (...) {
        auto thrown = std::current_exception();
        if (!thrown) throw;  // the thread is cancelled or exits, which nobody may stop
        return {std::nullopt, std::move(thrown)};
    }
}

/// An answer that may be a breaker's refusal, as `breaker::call` returns it.
template <class Answer>
concept may_refuse = result_like<Answer> && requires(const Answer& a) {
    typename Answer::value_type;
    { a.error() } -> std::convertible_to<const rejection&>;
};

template <class Answer>
const rejection* refusal_in(const outcome<Answer>& out) {
    if constexpr (may_refuse<Answer>) {
        if (out.answer && !out.answer->has_value()) return &out.answer->error();
    }
    return nullptr;
}

/// The judge sees what the protected function returned, as `breaker::call` shows it to its own.
template <class Judge, class Answer>
verdict judge(const Judge& by, const outcome<Answer>& out) {
    using switchgear::detail::judge_exception;
    using switchgear::detail::judge_value;
    if (out.thrown) return judge_exception(by, out.thrown);
    if constexpr (!may_refuse<Answer>) {
        return judge_value(by, *out.answer);
    } else if constexpr (std::is_void_v<typename Answer::value_type>) {
        return verdict::success();
    } else {
        return judge_value(by, **out.answer);
    }
}

}  // namespace detail

/// The clock and how long there is.
struct retry_within {
    const time_source& time = time_source::steady();
    std::optional<time_point> deadline{};
};

/// Makes the call, and makes it again as the policy allows.
///
///     auto reply = retry_call(policy, {.deadline = deadline}, [&] { return payments.call(fetch, judge); },
///                             [](duration wait) { std::this_thread::sleep_for(wait); }, judge);
///
/// Returns: what the last attempt that reached the service returned, or throws what it threw; a refusal only
/// if none reached it. So a breaker that opens between two attempts, or a budget used up, leaves the caller
/// with the service's own answer. What is judged: the value within, if `call` returns a result whose error is
/// a `rejection`; else what it returns.
///
/// Throws: what `wait` and `judge` throw, too.
template <class Call, class Wait, class Judge = default_classifier>
    requires std::is_object_v<std::invoke_result_t<Call&>>
auto retry_call(retry_policy& policy, const retry_within& within, Call&& call, Wait&& wait, const Judge& judge = {})
    -> std::invoke_result_t<Call&> {
    using answer = std::invoke_result_t<Call&>;
    retry_run run = policy.begin();
    std::optional<detail::outcome<answer>> reached;
    for (;;) {
        detail::outcome<answer> out = detail::attempt(call);
        std::optional<duration> pause;
        if (const rejection* refused = detail::refusal_in(out)) {
            pause = run.next(*refused, within.time.now(), within.deadline);
            if (!pause) return reached ? std::move(*reached).give() : std::move(out).give();
        } else {
            const verdict went = detail::judge(judge, out);
            pause = run.next(went, within.time.now(), within.deadline);
            if (!pause) return std::move(out).give();
            reached.emplace(std::move(out));
        }
        std::invoke(wait, *pause);
    }
}

}  // namespace switchgear::policies
