#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/gateway/config.hpp>
#include <switchgear/result.hpp>

namespace switchgear::gateway {

/// One thing wrong with a configuration.
struct config_violation {
    std::string file;
    /// From 1: of the value that is wrong, or of the key if it is the key that is. 0: the file as a whole.
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    /// "services.payments.breaker.trip.window"; empty if it is the text as a whole.
    std::string path;
    /// Names the value and what is allowed.
    std::string message;
    friend bool operator==(const config_violation&, const config_violation&) = default;
};
/// `F:line:col: path: message`, without the parts that are empty.
std::string to_string(const config_violation&);

/// Reads a configuration from YAML.
///
/// Returns: the configuration, or everything that is wrong with it, in the order of the file. Nothing is
/// repaired. Text above 1 MiB, aliases and nesting deeper than 64 are refused before they can cost
/// anything. Besides the text it looks at the files named in it (certificates and keys must be readable).
///
/// `file` is what violations call it.
result<config, std::vector<config_violation>> load_config(std::string_view text, std::string file);

/// The same of a file; one that cannot be read is a violation, with the reason in words.
result<config, std::vector<config_violation>> load_config_file(const std::string& path);

/// A breaker's settings in a file.
struct breaker_file {
    breaker_rules rules{};
    /// Whether they are a service's, and so say which calls share a breaker.
    bool of_service = false;
};

/// Reads a file that holds `trip:`, `recovery:` and `mode:` alone; or, of a gateway's configuration, the breaker
/// of the service of that name. Everything else is as in load_config_file().
result<breaker_file, std::vector<config_violation>> load_breaker_file(const std::string& path,
                                                                      std::string_view service);

enum class output_format : std::uint8_t { text, json };

/// What `switchgear check F` does.
///
/// Returns: 0, with one line on `out` ("F: ok: 1 listener, 2 services, 3 routes"), or 2, with every violation
/// on `err`. As JSON both go to `out`: `{"file", "ok", "listeners", "services", "routes"}`, or
/// `{"file", "ok": false, "violations": [{"file", "line", "column", "path", "message"}]}`.
int check_config(const std::string& path, std::ostream& out, std::ostream& err,
                 output_format format = output_format::text);

}  // namespace switchgear::gateway
