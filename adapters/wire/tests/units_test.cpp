#include <switchgear/wire/units.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using namespace switchgear::wire;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(duration_text, is_read_in_every_unit) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("1h"), 1h);
    EXPECT_EQ(parse_duration("7d"), 168h);
    EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(duration_text, junk_is_no_duration) {
    for (const std::string_view text : {"", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "5S", "5sec", "5us",
                                        "5ns", "0x5s", "5s5s", "ms5", "1e3ms"}) {
        EXPECT_FALSE(parse_duration(text)) << '"' << text << '"';
    }
}

TEST(duration_text, that_does_not_fit_is_no_duration) {
    EXPECT_EQ(parse_duration("9223372036854775807ms"), milliseconds::max());
    EXPECT_FALSE(parse_duration("9223372036854775808ms"));
    EXPECT_FALSE(parse_duration("99999999999999999999999ms"));
    EXPECT_FALSE(parse_duration("106751991168d"));
}

TEST(duration_text, is_written_in_the_largest_exact_unit) {
    EXPECT_EQ(format_duration(0ms), "0s");
    EXPECT_EQ(format_duration(250ms), "250ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(5s), "5s");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(10min), "10m");
    EXPECT_EQ(format_duration(24h), "1d");
    EXPECT_EQ(format_duration(-5s), "-5s");
}

TEST(duration_text, comes_back_the_same) {
    for (milliseconds::rep value = 1; value < (milliseconds::max)().count() / 7; value = value * 5 + 1) {
        EXPECT_EQ(parse_duration(format_duration(milliseconds{value})), milliseconds{value});
    }
    EXPECT_EQ(parse_duration(format_duration((milliseconds::max)())), (milliseconds::max)());
    EXPECT_EQ(format_duration((milliseconds::min)()), "-9223372036854775808ms");
}

TEST(size_text, is_read_in_every_unit) {
    EXPECT_EQ(parse_size("65536"), 65'536U);
    EXPECT_EQ(parse_size("512B"), 512U);
    EXPECT_EQ(parse_size("64KiB"), 65'536U);
    EXPECT_EQ(parse_size("1MiB"), 1'048'576U);
    EXPECT_EQ(parse_size("2GiB"), 2'147'483'648U);
    EXPECT_EQ(parse_size("1TiB"), 1'099'511'627'776U);
}

TEST(size_text, junk_is_no_size) {
    for (const std::string_view text : {"", "KiB", "64kb", "64KB", "64 KiB", "-1B", "1.5MiB", "16777216TiB", "64K"}) {
        EXPECT_FALSE(parse_size(text)) << '"' << text << '"';
    }
}

TEST(size_text, comes_back_the_same) {
    for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1000}, std::uint64_t{1024}, std::uint64_t{3} << 40U,
                                std::numeric_limits<std::uint64_t>::max()}) {
        EXPECT_EQ(parse_size(format_size(value)), value);
    }
    EXPECT_EQ(format_size(65'536), "64KiB");
    EXPECT_EQ(format_size(1000), "1000B");
    EXPECT_EQ(format_size(0), "0B");
}

TEST(ratio_text, is_read_as_a_share_or_in_percent) {
    EXPECT_EQ(parse_ratio("0.5"), 0.5);
    EXPECT_EQ(parse_ratio("50%"), 0.5);
    EXPECT_EQ(parse_ratio("1"), 1.0);
    EXPECT_EQ(parse_ratio("100%"), 1.0);
    EXPECT_EQ(parse_ratio("33.3%"), 0.333);
    EXPECT_EQ(parse_ratio("49.5%"), 0.495);
}

TEST(ratio_text, out_of_range_is_left_to_the_field) {
    EXPECT_EQ(parse_ratio("150%"), 1.5);
    EXPECT_EQ(parse_ratio("-1"), -1.0);
}

TEST(ratio_text, junk_is_no_ratio) {
    for (const std::string_view text : {"", "%", "-", ".", "nan", "inf", "1e-1", "0x1", "0.5 ", " 0.5", "50 %", "50%%",
                                        "half", "0,5", "1.2.3", "+1", "--1"}) {
        EXPECT_FALSE(parse_ratio(text)) << '"' << text << '"';
    }
}

}  // namespace
