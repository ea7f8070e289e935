#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "admin_url.hpp"
#include "event_stream.hpp"

namespace switchgear::cli {

/// What the gateway answered.
struct admin_reply {
    unsigned status = 0;
    std::string body;
};

/// The gateway could not be asked: nobody listens, the name is unknown, the certificate is not trusted,
/// no answer in time. `what()` says which, and where.
class unreachable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A client of the admin API. Each request has a connection of its own.
///
/// Thread safety: one thread at a time.
class admin_client {
public:
    admin_client(admin_url where, std::optional<std::string> token);

    /// One request. A body makes its content type application/json. Throws: unreachable.
    admin_reply get(std::string_view target) const { return exchange("GET", target, {}); }
    admin_reply post(std::string_view target, std::string body) const {
        return exchange("POST", target, std::move(body));
    }
    admin_reply put(std::string_view target, std::string body) const {
        return exchange("PUT", target, std::move(body));
    }

    /// What `follow` tells. Neither may be empty.
    struct follower {
        std::function<void(server_event)> on_event;
        /// The connection was lost; another is tried every second. Told once for each loss.
        std::function<void(const std::string& why)> on_lost;
    };
    /// Hands on the events of a server-sent stream until the user interrupts (SIGINT, SIGTERM), through
    /// lost connections too. Returns: empty when interrupted, or the answer if the gateway refused.
    /// Throws: unreachable if the first connection fails, and what `on_event` throws.
    std::optional<admin_reply> follow(std::string_view target, follower) const;

private:
    admin_reply exchange(std::string_view method, std::string_view target, std::string body) const;

    admin_url where_;
    std::optional<std::string> token_;
};

}  // namespace switchgear::cli
