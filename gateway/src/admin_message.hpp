#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchgear/settings.hpp>

namespace switchgear::gateway {

/// A request to the admin port, as far as the API looks at it. Fields that are absent are empty.
struct admin_request {
    std::string method;
    std::string target;
    std::string host;
    std::optional<std::string> origin{};
    std::string authorization{};
    std::string content_type{};
    std::string body{};
    /// "127.0.0.1:51324", for the log.
    std::string from{};
};

class event_feed;

/// The answer to one.
struct admin_answer {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};
    /// If there is one, the body has no end: it is what the feed brings, until either side leaves.
    std::shared_ptr<event_feed> feed{};
};

/// An error as application/problem+json (RFC 9457), with `violations` if there are any.
admin_answer problem(unsigned status, std::string_view detail, const std::vector<violation>& violations = {});

}  // namespace switchgear::gateway
