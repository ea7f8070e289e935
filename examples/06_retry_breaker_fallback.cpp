// Retry outside, breaker inside, a fallback around both. A hiccup is retried and nobody notices; in an outage
// the breaker opens, its refusal ends the retrying, and the last good answer stands in.
//
// The clock is moved by hand, so that the example takes no time: in a program the clock is the default, and
// the wait is a sleep or a timer.

#include <chrono>
#include <iostream>
#include <string>

#include <switchgear/policies/retry_call.hpp>
#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>

using namespace std::chrono_literals;

namespace {

struct reply {
    int status;
    std::string body;
};

/// Stands for a remote service: fails as many times as it is told to.
struct recommender {
    int failures_to_come = 0;
    int times_asked = 0;

    reply ask() {
        ++times_asked;
        if (failures_to_come > 0) return --failures_to_come, reply{500, ""};
        return reply{200, "a good book"};
    }
};

/// The same judge for the breaker and for the retry: what is no failure is not retried.
const auto by_status = switchgear::classify_by{[](const reply& answer) {
    return answer.status < 500 ? switchgear::verdict::success() : switchgear::verdict::failure();
}};

class recommendations {
public:
    recommendations(recommender& service, switchgear::testing::manual_time& clock)
        : service_{service}, clock_{clock}, breaker_{"recommender", rules(), clock} {}

    std::string next() {
        const auto deadline = clock_.now() + 1s;  // our own caller does not wait longer
        const switchgear::result<reply> answer = switchgear::policies::retry_call(
            retries_, {.time = clock_, .deadline = deadline},
            [&] { return breaker_.call([&] { return service_.ask(); }, by_status); },
            [&](switchgear::duration wait) { clock_.advance(wait); }, by_status);

        if (!answer || answer->status != 200) return known_ + " (as of before)";
        return known_ = answer->body;
    }

    switchgear::state state() const { return breaker_.observe().current; }

private:
    static switchgear::settings rules() {
        return {.trip = {.consecutive_failures = 4}, .recovery = {.open_for = 5s, .jitter = 0.0}};
    }

    recommender& service_;
    switchgear::testing::manual_time& clock_;
    switchgear::breaker breaker_;
    switchgear::policies::retry_policy retries_{{.max_attempts = 3, .first_wait = 100ms}};
    std::string known_ = "a bestseller";
};

}  // namespace

int main() {
    recommender service;
    switchgear::testing::manual_time clock;
    recommendations shop{service, clock};
    const auto show = [&](const char* when) {
        const int asked_before = service.times_asked;
        const std::string shown = shop.next();
        std::cout << when << ": " << shown << ", asked " << service.times_asked - asked_before << " times, "
                  << to_string(shop.state()) << '\n';
        return service.times_asked - asked_before;
    };

    service.failures_to_come = 2;
    const bool retried = show("a hiccup  ") == 3;

    service.failures_to_come = 1'000;
    const bool gave_up = show("an outage ") == 3;
    const bool stopped = show("still down") == 1 && shop.state() == switchgear::state::open;  // the fourth in a row
    const bool left_alone = show("open      ") == 0;

    service.failures_to_come = 0;
    clock.advance(5s);
    const bool probed = show("it is back") == 1 && shop.state() == switchgear::state::closed;

    return retried && gave_up && stopped && left_alone && probed ? 0 : 1;
}
