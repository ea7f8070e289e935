// A call behind a breaker. Three failures in a row open it; while it is open the service is left alone and
// the refusal, a value, says when to come back; after the pause one good call closes it.

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include <switchgear/switchgear.hpp>

using namespace std::chrono_literals;

namespace {

/// Stands for something on the other side of a network.
struct price_service {
    bool down = false;
    int times_asked = 0;

    int price_of(const std::string& item) {
        ++times_asked;
        if (down) throw std::runtime_error{"connection refused"};
        return static_cast<int>(item.size()) * 100;
    }
};

/// What one caller sees: a price, the service's own failure, or the breaker's refusal.
std::string quote(switchgear::breaker& prices, price_service& service) {
    try {
        const switchgear::result<int> price = prices.call([&] { return service.price_of("lamp"); });
        if (!price) {
            const auto wait = std::chrono::ceil<std::chrono::milliseconds>(price.error().retry_after);
            return "refused, come back in " + std::to_string(wait.count()) + " ms";
        }
        return "price " + std::to_string(*price);
    } catch (const std::runtime_error& failed) {
        return failed.what();  // what the service throws reaches the caller unchanged
    }
}

}  // namespace

int main() {
    price_service service;
    switchgear::breaker prices{"prices",
                               {
                                   .trip = {.consecutive_failures = 3},
                                   .recovery = {.open_for = 20ms, .jitter = 0.0},
                               }};

    std::cout << "up:       " << quote(prices, service) << '\n';

    service.down = true;
    for (int i = 0; i < 3; ++i) std::cout << "down:     " << quote(prices, service) << '\n';
    const bool opened = prices.observe().current == switchgear::state::open;

    const int asked_before = service.times_asked;
    std::cout << "open:     " << quote(prices, service) << '\n';
    const bool left_alone = service.times_asked == asked_before;

    service.down = false;
    std::this_thread::sleep_for(40ms);  // longer than the pause
    std::cout << "probe:    " << quote(prices, service) << '\n';
    const bool closed_again = prices.observe().current == switchgear::state::closed;

    return opened && left_alone && closed_again ? 0 : 1;
}
