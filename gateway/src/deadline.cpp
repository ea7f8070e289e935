#include "deadline.hpp"

#include <algorithm>
#include <utility>

namespace switchgear::gateway {

void deadline::set(limit which, std::optional<std::chrono::milliseconds> from_now) {
    if (!from_now) return clear(which);
    // The coarse clock is behind: of a short limit that would be a large part.
    const bool is_short = *from_now < std::chrono::seconds{1};
    set_at(which, (is_short ? time_source::steady().now() : time_source::steady().coarse()) + *from_now);
}

void deadline::set_at(limit which, time_point at) {
    at_[static_cast<std::size_t>(which)] = at;
    if (at < armed_for_) arm(at);
}

void deadline::arm(time_point at) {
    armed_for_ = at;
    timer_.expires_at(at);  // cancels the wait before
    ++running_;
    timer_.async_wait([this](const boost::system::error_code& failed) { fired(static_cast<bool>(failed)); });
}

void deadline::fired(bool cancelled) {
    --running_;
    if (over_) {
        if (running_ == 0 && waiting_) std::exchange(waiting_, nullptr).resume();
        return;
    }
    if (cancelled) return;
    armed_for_ = never;
    const time_point now = time_source::steady().now();
    for (std::size_t i = 0; i < at_.size(); ++i) {
        if (at_[i] > now) continue;
        at_[i] = never;
        observer_.call(observer_.whose, static_cast<limit>(i));
    }
    // The observer may have armed it already.
    const time_point next = *std::min_element(at_.begin(), at_.end());
    if (next < armed_for_) arm(next);
}

bool deadline::waiting_for_end::await_ready() {
    whose.over_ = true;
    whose.timer_.cancel();
    return whose.running_ == 0;
}

}  // namespace switchgear::gateway
