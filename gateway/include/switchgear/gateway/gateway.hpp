#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/log.hpp>

/// The commands of `switchgear` that are a gateway themselves, as `main` calls them. What they return is the
/// process's exit code.
namespace switchgear::gateway {

struct run_options {
    std::string config_file;
    /// Workers that carry requests.
    unsigned threads = 1;
    log::settings lines{};
    /// In place of what the configuration says, at every reload too.
    std::optional<access_log_settings> access_log{};
    /// How long requests in flight may take to end after SIGTERM.
    std::chrono::milliseconds drain{30'000};
};

/// What `switchgear run` does: serves until it is told to end.
/// Returns: 0 after a drain, 1 if a port or file cannot be used, 2 if the configuration is wrong; why goes
/// to `err`.
int run_gateway(const run_options&, std::ostream& err);

enum class demo_end : std::uint8_t {
    never,           ///< stays up until it is interrupted
    after_one_cycle  ///< and tells by the exit code whether the cycle was seen
};
enum class demo_load : std::uint8_t { some, none };

struct demo_options {
    demo_end ends = demo_end::never;
    demo_load load = demo_load::some;
};

/// What `switchgear demo` does: a flaky service, a gateway in front of it and a client, all over sockets.
/// Returns: 0, or 1 if the cycle was not seen as it should be, or nothing could be listened on.
int run_demo(const demo_options&, std::ostream& out, std::ostream& err);

}  // namespace switchgear::gateway
