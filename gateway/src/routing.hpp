#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/counters.hpp>

#include "breakers_of_service.hpp"

namespace boost::asio::ssl {
class context;
}

namespace switchgear::gateway {

/// A service as requests meet it: its settings, and handles to what survives a reload.
struct live_service {
    const service* settings;  ///< in the configuration of the same routing
    std::shared_ptr<service_counters> counters;
    std::shared_ptr<breakers_of_service> breakers;
    std::vector<breaker_use> fixed;        ///< see breakers_of_service::fixed
    std::vector<std::string> authorities;  ///< of the endpoints, for Host
    std::vector<std::string> pool_keys;    ///< of the endpoints, for the workers' pools
    /// Whose turn it is among the endpoints.
    mutable std::atomic<std::size_t> turn{0};
};

/// One configuration made ready for requests. Never changes; a reload makes another.
class routing {
public:
    std::shared_ptr<const config> settings;
    /// In the order of `config::services`. Pointers, because they do not move.
    std::vector<std::unique_ptr<live_service>> services;
    /// For calls and health checks alike, so that what one trusts the other does; null if no endpoint is https. Reading
    /// the system's roots takes a tenth of a second: with the configuration, not with a call.
    std::shared_ptr<boost::asio::ssl::context> client_tls;
};

}  // namespace switchgear::gateway
