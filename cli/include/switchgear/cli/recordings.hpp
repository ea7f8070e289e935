#pragma once

#include <functional>
#include <string>
#include <vector>

#include <switchgear/cli/commands.hpp>
#include <switchgear/result.hpp>
#include <switchgear/simulation/recording.hpp>
#include <switchgear/simulation/replay.hpp>

namespace switchgear::cli {

/// The settings in a file, and whether they are those of the service asked for; then also whose breaker a call meets.
struct settings_file {
    simulation::candidate candidate;
    bool of_service = false;
    simulation::key_source keys = simulation::key_source::any;
};

/// Reads the settings in a file: a breaker's own (`trip:`, `recovery:`, `mode:`), or with a service's name a
/// gateway's configuration. Returns: the settings, named as the file; or everything that is wrong with it, a
/// line each. Whoever knows the file format brings this: the command line has no reader of its own.
using settings_reader =
    std::function<result<settings_file, std::vector<std::string>>(const std::string& file, const std::string& service)>;

/// Adds `simulate` and `advise`, which need no gateway. Otherwise as add_commands().
void add_recording_commands(CLI::App& app, streams to, settings_reader read,
                            std::function<void(std::function<int()>)> chosen);

}  // namespace switchgear::cli
