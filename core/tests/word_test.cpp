// The state word: no field disturbs another, at its largest values too.
#include <cstdint>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/detail/word.hpp>

namespace switchgear::detail {
namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};

TEST(word, has_room_for_each_field_of_its_own) {
    struct field {
        std::function<std::uint64_t(word)> read;
        std::function<word(word, std::uint64_t)> write;
        std::uint64_t most;
    };
    const std::vector<field> fields{
        {[](word w) { return static_cast<std::uint64_t>(w.where()); },
         [](word w, std::uint64_t v) { return w.reading(static_cast<state>(v)); }, 3},
        {[](word w) { return static_cast<std::uint64_t>(w.override()); },
         [](word w, std::uint64_t v) { return w.with_override(static_cast<override_mode>(v)); }, 3},
        {[](word w) { return std::uint64_t{w.observes()}; },
         [](word w, std::uint64_t v) { return w.with_observes(v != 0); }, 1},
        {[](word w) { return std::uint64_t{w.timed()}; }, [](word w, std::uint64_t v) { return w.with_timed(v != 0); },
         1},
        {[](word w) { return std::uint64_t{w.on_ramp()}; }, [](word w, std::uint64_t v) { return w.with_ramp(v != 0); },
         1},
        {[](word w) { return std::uint64_t{w.due()}; }, [](word w, std::uint64_t v) { return w.with_due(v != 0); }, 1},
        {[](word w) { return std::uint64_t{w.watched()}; },
         [](word w, std::uint64_t v) { return w.with_watched(v != 0); }, 1},
        {[](word w) { return std::uint64_t{w.regime()}; },
         [](word w, std::uint64_t v) { return w.with_regime(static_cast<std::uint32_t>(v)); }, 1},
        {[](word w) { return std::uint64_t{w.period()}; },
         [](word w, std::uint64_t v) { return w.with_period(static_cast<std::uint32_t>(v)); }, 3},
    };
    for (const word before : {word{0}, word{all_ones}}) {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            for (std::uint64_t v = 0; v <= fields[i].most; ++v) {
                const word after = fields[i].write(before, v);
                EXPECT_EQ(fields[i].read(after), v) << i;
                EXPECT_EQ(after.epoch(), before.epoch()) << i;
                EXPECT_EQ(after.revised().bits() ^ after.bits(), before.revised().bits() ^ before.bits()) << i;
                for (std::size_t other = 0; other < fields.size(); ++other) {
                    if (other == i) continue;
                    EXPECT_EQ(fields[other].read(after), fields[other].read(before)) << i << other;
                }
            }
        }
    }
}

TEST(word, is_another_at_every_revision_until_they_come_round) {
    const word begin{all_ones};
    word at = begin;
    for (int i = 1; i < 4'096; ++i) {
        at = at.revised();
        ASSERT_NE(at, begin) << i;
        ASSERT_EQ(at.epoch(), begin.epoch()) << i;
        ASSERT_EQ(at.period(), begin.period()) << i;
    }
    EXPECT_EQ(at.revised(), begin);
}

TEST(word, counts_its_revisions_upwards) {
    for (const std::uint64_t bits :
         {std::uint64_t{0}, std::uint64_t{0x55} << 24, all_ones & ~(std::uint64_t{0xfff} << 11)}) {
        EXPECT_EQ(word{bits}.revised().bits(), bits + (std::uint64_t{1} << 11));
    }
}

TEST(word, tells_a_later_epoch_where_they_come_round_too) {
    constexpr std::uint64_t last = (std::uint64_t{1} << 40) - 1;
    EXPECT_TRUE(is_later_epoch(2, 1));
    EXPECT_FALSE(is_later_epoch(1, 1));
    EXPECT_FALSE(is_later_epoch(1, 2));
    EXPECT_TRUE(is_later_epoch(0, last));
    EXPECT_FALSE(is_later_epoch(last, 0));
    EXPECT_TRUE(is_later_epoch(last / 2, 0)) << "up to half of them later";
    EXPECT_FALSE(is_later_epoch(last / 2 + 1, 0));
}

TEST(word, has_epochs_of_40_bits_that_come_round) {
    const std::uint64_t last = (std::uint64_t{1} << 40) - 1;
    const word at = word{}.with_override(override_mode::forced_closed).with_ramp(true).with_due(true);
    EXPECT_EQ(at.epoch(), 0U);
    const word next = at.with_state(state::open);
    EXPECT_EQ(next.epoch(), 1U);
    EXPECT_EQ(next.where(), state::open);
    EXPECT_EQ(next.override(), override_mode::forced_closed);
    EXPECT_FALSE(next.on_ramp());
    EXPECT_FALSE(next.due());
    const word end{all_ones};
    EXPECT_EQ(end.epoch(), last);
    EXPECT_EQ(end.with_state(state::closed).epoch(), 0U);
    EXPECT_EQ(end.with_state(state::closed).period(), 3U);
}

}  // namespace
}  // namespace switchgear::detail
