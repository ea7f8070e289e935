#include <gtest/gtest.h>

#include <memory>
#include <mutex>

#include <switchgear/detail/atomics.hpp>
#include "big_reader_lock.hpp"
#include "parts.hpp"

// The locks: who is kept out, who is not, and that what was done under them is seen by who comes next.

namespace switchgear::interleave {
namespace {

// ---- the brief one

struct guarded {
    detail::brief_lock<explored_atomics> lock;
    plain<int> inside{0};
    int times = 0;
};

TEST(locks, that_are_tried_keep_others_out) {
    expect_in_all_schedules<guarded>([](const auto& s, play& p) {
        p.thread([=] {
            const std::lock_guard held{s->lock};
            s->inside.write(s->inside.read() + 1), ++s->times;
        });
        for (int i = 0; i < 2; ++i) {
            p.thread([=] {
                if (!s->lock.try_lock()) return;
                const std::lock_guard held{s->lock, std::adopt_lock};
                s->inside.write(s->inside.read() + 1), ++s->times;
            });
        }
        p.afterwards([=] { require(s->inside.read() == s->times, "an addition was lost"); });
    });
}

// ---- the one for many readers

struct table {
    using lock_of_table = detail::big_reader_lock<explored_atomics, detail::brief_lock<explored_atomics>>;
    lock_of_table lock;
    plain<int> one{0}, other{0};

    void change() {
        const std::lock_guard held{lock};
        one.write(one.read() + 1), other.write(other.read() + 1);
    }
    void read() {
        const lock_of_table::reading held{lock};
        require(one.read() == other.read(), "half of a change was seen");
    }
    int read_all() {
        const auto held = lock.unchanging();
        return one.read() + other.read();
    }
};

TEST(big_reader_locks, show_whole_changes) {
    expect_in_all_schedules<table>([](const auto& s, play& p) {
        p.thread([=] { s->change(); });
        p.thread([=] { s->read(), s->read(); });
    });
}

TEST(big_reader_locks, keep_two_readers_and_a_change_apart) {
    expect_in_all_schedules<table>([](const auto& s, play& p) {
        p.thread([=] { s->change(); });
        p.thread([=] { s->read(); });
        p.thread([=] { s->read(); });
    });
}

TEST(big_reader_locks, are_for_one_change_at_a_time) {
    expect_in_all_schedules<table>([](const auto& s, play& p) {
        for (int i = 0; i < 2; ++i) p.thread([=] { s->change(); });
        p.thread([=] { s->read(); });
        p.afterwards([=] { require(s->one.read() == 2 && s->other.read() == 2, "a change was lost"); });
    });
}

TEST(big_reader_locks, keep_changes_from_who_reads_all) {
    expect_in_all_schedules<table>([](const auto& s, play& p) {
        p.thread([=] { s->change(); });
        p.thread([=] { require(s->read_all() % 2 == 0, "half of a change was seen"); });
    });
}

TEST(big_reader_locks, let_readers_in_beside_who_reads_all) {
    struct met : table {
        atom<bool> read_beside{false};
    };
    expect_in_all_schedules<met>([](const auto& s, play& p) {
        s->change();  // the way is free again after it
        p.thread([=] {
            const auto held = s->lock.unchanging();
            while (!s->read_beside.load()) explored_atomics::wait_a_moment();
        });
        p.thread([=] { s->read(), s->read_beside.store(true); });
    });
}

TEST(big_reader_locks, have_another_lane_for_who_finds_his_taken) {
    struct met : table {
        atom<bool> read_beside{false};
    };
    expect_in_all_schedules<met>([](const auto& s, play& p) {
        p.thread([=] {
            const auto held = s->lock.unchanging();
            const met::lock_of_table::reading mine{s->lock};
            while (!s->read_beside.load()) explored_atomics::wait_a_moment();
        });
        p.thread([=] { s->read(), s->read_beside.store(true); });
    });
}

TEST(big_reader_locks, let_more_readers_in_than_there_are_lanes) {
    expect_in_all_schedules<table>([](const auto& s, play& p) {
        for (int i = 0; i < 3; ++i) p.thread([=] { s->read(); });
    });
}

}  // namespace
}  // namespace switchgear::interleave
