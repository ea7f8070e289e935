#include "descriptor_budget.hpp"

#include <algorithm>
#include <limits>

#include <sys/resource.h>

namespace switchgear::gateway {
namespace {

/// For the admin port, for files and for look-ups; of a small limit a quarter.
constexpr std::size_t most_kept = 64;
/// Listeners, loops, log: what a gateway has open when nobody is connected.
constexpr std::size_t own = 32;
constexpr std::size_t most_refused = 64;

}  // namespace

descriptor_budget::descriptor_budget(std::size_t most) noexcept
    : most_{most}, first_kept_{most - std::min(most_kept, most / 4)} {
    const std::size_t rest = first_kept_ - std::min(own, first_kept_);
    refused_connections_ = std::clamp<std::size_t>(rest / 4, 1, most_refused);
    client_connections_ = std::max<std::size_t>((rest - std::min(rest, refused_connections_)) / 2, 1);
}

descriptor_budget descriptor_budget::of_process() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return descriptor_budget{std::numeric_limits<int>::max()};
    }
    return descriptor_budget{limit.rlim_cur};
}

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace switchgear::gateway
