#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#if __has_include(<expected>)
#include <expected>
#endif

#include <switchgear/state.hpp>

namespace switchgear {

/// Thrown by `result::value()` when there is none.
class bad_result_access : public std::exception {
public:
    const char* what() const noexcept override { return "switchgear::result holds no value"; }
};

template <class T, class E = rejection>
class result;

namespace detail {

/// `result` and `std::expected`: their operator bool tells whether there is a value, not which.
template <class R>
inline constexpr bool is_result = false;
template <class T, class E>
inline constexpr bool is_result<result<T, E>> = true;
#ifdef __cpp_lib_expected
template <class T, class E>
inline constexpr bool is_result<std::expected<T, E>> = true;
#endif

}  // namespace detail

/// A value, or why there is none. Our own type in every language mode, because an alias that changes
/// with the standard breaks the one-definition rule; it reads like `std::expected`, and converts to and
/// from it where there is one. A `std::expected<bool, E>` is to be made of it with `=`: in braces its own
/// constructor would take our operator bool for the value.
///
/// Requires: T and E are different types, both nothrow-movable if assigned.
/// Thread safety: as of T and E.
template <class T, class E>
class [[nodiscard]] result {
    static_assert(!std::is_same_v<std::remove_cv_t<T>, E>, "a result needs two types to tell apart");

public:
    using value_type = T;
    using error_type = E;

    /// Explicit where T is only made explicitly. Another result is never a bool: its operator bool is no value.
    template <class U = T>
        requires(!std::same_as<std::remove_cvref_t<U>, result> && !std::same_as<std::remove_cvref_t<U>, E> &&
                 !(std::same_as<std::remove_cv_t<T>, bool> && detail::is_result<std::remove_cvref_t<U>>) &&
                 std::constructible_from<T, U &&>)
    constexpr explicit(!std::is_convertible_v<U, T>) result(U&& value) noexcept(std::is_nothrow_constructible_v<T, U&&>)
        : has_value_{true} {
        std::construct_at(std::addressof(value_), std::forward<U>(value));
        fill_the_other();
    }
    constexpr result(const E& error) : has_value_{false} {
        std::construct_at(std::addressof(error_), error);
        fill_the_other();
    }
    constexpr result(E&& error) noexcept(std::is_nothrow_move_constructible_v<E>) : has_value_{false} {
        std::construct_at(std::addressof(error_), std::move(error));
        fill_the_other();
    }

    constexpr result(const result& other)
        requires(std::copy_constructible<T> && std::copy_constructible<E>)
        : has_value_{other.has_value_} {
        take(other);
    }
    constexpr result(result&& other) noexcept(std::is_nothrow_move_constructible_v<T> &&
                                              std::is_nothrow_move_constructible_v<E>)
        : has_value_{other.has_value_} {
        take(std::move(other));
    }
    constexpr result& operator=(result other) noexcept(std::is_nothrow_move_constructible_v<T> &&
                                                       std::is_nothrow_move_constructible_v<E>) {
        destroy();
        has_value_ = other.has_value_;
        take(std::move(other));
        return *this;
    }
    constexpr ~result() { destroy(); }

    constexpr bool has_value() const noexcept { return has_value_; }
    constexpr explicit operator bool() const noexcept { return has_value_; }

    /// Requires: has_value().
    constexpr T& operator*() & noexcept { return value_; }
    constexpr const T& operator*() const& noexcept { return value_; }
    constexpr T&& operator*() && noexcept { return std::move(value_); }
    constexpr T* operator->() noexcept { return std::addressof(value_); }
    constexpr const T* operator->() const noexcept { return std::addressof(value_); }

    /// Throws: bad_result_access if there is no value.
    constexpr T& value() & { return present(), value_; }
    constexpr const T& value() const& { return present(), value_; }
    constexpr T&& value() && { return present(), std::move(value_); }

    template <class U>
    constexpr T value_or(U&& other) const& {
        return has_value_ ? value_ : static_cast<T>(std::forward<U>(other));
    }
    template <class U>
    constexpr T value_or(U&& other) && {
        return has_value_ ? std::move(value_) : static_cast<T>(std::forward<U>(other));
    }

    /// Requires: !has_value().
    constexpr E& error() & noexcept { return error_; }
    constexpr const E& error() const& noexcept { return error_; }
    constexpr E&& error() && noexcept { return std::move(error_); }

#ifdef __cpp_lib_expected
    constexpr result(std::expected<T, E> from) : has_value_{from.has_value()} {
        if (has_value_) {
            std::construct_at(std::addressof(value_), std::move(*from));
        } else {
            std::construct_at(std::addressof(error_), std::move(from.error()));
        }
        fill_the_other();
    }
    constexpr operator std::expected<T, E>() && {
        if (has_value_) return std::expected<T, E>{std::move(value_)};
        return std::expected<T, E>{std::unexpect, std::move(error_)};
    }
#endif

private:
    template <class Other>
    constexpr void take(Other&& other) {
        if (has_value_) {
            std::construct_at(std::addressof(value_), std::forward<Other>(other).value_);
        } else {
            std::construct_at(std::addressof(error_), std::forward<Other>(other).error_);
        }
        fill_the_other();
    }
    constexpr void destroy() noexcept {
        if (has_value_) {
            std::destroy_at(std::addressof(value_));
        } else {
            std::destroy_at(std::addressof(error_));
        }
    }
    constexpr void present() const {
        if (!has_value_) throw bad_result_access{};
    }

    /// A constant has to be initialised to its last byte.
    constexpr void fill_the_other() noexcept {
        if (!std::is_constant_evaluated()) return;
        if (has_value_) {
            std::construct_at(&no_error_);
        } else {
            std::construct_at(&no_value_);
        }
    }

    struct none {};
    // Side by side, not on top of each other: so a compiler keeps what a healthy call returns in registers.
    union {
        T value_;
        none no_value_;
    };
    union {
        E error_;
        none no_error_;
    };
    bool has_value_;
};

/// A result without a value: done, or why not.
template <class E>
class [[nodiscard]] result<void, E> {
public:
    using value_type = void;
    using error_type = E;

    constexpr result() noexcept : inner_{done{}} {}
    constexpr result(E error) noexcept(std::is_nothrow_move_constructible_v<E>) : inner_{std::move(error)} {}

    constexpr bool has_value() const noexcept { return inner_.has_value(); }
    constexpr explicit operator bool() const noexcept { return inner_.has_value(); }
    constexpr void operator*() const noexcept {}
    /// Throws: bad_result_access if it is not done.
    constexpr void value() const { static_cast<void>(inner_.value()); }
    constexpr const E& error() const& noexcept { return inner_.error(); }
    constexpr E&& error() && noexcept { return std::move(inner_).error(); }

#ifdef __cpp_lib_expected
    constexpr result(std::expected<void, E> from) : result{} {
        if (!from.has_value()) inner_ = std::move(from.error());
    }
    constexpr operator std::expected<void, E>() && {
        if (has_value()) return {};
        return std::expected<void, E>{std::unexpect, std::move(inner_).error()};
    }
#endif

private:
    struct done {};
    result<done, E> inner_;
};

/// A result that refers to somebody else's value.
template <class T, class E>
class [[nodiscard]] result<T&, E> {
public:
    using value_type = T&;
    using error_type = E;

    constexpr result(T& value) noexcept : inner_{std::addressof(value)} {}
    /// A temporary would be gone before it is looked at.
    constexpr result(T&& value)
        requires std::is_const_v<T>
    = delete;
    constexpr result(E error) noexcept(std::is_nothrow_move_constructible_v<E>) : inner_{std::move(error)} {}

    constexpr bool has_value() const noexcept { return inner_.has_value(); }
    constexpr explicit operator bool() const noexcept { return inner_.has_value(); }
    constexpr T& operator*() const noexcept { return **inner_; }
    constexpr T* operator->() const noexcept { return *inner_; }
    /// Throws: bad_result_access if there is no value.
    constexpr T& value() const { return *inner_.value(); }
    constexpr T& value_or(T& other) const noexcept { return inner_ ? **inner_ : other; }
    constexpr const E& error() const& noexcept { return inner_.error(); }
    constexpr E&& error() && noexcept { return std::move(inner_).error(); }

private:
    result<T*, E> inner_;
};

}  // namespace switchgear
