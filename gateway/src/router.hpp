#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

/// What the routes say about a request: a route; or none for its method, with those that have one; or none.
struct routed {
    const route* to = nullptr;
    std::string allow;  ///< the methods that have a route here, if this one has none: for `Allow`
};

/// The first route whose prefix and methods match. HEAD is routed where GET is.
routed find_route(const std::vector<route>&, std::string_view method, std::string_view path);

/// The path that is sent on by that route.
std::string_view path_after(const route&, std::string_view path, std::string& storage);

}  // namespace switchgear::gateway
