#include "worker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>

#include "client_session.hpp"

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

/// Reached only when something is broken.
constexpr std::chrono::seconds patience{30};
/// A request that finds no route: the gateway answers by itself.
constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// With limits that none of these tests waits for.
config without_hurry() {
    config made;
    made.client_timeouts.request_headers = 24h;
    made.client_timeouts.idle = 24h;
    return made;
}

/// A worker whose loop the test turns by itself, and clients of it.
struct worker_test : testing::Test {
    using client = asio::ip::tcp::socket;

    /// A connection, and what the worker does with it when there may be `most`.
    std::pair<client, bool> connect(std::size_t most, std::shared_ptr<asio::ssl::context> with = nullptr) {
        client near{clients};
        near.connect(listener.local_endpoint());
        tcp_socket far{tested.loop()};
        listener.accept(far);
        const bool adopted = tested.adopt(std::move(far), std::move(with), most);
        return {std::move(near), adopted};
    }

    /// Says that nothing more will come after `text`.
    static void say_last(client& from, std::string_view text) {
        asio::write(from, asio::buffer(text));
        from.shutdown(asio::socket_base::shutdown_send);
    }

    /// Everything up to the end of the connection. Requires: the worker is done with it.
    static std::string heard(client& by) {
        std::string all;
        error_code ended;
        asio::read(by, asio::dynamic_buffer(all), ended);
        return all;
    }

    /// Turns the loop until `fact` holds. Returns: whether it does.
    template <class Fact>
    bool turn_until(Fact fact) {
        while (!fact()) {
            if (tested.loop().run_one_for(patience) == 0) return fact();
        }
        return true;
    }

    log quiet{{.level = log_level::off}};
    runtime state{without_hurry(), quiet, time_source::steady()};
    worker_shared shared{state, 1};
    worker tested{shared};
    asio::io_context clients;
    asio::ip::tcp::acceptor listener{clients, {asio::ip::address_v4::loopback(), 0}};
    /// Its clients are silent, so that it needs no certificate.
    std::shared_ptr<asio::ssl::context> tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
};

TEST_F(worker_test, those_that_are_being_refused_take_nobodys_place) {
    auto [served, was_adopted] = connect(1);
    ASSERT_TRUE(was_adopted);
    const auto lingering = connect(1, tls);
    const auto another = connect(1, tls);
    EXPECT_EQ(state.connections.load(), 1U);
    EXPECT_EQ(shared.refused.load(), 2U);

    served.close();
    ASSERT_TRUE(turn_until([&] { return state.connections.load() == 0; }));

    auto next = connect(1).first;
    EXPECT_EQ(state.connections.load(), 1U);
    say_last(next, request);
    ASSERT_TRUE(turn_until([&] { return state.connections.load() == 0; }));
    EXPECT_TRUE(heard(next).starts_with("HTTP/1.1 404 "));
    EXPECT_EQ(shared.refused.load(), 2U);

    tested.cut();
    EXPECT_TRUE(turn_until([&] { return tested.sessions() == 0; }));
    EXPECT_EQ(shared.refused.load(), 0U);
}

TEST_F(worker_test, more_than_so_many_are_not_even_refused) {
    const std::size_t most_refused = shared.descriptors.refused_connections();
    std::vector<client> waiting;
    for (std::size_t i = 0; i < most_refused; ++i) {
        auto [refused, was_adopted] = connect(0);
        EXPECT_TRUE(was_adopted);
        waiting.push_back(std::move(refused));
    }
    EXPECT_FALSE(connect(0).second);
    EXPECT_TRUE(connect(1).second) << "there is room for one who would be served";

    say_last(waiting.front(), request);
    ASSERT_TRUE(turn_until([&] { return shared.refused.load() == most_refused - 1; }));
    EXPECT_TRUE(heard(waiting.front()).starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(connect(0).second);

    tested.cut();
    EXPECT_TRUE(turn_until([&] { return tested.sessions() == 0; }));
}

TEST_F(worker_test, a_request_read_as_the_cut_came_is_not_served) {
    auto cut_off = connect(1).first;
    asio::write(cut_off, asio::buffer(request));
    tested.cut();  // before the completion of a read that is begun when the connection is taken over
    tested.loop().poll();
    ASSERT_EQ(tested.sessions(), 0U);
    EXPECT_EQ(heard(cut_off), "");
}

TEST_F(worker_test, the_rest_of_a_request_read_as_the_cut_came_is_not_served) {
    auto cut_off = connect(1).first;
    asio::write(cut_off, asio::buffer(request.substr(0, 3)));
    ASSERT_EQ(tested.loop().run_one(), 1U);  // the connection is taken over, and the first read has its completion
    asio::write(cut_off, asio::buffer(request.substr(3)));
    tested.cut();
    tested.loop().poll();
    ASSERT_EQ(tested.sessions(), 0U);
    EXPECT_EQ(heard(cut_off), "");
}

TEST_F(worker_test, a_connection_that_is_taken_over_after_the_cut_is_not_waited_for) {
    const auto before = connect(2);
    tested.cut();
    const auto after = connect(2, tls);
    tested.loop().poll();
    EXPECT_EQ(tested.sessions(), 0U);
}

}  // namespace
}  // namespace switchgear::gateway
