#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <switchgear/gateway/gateway.hpp>

#include "control_plane.hpp"
#include "demo_service.hpp"
#include "demo_story.hpp"
#include "descriptor_budget.hpp"

namespace switchgear::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

// One cycle: the circuit opens at the third failure, the first probe is the fourth, the second finds it well.
constexpr demo_service::plan flaky{.healthy = 4, .failing = 4, .recovered = 12};
constexpr auto between_requests = 300ms;

/// The usual port if it is free, else any.
std::uint16_t free_port(std::uint16_t usual) {
    asio::io_context io;
    tcp::acceptor probe{io};
    boost::system::error_code ec;
    probe.open(tcp::v4());
    probe.set_option(tcp::acceptor::reuse_address(true));
    probe.bind({asio::ip::address_v4::loopback(), usual}, ec);
    return ec ? std::uint16_t{0} : usual;
}

config demo_config(const socket_address& behind) {
    service payments;
    payments.name = "payments";
    payments.endpoints = {{.scheme = url_scheme::http, .host = behind.host, .port = behind.port}};
    payments.on_failure = failure_answer::bad_gateway;
    payments.breaker.settings.trip = {.consecutive_failures = 3, .failure_ratio = {}};
    payments.breaker.settings.recovery = {.open_for = 2s, .backoff = 1.5, .jitter = 0};
    config out;
    out.listeners = {{.address = {"127.0.0.1", free_port(8080)}}};
    out.admin.address.port = free_port(out.admin.address.port);
    out.services = {std::move(payments)};
    out.routes = {{.service = "payments"}};
    return out;
}

/// One request on a connection of its own. Throws: boost::system::system_error.
demo_answer ask(const socket_address& where) {
    asio::io_context io;
    boost::beast::tcp_stream stream{io};
    stream.connect(tcp::endpoint{asio::ip::make_address(where.host), where.port});
    http::request<http::empty_body> request{http::verb::get, "/pay", 11};
    request.set(http::field::host, to_string(where));
    request.set(http::field::connection, "close");
    http::write(stream, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(stream, buffer, response);
    const auto state = response["Circuit-Breaker"];
    return {response.result_int(), state_in_header({state.data(), state.size()})};
}

/// The client: a request every so often, and what became of it. Ends when told to.
class demo_client {
public:
    demo_client(socket_address where, const demo_service& behind, std::ostream& out)
        : where_(std::move(where)), behind_(behind), out_(out) {}

    /// Asks until the story is complete or has gone wrong, if `ends` says so; else until `stop`.
    void run(demo_end ends) {
        try {
            while (!stopped()) {
                take(one_answer());
                if (ends == demo_end::after_one_cycle && (story_.complete() || trouble_)) return;
            }
        } catch (const std::exception& error) {
            if (!trouble_) trouble_ = std::string("a request was not answered: ") + error.what();
        }
    }

    void stop() {
        const std::lock_guard lock{mutex_};
        stopped_ = true;
        wake_.notify_all();
    }

    /// To be asked when `run` has returned. Empty: the whole cycle was seen, by the client and by the service.
    std::optional<std::string> trouble() const {
        if (trouble_) return trouble_;
        if (!story_.complete()) return "the cycle was not complete";
        if (behind_.answers() != story_.service_answers()) return "the service saw other requests than the client made";
        return {};
    }

private:
    demo_answer one_answer() {
        demo_answer got = ask(where_);
        got.service_asked = behind_.answers().size();
        return got;
    }

    void take(const demo_answer& got) {
        out_ << fmt::format("client: {}  circuit {:<9}  the service was asked {} times\n", got.status, got.state,
                            got.service_asked)
             << std::flush;
        if (!story_.complete() && !trouble_) trouble_ = story_.next(got);
    }

    bool stopped() {
        std::unique_lock lock{mutex_};
        return wake_.wait_for(lock, between_requests, [this] { return stopped_; });
    }

    const socket_address where_;
    const demo_service& behind_;
    std::ostream& out_;
    demo_story story_;
    std::optional<std::string> trouble_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopped_ = false;
};

void introduce(const control_plane& gateway, const demo_service& behind, const demo_options& options,
               std::ostream& out) {
    const std::string data = to_string(gateway.addresses().front());
    const std::string admin = to_string(gateway.admin_address());
    out << fmt::format(
        "a flaky service   http://{}   fails {} requests of {}\n"
        "the gateway       http://{}/   opens after 3 failures in a row, for 2s\n"
        "admin             http://{}/v1/breakers\n"
        "metrics           http://{}/metrics\n",
        to_string(behind.address()), flaky.failing, flaky.healthy + flaky.failing + flaky.recovered, data, admin,
        admin);
    if (options.ends == demo_end::never) {
        out << fmt::format(
            "try               curl -i http://{}/\n"
            "                  switchgear watch --admin http://{}\n"
            "Ctrl-C ends it.\n",
            data, admin);
    }
    out << std::endl;
}

}  // namespace

int run_demo(const demo_options& options, std::ostream& out, std::ostream& err) {
    raise_descriptor_limit();
    try {
        const demo_service behind{flaky};
        log lines{{.level = log_level::info, .format = log_format::text, .calls = log_level::info}};
        control_plane gateway{demo_config(behind.address()), {.threads = 1, .drain = 5s}, lines};
        introduce(gateway, behind, options, out);

        demo_client client{gateway.addresses().front(), behind, out};
        std::thread load;
        if (options.load == demo_load::some) {
            load = std::thread([&] {
                client.run(options.ends);
                if (options.ends == demo_end::after_one_cycle) gateway.stop();
            });
        }
        gateway.run();
        client.stop();
        if (load.joinable()) load.join();
        if (options.ends == demo_end::never) return 0;
        if (const auto trouble = client.trouble()) {
            err << "switchgear demo: " << *trouble << '\n';
            return 1;
        }
        out << "closed, open, half-open, open, half-open, closed: seen by the client and by the service." << std::endl;
        return 0;
    } catch (const std::exception& error) {
        err << "switchgear demo: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace switchgear::gateway
