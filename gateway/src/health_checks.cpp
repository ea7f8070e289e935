#include "health_checks.hpp"

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/system/system_error.hpp>

#include <switchgear/gateway/runtime.hpp>

#include "control_stream.hpp"
#include "descriptor_budget.hpp"
#include "name_lookup.hpp"
#include "routing.hpp"
#include "task.hpp"
#include "upstream_connection.hpp"

namespace switchgear::gateway {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using steady_time = asio::steady_timer::time_point;

namespace {

void require(const error_code& failed) {
    if (failed) throw boost::system::system_error{failed};
}

/// What every check of a configuration uses.
struct checking {
    asio::io_context& io;
    name_lookup& names;
    /// For https; null if nothing needs it.
    std::shared_ptr<asio::ssl::context> trust;
    descriptor_budget descriptors = descriptor_budget::of_process({});
};

/// Sends the request; returns whether the answer's status says healthy. Throws: system_error.
asio::awaitable<bool> ask(control_stream& stream, const endpoint& where, const std::string& path) {
    const std::string question = "GET " + path + " HTTP/1.1\r\nHost: " + authority(where) +
                                 "\r\nUser-Agent: switchgear-health-check\r\nConnection: close\r\n\r\n";
    require(co_await stream.write(question));
    beast::flat_buffer buffer;
    for (;;) {
        http::response_parser<http::buffer_body> answer;  // its head is all we read
        require(co_await stream.read(buffer, answer));
        const unsigned status = answer.get().result_int();
        if (status >= 200) co_return status < 300;
    }
}

task<> run(connector& making, endpoint where, steady_time end, std::optional<connector::outcome>& made,
           asio::steady_timer& waiting) {
    made = co_await making.run(where, std::make_shared<service_counters>(), end, nullptr);
    waiting.cancel();
}

/// As calls connect, but for TLS, which is for the stream that takes the connection over.
asio::awaitable<connector::outcome> connect(const checking& by, endpoint where, steady_time end) {
    where.scheme = url_scheme::http;
    connector making{by.io, by.names, by.descriptors, nullptr};
    asio::steady_timer waiting{by.io};
    std::optional<connector::outcome> made;
    // Begun by hand and not by `start`, so that it goes with this coroutine when the loop does.
    task<> running = run(making, where, end, made, waiting);
    running.await_suspend(std::noop_coroutine()).resume();
    bool late = false;
    for (waiting.expires_at(end); !made; waiting.expires_at(steady_time::max())) {
        error_code cancelled;
        co_await waiting.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        if (made) break;
        late = true;
        making.cancel();
    }
    if (late) made->proxy_error = "connection_timeout";
    co_return *std::move(made);
}

/// What a check came to.
struct finding {
    enum class how : std::uint8_t {
        healthy,
        unhealthy,
        not_made  ///< for want of a descriptor, memory or port of ours, which says nothing of the endpoint
    };
    how is = how::unhealthy;
    std::string why{};
};

/// Throws: system_error for whatever keeps the answer from being had, in time.
asio::awaitable<finding> ask_endpoint(const checking& by, const endpoint& where, const health_check_settings& how) {
    const auto end = steady_time::clock::now() + how.timeout;
    connector::outcome made = co_await connect(by, where, end);
    if (made.own_limit) co_return finding{finding::how::not_made, std::string{made.proxy_error}};
    if (!made.connection) co_return finding{finding::how::unhealthy, std::string{made.proxy_error}};
    control_stream stream{std::move(made.connection->io.socket())};
    stream.expires_at(end);
    if (where.scheme == url_scheme::https) require(co_await stream.client_handshake(*by.trust, where.host));
    const bool healthy = co_await ask(stream, where, how.path);
    if (!healthy) co_return finding{finding::how::unhealthy, "its answer was not a 2xx"};
    co_return finding{finding::how::healthy, "none"};
}

asio::awaitable<finding> check(const checking& by, const endpoint& where, const health_check_settings& how) {
    try {
        co_return co_await ask_endpoint(by, where, how);
    } catch (const boost::system::system_error& error) {
        co_return finding{finding::how::unhealthy, error.code().message()};
    }
}

}  // namespace

/// The checks of one configuration: a loop for each endpoint, so that one that hangs delays no other.
/// Outlives the configuration by the checks that are under way.
class health_checks::round : public std::enable_shared_from_this<round> {
public:
    round(asio::io_context& io, runtime& state, std::shared_ptr<const config> settings)
        : by_{io, state.names(), state.current()->client_tls}, state_(state), settings_(std::move(settings)) {}

    void start() {
        std::size_t all = 0;
        for (const service& each : settings_->services) all += each.health_check ? each.endpoints.size() : 0;
        std::size_t before = 0;
        for (const service& checked : settings_->services) {
            if (!checked.health_check) continue;
            const auto healthy = std::make_shared<std::vector<bool>>(checked.endpoints.size(), false);
            for (std::size_t i = 0; i < checked.endpoints.size(); ++i) {
                // Each in its turn, so that they do not all come at once.
                const auto first = checked.health_check->every * ++before / all;
                asio::co_spawn(
                    by_.io,
                    [self = shared_from_this(), &checked, healthy, i, first] {
                        return self->watch(checked, healthy, i, first);
                    },
                    asio::detached);
            }
        }
    }

    void stop() {
        stopped_ = true;
        for (asio::steady_timer* timer : waiting_) {
            timer->cancel();
        }
    }

private:
    /// What the service's endpoints said last.
    using results = std::shared_ptr<std::vector<bool>>;

    /// `every` counts from check to check, open or not, so that a breaker that opens is checked before
    /// `every` has passed.
    asio::awaitable<void> watch(const service& checked, results healthy, std::size_t index,
                                std::chrono::milliseconds first) {
        const auto self = shared_from_this();
        asio::steady_timer next{by_.io};
        waiting_.push_back(&next);
        for (auto pause = first; !stopped_; pause = checked.health_check->every) {
            next.expires_after(pause);
            error_code cancelled;
            co_await next.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
            const bool before = (*healthy)[index];
            (*healthy)[index] = false;
            if (stopped_ || open_breakers(checked, index).empty()) continue;

            const finding found = co_await check(by_, checked.endpoints[index], *checked.health_check);
            if (stopped_) break;
            report(checked, index, found);
            const bool is_made = found.is != finding::how::not_made;
            (*healthy)[index] = is_made ? found.is == finding::how::healthy : before;
            if (is_made) tell(checked, index, *healthy);
        }
        std::erase(waiting_, &next);
    }

    /// Those that are open and cover this endpoint: with scope `endpoint` its own, else all of the service.
    std::vector<breaker_view> open_breakers(const service& checked, std::size_t index) const {
        std::vector<breaker_view> out;
        state_.for_each_breaker([&](const breaker_view& view) {
            const bool covers = view.service == checked.name && view.endpoint.value_or(index) == index;
            if (covers && view.what->observe().current == state::open) out.push_back(view);
        });
        return out;
    }

    void tell(const service& checked, std::size_t index, const std::vector<bool>& healthy) const {
        const health_check_settings& how = *checked.health_check;
        const bool any_healthy = std::find(healthy.begin(), healthy.end(), true) != healthy.end();
        for (const breaker_view& open : open_breakers(checked, index)) {
            if (open.endpoint ? healthy[index] : any_healthy) {
                open.what->end_pause();
            } else {
                // Until the next check has had its time, or a probe would go out just before its result.
                open.what->extend_pause(how.every + how.timeout);
            }
        }
    }

    void report(const service& checked, std::size_t index, const finding& found) const {
        std::string_view text = "Health check passed.";
        if (found.is == finding::how::unhealthy) text = "Health check failed.";
        if (found.is == finding::how::not_made) text = "Health check could not be made.";
        const std::string where = to_string(checked.endpoints[index]);
        state_.log().write(log_level::debug, text,
                           {{"service", std::string_view{checked.name}},
                            {"endpoint", std::string_view{where}},
                            {"error", std::string_view{found.why}}});
    }

    checking by_;
    runtime& state_;
    std::shared_ptr<const config> settings_;
    std::vector<asio::steady_timer*> waiting_;
    bool stopped_ = false;
};

health_checks::health_checks(asio::io_context& io, runtime& state) : io_(io), state_(state) {}

health_checks::~health_checks() {
    if (current_) current_->stop();
}

void health_checks::apply(const std::shared_ptr<const config>& settings) {
    if (current_) current_->stop();
    current_ = std::make_shared<round>(io_, state_, settings);
    current_->start();
}

}  // namespace switchgear::gateway
