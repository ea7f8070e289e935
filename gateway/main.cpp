#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <switchgear/cli/commands.hpp>
#include <switchgear/cli/one_of.hpp>
#include <switchgear/cli/recordings.hpp>
#include <switchgear/gateway/config_load.hpp>
#include <switchgear/gateway/gateway.hpp>
#include <switchgear/simulation/replay.hpp>
#include <switchgear/version.hpp>
#include <switchgear/wire/units.hpp>

// The one place where the gateway and the command line meet: argument parsing and the exit code.
namespace {

namespace gateway = switchgear::gateway;
using chosen_command = std::function<int()>;
constexpr int bad_usage = 2;

std::string check_drain(const std::string& text) {
    constexpr std::chrono::hours longest{24};
    const auto read = switchgear::wire::parse_duration(text);
    if (read && *read <= longest) return {};
    return "'" + text + "' is no duration such as 500ms, 30s, 5m, from 0s to 24h";
}

std::string check_access_log(const std::string& text) {
    if (gateway::parse_access_log(text)) return {};
    return "'" + text + "': expected off, stderr or the name of a file";
}

void add_run(CLI::App& app, chosen_command& chosen) {
    struct arguments {
        gateway::run_options run;
        std::string level = "info";
        std::string format = "text";
        std::string drain = "30s";
        std::string access_log;
    };
    const auto given = std::make_shared<arguments>();
    given->run.threads = std::max(1U, std::thread::hardware_concurrency());
    CLI::App* command = app.add_subcommand("run", "Run the gateway");
    command->add_option("--config", given->run.config_file, "The configuration, in YAML")
        ->required()
        ->type_name("FILE");
    command->add_option("--threads", given->run.threads, "Threads that carry requests; by default one for each core")
        ->check(CLI::Range(1U, 1024U))
        ->capture_default_str();
    command->add_option("--log-level", given->level, "The least that is logged")
        ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
        ->type_name("debug|info|warning|error|off")
        ->capture_default_str();
    command->add_option("--log-format", given->format, "How log lines are written, to standard error")
        ->check(CLI::IsMember({"text", "json"}))
        ->type_name("text|json")
        ->capture_default_str();
    CLI::Option* access_log =
        command
            ->add_option("--access-log", given->access_log,
                         "A line for each request: off, stderr, or a file of JSON lines. Goes before the "
                         "configuration's access_log")
            ->check(std::function<std::string(const std::string&)>{check_access_log}, "")
            ->type_name("off|stderr|FILE");
    command->add_option("--drain", given->drain, "How long requests in flight may take to end after SIGTERM")
        ->check(std::function<std::string(const std::string&)>{check_drain}, "")
        ->type_name("DURATION")
        ->capture_default_str();
    command->footer(
        "Examples:\n  switchgear run --config gateway.yaml\n  switchgear run --config gateway.yaml --threads 2 "
        "--log-format json\n"
        "\nSIGHUP reads the configuration and opens the access log again, SIGTERM and SIGINT drain, a second one ends "
        "at once."
        "\nExit codes: 0 drained, 1 a port or file cannot be used, 2 bad usage or configuration.");
    command->callback([given, access_log, &chosen] {
        if (access_log->count() > 0) given->run.access_log = gateway::parse_access_log(given->access_log);
        given->run.lines.level = gateway::parse_log_level(given->level).value();
        given->run.lines.format = gateway::parse_log_format(given->format).value();
        given->run.drain = switchgear::wire::parse_duration(given->drain).value();
        chosen = [given] { return gateway::run_gateway(given->run, std::cerr); };
    });
}

void add_check(CLI::App& app, chosen_command& chosen) {
    struct arguments {
        std::string file;
        gateway::output_format output = gateway::output_format::text;
    };
    const auto given = std::make_shared<arguments>();
    CLI::App* command = app.add_subcommand("check", "Check a configuration, and say everything that is wrong with it");
    command->add_option("FILE", given->file, "The configuration, in YAML")->required()->type_name("");
    command->add_option("--output", given->output, "How to print: text or json")
        ->transform(switchgear::cli::one_of<gateway::output_format>(
            {{"text", gateway::output_format::text}, {"json", gateway::output_format::json}}))
        ->type_name("text|json")
        ->default_str("text");
    command->footer("Examples:\n  switchgear check gateway.yaml\n\nExit codes: 0 sound, 2 not.");
    command->callback([given, &chosen] {
        chosen = [given] { return gateway::check_config(given->file, std::cout, std::cerr, given->output); };
    });
}

void add_demo(CLI::App& app, chosen_command& chosen) {
    struct arguments {
        bool once = false;
        bool no_load = false;
    };
    const auto given = std::make_shared<arguments>();
    CLI::App* command =
        app.add_subcommand("demo", "Show a circuit opening and closing, with a service and a client of its own");
    CLI::Option* once = command->add_flag("--once", given->once, "End after one cycle; exit code 0 if it was seen");
    command->add_flag("--no-load", given->no_load, "Send nothing: you are the client")->excludes(once);
    command->footer("Examples:\n  switchgear demo\n  switchgear demo --once");
    command->callback([given, &chosen] {
        chosen = [given] {
            const gateway::demo_options options{
                .ends = given->once ? gateway::demo_end::after_one_cycle : gateway::demo_end::never,
                .load = given->no_load ? gateway::demo_load::none : gateway::demo_load::some};
            return gateway::run_demo(options, std::cout, std::cerr);
        };
    });
}

/// What the command line simulates: settings as the gateway would take them.
switchgear::result<switchgear::cli::settings_file, std::vector<std::string>> read_settings(const std::string& file,
                                                                                           const std::string& service) {
    using switchgear::simulation::breakers;
    using switchgear::simulation::key_source;
    const auto loaded = gateway::load_breaker_file(file, service);
    if (!loaded) {
        std::vector<std::string> lines;
        for (const auto& one : loaded.error()) lines.push_back(to_string(one));
        return lines;
    }
    switchgear::cli::settings_file found{.candidate = {.name = file, .settings = loaded->rules.settings},
                                         .of_service = loaded->of_service};
    // A service says whose breaker a call meets; settings alone do not, and get a breaker for each key there is.
    if (!loaded->of_service) return found;
    found.candidate.max_keys = loaded->rules.max_keys;
    switch (loaded->rules.scope) {
        case gateway::breaker_scope::service: found.candidate.breakers = breakers::one; break;
        case gateway::breaker_scope::endpoint: found.keys = key_source::endpoint; break;
        case gateway::breaker_scope::key: found.keys = key_source::key; break;
    }
    return found;
}

int run(int argc, char** argv) {
    CLI::App app{"A gateway with a circuit breaker in front of every service, and the client of its admin port.",
                 "switchgear"};
    app.require_subcommand(1);
    app.footer("Durations are written 250ms, 5s, 10m, 1h. `switchgear COMMAND --help` says more.");
    chosen_command chosen;
    add_run(app, chosen);
    add_check(app, chosen);
    add_demo(app, chosen);
    switchgear::cli::add_commands(app, {std::cout, std::cerr},
                                  [&](chosen_command command) { chosen = std::move(command); });
    switchgear::cli::add_recording_commands(app, {std::cout, std::cerr}, read_settings,
                                            [&](chosen_command command) { chosen = std::move(command); });
    const std::string version = "switchgear " + std::string(switchgear::version);
    app.set_version_flag("--version", version);
    for (CLI::App* command : app.get_subcommands({})) {
        command->set_version_flag("--version", version);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : bad_usage;
    }
    return chosen();
}

/// Returns: the exit code; not that of success if what was printed is lost, as on a full disk.
int judge_output(int code) {
    std::cout.flush();
    if (std::cout) return code;
    std::cerr << "switchgear: standard output cannot be written; what was printed is not complete" << std::endl;
    return code == 0 ? 1 : code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return judge_output(run(argc, argv));
    } catch (const std::exception& error) {
        std::cerr << "switchgear: " << error.what() << std::endl;
        return 1;
    }
}
