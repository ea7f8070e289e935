// A coroutine retried, judged as HTTP, told as JSON and as metrics: what the components beside the core give.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/asio/co_call.hpp>
#include <switchgear/http/classify.hpp>
#include <switchgear/policies/retry_call.hpp>
#include <switchgear/prometheus/collector.hpp>
#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>
#include <switchgear/ticking/ticking_time.hpp>
#include <switchgear/wire/json.hpp>

using namespace std::chrono_literals;

namespace {

/// An HTTP status as a verdict; what is thrown is a failure.
struct by_status {
    switchgear::verdict operator()(unsigned status) const { return switchgear::http::classify(status); }
    switchgear::verdict operator()(const std::exception_ptr&) const { return switchgear::verdict::failure(); }
};

/// Answers 503 once, then 200.
unsigned status_of_coroutine(switchgear::breaker& service, unsigned& asked) {
    boost::asio::io_context io;
    unsigned status = 0;
    boost::asio::co_spawn(
        io,
        [&]() -> boost::asio::awaitable<void> {
            auto answer = [&]() -> boost::asio::awaitable<unsigned> { co_return asked++ == 0 ? 503U : 200U; };
            status = (co_await switchgear::asio::co_call(service, answer, by_status{})).value_or(0U);
        },
        [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    io.run();
    return status;
}

}  // namespace

int main() {
    const switchgear::ticking::ticking_time ticking;
    const switchgear::breaker ticked{"ticked", {}, ticking};
    switchgear::testing::manual_time clock;
    switchgear::registry services{{}, clock};
    switchgear::prometheus::collector metrics{services};
    const auto service = services.get("payments");

    unsigned asked = 0;
    switchgear::policies::retry_policy policy{{}};
    const unsigned status = switchgear::policies::retry_call(
        policy, {.time = clock}, [&] { return status_of_coroutine(*service, asked); },
        [&](switchgear::duration pause) { clock.advance(pause); }, by_status{});

    std::cout << boost::json::serialize(switchgear::wire::to_json(service->current_settings())) << '\n'
              << "status " << status << " after " << asked << " calls, " << metrics.Collect().size() << " metrics\n";
    const bool as_expected = status == 200 && asked == 2 && service->observe().totals.failures == 1;
    return as_expected && !metrics.Collect().empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
