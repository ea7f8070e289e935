#include "descriptor_budget.hpp"

#include <algorithm>
#include <limits>

#include <sys/resource.h>

namespace switchgear::gateway {
namespace {

/// For the admin port, for files and for look-ups; of a small limit a quarter.
constexpr std::size_t most_kept = 64;
/// The control plane's loop, log, admin port, and some to spare for listeners that a reload adds.
constexpr std::size_t own = 28;
/// A loop has its poll, its timer and what wakes it.
constexpr std::size_t own_of_thread = 3;
constexpr std::size_t most_refused = 64;

}  // namespace

descriptor_budget::descriptor_budget(std::size_t most, parts of_gateway) noexcept
    : most_{most}, first_kept_{most - std::min(most_kept, most / 4)} {
    const std::size_t held = own + own_of_thread * of_gateway.threads + of_gateway.listeners;
    const std::size_t rest = first_kept_ - std::min(held, first_kept_);
    refused_connections_ = std::clamp<std::size_t>(rest / 4, 1, most_refused);
    client_connections_ = std::max<std::size_t>((rest - std::min(rest, refused_connections_)) / 2, 1);
}

descriptor_budget descriptor_budget::of_process(parts of_gateway) noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return {std::numeric_limits<int>::max(), of_gateway};
    }
    return {limit.rlim_cur, of_gateway};
}

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace switchgear::gateway
