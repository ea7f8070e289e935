#include "upstream_connection.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace switchgear::gateway {
namespace {

using asio::ip::tcp;

struct connecting {
    /// Runs it to its end.
    connector::outcome to(const std::string& host, std::uint16_t port) {
        connector making{loop, names, descriptors};
        std::optional<connector::outcome> made;
        start(run(making, {.host = host, .port = port}, made), [] {});
        loop.restart();
        loop.run();
        return *std::move(made);
    }

    asio::io_context loop;
    name_lookup names;
    descriptor_budget descriptors{1'024};

private:
    static task<> run(connector& making, endpoint where, std::optional<connector::outcome>& made) {
        made = co_await making.run(where, std::make_shared<service_counters>(), nullptr, nullptr);
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

}  // namespace
}  // namespace switchgear::gateway
