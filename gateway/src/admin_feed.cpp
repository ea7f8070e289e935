#include "admin_feed.hpp"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace switchgear::gateway {

namespace asio = boost::asio;

event_feed::event_feed(const asio::any_io_executor& executor, std::shared_ptr<std::uint64_t> dropped)
    : wake_(executor, asio::steady_timer::time_point::max()), dropped_(std::move(dropped)) {}

asio::awaitable<std::shared_ptr<const std::string>> event_feed::next() {
    while (waiting_.empty() && !ended_) {
        boost::system::error_code cancelled;
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    if (ended_) co_return nullptr;
    auto event = std::move(waiting_.front());
    waiting_.pop_front();
    co_return event;
}

void event_feed::push(std::shared_ptr<const std::string> event) {
    if (ended_) return;
    if (waiting_.size() == most_waiting) return cut();
    waiting_.push_back(std::move(event));
    wake_.cancel();
}

void event_feed::cut() {
    if (ended_) return;
    ++*dropped_;
    ended_ = true;
    waiting_.clear();
    wake_.cancel();
}

event_hub::event_hub(asio::any_io_executor executor) : executor_(std::move(executor)) {}

std::shared_ptr<event_feed> event_hub::subscribe(std::string first) {
    if (clients() >= most_clients) return nullptr;
    auto feed = std::make_shared<event_feed>(executor_, dropped_);
    feed->push(std::make_shared<const std::string>(std::move(first)));
    feeds_.push_back(feed);
    return feed;
}

void event_hub::publish(std::string_view type, std::string_view data) {
    if (clients() == 0) return;
    const auto event = std::make_shared<const std::string>(event_text(type, data));
    for (const auto& weak : feeds_) {
        if (const auto feed = weak.lock()) feed->push(event);
    }
}

std::size_t event_hub::clients() {
    std::erase_if(feeds_, [](const auto& weak) { return weak.expired(); });
    return feeds_.size();
}

std::string event_text(std::string_view type, std::string_view data) {
    std::string out;
    out.reserve(type.size() + data.size() + 16);
    out.append("event: ").append(type).append("\ndata: ").append(data).append("\n\n");
    return out;
}

}  // namespace switchgear::gateway
