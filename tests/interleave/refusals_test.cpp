#include <gtest/gtest.h>

#include <memory>

#include "atoms.hpp"
#include "machine.hpp"
#include "parts.hpp"
#include "stage.hpp"

// How long a refused caller is told to wait: what belongs to the state that refused it, though the record that says
// so is filled again while it is read.

namespace switchgear::interleave {
namespace {

using namespace std::chrono_literals;

struct refusals {
    struct deaf {
        void told(const detail::moved&) noexcept {}
    } sink;
    detail::machine<explored_atomics, deaf> it{sink, planned({.recovery = {.open_for = 5s, .jitter = 0}}), 1, 0};
    detail::answer first, second;

    /// Two callers, one after the other; between, before and after them the wait is that, none, and the other.
    void ask_twice(ticks at) {
        detail::grant given;
        first = it.acquire(at_time{at}, given);
        second = it.acquire(at_time{at}, given);
    }
    void require_order(ticks before, ticks after) const {
        require(first.admitted() || first.wait == before || first.wait == after, "a wait of no state");
        require(second.admitted() || second.wait == before || second.wait == after, "a wait of no state");
        if (first.admitted()) require(second.admitted() || second.wait == after, "told of a state that was over");
        if (first.wait == after) require(second.wait == after, "told of a state before it began");
    }
};

TEST(refusals, tell_the_pause_of_the_state_that_refused) {
    expect_in_all_schedules<refusals>([](const auto& s, play& p) {
        s->it.trip(5 * seconds, 0);
        p.thread([=] { s->it.reset(0), s->it.trip(9 * seconds, 0); });
        p.thread([=] { s->ask_twice(1 * ms); });
        p.afterwards([=] { s->require_order(5 * seconds - ms, 9 * seconds - ms); });
    });
}

TEST(refusals, tell_the_end_of_the_order_that_refused) {
    expect_in_all_schedules<refusals>([](const auto& s, play& p) {
        s->it.force(override_mode::forced_closed, detail::never, 0);
        s->it.force(override_mode::forced_open, 5 * seconds, 0);
        p.thread([=] {
            s->it.force(override_mode::forced_closed, detail::never, 0);
            s->it.force(override_mode::forced_open, 9 * seconds, 0);
        });
        p.thread([=] { s->ask_twice(1 * ms); });
        p.afterwards([=] { s->require_order(5 * seconds - ms, 9 * seconds - ms); });
    });
}

}  // namespace
}  // namespace switchgear::interleave
