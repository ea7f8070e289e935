#include <gtest/gtest.h>

#include <cstdint>

#include <switchgear/ticking/detail/counter_line.hpp>
#include "atoms.hpp"
#include "parts.hpp"

// The time that is told from a processor's counter.

namespace switchgear::interleave {
namespace {

/// The exact clock gains half a per mille on the counter, so that no two stretches are of one line.
struct steered {
    static constexpr std::int64_t step = 100'000'000;

    ticking::detail::counter_line<explored_atomics::atom> line;
    std::int64_t steps = 0;

    void steer() {
        ++steps;
        line.steer([this] { return static_cast<std::uint64_t>(steps * step); },
                   [this] { return steps * (step + step / 2'000); });
    }
    void read() {
        constexpr std::int64_t at = 4 * step, exact = at + at / 2'000, near = step / 1'000;
        const auto now = line.now([] { return static_cast<std::uint64_t>(at); }, [] { return exact; });
        require(now > exact - near && now < exact + near, "the stretch is put together from two");
    }
};

TEST(counter_lines, are_read_whole_while_they_are_steered) {
    expect_in_all_schedules<steered>([](const auto& s, play& p) {
        s->steer(), s->steer();
        p.thread([=] { s->steer(), s->steer(); });
        p.thread([=] { s->read(), s->read(); });
    });
}

}  // namespace
}  // namespace switchgear::interleave
