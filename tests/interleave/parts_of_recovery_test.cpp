#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "evidence_ramp.hpp"
#include "parts.hpp"
#include "period.hpp"

// What only a breaker that comes back needs: the fields of a period that learned pacing and the ramp by evidence add, the
// ones that are read alone, and the places of the ramp.

namespace switchgear::interleave {
namespace {

// ---- the records of periods

/// A word that names a record and how many swings there were: version * 4 + record.
struct learned_swings {
    detail::learned_records<explored_atomics> records{0, 0};
    detail::period_pool<explored_atomics> pool;
    atom<std::uint64_t> word{0};

    static detail::period of(std::int64_t version) {
        const auto n = static_cast<std::uint32_t>(version);
        return {.ramp_since = version,
                .override_until = version,
                .window_base = n,
                .window = n,
                .ramp_latency = n,
                .ramp_lease = n,
                .since = version,
                .learned = {.call_gap = static_cast<float>(n)}};
    }
    /// Version 1 stands in record 1, version 2 is written to record 0, and the third record is somebody's.
    void prepare() {
        pool.learn(&records);
        pool.write(pool.claim(), of(1));
        pool.give_back(0);
        pool.write(pool.claim(), of(2));
        pool.claim();
        word.store(1 * 4 + 1);
    }
    void swing_and_write_the_next() {
        word.store(2 * 4 + 0);
        pool.give_back(1);
        pool.write(pool.claim(), of(3));
    }
    /// `is(record, version)`: whether what it reads is of that version.
    template <class Is>
    void read(const Is& is) {
        const auto before = word.load(std::memory_order_acquire);
        const bool right = is(static_cast<std::uint32_t>(before & 3), static_cast<std::int64_t>(before >> 2));
        if (word.load(std::memory_order_acquire) == before)
            require(right, "a field is of another version than the word");
    }
};

template <class Is>
void expect_of_the_words_version(const Is& is) {
    expect_in_all_schedules<learned_swings>([&](const auto& s, play& p) {
        s->prepare();
        p.thread([=] { s->swing_and_write_the_next(); });
        p.thread([=] { s->read([&](std::uint32_t record, std::int64_t version) { return is(*s, record, version); }); });
    });
}

TEST(periods, show_the_ramps_beginning_of_one_version) {
    expect_of_the_words_version(
        [](const auto& s, auto record, auto version) { return s.pool.ramp_since(record) == version; });
}

TEST(periods, show_the_end_of_an_override_of_one_version) {
    expect_of_the_words_version(
        [](const auto& s, auto record, auto version) { return s.pool.override_until(record) == version; });
}

TEST(periods, show_the_window_of_one_version) {
    expect_of_the_words_version([](const auto& s, auto record, auto version) {
        const auto [window, base] = s.pool.window(record);
        return window == version && static_cast<std::int64_t>(base) == version;
    });
}

TEST(periods, show_what_was_learned_of_one_version) {
    expect_of_the_words_version([](const auto& s, auto record, auto version) {
        detail::period seen;
        s.records.read(record, seen);
        return seen.since == version && seen.ramp_latency == version && seen.ramp_lease == version &&
               seen.learned == learned_swings::of(version).learned;
    });
}

TEST(periods, have_all_that_a_reload_made_for_what_is_learned) {
    struct reloaded {
        std::optional<detail::learned_records<explored_atomics>> records;
        detail::period_pool<explored_atomics> pool;
    };
    expect_in_all_schedules<reloaded>([](const auto& s, play& p) {
        p.thread([=] { s->records.emplace(77, 78), s->pool.learn(&*s->records); });
        p.thread([=] {
            if (s->pool.learned() == nullptr) return;
            const detail::period seen = s->pool.read(0);
            require(seen.since == 77 && seen.ramp_lease == 78, "it is not there yet");
        });
    });
}

// ---- the places of the ramp by evidence

struct places_of_ramps : epochs {
    static constexpr std::uint64_t after_a_round = 1 + 0xffff;  ///< the tags come again
    detail::evidence_ramp<explored_atomics> on;
    bool took = false;

    bool take(std::uint64_t epoch, std::uint16_t generation, std::uint32_t most) {
        return on.in.take(epoch, generation, most, is(epoch)).taken;
    }
};

TEST(places_of_ramps, of_a_later_epoch_are_not_wiped_by_an_arrival_that_stalled) {
    expect_in_all_schedules<places_of_ramps>([](const auto& s, play& p) {
        p.thread([=] { s->take(1, 0, 2); });
        p.thread([=] { s->now.store(2), s->took = s->take(2, 0, 1); });
        p.afterwards([=] { require(s->took && !s->take(2, 0, 1), "a place was lost"); });
    });
}

TEST(places_of_ramps, of_a_later_epoch_are_not_wiped_after_an_exchange_that_failed) {
    expect_in_all_schedules<places_of_ramps>([](const auto& s, play& p) {
        s->take(1, 0, 2);
        p.thread([=] { s->take(1, 0, 2); });
        p.thread([=] { s->now.store(2), s->took = s->take(2, 0, 1); });
        p.afterwards([=] { require(s->took && !s->take(2, 0, 1), "a place was lost"); });
    });
}

TEST(places_of_ramps, are_taken_and_given_back_at_once_without_losing_any) {
    expect_in_all_schedules<places_of_ramps>([](const auto& s, play& p) {
        s->take(1, 0, 2);
        p.thread([=] { s->on.in.give_back(1, 0, s->is(1)); });
        p.thread([=] { s->took = s->take(1, 0, 2); });
        p.afterwards(
            [=] { require(s->took && s->take(1, 0, 2) && !s->take(1, 0, 2), "a place was lost, or one is too many"); });
    });
}

TEST(places_of_ramps, are_not_given_back_a_round_of_tags_later) {
    constexpr auto later = places_of_ramps::after_a_round;
    expect_in_all_schedules<places_of_ramps>([](const auto& s, play& p) {
        s->take(1, 3, 2);
        p.thread([=] { s->on.in.give_back(1, 3, s->is(1)); });
        p.thread([=] {
            s->now.store(later - 1);
            s->on.forget(later, s->is(later - 1));
            s->now.store(later);
            s->took = s->take(later, 0, 2) && s->take(later, 0, 2);
        });
        p.afterwards(
            [=] { require(s->took && !s->take(later, 0, 2), "a place was given back for a call of an earlier ramp"); });
    });
}

TEST(places_of_ramps, are_not_taken_by_who_stalled_over_a_round_of_tags) {
    constexpr auto later = places_of_ramps::after_a_round;
    expect_in_all_schedules<places_of_ramps>([](const auto& s, play& p) {
        s->take(1, 3, 2);
        p.thread([=] { s->take(1, 3, 2); });
        p.thread([=] {
            s->now.store(later - 1);
            s->on.forget(later, s->is(later - 1));
            s->now.store(later);
            s->took = s->take(later, 0, 1);
        });
        p.afterwards([=] { require(s->took, "a call of an earlier ramp has a place in this one"); });
    });
}

TEST(places_of_ramps, are_not_forgotten_by_whoever_stalled_before_their_ramp_began) {
    constexpr auto later = places_of_ramps::after_a_round;
    expect_in_all_schedules<places_of_ramps>([](const auto& s, play& p) {
        s->take(1, 3, 2);
        s->on.publish(1, {.calls = 9});
        s->now.store(later - 1);
        p.thread([=] { s->on.forget(later, s->is(later - 1)); });
        p.thread([=] {
            s->on.forget(later, s->is(later - 1));
            s->now.store(later);
            s->took = s->take(later, 5, 1);
            s->on.publish(later, {.calls = 7});
        });
        p.afterwards([=] {
            require(s->took && !s->take(later, 5, 1), "a place was lost");
            require(s->on.allowed(later, {.calls = 1}).calls == 7, "what was allowed was forgotten");
        });
    });
}

TEST(times_of_ramps, are_raised_to_the_latest) {
    struct raised {
        atom<detail::ticks> at{3};
    };
    expect_in_all_schedules<raised>([](const auto& s, play& p) {
        for (const detail::ticks to : {5, 7}) {
            p.thread([=] { detail::evidence_ramp<explored_atomics>::raise(s->at, to); });
        }
        p.afterwards([=] { require(s->at.load() == 7, "a later time was lost"); });
    });
}

TEST(lost_calls, are_all_told_and_told_once) {
    struct losing {
        detail::evidence_ramp<explored_atomics> on;
        std::uint32_t told = 0;
    };
    expect_in_all_schedules<losing>([](const auto& s, play& p) {
        s->on.lose(1, 1);
        p.thread([=] { s->on.lose(1, 2); });
        p.thread([=] { s->on.lose(1, 4); });
        p.thread([=] { s->told = s->on.take_lost(1); });
        p.afterwards([=] { require(s->told + s->on.take_lost(1) == 7, "lost calls were lost, or told twice"); });
    });
}

}  // namespace
}  // namespace switchgear::interleave
