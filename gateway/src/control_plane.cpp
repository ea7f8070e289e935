#include "control_plane.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <switchgear/gateway/config_text.hpp>
#include <switchgear/gateway/process_clock.hpp>
#include <switchgear/gateway/proxy_server.hpp>
#include <switchgear/gateway/runtime.hpp>

#include "admin_api.hpp"
#include "admin_server.hpp"
#include "health_checks.hpp"
#include "metrics.hpp"

namespace switchgear::gateway {

namespace asio = boost::asio;
namespace json = boost::json;
using boost::system::error_code;

namespace {

/// Throws: std::runtime_error, because a port that should ask for a token must not open without one.
std::optional<std::string> read_token(const admin_settings& settings) {
    if (settings.token_file.empty()) return {};
    std::ifstream file{settings.token_file};
    std::string token{std::istreambuf_iterator<char>{file}, {}};
    if (!file) throw std::runtime_error("admin.token_file: cannot read " + settings.token_file);
    token.erase(token.find_last_not_of(" \t\r\n") + 1);
    if (token.empty()) throw std::runtime_error("admin.token_file: " + settings.token_file + " is empty");
    return token;
}

}  // namespace

class control_plane::implementation {
public:
    implementation(config first, options how, gateway::log& log)
        : options_(std::move(how)),
          log_(log),
          runtime_(std::move(first), log, clock_),
          proxy_(runtime_, options_.threads),
          metrics_(runtime_),
          api_(io_, runtime_, hooks()),
          health_(io_, runtime_) {
        const auto settings = runtime_.configuration();
        api_.set_token(read_token(settings->admin));
        admin_.emplace(io_, settings->admin, [this](const admin_request& request) { return api_.answer(request); });
        proxy_.listen(settings->listeners);
        health_.apply(settings);
        announce();
    }

    ~implementation() {
        if (draining_.joinable()) draining_.join();
        proxy_.stop();
    }

    std::vector<socket_address> addresses() const { return proxy_.addresses(); }
    socket_address admin_address() const { return admin_->address(); }

    void run() {
        ends_.async_wait([this](error_code ec, int) { on_end_signal(ec); });
        await_hangup();
        look_at_clock();
        every_second();
        io_.run();
    }

    void stop() {
        asio::post(io_, [this] { start_drain(); });
    }

private:
    admin_hooks hooks() {
        return {.reload = [this] { return reload(); },
                .configuration = [this] { return configuration(); },
                .metrics = [this] { return metrics_.text(counters()); },
                .not_ready = [this]() -> std::optional<std::string> {
                    if (draining_.joinable()) return "draining";
                    return {};
                }};
    }

    control_counters counters() const {
        control_counters out = counters_;
        out.event_clients_dropped = api_.dropped_clients();
        return out;
    }

    /// One line for each port, with the number that port 0 became.
    void announce() {
        for (const socket_address& address : proxy_.addresses()) {
            const std::string text = to_string(address);
            log_.write(log_level::info, "Listening for requests.", {{"address", std::string_view{text}}});
        }
        const std::string text = to_string(admin_->address());
        log_.write(log_level::info, "Listening for administration.", {{"address", std::string_view{text}}});
    }

    json::object configuration() const {
        json::object out = json::parse(config_json(*runtime_.configuration())).as_object();
        json::object reloads{{"succeeded", counters_.reloads_succeeded}, {"failed", counters_.reloads_failed}};
        reloads["last_error"] = last_error_ ? json::value(*last_error_) : json::value();
        out["reloads"] = std::move(reloads);
        return out;
    }

    /// Returns: what is wrong, one a line; then all is as it was.
    std::optional<std::string> reload() {
        std::optional<std::string> trouble = put_in_force();
        ++(trouble ? counters_.reloads_failed : counters_.reloads_succeeded);
        last_error_ = trouble;
        if (trouble) {
            std::istringstream lines{*trouble};
            for (std::string line; std::getline(lines, line);) {
                log_.write(log_level::error, "Configuration refused; the old one stays in force.",
                           {{"error", std::string_view{line}}});
            }
            reopen_access_log();
        } else {
            log_.write(log_level::info, "Configuration reloaded.");
            announce();
        }
        return trouble;
    }

    /// Whoever moved its file away and sent SIGHUP is not to suffer from a configuration that is wrong meanwhile.
    void reopen_access_log() {
        try {
            runtime_.reopen_access_log();
        } catch (const std::exception& error) {
            log_.write(log_level::error, "The access log goes on where it was.",
                       {{"error", std::string_view{error.what()}}});
        }
    }

    std::optional<std::string> put_in_force() {
        if (!options_.read) return "this gateway was not started from a file";
        if (draining_.joinable()) return "the gateway is draining";
        auto loaded = options_.read();
        if (!loaded) {
            std::string lines;
            for (const config_violation& v : loaded.error()) {
                lines += (lines.empty() ? "" : "\n") + to_string(v);
            }
            return lines;
        }
        try {
            // All that may fail comes first: a listener that was closed might not be had back.
            auto token = read_token(loaded->admin);
            const auto listen = proxy_.prepare(loaded->listeners);
            const auto administer = admin_->prepare(loaded->admin);
            runtime_.reload(*std::move(loaded));
            listen();
            administer();
            api_.set_token(std::move(token));
            health_.apply(runtime_.configuration());
        } catch (const std::exception& error) {
            return error.what();
        }
        return {};
    }

    void await_hangup() {
        hangup_.async_wait([this](error_code ec, int) {
            if (ec) return;
            reload();
            await_hangup();
        });
    }

    void on_end_signal(error_code ec) {
        if (ec) return;
        // At once is at once: no thread is waited for, no destructor runs.
        if (draining_.joinable()) std::_Exit(1);
        start_drain();
        ends_.async_wait([this](error_code again, int) { on_end_signal(again); });
    }

    void start_drain() {
        if (draining_.joinable()) return;
        log_.write(log_level::info, "Draining.", {{"within_ms", static_cast<std::int64_t>(options_.drain.count())}});
        draining_ = std::thread([this] {
            const bool all = proxy_.drain(options_.drain);
            asio::post(io_, [this, all] {
                log_.write(all ? log_level::info : log_level::warning,
                           all ? "Drained." : "Drained; requests that took too long were cut.");
                io_.stop();
            });
        });
    }

    void look_at_clock() {
        clock_.tick();
        clock_timer_.expires_after(process_clock::tick_interval);
        clock_timer_.async_wait([this](error_code ec) {
            if (!ec) look_at_clock();
        });
    }

    void every_second() {
        api_.tick();
        second_timer_.expires_after(std::chrono::seconds{1});
        second_timer_.async_wait([this](error_code ec) {
            if (!ec) every_second();
        });
    }

    // The order is that of dependence: what comes later is used by nothing before it.
    options options_;
    gateway::log& log_;
    process_clock clock_;
    asio::io_context io_{1};
    runtime runtime_;
    proxy_server proxy_;
    gateway::metrics metrics_;
    control_counters counters_;
    std::optional<std::string> last_error_;
    admin_api api_;
    std::optional<admin_server> admin_;
    health_checks health_;
    asio::signal_set ends_{io_, SIGTERM, SIGINT};
    asio::signal_set hangup_{io_, SIGHUP};
    asio::steady_timer clock_timer_{io_};
    asio::steady_timer second_timer_{io_};
    std::thread draining_;
};

control_plane::control_plane(config first, options how, log& lines)
    : implementation_(std::make_unique<implementation>(std::move(first), std::move(how), lines)) {}

control_plane::~control_plane() = default;

std::vector<socket_address> control_plane::addresses() const { return implementation_->addresses(); }

socket_address control_plane::admin_address() const { return implementation_->admin_address(); }

void control_plane::run() { implementation_->run(); }

void control_plane::stop() { implementation_->stop(); }

}  // namespace switchgear::gateway
