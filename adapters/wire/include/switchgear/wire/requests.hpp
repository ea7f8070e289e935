#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include <switchgear/state.hpp>
#include <switchgear/wire/json.hpp>

/// What an operator may ask of a breaker, as the admin API takes it.
///
/// Every order needs a reason and an actor: one line of printable text each, not empty, at most 1000 and
/// 200 bytes. How long it holds is a text such as "10m", within [1ms, 365d]. Unknown members are refused:
/// an order with a misspelt `for` would otherwise hold for ever.
namespace switchgear::wire {

/// {"mode": "forced_open", "reason": …, "actor": …, "for": "10m"}
struct override_request {
    override_mode mode = override_mode::none;  ///< none: lift
    std::string reason;
    std::string actor;
    /// JSON: "for". Empty: until lifted; a lift has none.
    std::optional<std::chrono::milliseconds> lasts{};
    friend bool operator==(const override_request&, const override_request&) = default;
};

/// {"reason": …, "actor": …}
struct reset_request {
    std::string reason;
    std::string actor;
    friend bool operator==(const reset_request&, const reset_request&) = default;
};

/// {"reason": …, "actor": …, "for": "30s"}
struct trip_request {
    std::string reason;
    std::string actor;
    /// JSON: "for". The pause, cut to `recovery.max_retry_after` (10m unless set; 0: not cut); the answer's
    /// `retry_after_ms` tells the one in force. Empty: as the settings have it.
    std::optional<std::chrono::milliseconds> lasts{};
    friend bool operator==(const trip_request&, const trip_request&) = default;
};

[[nodiscard]] boost::json::object to_json(const override_request&);
[[nodiscard]] boost::json::object to_json(const reset_request&);
[[nodiscard]] boost::json::object to_json(const trip_request&);

template <>
[[nodiscard]] parsed<override_request> from_json<override_request>(const boost::json::value&);
template <>
[[nodiscard]] parsed<reset_request> from_json<reset_request>(const boost::json::value&);
template <>
[[nodiscard]] parsed<trip_request> from_json<trip_request>(const boost::json::value&);

}  // namespace switchgear::wire
