#include "admin_feed.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace switchgear::gateway {
namespace {

namespace asio = boost::asio;

/// A client that takes `most` events and then stops reading.
asio::awaitable<void> read(std::shared_ptr<event_feed> feed, std::vector<std::string>& into, std::size_t most = 1'000) {
    while (into.size() < most) {
        const auto event = co_await feed->next();
        if (!event) co_return;
        into.push_back(*event);
    }
}

TEST(event_feed, begins_with_its_first_event_and_goes_on_with_what_is_published) {
    asio::io_context io;
    event_hub hub{io.get_executor()};
    std::vector<std::string> got;
    asio::co_spawn(io, read(hub.subscribe("first"), got), asio::detached);
    io.poll();
    hub.publish("snapshot", "{}");
    io.poll();
    EXPECT_EQ(got, (std::vector<std::string>{"first", "event: snapshot\ndata: {}\n\n"}));
}

TEST(event_feed, a_client_that_does_not_keep_up_is_dropped_and_counted_and_no_other) {
    asio::io_context io;
    event_hub hub{io.get_executor()};
    std::vector<std::string> quick, slow;
    asio::co_spawn(io, read(hub.subscribe("first"), quick), asio::detached);
    const auto stuck = hub.subscribe("first");
    for (std::size_t i = 0; i < event_feed::most_waiting; ++i) {
        hub.publish("snapshot", "{}");
        io.poll();
    }
    EXPECT_EQ(hub.dropped_clients(), 1U);
    EXPECT_EQ(quick.size(), 1 + event_feed::most_waiting);
    asio::co_spawn(io, read(stuck, slow), asio::detached);
    io.poll();
    EXPECT_TRUE(slow.empty()) << "what waited was let go";
}

TEST(event_feed, is_counted_once_when_its_client_takes_nothing_any_more) {
    asio::io_context io;
    event_hub hub{io.get_executor()};
    const auto stuck = hub.subscribe("first");
    stuck->cut();
    stuck->cut();
    hub.publish("snapshot", "{}");
    EXPECT_EQ(hub.dropped_clients(), 1U);
}

TEST(event_hub, forgets_clients_that_left) {
    asio::io_context io;
    event_hub hub{io.get_executor()};
    auto feed = hub.subscribe("first");
    EXPECT_EQ(hub.clients(), 1U);
    feed.reset();
    EXPECT_EQ(hub.clients(), 0U);
}

TEST(event_hub, takes_so_many_clients_and_no_more) {
    asio::io_context io;
    event_hub hub{io.get_executor()};
    std::vector<std::shared_ptr<event_feed>> feeds;
    for (std::size_t i = 0; i < event_hub::most_clients; ++i) {
        feeds.push_back(hub.subscribe("first"));
        EXPECT_TRUE(feeds.back());
    }
    EXPECT_FALSE(hub.subscribe("first"));
}

}  // namespace
}  // namespace switchgear::gateway
