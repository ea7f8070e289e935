#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchgear::gateway {

/// A request's target, normalised once: the same text is routed by and sent on.
struct request_path {
    std::string path;
    std::string_view query;  ///< with its '?', as it came; points into the target
};

/// Decodes what needs no escape (RFC 3986, unreserved characters, `%2e` among them), writes other escapes
/// in upper case, merges `//`, and resolves `.` and `..`, which never climb above the root. `%2f` stays as it is: it
/// is a character of a segment, no separator, here and for the service.
///
/// Returns: empty for a target that no two servers would read alike: a malformed escape, `%00`, a
/// backslash, a fragment, control characters.
std::optional<request_path> normalise_target(std::string_view target);

}  // namespace switchgear::gateway
