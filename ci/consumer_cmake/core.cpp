// A breaker, a permit and fake time: what the core and `testing` give.
#include <cstdlib>
#include <iostream>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>

using namespace std::chrono_literals;

int main() {
    switchgear::testing::manual_time clock;
    switchgear::breaker payments{
        "payments", {.trip = {.consecutive_failures = 3}, .recovery = {.open_for = 5s, .jitter = 0}}, clock};

    for (int call = 0; call < 3; ++call) {
        if (auto admitted = payments.try_acquire()) admitted->failure();
    }
    const bool refused_while_open = !payments.try_acquire();
    clock.advance(5s);
    if (auto probe = payments.try_acquire()) probe->success();
    const bool closed_again = payments.observe().current == switchgear::state::closed;

    std::cout << "switchgear " << switchgear::version << ": refused while open " << refused_while_open
              << ", closed again " << closed_again << '\n';
    return refused_while_open && closed_again ? EXIT_SUCCESS : EXIT_FAILURE;
}
