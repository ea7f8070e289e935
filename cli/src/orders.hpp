#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchgear::cli {

enum class order_kind : std::uint8_t { reset, trip, force_open, force_closed, lift };

/// An operator's order as the command line has it.
struct order_options {
    std::string reason;
    std::string actor;
    std::optional<std::chrono::milliseconds> lasts{};
};

/// One request of the admin API.
struct order_request {
    std::string_view method;
    std::string target;
    std::string body;
};

/// The request that carries the order out.
order_request request_for(order_kind, std::string_view breaker, const order_options&);

/// "ann@build-7": who runs this program, and where.
std::string default_actor();

}  // namespace switchgear::cli
