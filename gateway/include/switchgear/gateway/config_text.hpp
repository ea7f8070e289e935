#pragma once

#include <string>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

/// The configuration in force as JSON, for `GET /v1/config`: the words of the YAML, every default filled
/// in, durations as texts ("250ms"), what is switched off as null. It holds no secret: of tokens and keys
/// only the names of their files are known here, and a fallback's headers that carry credentials
/// (Authorization, Proxy-Authorization, Cookie, Set-Cookie) are shown as "***".
std::string config_json(const config&);

}  // namespace switchgear::gateway
