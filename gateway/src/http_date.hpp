#pragma once

#include <array>
#include <ctime>
#include <limits>
#include <string_view>

namespace switchgear::gateway {

/// The value of Date (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, written anew once a second.
///
/// Thread safety: none, by design: each worker has its own.
class http_date {
public:
    /// Of that second since 1970. Valid until another second is asked for.
    std::string_view at(std::time_t second);
    std::string_view now() { return at(std::time(nullptr)); }

private:
    std::time_t second_ = std::numeric_limits<std::time_t>::min();
    std::array<char, 29> text_{};
};

}  // namespace switchgear::gateway
