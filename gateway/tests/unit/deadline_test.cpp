#include "deadline.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

/// The real clock, because the two forms of it are what this is about.
TEST(deadline, of_a_few_milliseconds_is_never_early) {
    boost::asio::io_context loop;
    for (int i = 0; i < 20; ++i) {
        time_point fired{};
        deadline limits{
            loop, {[](void* when, limit) { *static_cast<time_point*>(when) = time_source::steady().now(); }, &fired}};
        const time_point set = time_source::steady().now();
        limits.set(limit::step, 2ms);
        loop.run();
        loop.restart();
        EXPECT_GE(fired - set, 2ms);
    }
}

}  // namespace
}  // namespace switchgear::gateway
