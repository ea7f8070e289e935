#include "upstream_connection.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>

#include "upstream_pool.hpp"

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

struct connecting {
    /// Runs it to its end, with so much time.
    connector::outcome to(const std::string& host, std::uint16_t port, std::chrono::milliseconds within = 1min) {
        connector making{loop, names, descriptors, idle};
        std::optional<connector::outcome> made;
        const time_point until = time_source::steady().now() + within;
        start(run(making, {.host = host, .port = port}, until, made), [] {});
        loop.restart();
        asio::steady_timer over{loop, until};
        over.async_wait([&](error_code cancelled) {
            if (!cancelled) making.cancel();
        });
        while (!made) loop.run_one();
        over.cancel();
        loop.poll();
        return *std::move(made);
    }

    asio::io_context loop;
    looked_up found{looked_up::how::answered, {}};
    name_lookup names{[this](const std::string&) { return found; }};
    descriptor_budget descriptors{1'024, {}};
    upstream_pool* idle = nullptr;

private:
    static task<> run(connector& making, endpoint where, time_point until, std::optional<connector::outcome>& made) {
        made = co_await making.run(where, std::make_shared<service_counters>(), until, nullptr);
    }
};

/// Runs it in a process with a network of its own, where only what the test sets up is there. Returns: what it
/// returned; empty if the system lets us have no such network.
std::optional<int> in_own_network(const std::function<int()>& work) {
    constexpr int refused = 77;
    const pid_t child = fork();
    if (child == 0) _exit(unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 ? refused : work());
    int status = 0;
    waitpid(child, &status, 0);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == refused ? std::nullopt : std::optional{code};
}

/// With addresses of IPv4 and, from 10 ports, calls to anywhere.
bool set_up_loopback() {
    ifreq loopback{};
    std::string{"lo"}.copy(loopback.ifr_name, sizeof(loopback.ifr_name) - 1);
    loopback.ifr_flags = IFF_UP;
    const int any = ::socket(AF_INET, SOCK_DGRAM, 0);
    const bool up = ::ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
    ::close(any);
    std::ofstream ports{"/proc/sys/net/ipv4/ip_local_port_range"};
    ports << "50000 50009" << std::flush;
    return up && ports.good();
}

TEST(connecting, without_an_address_to_connect_from_fails_as_that_to_an_endpoint_that_cannot_be_reached) {
    const auto code = in_own_network([] {
        connecting one;
        const connector::outcome made = one.to("::1", 9'000);
        EXPECT_FALSE(made.connection);
        EXPECT_FALSE(made.own_limit);
        EXPECT_EQ(made.proxy_error, "destination_ip_unroutable");
        return testing::Test::HasFailure() ? 1 : 0;
    });
    if (!code) GTEST_SKIP() << "no network of its own";
    EXPECT_EQ(*code, 0);
}

TEST(connecting, without_a_port_to_connect_from_is_a_limit_of_our_own) {
    const auto code = in_own_network([] {
        if (!set_up_loopback()) return 2;
        connecting one;
        tcp::acceptor service{one.loop, tcp::endpoint{asio::ip::address_v4::loopback(), 9'000}};
        std::vector<std::unique_ptr<upstream_connection>> before;
        for (int i = 0; i < 10; ++i) before.push_back(one.to("127.0.0.1", 9'000).connection);
        EXPECT_TRUE(before.back());
        const connector::outcome made = one.to("127.0.0.1", 9'000);
        EXPECT_FALSE(made.connection);
        EXPECT_TRUE(made.own_limit);
        return testing::Test::HasFailure() ? 1 : 0;
    });
    if (!code) GTEST_SKIP() << "no network of its own";
    EXPECT_EQ(*code, 0);
}

/// Listens, and does not answer who connects: there is room for one who waits to be accepted, and it is taken.
struct silent_service {
    explicit silent_service(asio::io_context& loop, const char* address)
        : at{asio::ip::make_address(address), 0}, listening{loop}, first{loop} {
        listening.open(tcp::v4());
        listening.bind(at);
        listening.listen(0);
        at = listening.local_endpoint();
        first.connect(at);
    }

    tcp::endpoint at;
    tcp::acceptor listening;
    tcp::socket first;
};

TEST(connecting, to_a_name_leaves_time_for_the_addresses_after_a_silent_one) {
    connecting one;
    const silent_service silent{one.loop, "127.0.0.1"};
    tcp::acceptor good{one.loop, tcp::endpoint{asio::ip::make_address("127.0.0.2"), silent.at.port()}};
    // So many that the share of the first is short, and the time as a whole long.
    one.found.addresses.assign(80, good.local_endpoint().address());
    one.found.addresses.front() = silent.at.address();
    const connector::outcome made = one.to("many.test", silent.at.port(), 20s);
    ASSERT_TRUE(made.connection);
    EXPECT_EQ(made.connection->io.socket().remote_endpoint().address(), good.local_endpoint().address());
}

/// One whose last descriptor, before those that are kept, is this one.
descriptor_budget up_to(int descriptor) {
    std::size_t most = 1;
    while (descriptor_budget{most, {}}.is_kept(descriptor)) ++most;
    return {most, {}};
}

TEST(connecting, without_a_descriptor_takes_the_place_of_an_idle_connection) {
    connecting one;
    tcp::acceptor service{one.loop, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    const std::uint16_t port = service.local_endpoint().port();
    auto old = one.to("127.0.0.1", port).connection;
    ASSERT_TRUE(old);
    one.descriptors = up_to(old->io.socket().native_handle());
    EXPECT_TRUE(one.to("127.0.0.1", port).own_limit);

    std::atomic<std::size_t> idle_of_all{0};
    upstream_pool idle{idle_of_all, 10};
    one.idle = &idle;
    idle.give("payments", std::move(old), time_point::max());
    EXPECT_TRUE(one.to("127.0.0.1", port).connection);
    EXPECT_TRUE(idle.empty());
}

}  // namespace
}  // namespace switchgear::gateway
