// Not every error says the same. Two refused connections mean that the service is gone; a single timeout may
// be bad luck, so it takes five; "no such customer" is a good answer; and "come back in 30 s" is obeyed at once.

#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include <switchgear/switchgear.hpp>

using namespace std::chrono_literals;
using switchgear::failure_class;
using switchgear::verdict;

namespace {

struct connection_refused : std::runtime_error {
    connection_refused() : runtime_error{"connection refused"} {}
};
struct timed_out : std::runtime_error {
    timed_out() : runtime_error{"timed out"} {}
};
struct no_such_customer : std::runtime_error {
    no_such_customer() : runtime_error{"no such customer"} {}
};
struct reply {
    int status = 200;
    std::chrono::seconds retry_after{};
};

verdict judge_reply(const reply& answer) {
    if (answer.status == 429) return verdict::trip(answer.retry_after);
    if (answer.status >= 500) return verdict::failure();
    return verdict::success();
}

verdict judge_exception(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const connection_refused&) {
        return verdict::failure(failure_class::unreachable);
    } catch (const timed_out&) {
        return verdict::failure(failure_class::timeout);
    } catch (const no_such_customer&) {
        return verdict::success();  // the service did its work
    } catch (...) {
        return verdict::failure();
    }
}

// Two functions, one judge.
const auto by_type = switchgear::classify_by{[](const reply& answer) { return judge_reply(answer); },
                                             [](const std::exception_ptr& thrown) { return judge_exception(thrown); }};

const switchgear::settings by_class{
    .trip = {.consecutive_failures = {},
             .failure_ratio = {},
             .limits = {.timeout = 5, .unreachable = 2},
             .window = switchgear::last{10s}},
};

/// Returns: how many calls that end like this open a fresh breaker; 0 if ten do not.
template <class Operation>
int calls_until_open(Operation operation) {
    switchgear::breaker customers{"customers", by_class};
    for (int calls = 1; calls <= 10; ++calls) {
        try {
            static_cast<void>(customers.call(operation, by_type));
        } catch (const std::runtime_error&) {  // the caller's business; not what this example is about
        }
        if (customers.observe().current == switchgear::state::open) return calls;
    }
    return 0;
}

}  // namespace

int main() {
    const int refused = calls_until_open([]() -> reply { throw connection_refused{}; });
    const int timeouts = calls_until_open([]() -> reply { throw timed_out{}; });
    const int unknown = calls_until_open([]() -> reply { throw no_such_customer{}; });
    const int throttled = calls_until_open([] { return reply{.status = 429, .retry_after = 30s}; });

    std::cout << "open after " << refused << " refused connections, " << timeouts << " timeouts, " << throttled
              << " answer with Retry-After; unknown customers open nothing\n";
    return refused == 2 && timeouts == 5 && unknown == 0 && throttled == 1 ? 0 : 1;
}
