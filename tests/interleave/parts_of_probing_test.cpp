#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include <switchgear/detail/tally.hpp>
#include "atoms.hpp"
#include "leases.hpp"
#include "parts.hpp"
#include "probing.hpp"

// What whoever probes may rely on to have been done by others, and who stalls for so long that tags come again.

namespace switchgear::interleave {
namespace {

using ending = detail::probing<explored_atomics>::ending;

struct places : epochs {
    static constexpr std::uint64_t after_a_round = 1 + (std::uint64_t{1} << 38);  ///< the same epoch to the ledger
    detail::probing<explored_atomics> ledger;
    detail::leases<explored_atomics> leases;
    plain<int> left{0};
    bool took = false, ended = false;
    std::optional<detail::leases<explored_atomics>::held> got;
};

constexpr auto always = [] { return true; };

TEST(probes, see_what_came_before_the_end_of_the_one_whose_place_they_take) {
    expect_in_all_schedules<places>([](const auto& s, play& p) {
        s->ledger.take(1, 1, always);
        p.thread([=] { s->left.write(1), s->ledger.end(1, ending::given_back, 5, s->is(1)); });
        p.thread([=] {
            if (s->ledger.take(1, 1, s->is(1))) require(s->left.read() == 1, "a place was had before it was left");
        });
    });
}

TEST(probes, that_are_enough_show_what_came_before) {
    expect_in_all_schedules<places>([](const auto& s, play& p) {
        s->ledger.take(1, 1, always);
        p.thread([=] { s->left.write(1), s->ledger.end(1, ending::success, 1, s->is(1)); });
        p.thread([=] {
            if (s->ledger.look(1).enough) require(s->left.read() == 1, "enough before the success");
        });
    });
}

TEST(probes, of_an_epoch_with_the_same_tag_are_not_ended_by_a_verdict_that_stalled) {
    expect_in_all_schedules<places>([](const auto& s, play& p) {
        constexpr auto later = places::after_a_round;
        s->ledger.take(1, 3, always), s->ledger.take(1, 3, always);
        p.thread([=] { s->ended = s->ledger.end(1, ending::success, 5, s->is(1)); });
        p.thread([=] {
            s->ledger.take(2, 3, always);
            s->now.store(later);
            s->ledger.take(later, 3, s->is(later));
        });
        p.afterwards([=] {
            const auto end = s->ledger.look(later);
            require(end.outstanding == 1 && end.successes == 0, "an ending counted in a later epoch");
        });
    });
}

TEST(leases_of_probes, are_seen_after_the_place_that_they_are_for) {
    expect_in_all_schedules<places>([](const auto& s, play& p) {
        p.thread([=] { s->ledger.take(1, 1, s->is(1)), s->leases.take(1, 7, s->is(1)); });
        p.thread([=] {
            if (s->leases.none_ends_for(1, 8, 50, false) == 50) return;  // there is none
            require(s->ledger.look(1).outstanding == 1, "a lease without a place");
        });
    });
}

TEST(leases_of_probes, are_taken_in_slots_that_were_added_just_now) {
    expect_in_all_schedules<places>([](const auto& s, play& p) {
        for (int i = 0; i < 4; ++i) s->leases.take(1, 7, always);
        p.thread([=] { s->leases.grow(8), s->now.store(2, std::memory_order_relaxed); });
        p.thread([=] {
            if (s->now.load(std::memory_order_relaxed) == 2) s->got = s->leases.take(1, 8, always);
        });
        p.afterwards([=] { require(!s->got || (s->got->slot == 4 && s->leases.end(*s->got)), "a lease was lost"); });
    });
}

// ---- the tally, over 256 epochs

struct round_of_epochs {
    detail::tally<explored_atomics> tally;
    atom<std::uint64_t> word{0}, of_epoch_1{std::uint64_t{1} << 24};
    std::uint64_t base = 0;
    bool counted = false;
    /// As if no thread had looked at the word on the way.
    void go_round() {
        tally.open_window(1, always);
        tally.add(1, of_epoch_1);
        word.store(std::uint64_t{255} << 24);
        base = tally.open_window(256, always);
    }
};

TEST(successes, of_an_epoch_256_ago_do_not_count_however_old_the_word_was_that_they_saw) {
    expect_in_all_schedules<round_of_epochs>([](const auto& s, play& p) {
        p.thread([=] { s->counted = s->tally.add(0, s->word); });
        p.thread([=] { s->go_round(); });
        p.afterwards([=] {
            require(s->tally.sum() == s->base, "counted in a window that it never saw");
            require(s->base == (s->counted ? 2U : 1U), "counted, and told that it was late");
        });
    });
}

}  // namespace
}  // namespace switchgear::interleave
