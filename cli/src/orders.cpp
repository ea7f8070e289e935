#include "orders.hpp"

#include <array>

#include <pwd.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>

#include <switchgear/wire/requests.hpp>

#include "admin_url.hpp"

namespace switchgear::cli {

namespace {

order_request override_to(override_mode mode, const std::string& path, const order_options& order) {
    const wire::override_request wanted{
        .mode = mode, .reason = order.reason, .actor = order.actor, .lasts = order.lasts};
    return {"PUT", path + "/override", boost::json::serialize(to_json(wanted))};
}

}  // namespace

order_request request_for(order_kind kind, std::string_view breaker, const order_options& order) {
    const std::string path = "/v1/breakers/" + encode_segment(breaker);
    switch (kind) {
        case order_kind::reset: {
            const wire::reset_request wanted{.reason = order.reason, .actor = order.actor};
            return {"POST", path + "/reset", boost::json::serialize(to_json(wanted))};
        }
        case order_kind::trip: {
            const wire::trip_request wanted{.reason = order.reason, .actor = order.actor, .lasts = order.lasts};
            return {"POST", path + "/trip", boost::json::serialize(to_json(wanted))};
        }
        case order_kind::force_open: return override_to(override_mode::forced_open, path, order);
        case order_kind::force_closed: return override_to(override_mode::forced_closed, path, order);
        case order_kind::lift: return override_to(override_mode::none, path, order);
    }
    return {};
}

std::string default_actor() {
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) host = {"localhost"};
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> names{};
    getpwuid_r(geteuid(), &entry, names.data(), names.size(), &found);
    return (found ? std::string(found->pw_name) : std::to_string(geteuid())) + "@" + host.data();
}

}  // namespace switchgear::cli
