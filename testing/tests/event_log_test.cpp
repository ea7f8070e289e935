#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/event_log.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace switchgear::testing {
namespace {

using namespace std::chrono_literals;

const settings three_failures{.trip = {.consecutive_failures = 3}, .recovery = {.open_for = 5s, .jitter = 0}};

TEST(event_log, collects_in_order) {
    manual_time clock;
    breaker it{"payments", three_failures, clock};
    const event_log log{it};
    EXPECT_TRUE(log.empty());
    EXPECT_THROW((void)log.last(), std::out_of_range);
    for (int i = 0; i < 3; ++i) (*it.try_acquire()).failure();
    clock.advance(5s);
    (*it.try_acquire()).success();
    ASSERT_EQ(log.size(), 3U) << log;
    EXPECT_EQ(log.all().at(0).cause, cause::consecutive_failures);
    EXPECT_EQ(log.all().at(1).cause, cause::pause_over);
    EXPECT_EQ(log.last().cause, cause::probes_succeeded);
    EXPECT_EQ(log.count(state::closed, state::open), 1U);
    EXPECT_EQ(log.count(state::open, state::closed), 0U);
}

TEST(event_log, starts_anew_when_cleared) {
    manual_time clock;
    breaker it{"payments", three_failures, clock};
    event_log log{it};
    it.trip({.reason = "drill", .actor = "alice"});
    log.clear();
    EXPECT_TRUE(log.empty());
    it.reset({.reason = "drill", .actor = "alice"});
    EXPECT_EQ(log.size(), 1U);
}

TEST(event_log, keeps_names_after_the_breaker_is_gone) {
    manual_time clock;
    std::optional<event_log> log;
    {
        breaker it{"a name too long to be kept inside of a string object", three_failures, clock};
        log.emplace(it);
        it.trip({.reason = "drill", .actor = "alice"});
    }
    EXPECT_EQ(log->last().name, "a name too long to be kept inside of a string object");
}

TEST(event_log, may_end_before_the_breaker) {
    manual_time clock;
    breaker it{"payments", three_failures, clock};
    {
        const event_log log{it};
    }
    it.trip({.reason = "drill", .actor = "alice"});
}

TEST(event_log, listens_to_all_of_a_registry) {
    manual_time clock;
    registry all{{.defaults = three_failures}, clock};
    const event_log log{all};
    const auto a = all.get("a");
    const auto b = all.get("b");
    b->trip({.reason = "drill", .actor = "alice"});
    a->trip({.reason = "drill", .actor = "alice"});
    ASSERT_EQ(log.size(), 2U);
    EXPECT_EQ(log.all().at(0).name, "b");
    EXPECT_EQ(log.all().at(1).name, "a");
}

TEST(event_log, prints_a_line_for_each) {
    manual_time clock;
    breaker it{"payments", three_failures, clock};
    const event_log log{it};
    for (int i = 0; i < 3; ++i) (*it.try_acquire()).failure();
    it.reset({.reason = "it is fine again", .actor = "alice"});
    std::ostringstream printed;
    printed << log;
    EXPECT_NE(printed.str().find("payments: closed -> open (consecutive_failures 3 >= 3; "), std::string::npos) << log;
    EXPECT_NE(printed.str().find("pause 5000 ms\n"), std::string::npos) << log;
    EXPECT_NE(printed.str().find("open -> closed (operator_order"), std::string::npos) << log;
    EXPECT_NE(printed.str().find("by alice: it is fine again\n"), std::string::npos) << log;
}

}  // namespace
}  // namespace switchgear::testing
