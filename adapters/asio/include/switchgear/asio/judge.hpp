#pragma once

#include <exception>
#include <tuple>

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <switchgear/classify.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::asio {

/// How an operation went that ended with this error: none is success, no answer in time `timeout`, nobody
/// reached `unreachable`, the rest `error`.
[[nodiscard]] inline verdict classify(const boost::system::error_code& error) noexcept {
    namespace code = boost::asio::error;
    if (!error) return verdict::success();
    if (error == code::timed_out) return verdict::failure(failure_class::timeout);
    if (error == code::connection_refused || error == code::connection_aborted || error == code::host_unreachable ||
        error == code::network_unreachable || error == code::network_down || error == code::host_not_found ||
        error == code::host_not_found_try_again || error == code::no_recovery || error == code::no_data) {
        return verdict::failure(failure_class::unreachable);
    }
    return verdict::failure(failure_class::error);
}

/// The judge unless you bring one: `switchgear::default_classifier`, which besides knows error codes, thrown
/// (`use_awaitable`) or returned (`as_tuple`); without it an error in a tuple would count as a success.
struct default_judge {
    template <class R>
    verdict operator()(const R& returned) const noexcept {
        return default_classifier{}(returned);
    }
    verdict operator()(const boost::system::error_code& error) const noexcept { return classify(error); }
    template <class... Rest>
    verdict operator()(const std::tuple<boost::system::error_code, Rest...>& returned) const noexcept {
        return classify(std::get<0>(returned));
    }
    verdict operator()(const std::exception_ptr& thrown) const noexcept {
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
template <class... Rest>
bool called_off(const std::tuple<boost::system::error_code, Rest...>& returned) noexcept {
    return called_off(std::get<0>(returned));
}
inline bool called_off(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return called_off(error.code());
    } catch (...) {
        return false;
    }
}

}  // namespace detail
}  // namespace switchgear::asio
