#pragma once

#include <functional>
#include <iosfwd>

namespace CLI {
class App;
}

/// The commands that talk to a gateway's admin port: list, show, watch, explain, reset, trip, force-open,
/// force-closed, lift. They know the admin API and nothing else of the gateway.
namespace switchgear::cli {

/// What a program can end with.
enum exit_code : int { done = 0, failed = 1, bad_usage = 2, unreachable_gateway = 3 };

/// Where the commands write.
struct streams {
    std::ostream& out;
    std::ostream& err;
};

/// Adds the commands to `app`. When one of them was parsed, `chosen` is called once with what runs it;
/// that returns the exit code. Requires: `to` outlives both.
void add_commands(CLI::App& app, streams to, std::function<void(std::function<int()>)> chosen);

}  // namespace switchgear::cli
