// The line that a breaker is saved as, by itself: to the letter, and what is refused.
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record.hpp"

namespace switchgear::detail {
namespace {

/// FNV-1a by its definition: offset basis and prime of 64 bits, in hexadecimal digits.
std::string signed_line(const std::string& text) {
    std::uint64_t hash = 14'695'981'039'346'656'037U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1'099'511'628'211U;
    }
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    return text + " checksum=" + digits;
}
std::optional<saved_state> read_signed(const std::string& text) { return read_record(signed_line(text)); }

const std::string plain_head = "switchgear-breaker/1 state=open remaining_ns=5 pause_ns=6 base_pause_ns=7";
const std::string plain_line = plain_head + " attempt=8";

void expect_alike(const saved_state& a, const saved_state& b) {
    EXPECT_EQ(a.current, b.current);
    EXPECT_EQ(a.remaining, b.remaining);
    EXPECT_EQ(a.pause, b.pause);
    EXPECT_EQ(a.base_pause, b.base_pause);
    EXPECT_EQ(a.attempt, b.attempt);
    EXPECT_EQ(a.outage_age, b.outage_age);
    EXPECT_EQ(a.learned, b.learned);
    EXPECT_EQ(a.normal, b.normal);
}

TEST(record, of_a_fresh_breaker_has_the_pause_and_nothing_else) {
    EXPECT_EQ(write_record({}),
              signed_line("switchgear-breaker/1 state=closed remaining_ns=0 pause_ns=0 base_pause_ns=0 attempt=0"));
}

TEST(record, says_all_that_is_known) {
    const saved_state all{.current = state::open,
                          .remaining = 1,
                          .pause = 2,
                          .base_pause = 3,
                          .attempt = 4,
                          .outage_age = 1,
                          .learned = {.log_median = 0, .outages = 1, .call_gap = 0.5F},
                          .normal = adaptive::learned{.version = 9, .numbers = {0.25, -3, 1e300}}};
    EXPECT_EQ(write_record(all),
              signed_line("switchgear-breaker/1 state=open remaining_ns=1 pause_ns=2 base_pause_ns=3 "
                          "attempt=4 outage_age_ns=1 outages=1 median_outage_s=1 call_gap_s=0.5 "
                          "normal=9:0.25,-3,1e+300"));
}

TEST(record, read_again_is_what_was_written) {
    std::vector<saved_state> all(1);
    all.push_back({.current = state::open, .remaining = never / 4, .pause = never / 4, .base_pause = never / 4});
    all.push_back({.attempt = 0xffff'ffff, .outage_age = never / 4});
    all.push_back({.learned = {.call_gap = 0.1F}});
    all.push_back({.learned = {.log_median = -460, .outages = 0xffff, .call_gap = 1e8F}});
    all.push_back({.learned = {.log_median = 1611, .outages = 1}});
    all.push_back({.learned = {.log_median = -1, .outages = 2}, .normal = adaptive::learned{}});
    all.push_back({.normal = adaptive::learned{.version = 3, .numbers = {0, 1e-300, -0.1, 12345678.9}}});
    for (const saved_state& one : all) {
        const auto line = write_record(one);
        const auto read = read_record(line);
        ASSERT_TRUE(read) << line;
        expect_alike(*read, one);
    }
}

TEST(record, is_read_where_what_was_learned_is_missing) {
    const auto read = read_signed(plain_line);
    ASSERT_TRUE(read);
    expect_alike(*read, {.current = state::open, .remaining = 5, .pause = 6, .base_pause = 7, .attempt = 8});
    ASSERT_TRUE(read_signed(plain_line + " outages=1 median_outage_s=0.5"));
    EXPECT_EQ(read_signed(plain_line + " outages=1 median_outage_s=0.5")->learned.log_median, -69);
    ASSERT_TRUE(read_signed(plain_line + " call_gap_s=2"));
    EXPECT_EQ(read_signed(plain_line + " call_gap_s=2")->learned.call_gap, 2);
    ASSERT_TRUE(read_signed(plain_line + " normal=1"));
    EXPECT_TRUE(read_signed(plain_line + " normal=1")->normal->numbers.empty());
}

TEST(record, that_is_signed_but_says_something_else_is_refused) {
    const std::string head = "switchgear-breaker/1";
    const std::string fields = " remaining_ns=5 pause_ns=6 base_pause_ns=7 attempt=8";
    ASSERT_TRUE(read_signed(head + " state=open" + fields));
    for (const std::string& line :
         {// of another version, or another state
          std::string{"switchgear-breaker/2 state=open"} + fields, "switchgear state=open" + fields,
          head + "0 state=open" + fields, head + " state=shut" + fields, head + " state=half_open" + fields,
          head + " state=" + fields, head + fields, head, std::string{},
          // a field is missing, or twice there, or another one in its place
          plain_head, plain_head + " ", head + " state=open pause_ns=6 base_pause_ns=7 attempt=8",
          head + " state=open remaining_ns=5 base_pause_ns=7 attempt=8",
          head + " state=open remaining_ns=5 pause_ns=6 attempt=8", plain_line + " attempt=8", plain_line + " ",
          plain_line + " away_ns=1", plain_line + "0 ",
          head + " state=open pause_ns=6 remaining_ns=5 base_pause_ns=7 attempt=8",
          // no number, or none that can be
          plain_head + " attempt=", plain_head + " attempt=x", plain_head + " attempt=-1", plain_head + " attempt= 8",
          plain_head + " attempt=8.5", plain_head + " attempt=4294967296", plain_head + " attempt=99999999999999999999",
          plain_head + " attempts=8", plain_head + " attempt:8",
          head + " state=open remaining_ns=-1 pause_ns=6 base_pause_ns=7 attempt=8",
          head + " state=open remaining_ns=5 pause_ns=-1 base_pause_ns=7 attempt=8",
          head + " state=open remaining_ns=5 pause_ns=6 base_pause_ns=-1 attempt=8",
          // what was learned
          plain_line + " outage_age_ns=-1", plain_line + " outage_age_ns=", plain_line + " outage_age_ns=x",
          plain_line + " outages=1", plain_line + " median_outage_s=1", plain_line + " outages=0 median_outage_s=1",
          plain_line + " outages=1 median_outage_s=0", plain_line + " outages=1 median_outage_s=",
          plain_line + " outages=1 median_outage_s=nan", plain_line + " outages=1 median_outage_s=-1",
          plain_line + " outages=1 median_outage_s=inf", plain_line + " outages=1 median_outage_s=1e9",
          plain_line + " outages=65536 median_outage_s=1", plain_line + " outages=-1 median_outage_s=1",
          plain_line + " outages=x median_outage_s=1", plain_line + " call_gap_s=", plain_line + " call_gap_s=-1",
          plain_line + " call_gap_s=nan", plain_line + " call_gap_s=inf", plain_line + " call_gap_s=1e9",
          plain_line + " call_gap_s=1 outages=1 median_outage_s=1",
          // what is normal
          plain_line + " normal=", plain_line + " normal=x", plain_line + " normal=:1", plain_line + " normal=-1:1",
          plain_line + " normal=1:", plain_line + " normal=1:2,", plain_line + " normal=1,2",
          plain_line + " normal=1:2:3", plain_line + " normal=1:x", plain_line + " normal=1:2,x",
          plain_line + " normal=1:2 3", plain_line + " normal=1:2 "}) {
        EXPECT_FALSE(read_signed(line)) << line;
    }
}

TEST(record, of_a_time_beyond_any_is_refused) {
    const ticks longest = never / 4;
    for (ticks saved_state::* field :
         {&saved_state::remaining, &saved_state::pause, &saved_state::base_pause, &saved_state::outage_age}) {
        saved_state one{.current = state::open};
        one.*field = longest;
        ASSERT_TRUE(read_record(write_record(one)));
        EXPECT_EQ(*read_record(write_record(one)).*field, longest);
        one.*field = longest + 1;
        EXPECT_FALSE(read_record(write_record(one)));
    }
}

TEST(record, with_another_checksum_is_refused) {
    const std::string line = signed_line(plain_line);
    ASSERT_TRUE(read_record(line));
    EXPECT_FALSE(read_record(plain_line));
    EXPECT_FALSE(read_record(plain_line + " checksum="));
    EXPECT_FALSE(read_record(line + "0"));
    EXPECT_FALSE(read_record(line.substr(0, line.size() - 1)));
    EXPECT_FALSE(read_record(line.substr(line.find(" checksum="))));
    EXPECT_FALSE(read_record(plain_line + "0" + line.substr(line.find(" checksum="))));
}

}  // namespace
}  // namespace switchgear::detail
