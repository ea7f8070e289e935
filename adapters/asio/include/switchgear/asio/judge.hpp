#pragma once

#include <concepts>
#include <exception>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <switchgear/classify.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::asio {

namespace detail {

/// Boost.Beast's own "no answer in time", which has a category of its own. By its name, since Beast may not be there.
inline bool beast_timed_out(const boost::system::error_code& error) noexcept {
    return error.value() == 1 && std::string_view{error.category().name()} == "boost.beast";
}

/// What Asio's operations end with: an error code, or with coroutines (`co_spawn`) an exception.
template <class E>
concept error_of_asio = std::same_as<E, boost::system::error_code> || std::same_as<E, std::exception_ptr>;

/// A result whose error is one of those.
template <class R>
concept result_of_asio =
    result_like<R> && requires(const R& r) { requires error_of_asio<std::remove_cvref_t<decltype(r.error())>>; };

}  // namespace detail

/// How an operation went that ended with this error: none is success, no answer in time `timeout`, nobody
/// reached `unreachable`, the rest `error`.
[[nodiscard]] inline verdict classify(const boost::system::error_code& error) noexcept {
    namespace code = boost::asio::error;
    if (!error) return verdict::success();
    if (error == code::timed_out || detail::beast_timed_out(error)) return verdict::failure(failure_class::timeout);
    if (error == code::connection_refused || error == code::connection_aborted || error == code::host_unreachable ||
        error == code::network_unreachable || error == code::network_down || error == code::host_not_found ||
        error == code::host_not_found_try_again || error == code::no_recovery || error == code::no_data) {
        return verdict::failure(failure_class::unreachable);
    }
    return verdict::failure(failure_class::error);
}

/// The judge unless you bring one: `switchgear::default_classifier`, which besides knows error codes and exceptions as
/// Asio gives them: thrown (`use_awaitable`), returned, alone or first in a tuple (`as_tuple`; without it an error there
/// would count as a success), or as the error of a result. A null exception is none: success.
struct default_judge {
    template <class R>
    verdict operator()(const R& returned) const noexcept {
        return default_classifier{}(returned);
    }
    template <detail::result_of_asio R>
    verdict operator()(const R& returned) const noexcept {
        if (returned.has_value()) return verdict::success();
        const verdict how = (*this)(returned.error());
        return how.is_success() ? verdict::failure() : how;  // no value is a failure, even if the error says nothing
    }
    verdict operator()(const boost::system::error_code& error) const noexcept { return classify(error); }
    template <detail::error_of_asio E, class... Rest>
    verdict operator()(const std::tuple<E, Rest...>& returned) const noexcept {
        return (*this)(std::get<0>(returned));
    }
    verdict operator()(const std::exception_ptr& thrown) const noexcept {
        if (thrown == nullptr) return verdict::success();
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& error) {
            return classify(error.code());
        } catch (...) {
            return verdict::failure();
        }
    }
};

namespace detail {

/// Whether the operation says that it was called off.
template <class R>
bool called_off(const R&) noexcept {
    return false;
}
inline bool called_off(const boost::system::error_code& error) noexcept {
    return error == boost::asio::error::operation_aborted;
}
inline bool called_off(const std::exception_ptr& thrown) noexcept {
    if (thrown == nullptr) return false;
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return called_off(error.code());
    } catch (...) {
        return false;
    }
}
template <result_of_asio R>
bool called_off(const R& returned) noexcept {
    return !returned.has_value() && called_off(returned.error());
}
template <error_of_asio E, class... Rest>
bool called_off(const std::tuple<E, Rest...>& returned) noexcept {
    return called_off(std::get<0>(returned));
}

}  // namespace detail
}  // namespace switchgear::asio
