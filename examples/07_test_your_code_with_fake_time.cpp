// Your code takes the clock as an argument, so its test moves time by hand: no sleep, no flake, an hour
// passes at once. This file is both the code and its test.

#include <chrono>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>

using namespace std::chrono_literals;

namespace {

// ---- your code -----------------------------------------------------------------------------------------

/// Exchange rates from a service; while it is away, the last one known, for at most an hour.
class exchange_rates {
public:
    using fetch = std::function<double(const std::string&)>;

    explicit exchange_rates(fetch from_service, const switchgear::time_source& time = switchgear::time_source::steady())
        : fetch_{std::move(from_service)}, time_{time}, breaker_{"rates", rules(), time} {}

    std::optional<double> euro_to(const std::string& currency) {
        try {
            if (const auto fresh = breaker_.call([&] { return fetch_(currency); })) {
                known_ = *fresh;
                known_since_ = time_.now();
                return known_;
            }
        } catch (const std::runtime_error&) {  // the breaker has counted it; the last rate will do
        }
        if (known_ && time_.now() - known_since_ <= 1h) return known_;
        return std::nullopt;
    }

private:
    static switchgear::settings rules() {
        return {.trip = {.consecutive_failures = 2}, .recovery = {.open_for = 30s, .jitter = 0.0}};
    }

    fetch fetch_;
    const switchgear::time_source& time_;
    switchgear::breaker breaker_;
    std::optional<double> known_;
    switchgear::time_point known_since_{};
};

// ---- its test ------------------------------------------------------------------------------------------

int violated = 0;

void expect(bool holds, const char* promise) {
    std::cout << (holds ? "ok    " : "FAIL  ") << promise << '\n';
    if (!holds) ++violated;
}

}  // namespace

int main() {
    switchgear::testing::manual_time clock;
    bool up = true;
    int asked = 0;
    exchange_rates rates{[&](const std::string&) {
                             ++asked;
                             if (!up) throw std::runtime_error{"down"};
                             return 1.25;
                         },
                         clock};

    expect(rates.euro_to("USD") == 1.25, "a rate comes from the service");

    up = false;
    expect(rates.euro_to("USD") == 1.25, "a failure is covered by the last rate known");
    rates.euro_to("USD");
    asked = 0;
    rates.euro_to("USD");
    expect(asked == 0, "after two failures the service is left alone");

    clock.advance(30s);
    rates.euro_to("USD");
    rates.euro_to("USD");
    expect(asked == 1, "after 30 s it is asked once, and left alone again");

    clock.advance(1h);
    expect(rates.euro_to("USD") == std::nullopt, "a rate older than an hour is not given out");

    up = true;
    clock.advance(2min);
    expect(rates.euro_to("USD") == 1.25, "when the service is back, so are the rates");

    return violated == 0 ? 0 : 1;
}
