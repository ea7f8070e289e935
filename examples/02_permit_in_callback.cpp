// A call that begins here and ends elsewhere. The permit travels with the callback and is settled where the
// outcome is known; if the callback is dropped instead, so is the permit, and nothing is held against the
// service.

#include <deque>
#include <future>
#include <iostream>
#include <system_error>
#include <utility>

#include <switchgear/switchgear.hpp>

namespace {

/// A client with callbacks, as most network libraries have one. `packaged_task` takes callbacks that can
/// only be moved, and a permit can only be moved.
class queue_client {
public:
    using callback = std::packaged_task<void(std::error_code)>;

    void publish(callback done) { waiting_.push_back(std::move(done)); }

    /// The oldest request is answered.
    void answer(std::error_code outcome) {
        callback done = std::move(waiting_.front());
        waiting_.pop_front();
        done(outcome);
    }

    /// Everything still waiting is forgotten, as at shutdown.
    void cancel_all() { waiting_.clear(); }

private:
    std::deque<callback> waiting_;
};

switchgear::verdict judge(std::error_code outcome) {
    if (!outcome) return switchgear::verdict::success();
    if (outcome == std::errc::timed_out) return switchgear::verdict::failure(switchgear::failure_class::timeout);
    return switchgear::verdict::failure(switchgear::failure_class::unreachable);
}

/// Returns: whether the request was sent.
bool publish(switchgear::breaker& broker, queue_client& client) {
    switchgear::result<switchgear::permit> admitted = broker.try_acquire();
    if (!admitted) {
        std::cout << "not sent: " << to_string(admitted.error().reason) << '\n';
        return false;
    }
    client.publish(queue_client::callback{
        [p = std::move(*admitted)](std::error_code outcome) mutable { p.settle(judge(outcome)); }});
    return true;
}

}  // namespace

int main() {
    queue_client client;
    switchgear::breaker broker{"broker", {.trip = {.consecutive_failures = 2}}};

    const bool all_sent = publish(broker, client) && publish(broker, client) && publish(broker, client) &&
                          publish(broker, client) && publish(broker, client);
    client.answer({});
    client.answer(std::make_error_code(std::errc::timed_out));
    client.answer(std::make_error_code(std::errc::connection_refused));  // the second in a row: open

    const bool next_sent = publish(broker, client);
    client.answer({});    // good news from before the trip: counted as late, it closes nothing
    client.cancel_all();  // one callback is destroyed without having run

    const switchgear::snapshot seen = broker.observe();
    std::cout << "state " << to_string(seen.current) << ", failures " << seen.totals.failures << ", late "
              << seen.totals.late << ", ignored " << seen.totals.ignored << '\n';

    const bool as_promised = all_sent && !next_sent && seen.current == switchgear::state::open &&
                             seen.totals.successes == 1 && seen.totals.failures == 2 && seen.totals.late == 1 &&
                             seen.totals.ignored == 1;
    return as_promised ? 0 : 1;
}
