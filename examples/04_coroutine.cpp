// The breaker in Boost.Asio coroutines, over real sockets on loopback: refused connections open it; a time limit
// inside the call counts as a timeout; a caller who goes away says nothing about the service, and the slot of
// his probe is free at once.

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include <switchgear/asio/co_call.hpp>
#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using namespace boost::asio::experimental::awaitable_operators;
using switchgear::asio::co_call;

namespace {

/// Greets whoever connects; silent, it accepts and says nothing.
class greeter {
public:
    explicit greeter(boost::asio::io_context& io) : io_{io}, acceptor_{io} {}

    bool silent = false;

    /// Listens, at the same address as before if there was one.
    void start() {
        acceptor_ = tcp::acceptor{io_, at_};
        at_ = acceptor_.local_endpoint();
        boost::asio::co_spawn(io_, serve(), [](const std::exception_ptr&) {});  // ends when the acceptor is closed
    }
    void stop() { acceptor_.close(); }
    tcp::endpoint address() const { return at_; }

private:
    awaitable<void> serve() {
        for (;;) {
            tcp::socket client = co_await acceptor_.async_accept(use_awaitable);
            if (!silent) co_await boost::asio::async_write(client, boost::asio::buffer("hello\n", 6), use_awaitable);
            connected_.push_back(std::move(client));
        }
    }

    boost::asio::io_context& io_;
    tcp::endpoint at_{boost::asio::ip::address_v4::loopback(), 0};
    tcp::acceptor acceptor_;
    std::vector<tcp::socket> connected_;
};

awaitable<std::string> greeting(tcp::endpoint from) {
    tcp::socket socket{co_await boost::asio::this_coro::executor};
    co_await socket.async_connect(from, use_awaitable);
    std::string line;
    co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(line), '\n', use_awaitable);
    co_return line;
}

/// A time limit that belongs to the call: when it runs out, that is the service's failure.
awaitable<std::string> greeting_within(std::chrono::milliseconds limit, tcp::endpoint from) {
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer{executor, limit};
    const auto [order, thrown, line, timer_error] =
        co_await boost::asio::experimental::make_parallel_group(
            boost::asio::co_spawn(executor, greeting(from), boost::asio::deferred),
            timer.async_wait(boost::asio::deferred))
            .async_wait(boost::asio::experimental::wait_for_one{}, use_awaitable);
    if (!timer_error) throw boost::system::system_error{boost::asio::error::timed_out};
    if (thrown) std::rethrow_exception(thrown);
    co_return line;
}

/// What the caller gets, in words.
awaitable<std::string> ask(switchgear::breaker& greeters, tcp::endpoint at, std::chrono::milliseconds limit = 5s) {
    try {
        const auto line = co_await co_call(greeters, [=] { return greeting_within(limit, at); });
        co_return line ? "answered" : "refused";
    } catch (const boost::system::system_error& failed) {
        co_return failed.code() == boost::asio::error::timed_out ? "timed out" : "no connection";
    }
}

/// A caller who waits ten milliseconds for an answer without a time limit of its own, and then goes away.
awaitable<void> ask_and_leave(switchgear::breaker& greeters, tcp::endpoint at) {
    boost::asio::steady_timer patience{co_await boost::asio::this_coro::executor, 10ms};
    co_await (co_call(greeters, [at] { return greeting(at); }) || patience.async_wait(use_awaitable));
}

/// Returns: whether all went as promised.
awaitable<bool> play(greeter& server) {
    switchgear::testing::manual_time clock;  // so that no pause has to be waited for
    switchgear::breaker greeters{
        "greeters", {.trip = {.consecutive_failures = 2}, .recovery = {.open_for = 5s, .jitter = 0.0}}, clock};
    const auto show = [&](const char* what, const std::string& outcome) {
        std::cout << what << ": " << outcome << ", " << to_string(greeters.observe().current) << '\n';
    };

    server.start();
    const tcp::endpoint at = server.address();
    const std::string up = co_await ask(greeters, at);
    show("up", up);
    if (up != "answered") co_return false;

    server.stop();
    for (int i = 0; i < 2; ++i) {
        const std::string down = co_await ask(greeters, at);
        show("down", down);
        if (down != "no connection") co_return false;
    }
    const std::string open = co_await ask(greeters, at);
    show("down", open);
    if (open != "refused") co_return false;

    server.start();
    server.silent = true;
    clock.advance(5s);
    co_await ask_and_leave(greeters, at);  // was the probe
    show("left", "nothing learnt");
    if (greeters.observe().current != switchgear::state::half_open || greeters.observe().totals.ignored != 1) {
        co_return false;
    }
    const std::string hung = co_await ask(greeters, at, 20ms);  // the slot is free: this one is the probe now
    show("silent", hung);
    if (hung != "timed out" || greeters.observe().current != switchgear::state::open) co_return false;

    server.silent = false;
    clock.advance(60s);
    show("back", co_await ask(greeters, at));
    co_return greeters.observe().current == switchgear::state::closed;
}

}  // namespace

int main() {
    boost::asio::io_context io;
    greeter server{io};
    bool as_promised = false;
    boost::asio::co_spawn(io, play(server), [&](const std::exception_ptr& thrown, bool outcome) {
        if (thrown) std::rethrow_exception(thrown);
        as_promised = outcome;
        io.stop();
    });
    io.run();
    return as_promised ? 0 : 1;
}
