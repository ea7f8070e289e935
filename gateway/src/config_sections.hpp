#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <switchgear/gateway/config.hpp>

#include "config_reader.hpp"

/// The sections of a configuration, one reading function each.
namespace switchgear::gateway {

/// `defaults:` is read once on its own, so that what is wrong in it is found even if no service uses it;
/// what only a whole service can get wrong is left to the services then.
enum class reading : std::uint8_t { defaults, a_service };

void read_listeners(config_reader&, const yaml_node& root, config&);
void read_admin(config_reader&, const yaml_node& root, config&);
void read_access_log(config_reader&, const yaml_node& root, config&);
void read_limits(config_reader&, const yaml_node& root, config&);
void read_timeouts(config_reader&, merged, timeouts&);
/// Everything of a service but its name and endpoints. `defaults` is what reading those gave.
void read_service(config_reader&, merged, reading, const service& defaults, service&);
void read_services(config_reader&, const yaml_node& root, config&);
void read_breaker(config_reader&, merged, reading, breaker_rules&);
void read_classify(config_reader&, const yaml_node& list, std::vector<classify_rule>&);
/// `fallback` as it stands; off and absent empty it.
void read_fallback(config_reader&, merged, std::optional<fallback_answer>&);
/// Requires: the services have been read.
void read_routes(config_reader&, const yaml_node& root, config&);

/// "host:port" with a numeric host or `localhost`.
std::optional<socket_address> parse_socket_address(std::string_view);
void read_endpoint(config_reader&, const yaml_node&, service&);

/// RFC 9110, section 5.6.2: what names of headers and methods are made of.
bool is_token(std::string_view) noexcept;

}  // namespace switchgear::gateway
