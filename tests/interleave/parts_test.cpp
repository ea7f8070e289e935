#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <switchgear/detail/atomics.hpp>
#include <switchgear/detail/tally.hpp>
#include <switchgear/detail/word.hpp>
#include "adaptive/good_calls.hpp"
#include "adaptive/watch.hpp"
#include "leases.hpp"
#include "parts.hpp"
#include "period.hpp"
#include "probing.hpp"
#include "ramp.hpp"

// The parts of the machine, each on its own: what its memory orders are for, in a play so small that all of its
// schedules are tried.

namespace switchgear::interleave {
namespace {

// ---- the records of periods

/// A word that names a record and how many swings there were: version * 4 + record.
struct swings {
    detail::period_pool<explored_atomics> pool;
    atom<std::uint64_t> word{0};

    static detail::period of(std::int64_t version) {
        const auto n = static_cast<std::uint32_t>(version);
        return {version, version, version, version, version, n, n, n};
    }
    static bool is_whole(const detail::period& seen, std::uint64_t version) {
        const auto n = static_cast<std::int64_t>(version);
        return seen.deadline == n && seen.pause == n && seen.base_pause == n && seen.ramp_since == n &&
               seen.override_until == n && seen.window_base == version && seen.window == version &&
               seen.attempt == version;
    }
    /// Version 1 stands in record 1, version 2 is written to record 0, and the third record is somebody's.
    void prepare() {
        pool.write(pool.claim(), of(1));
        pool.give_back(0);
        pool.write(pool.claim(), of(2));
        pool.claim();
        word.store(1 * 4 + 1);
    }
    void swing() {
        word.store(2 * 4 + 0);
        pool.give_back(1);
    }
    void write_the_next() { pool.write(pool.claim(), of(3)); }
    void read_whole() {
        const auto before = word.load(std::memory_order_acquire);
        const auto seen = pool.read(before & 3);
        if (word.load(std::memory_order_acquire) != before) return;
        require(is_whole(seen, before >> 2), "a field is of another version than the word");
    }
    void read_deadline_and_pause() {
        const auto before = word.load(std::memory_order_acquire);
        const auto [deadline, pause] = pool.deadline_and_pause(before & 3);
        if (word.load(std::memory_order_acquire) != before) return;
        const auto version = static_cast<std::int64_t>(before >> 2);
        require(deadline == version && pause == version, "deadline or pause are of another version than the word");
    }
};

TEST(periods, are_read_whole_or_again) {
    expect_in_all_schedules<swings>([](const auto& s, play& p) {
        s->prepare();
        p.thread([=] { s->swing(), s->write_the_next(); });
        p.thread([=] { s->read_whole(); });
    });
}

TEST(periods, show_deadline_and_pause_of_one_version) {
    expect_in_all_schedules<swings>([](const auto& s, play& p) {
        s->prepare();
        p.thread([=] { s->swing(), s->write_the_next(); });
        p.thread([=] { s->read_deadline_and_pause(); });
    });
}

TEST(periods, are_read_whole_where_one_thread_frees_a_record_and_another_one_fills_it) {
    expect_in_all_schedules<swings>([](const auto& s, play& p) {
        s->prepare();
        p.thread([=] { s->swing(); });
        p.thread([=] { s->write_the_next(); });
        p.thread([=] { s->read_deadline_and_pause(); });
    });
}

TEST(periods, are_claimed_by_one_each) {
    struct pool_of_periods {
        detail::period_pool<explored_atomics> pool;
        std::uint32_t got[2] = {};
    };
    expect_in_all_schedules<pool_of_periods>([](const auto& s, play& p) {
        for (std::size_t t = 0; t < 2; ++t) p.thread([=] { s->got[t] = s->pool.claim(); });
        p.afterwards([=] { require(s->got[0] != s->got[1] && s->got[0] * s->got[1] == 2, "one record for two"); });
    });
}

TEST(periods, are_waited_for_where_all_are_in_use) {
    struct pool_of_periods {
        detail::period_pool<explored_atomics> pool;
        std::uint32_t got = 0;
    };
    expect_in_all_schedules<pool_of_periods>([](const auto& s, play& p) {
        s->pool.claim(), s->pool.claim();
        p.thread([=] { s->got = s->pool.claim(); });
        p.thread([=] { s->pool.give_back(2); });
        p.afterwards([=] { require(s->got == 2, "claimed a record that was not free"); });
    });
}

// ---- who stalls over a change of epoch

using ending = detail::probing<explored_atomics>::ending;

struct ledger_of_probes : epochs {
    detail::probing<explored_atomics> ledger;
    bool took = false;
};

TEST(probes, of_a_later_epoch_are_not_wiped_by_a_caller_that_stalled) {
    expect_in_all_schedules<ledger_of_probes>([](const auto& s, play& p) {
        p.thread([=] { s->ledger.take(1, 2, s->is(1)); });
        p.thread([=] { s->now.store(2), s->took = s->ledger.take(2, 2, s->is(2)); });
        p.afterwards([=] { require(s->took && s->ledger.look(2).outstanding == 1, "a probe was lost"); });
    });
}

TEST(probes, of_a_later_epoch_are_not_wiped_after_an_exchange_that_failed) {
    expect_in_all_schedules<ledger_of_probes>([](const auto& s, play& p) {
        s->ledger.take(1, 2, s->is(1));
        p.thread([=] { s->ledger.take(1, 2, s->is(1)); });
        p.thread([=] { s->now.store(2), s->took = s->ledger.take(2, 2, s->is(2)); });
        p.afterwards([=] { require(s->took && s->ledger.look(2).outstanding == 1, "a probe was lost"); });
    });
}

TEST(probes, are_ended_and_taken_at_once_without_losing_any) {
    expect_in_all_schedules<ledger_of_probes>([](const auto& s, play& p) {
        s->ledger.take(1, 2, s->is(1));
        p.thread([=] { s->ledger.end(1, ending::success, 5, s->is(1)); });
        p.thread([=] { s->ledger.take(1, 2, s->is(1)); });
        p.afterwards([=] {
            const auto end = s->ledger.look(1);
            require(end.outstanding == 1 && end.successes == 1, "a probe or a success was lost");
        });
    });
}

TEST(probes, are_not_ended_after_their_epoch) {
    expect_in_all_schedules<ledger_of_probes>([](const auto& s, play& p) {
        s->ledger.take(1, 2, s->is(1));
        p.thread([=] { s->ledger.end(1, ending::success, 5, s->is(1)); });
        p.thread([=] { s->now.store(2), s->took = s->ledger.take(2, 2, s->is(2)); });
        p.afterwards([=] {
            const auto end = s->ledger.look(2);
            require(s->took && end.outstanding == 1 && end.successes == 0, "an ending counted in a later epoch");
        });
    });
}

struct slots_of_leases : epochs {
    using leases = detail::leases<explored_atomics>;
    static constexpr std::uint64_t after_a_round = 1 + 0xffff;  ///< the tags come again
    leases all;
    std::optional<leases::held> got, other;
};

TEST(leases_of_probes, of_a_later_epoch_are_not_taken_by_a_caller_that_stalled) {
    expect_in_all_schedules<slots_of_leases>([](const auto& s, play& p) {
        p.thread([=] { s->all.take(1, 7, s->is(1)); });
        p.thread([=] { s->now.store(2), s->got = s->all.take(2, 8, s->is(2)); });
        p.afterwards([=] { require(s->got && s->all.end(*s->got), "a lease was lost"); });
    });
}

TEST(leases_of_probes, are_not_forgotten_by_whoever_stalled_before_their_epoch_began) {
    expect_in_all_schedules<slots_of_leases>([](const auto& s, play& p) {
        constexpr auto later = slots_of_leases::after_a_round;
        s->all.take(1, 7, s->is(1));
        s->now.store(later - 1);
        p.thread([=] { s->all.forget(later, s->is(later - 1)); });
        p.thread([=] {
            s->all.forget(later, s->is(later - 1));
            s->now.store(later);
            s->got = s->all.take(later, 8, s->is(later));
        });
        p.afterwards([=] { require(s->got && s->all.end(*s->got), "a lease was lost"); });
    });
}

TEST(leases_of_probes, are_one_each) {
    expect_in_all_schedules<slots_of_leases>([](const auto& s, play& p) {
        p.thread([=] { s->got = s->all.take(1, 7, s->is(1)); });
        p.thread([=] { s->other = s->all.take(1, 7, s->is(1)); });
        p.afterwards([=] {
            require(s->got && s->other && s->got->slot != s->other->slot, "one slot for two leases");
            require(s->all.end(*s->got) && s->all.end(*s->other), "a lease was lost");
        });
    });
}

TEST(leases_of_probes, are_ended_or_run_out_and_never_both) {
    struct ends : slots_of_leases {
        bool ended = false, expired = false, expired_too = false;
    };
    expect_in_all_schedules<ends>([](const auto& s, play& p) {
        s->got = s->all.take(1, 7, s->is(1));
        p.thread([=] { s->ended = s->all.end(*s->got); });
        p.thread([=] { s->expired = s->all.look(1, 100, 50).expired; });
        p.thread([=] { s->expired_too = s->all.look(1, 100, 50).expired; });
        p.afterwards([=] {
            require(s->ended != (s->expired || s->expired_too), "ended and run out, or neither");
            require((s->all.none_ends_for(1, 100, 50, false) == 0) != s->ended, "the mark is lost");
        });
    });
}

struct account : epochs {
    detail::ramp<explored_atomics> ramp;
    int admitted = 0;
    void arrive(std::uint64_t epoch) {
        const auto drawn = ramp.arrive(epoch, 0.5, 1000, is(epoch));
        if (!drawn.over && drawn.admitted) ++admitted;
    }
};

TEST(ramp_account, of_a_later_epoch_is_not_wiped_by_an_arrival_that_stalled) {
    expect_in_all_schedules<account>([](const auto& s, play& p) {
        p.thread([=] { s->ramp.arrive(1, 0.5, 1000, s->is(1)); });
        p.thread([=] { s->now.store(2), s->arrive(2), s->arrive(2); });
        p.afterwards([=] { require(s->admitted == 1, "the second arrival of a half is not admitted"); });
    });
}

TEST(ramp_account, of_a_later_epoch_is_not_wiped_after_an_exchange_that_failed) {
    expect_in_all_schedules<account>([](const auto& s, play& p) {
        s->ramp.arrive(1, 0.5, 1000, s->is(1));
        p.thread([=] { s->ramp.arrive(1, 0.5, 1000, s->is(1)); });
        p.thread([=] { s->now.store(2), s->arrive(2), s->arrive(2); });
        p.afterwards([=] { require(s->admitted == 1, "the second arrival of a half is not admitted"); });
    });
}

// ---- the tally

struct counted {
    detail::tally<explored_atomics> tally;
    atom<std::uint64_t> word{0};
    std::uint64_t base = 0;
    bool first = false, second = false;
    /// 256 epochs, of which two begin a window: the tag of the last one is that of the first. One success comes, so
    /// that the count is another.
    void go_round() {
        const auto always = [] { return true; };
        tally.open_window(1, always);
        word.store(std::uint64_t{1} << 24);
        tally.add(1, word);
        word.store(std::uint64_t{255} << 24);
        base = tally.open_window(256, always);
    }
};

TEST(successes, of_an_epoch_256_ago_do_not_count) {
    expect_in_all_schedules<counted>([](const auto& s, play& p) {
        p.thread([=] { s->first = s->tally.add(0, s->word); });
        p.thread([=] { s->go_round(); });
        p.afterwards([=] {
            require(s->tally.sum() == s->base, "counted in a window that it never saw");
            require(s->base == (s->first ? 2U : 1U), "counted, and told that it was late");
        });
    });
}

TEST(successes, of_an_epoch_256_ago_do_not_count_in_any_cell) {
    expect_in_all_schedules<counted>([](const auto& s, play& p) {
        p.thread([=] { s->first = s->tally.add(0, s->word); });
        p.thread([=] { s->second = s->tally.add(0, s->word); });
        p.thread([=] { s->go_round(); });
        p.afterwards([=] {
            require(s->tally.sum() == s->base, "counted in a window that it never saw");
            require(s->base == (s->first ? 2U : 1U) + (s->second ? 1U : 0U), "counted, and told that it was late");
        });
    });
}

// ---- good calls on their way

struct on_their_way {
    detail::good_calls<explored_atomics> calls;
    detail::brief_lock<explored_atomics> evidence;
    std::vector<adaptive::finished> taken;

    void keep(std::uint64_t epoch, detail::ticks at) { calls.keep(epoch, at, 1); }
    void take(std::uint64_t epoch) {
        const std::lock_guard held{evidence};
        calls.take_all(epoch, [this](std::span<const adaptive::finished> some) {
            taken.insert(taken.end(), some.begin(), some.end());
        });
    }
    /// Once each, whatever comes after them.
    void require_taken(std::size_t count) {
        take(1);
        take(1);
        require(taken.size() == count, "a call was lost, or taken in twice");
        for (std::size_t i = 1; i < taken.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) require(taken[i].at != taken[j].at, "a call was taken in twice");
        }
    }
};

TEST(good_calls, that_meet_are_taken_in_once_each) {
    expect_in_all_schedules<on_their_way>([](const auto& s, play& p) {
        p.thread([=] { s->keep(1, 1), s->keep(1, 2); });
        p.thread([=] { s->keep(1, 3); });
        p.afterwards([=] { s->require_taken(3); });
    });
}

TEST(good_calls, are_taken_in_once_each_while_more_come) {
    expect_in_all_schedules<on_their_way>([](const auto& s, play& p) {
        s->keep(1, 1);
        p.thread([=] { s->keep(1, 2); });
        p.thread([=] { s->take(1); });
        p.thread([=] { s->take(1); });
        p.afterwards([=] { s->require_taken(2); });
    });
}

TEST(good_calls, that_meet_in_a_lane_that_is_being_emptied_are_taken_in_once_each) {
    expect_in_all_schedules<on_their_way>([](const auto& s, play& p) {
        p.thread([=] { s->keep(1, 1); });
        p.thread([=] { s->keep(1, 2); });
        p.thread([=] { s->take(1); });
        p.afterwards([=] { s->require_taken(2); });
    });
}

TEST(good_calls, of_a_later_epoch_are_not_lost_to_who_asks_for_an_earlier_one) {
    expect_in_all_schedules<on_their_way>([](const auto& s, play& p) {
        p.thread([=] { s->keep(0, 1), s->keep(1, 2); });
        p.thread([=] { s->take(0); });
        p.afterwards([=] {
            s->take(1);
            bool there = false;
            for (const auto& one : s->taken) there |= one.at == time_point{duration{2}};
            require(there, "a call of the later epoch was lost");
        });
    });
}

// ---- what a trip was

struct found_by_the_rule {
    static constexpr detail::ticks second = 1'000'000'000, opens = 100 * second;

    detail::watch<explored_atomics> rule{detail::plan{settings{.trip = {.adaptive = adaptive_rule{}}}}, 0};

    void fail_until_found() {
        for (detail::ticks now = 1; !rule.found(now); ++now) call(now, true);
    }
    void call(detail::ticks now, bool failed) {
        rule.add(0, {.at = time_point{duration{now}}, .took = duration{1}, .failed = failed});
    }
    double penalty() {
        snapshot seen;
        rule.observe(seen);
        return seen.normal->penalty;
    }
};

TEST(trips, are_judged_by_the_time_since_they_began_whoever_opened) {
    expect_in_all_schedules<found_by_the_rule>([](const auto& s, play& p) {
        s->fail_until_found();
        const auto succeed = [=](std::uint64_t epoch) { s->rule.probe_succeeded(epoch, s->opens + s->second, 1); };
        p.thread([=] { s->rule.opened(1, s->opens); });
        p.thread([=] { s->rule.probe_failed(2); });
        p.thread([=] { succeed(2); });
        p.afterwards([=] {
            const double before = s->penalty();
            succeed(4);  // says nothing if the one before has
            s->rule.new_window();
            s->call(s->opens + 2 * s->second, false);
            require(s->penalty() > before + 0.5, "a second after it opened it was all over, and that is no outage");
        });
    });
}

}  // namespace
}  // namespace switchgear::interleave
