#include <switchgear/gateway/gateway.hpp>

#include <csignal>
#include <exception>
#include <ostream>
#include <utility>

#include <switchgear/gateway/config_load.hpp>

#include "control_plane.hpp"
#include "descriptor_budget.hpp"

namespace switchgear::gateway {

int run_gateway(const run_options& options, std::ostream& err) {
    // Whoever reads our log may go; a write that fails is enough to learn it.
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();

    const auto read = [file = options.config_file, access_log = options.access_log] {
        auto loaded = load_config_file(file);
        if (loaded && access_log) loaded->access_log = *access_log;
        return loaded;
    };
    auto loaded = read();
    if (!loaded) {
        for (const config_violation& v : loaded.error()) {
            err << to_string(v) << '\n';
        }
        return 2;
    }
    log lines{options.lines};
    try {
        control_plane gateway{*std::move(loaded), {options.threads, options.drain, read}, lines};
        gateway.run();
        return 0;
    } catch (const std::exception& error) {
        err << "switchgear run: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace switchgear::gateway
