#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/this_coro.hpp>

#include <switchgear/asio/judge.hpp>
#include <switchgear/asio/timed_permit.hpp>
#include <switchgear/breaker.hpp>
#include <switchgear/permit.hpp>
#include <switchgear/result.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::asio {

namespace detail {

template <class Awaitable>
struct parts_of;
template <class T, class Executor>
struct parts_of<boost::asio::awaitable<T, Executor>> {
    using value = T;
    using executor = Executor;
};

/// Makes something that can be awaited in a Boost.Asio coroutine.
template <class Make>
concept makes_awaitable = requires { typename parts_of<std::invoke_result_t<Make&>>::value; };

template <class Make>
using value_of = typename parts_of<std::invoke_result_t<Make&>>::value;

/// The coroutine that `co_call` returns.
template <class Make>
using guarded_call = boost::asio::awaitable<switchgear::detail::call_result<value_of<Make>>,
                                            typename parts_of<std::invoke_result_t<Make&>>::executor>;

/// A coroutine that was told to stop, and whose operation then says that it was called off, has learnt
/// nothing about the service.
template <class Judge, class Returned>
verdict judge_returned(const Judge& judge, bool told_to_stop, const Returned& returned) {
    if (told_to_stop && called_off(returned)) return verdict::ignored();
    return switchgear::detail::judge_value(judge, returned);
}

template <class Judge>
verdict judge_thrown(const Judge& judge, bool told_to_stop, const std::exception_ptr& thrown) {
    if (told_to_stop && called_off(thrown)) return verdict::ignored();
    return switchgear::detail::judge_exception(judge, thrown);
}

// The parameters are copied into the frame and outlive its locals, so the handle outlives the permit,
// also when the frame is destroyed while it waits.
template <class Handle, class Make, class Judge>
guarded_call<Make> call_under_permit(Handle by, Make make, Judge judge) {
    using value = value_of<Make>;
    using answer = switchgear::detail::call_result<value>;

    result<permit> admitted = by->try_acquire();
    if (!admitted) co_return switchgear::detail::refused<answer>(admitted.error());
    timed_permit granted{co_await boost::asio::this_coro::executor, by, std::move(*admitted)};

    std::optional<std::conditional_t<std::is_void_v<value>, std::monostate, value>> out;
    std::exception_ptr thrown;
    try {
        if constexpr (std::is_void_v<value>) {
            co_await std::invoke(make);
        } else {
            out.emplace(co_await std::invoke(make));
        }
    } catch (...) {
        thrown = std::current_exception();
    }
    // Asked only now and outside the handler: the call may have reset the state, and a handler cannot wait.
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    const bool told_to_stop = cancellation.cancelled() != boost::asio::cancellation_type::none;

    if (thrown) {
        granted.settle(judge_thrown(judge, told_to_stop, thrown));
        std::rethrow_exception(thrown);
    }
    if constexpr (std::is_void_v<value>) {
        granted.settle(verdict::success());
        co_return answer{};
    } else {
        granted.settle(judge_returned(judge, told_to_stop, std::as_const(*out)));
        co_return answer(*std::move(out));
    }
}

}  // namespace detail

/// `breaker::call` for coroutines: `co_await co_call(breaker, [&] { return fetch(url); })`.
///
/// Asks for a permit when it is awaited, awaits what `make` returns, judges how it went and hands the outcome
/// on untouched. The permit lives in the coroutine's frame: if the coroutine is cancelled, or destroyed while
/// it waits, the permit is given back as ignored, and a probe's slot is free again. Cancelled means: the
/// coroutine's cancellation state says so *and* the operation ended with `operation_aborted`; a socket
/// closed by somebody else is for the judge to judge.
///
/// Where the breaker has a limit for slow calls (`breaker::slow_limit`), a timer of the coroutine's executor counts
/// the call as slow when it passes that, while it is still running. Listeners are told of a trip by that timer on any
/// thread of the executor, and the call does not wait for them: its verdict counts when they are done.
///
/// Returns: R where R is a result or std::expected whose error can be made from a rejection; else
/// `result<R>`. Throws: what the awaited operation throws, and what the judge throws, in which case the permit
/// is given back (rule 28).
/// Thread safety: as of the coroutine; the breaker may be shared with any thread.
/// Lifetime: the breaker must outlive the coroutine, and a timer that is telling listeners when the coroutine ends:
/// where the executor has several threads, keep it until they have ended, or hand in a shared_ptr.
template <class Make, class Judge = default_judge>
    requires detail::makes_awaitable<Make>
detail::guarded_call<Make> co_call(breaker& by, Make make, Judge judge = {}) {
    return detail::call_under_permit(&by, std::move(make), std::move(judge));
}

/// The same with a breaker of a registry, which the coroutine and its timer hold as long as they need it. Requires: not
/// null.
template <class Make, class Judge = default_judge>
    requires detail::makes_awaitable<Make>
detail::guarded_call<Make> co_call(std::shared_ptr<breaker> by, Make make, Judge judge = {}) {
    return detail::call_under_permit(std::move(by), std::move(make), std::move(judge));
}

}  // namespace switchgear::asio
