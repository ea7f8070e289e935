#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace switchgear::gateway {

/// The events on their way to one client of `GET /v1/events`.
///
/// Thread safety: none; lives on the control thread.
class event_feed {
public:
    /// `dropped` counts the feeds that were cut.
    event_feed(const boost::asio::any_io_executor&, std::shared_ptr<std::uint64_t> dropped);

    /// Waits for the next event. Returns: null when the feed has ended.
    boost::asio::awaitable<std::shared_ptr<const std::string>> next();

    /// Adds an event; cuts the feed if too many are waiting.
    void push(std::shared_ptr<const std::string> event);
    /// The client does not keep up: ends the feed and counts it.
    void cut();

    /// Events that may wait for one client.
    static constexpr std::size_t most_waiting = 64;

private:
    boost::asio::steady_timer wake_;
    std::deque<std::shared_ptr<const std::string>> waiting_;
    std::shared_ptr<std::uint64_t> dropped_;
    bool ended_ = false;
};

/// Hands every event to every client. A client that does not keep up is dropped and counted, so neither
/// memory nor another client depends on it.
///
/// Thread safety: none; lives on the control thread.
class event_hub {
public:
    static constexpr std::size_t most_clients = 64;

    explicit event_hub(boost::asio::any_io_executor);

    /// `first` is the first event of the new feed. Returns: null if there are too many clients already.
    std::shared_ptr<event_feed> subscribe(std::string first);
    /// `data` must be one line, as JSON is.
    void publish(std::string_view type, std::string_view data);

    std::size_t clients();
    std::uint64_t dropped_clients() const noexcept { return *dropped_; }

private:
    boost::asio::any_io_executor executor_;
    std::vector<std::weak_ptr<event_feed>> feeds_;
    std::shared_ptr<std::uint64_t> dropped_ = std::make_shared<std::uint64_t>(0);
};

/// One event as text/event-stream writes it.
std::string event_text(std::string_view type, std::string_view data);

}  // namespace switchgear::gateway
