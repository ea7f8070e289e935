#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <type_traits>

#include <switchgear/state.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

/// Something that holds a value or an error: `result`, `std::expected` and their like.
template <class R>
concept result_like = requires(const R& r) {
    { r.has_value() } -> std::convertible_to<bool>;
    r.error();
};

/// The judge unless you bring one: an empty result-like object failed, every exception failed, the rest
/// is success. A held `rejection` (an inner breaker's refusal) is ignored: it says nothing about the
/// service behind this one. A null `std::exception_ptr`, which a function may return, is no exception.
struct default_classifier {
    template <class R>
    constexpr verdict operator()(const R& returned) const noexcept {
        if constexpr (result_like<R>) {
            if (returned.has_value()) return verdict::success();
            if constexpr (std::same_as<std::remove_cvref_t<decltype(returned.error())>, rejection>) {
                return verdict::ignored();
            } else {
                return verdict::failure();
            }
        } else {
            return verdict::success();
        }
    }
    verdict operator()(const std::exception_ptr& thrown) const noexcept {
        return thrown ? verdict::failure() : verdict::success();
    }
};

/// Glues lambdas into one judge: `verdict(const R&)` and `verdict(const std::exception_ptr&)`, each
/// optional. What no lambda takes is judged by `default_classifier`; one that takes it and gives no verdict, or
/// changes itself or what it takes, does not compile.
///
///     classify_by{[](const response& r) { return r.status < 500 ? verdict::success() : verdict::failure(); },
///                 [](const std::exception_ptr&) { return verdict::failure(failure_class::unreachable); }}
template <class... F>
struct classify_by : F... {
    using F::operator()...;
};
template <class... F>
classify_by(F...) -> classify_by<F...>;

namespace detail {

template <class Judge, class Subject>
concept judges = requires(const Judge& judge, const Subject& subject) {
    requires std::same_as<std::remove_cvref_t<decltype(std::invoke(judge, subject))>, verdict>;
};

/// Whether the judge means to judge that, rightly made or not.
template <class Judge, class Subject>
concept takes = std::invocable<Judge&, Subject&> || std::invocable<Judge&, Subject>;

template <class Judge, class R>
constexpr verdict judge_value(const Judge& judge, const R& returned) {
    if constexpr (judges<Judge, R>) {
        return std::invoke(judge, returned);
    } else {
        static_assert(!takes<Judge, R>,
                      "a judge of what was returned has to be verdict(const R&), and callable as const");
        return default_classifier{}(returned);
    }
}

template <class Judge>
verdict judge_exception(const Judge& judge, const std::exception_ptr& thrown) {
    if constexpr (judges<Judge, std::exception_ptr>) {
        return std::invoke(judge, thrown);
    } else {
        static_assert(!takes<Judge, std::exception_ptr>,
                      "a judge of exceptions has to be verdict(const std::exception_ptr&), and callable as const");
        return verdict::failure();
    }
}

}  // namespace detail
}  // namespace switchgear
