// The sliding windows by themselves, beside plain lists of all that was ever counted.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "window.hpp"

namespace switchgear::detail {
namespace {

using namespace std::chrono_literals;

constexpr ticks ms = 1'000'000;

void expect_same(const window_counts& got, const window_counts& wanted) {
    ASSERT_EQ(got.calls, wanted.calls);
    ASSERT_EQ(got.slow, wanted.slow);
    ASSERT_EQ(got.failed, wanted.failed);
}

mark failure_of(std::uint8_t of, bool slow = false, bool counts_call = true) {
    return {.failed = of, .slow = slow, .counts_call = counts_call};
}
constexpr mark slow_success{.slow = true, .counts_call = false};
constexpr mark found_overdue{.slow = true};

/// All calls since the beginning, and what stands at each.
struct list_of_calls {
    struct marked {
        std::uint64_t number;
        mark what;
    };
    std::uint64_t size, calls = 0, known_from = 0;
    std::vector<marked> marks{};

    std::uint64_t begin() const { return std::max(known_from, calls - std::min(calls, size)); }
    void file(const mark& what) {
        if (what.counts_call) ++calls;
        marks.push_back({calls, what});
    }
    bool holds(std::uint64_t number) const { return number > begin(); }
    void fail(std::uint64_t number, std::uint8_t of) {
        for (auto& one : marks) {
            if (one.number == number) one.what.failed = of;
        }
    }
    window_counts counts() const {
        window_counts sum{.calls = calls - begin()};
        for (const auto& [number, what] : marks) {
            if (!holds(number)) continue;
            if (what.failed != mark::no_failure) ++sum.failed[what.failed];
            if (what.slow) ++sum.slow;
        }
        return sum;
    }
};

struct both_of_calls {
    std::mt19937 random;
    std::uint64_t tally;
    call_window real;
    list_of_calls listed;
    std::vector<std::uint64_t> overdue{};  ///< numbers of calls that run

    both_of_calls(unsigned seed, std::uint32_t size)
        : random{seed}, tally{random() % 100}, real{size, tally}, listed{.size = size} {}

    void step() {
        const auto of = static_cast<std::uint8_t>(random() % failure_class_count);
        switch (random() % 7) {
            case 0: ++tally, ++listed.calls; break;
            case 1:
            case 2: file(failure_of(of, random() % 2 == 0)); break;
            case 3: ++tally, ++listed.calls, file(slow_success); break;
            case 4: file(found_overdue), overdue.push_back(listed.calls); break;
            default: fail_one_overdue(of);
        }
    }
    void fail_one_overdue(std::uint8_t of) {
        if (overdue.empty()) return;
        const auto which = overdue.begin() + static_cast<std::ptrdiff_t>(random() % overdue.size());
        const std::uint64_t number = *which;
        overdue.erase(which);
        if (!listed.holds(number)) return;
        real.fail(number, of);
        listed.fail(number, of);
    }
    void file(const mark& what) {
        listed.file(what);
        ASSERT_EQ(real.file(what, tally), listed.calls);
    }
    void compare() {
        expect_same(real.counts(tally), listed.counts());
        ASSERT_EQ(tally - real.edge() + real.extra_calls(), listed.calls - listed.known_from);
        const auto before = listed.calls - std::min<std::uint64_t>(listed.calls, listed.size + 3);
        for (auto number = before; number <= listed.calls; ++number) {
            ASSERT_EQ(real.holds(number, tally), listed.holds(number)) << number << " of " << listed.calls;
        }
    }
    void become(std::uint32_t size) {
        call_window next{size, tally};
        next.adopt(real, tally);
        // What the one before could not hold is not known any more.
        listed.known_from = listed.begin();
        listed.size = size;
        std::erase_if(listed.marks, [&](const auto& one) { return one.number <= listed.known_from; });
        real = std::move(next);
    }
};

TEST(window_of_calls, holds_the_last_ones_exactly) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        both_of_calls all{seed, 1 + seed % 12};
        all.compare();
        for (unsigned i = 0; i < 100; ++i) {
            all.step();
            // Not each time: what is old is let go of when somebody asks, or when there is no room.
            if (i % (1 + seed % 7) == 0) {
                ASSERT_NO_FATAL_FAILURE(all.compare());
            }
        }
    }
}

TEST(window_of_calls, that_is_shown_forgets_nothing) {
    call_window window{4, 100};
    window.file(failure_of(0, true), 100);  // the first
    window.file(slow_success, 101);         // the second
    window.file(failure_of(1), 103);        // the fifth
    for (int twice = 0; twice < 2; ++twice) {
        expect_same(window.shown(103), {.calls = 4, .slow = 1, .failed = {0, 1}});
        expect_same(window.shown(104), {.calls = 4, .failed = {0, 1}});
        expect_same(window.shown(200), {.calls = 4});
    }
    expect_same(window.counts(102), {.calls = 4, .slow = 2, .failed = {1, 1}});
    expect_same(window.counts(104), {.calls = 4, .failed = {0, 1}});
}

TEST(window_of_calls, takes_over_what_fits_of_another) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        both_of_calls all{seed, 1 + seed % 9};
        for (int i = 0; i < 100; ++i) {
            all.step();
            if (i % 17 == 16) {
                all.become(1 + static_cast<std::uint32_t>(all.random() % 14));
                ASSERT_NO_FATAL_FAILURE(all.compare());
            }
            if (i % 3 == 0) {
                ASSERT_NO_FATAL_FAILURE(all.compare());
            }
        }
    }
}

TEST(window_of_calls, begins_anew_where_it_is_told) {
    both_of_calls all{1, 5};
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 12; ++i) all.step();
        all.become(round % 2 == 0 ? 3 : 6);
        all.tally += 7;
        all.real.begin(all.tally);
        all.listed = {.size = all.listed.size};
        all.overdue.clear();
        EXPECT_EQ(all.real.edge(), all.tally);
        EXPECT_EQ(all.real.extra_calls(), 0U);
        ASSERT_NO_FATAL_FAILURE(all.compare());
    }
}

/// All that was counted since the beginning, by bucket.
struct list_by_time {
    static constexpr std::int64_t buckets = 16;
    struct counted {
        std::int64_t bucket;
        std::uint64_t calls;
        mark what;
    };
    ticks width, origin;
    std::int64_t present = buckets;
    std::vector<counted> all;

    list_by_time(ticks span, ticks now) : width{(span - 10 * ms) / buckets}, origin{now - buckets * width} {}

    std::int64_t bucket_of(ticks at) const { return at < origin ? 0 : (at - origin) / width; }
    ticks begin_of(std::int64_t bucket) const { return origin + bucket * width; }
    void move_to(ticks now) { present = std::max(present, bucket_of(now)); }
    bool holds(std::int64_t bucket) const { return bucket > present - buckets; }
    window_counts counts() const {
        window_counts sum;
        for (const auto& one : all) {
            if (!holds(one.bucket)) continue;
            sum.calls += one.calls;
            if (one.what.failed != mark::no_failure) ++sum.failed[one.what.failed];
            if (one.what.slow) ++sum.slow;
        }
        return sum;
    }
    /// An overdue call of that bucket counts in the present one from now on.
    void settle(std::int64_t bucket, std::uint8_t failed) {
        const auto its = std::ranges::find_if(all, [&](const counted& one) {
            return one.bucket == bucket && one.what.slow && one.what.failed == mark::no_failure && one.calls == 1 &&
                   one.what.counts_call;
        });
        its->calls = 0;
        all.push_back({present, 1, {.failed = failed}});
    }
    list_by_time adopted_by(list_by_time next) const {
        for (auto one : all) {
            if (!holds(one.bucket)) continue;
            one.bucket = std::min(next.bucket_of(begin_of(one.bucket)), next.present);
            if (next.holds(one.bucket)) next.all.push_back(one);
        }
        return next;
    }
};

struct both_by_time {
    std::mt19937 random;
    ticks now;
    std::uint64_t tally = 1'000;
    time_window real;
    list_by_time listed;
    struct running {
        ticks found;
        int adopted = 0;
    };
    std::vector<running> overdue{};

    both_by_time(unsigned seed, ticks span, ticks at)
        : random{seed}, now{at}, real{span, now, tally}, listed{span, now} {}

    void succeed() { ++tally, listed.all.push_back({listed.present, 1, {}}); }
    void file(const mark& what) {
        // Whoever counts it before or beside this has its call in the tally.
        real.file(what);
        listed.all.push_back({listed.present, what.counts_call ? std::uint64_t{1} : 0, what});
    }
    void move_to(ticks at) {
        real.move_to(at, tally);
        listed.move_to(at);
    }
    void step() {
        switch (random() % 7) {
            case 0: now += static_cast<ticks>(random() % 3) * listed.width / 2, move_to(now); break;
            case 1:
                file(failure_of(static_cast<std::uint8_t>(random() % failure_class_count), random() % 2 == 0));
                break;
            case 2: succeed(), file(slow_success); break;
            case 3: file(failure_of(static_cast<std::uint8_t>(random() % failure_class_count), false, false)); break;
            case 4: file(found_overdue), overdue.push_back({real.bucket_begin()}); break;
            case 5: settle_one_overdue(); break;
            default: succeed();
        }
    }
    void settle_one_overdue() {
        if (overdue.empty()) return;
        const auto which = overdue.begin() + static_cast<std::ptrdiff_t>(random() % overdue.size());
        const auto [found, adopted] = *which;
        overdue.erase(which);
        // Where it is after a second one, the window does not know.
        if (!real.holds(found) || adopted > 1) return;
        const std::uint8_t failed = random() % 2 == 0 ? mark::no_failure : std::uint8_t{2};
        real.settle(found, failed);
        listed.settle(listed.bucket_of(found), failed);
    }
    void compare() {
        expect_same(real.counts(tally), listed.counts());
        ASSERT_EQ(tally - real.edge() + real.extra_calls(), listed.counts().calls);
        ASSERT_EQ(real.bucket_end(), listed.begin_of(listed.present + 1));
        for (std::int64_t back = -1; back <= 18; ++back) {
            const ticks begin = listed.begin_of(listed.present - back);
            for (const ticks at : {begin - 1, begin, begin + 1}) {
                const std::int64_t bucket = listed.bucket_of(at);
                ASSERT_EQ(real.holds(at), listed.holds(bucket) && bucket <= listed.present) << back;
            }
        }
    }
    void become(ticks span, ticks at) {
        time_window next{span, at, tally};
        next.adopt(real, tally);
        listed = listed.adopted_by({span, at});
        real = std::move(next);
        for (running& one : overdue) ++one.adopted;
    }
};

TEST(window_of_time, is_sixteen_buckets_and_ten_milliseconds_long) {
    const time_window one{1'610 * ms, 5'000 * ms, 7};
    EXPECT_TRUE(one.spans(1'610 * ms));
    EXPECT_FALSE(one.spans(1'611 * ms));
    EXPECT_FALSE(one.spans(1'609 * ms));
    EXPECT_EQ(one.bucket_begin(), 5'000 * ms);
    EXPECT_EQ(one.bucket_end(), 5'100 * ms);
    EXPECT_EQ(one.edge(), 7U);
    EXPECT_TRUE(one.holds(3'500 * ms));
    EXPECT_FALSE(one.holds(3'500 * ms - 1));
}

TEST(window_of_time, holds_the_last_buckets) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE(seed);
        both_by_time all{seed, (1'000 + seed * 37) * ms, seed % 3 * 1'000'000 * ms};
        all.compare();
        for (int i = 0; i < 200; ++i) {
            all.step();
            if (i % 3 == 0) {
                ASSERT_NO_FATAL_FAILURE(all.compare());
            }
        }
        all.now += 100'000 * ms;
        all.move_to(all.now);
        ASSERT_NO_FATAL_FAILURE(all.compare());
        EXPECT_EQ(all.real.counts(all.tally).calls, 0U);
    }
}

TEST(window_of_time, does_not_go_back) {
    both_by_time all{1, 1'610 * ms, 5'000 * ms};
    all.move_to(5'300 * ms);
    all.file(failure_of(0)), all.succeed();
    for (const ticks at : {5'299 * ms, 5'100 * ms, 0 * ms}) {
        all.move_to(at);
        ASSERT_NO_FATAL_FAILURE(all.compare());
        EXPECT_EQ(all.real.counts(all.tally).calls, 2U);
    }
}

TEST(window_of_time, takes_over_the_buckets_of_another) {
    for (unsigned seed = 0; seed < 80; ++seed) {
        SCOPED_TRACE(seed);
        both_by_time all{seed, 1'610 * ms, 50'000 * ms};
        for (int i = 0; i < 200; ++i) {
            all.step();
            if (i % 29 == 28) {
                constexpr ticks spans[] = {1'610 * ms, 3'210 * ms, 1'130 * ms, 16'010 * ms, 1'000 * ms};
                // At the beginning of a bucket, within one, or by a clock that is a little behind.
                const ticks begin = all.listed.begin_of(all.listed.present);
                const ticks at = seed % 4 == 0 ? begin : seed % 4 == 1 ? begin - 1 : all.now;
                all.become(spans[all.random() % 5], at);
                ASSERT_NO_FATAL_FAILURE(all.compare());
                all.now = std::max(all.now, at);
            }
            if (i % 3 == 0) {
                ASSERT_NO_FATAL_FAILURE(all.compare());
            }
        }
    }
}

TEST(window_of_time, takes_over_the_oldest_bucket_and_the_present_one) {
    for (const ticks late : {0 * ms, 1 * ms, -1 * ms}) {
        SCOPED_TRACE(late);
        both_by_time all{1, 1'610 * ms, 5'000 * ms};
        for (int bucket = 0; bucket < 16; ++bucket) {
            all.move_to(5'000 * ms + bucket * 100 * ms);
            for (int n = 0; n <= bucket; ++n) all.succeed();
            all.file(failure_of(static_cast<std::uint8_t>(bucket / 2)));
        }
        all.become(1'610 * ms, 6'500 * ms + late);
        ASSERT_NO_FATAL_FAILURE(all.compare());
        for (int bucket = 0; bucket < 17; ++bucket) {
            all.move_to(6'500 * ms + late + bucket * 100 * ms);
            ASSERT_NO_FATAL_FAILURE(all.compare());
        }
    }
}

TEST(window_of_time, begins_anew_where_it_is_told) {
    both_by_time all{3, 1'610 * ms, 5'000 * ms};
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 40; ++i) all.step();
        all.tally += 5;
        all.real.begin(all.tally);
        all.listed.all.clear(), all.overdue.clear();
        ASSERT_NO_FATAL_FAILURE(all.compare());
        EXPECT_EQ(all.real.edge(), all.tally);
    }
}

// ---- either kind

sliding_window of_time(std::chrono::milliseconds span = 1'610ms) { return {last{span}, 5'000 * ms, 0}; }
sliding_window of_calls(std::uint32_t count = 5) { return {last_calls{count}, 5'000 * ms, 0}; }

TEST(sliding_window, suits_settings_of_its_kind_and_size) {
    EXPECT_TRUE(of_time().suits(last{1'610ms}));
    EXPECT_FALSE(of_time().suits(last{1'611ms}));
    EXPECT_FALSE(of_time().suits(last_calls{5}));
    EXPECT_TRUE(of_calls().suits(last_calls{5}));
    EXPECT_FALSE(of_calls().suits(last_calls{6}));
    EXPECT_FALSE(of_calls().suits(last{1'610ms}));
}

/// Whether a failure of a call that was found overdue is taken for that of a call that counts already.
bool settles(sliding_window& in, std::uint64_t place, std::uint64_t generation, ticks now = 5'000 * ms) {
    return in.settle(place, generation, 2, now, 0);
}

TEST(sliding_window, knows_an_overdue_call_until_it_is_cleared_or_becomes_another_kind) {
    for (const auto& made : {of_time(), of_calls()}) {
        auto one = made;
        const auto place = one.file(found_overdue, 5'000 * ms, 0);
        const auto generation = one.generation();
        auto cleared = one;
        cleared.begin(0);
        EXPECT_FALSE(settles(cleared, place, generation));
        auto time = of_time(3'000ms), calls = of_calls(7);
        time.adopt(one, 0, 0), calls.adopt(one, 0, 0);
        const bool was_time = one.next_move() != never;
        EXPECT_EQ(settles(time, place, generation), was_time);
        EXPECT_EQ(settles(calls, place, generation), !was_time);
        EXPECT_TRUE(settles(one, place, generation));
        for (auto* left : {&one, was_time ? &time : &calls}) {
            EXPECT_EQ(left->counts(0).calls, 1U);
            EXPECT_EQ(left->counts(0).slow, 1U);
            EXPECT_EQ(left->counts(0).failed[2], 1U);
        }
    }
}

TEST(sliding_window, of_time_counts_an_overdue_call_from_its_verdict_on) {
    for (const std::uint8_t failed : {std::uint8_t{2}, mark::no_failure}) {
        auto time = of_time();
        const auto place = time.file(found_overdue, 5'000 * ms, 0);
        ASSERT_TRUE(time.settle(place, time.generation(), failed, 6'000 * ms, 0));
        EXPECT_EQ(time.counts(0).calls, 1U);
        EXPECT_EQ(time.counts(0).slow, 1U);
        time.move_to(6'700 * ms, 0);  // that it was slow is too long ago
        EXPECT_EQ(time.counts(0).calls, 1U);
        EXPECT_EQ(time.counts(0).slow, 0U);
        EXPECT_EQ(time.counts(0).failures(), failed == mark::no_failure ? 0U : 1U);
        time.move_to(7'700 * ms, 0);
        EXPECT_EQ(time.counts(0).calls, 0U);
        EXPECT_EQ(time.counts(0).failures(), 0U);
    }
}

TEST(sliding_window, of_time_files_a_call_in_the_present_bucket_though_it_is_dated_before_it) {
    auto time = of_time();
    time.move_to(5'150 * ms, 0);
    const auto place = time.file(found_overdue, 5'050 * ms, 0);
    ASSERT_TRUE(time.settle(place, time.generation(), mark::no_failure, 6'000 * ms, 0));
    for (const ticks at : {6'000 * ms, 6'600 * ms, 6'750 * ms, 7'500 * ms}) {
        time.move_to(at, 0);
        EXPECT_EQ(time.counts(0).calls, 1U) << at / ms;
    }
}

TEST(sliding_window, of_time_that_was_dated_anew_once_knows_where_an_overdue_call_stands) {
    auto first = of_time(16'010ms), second = of_time(11'130ms);
    const auto place = first.file(found_overdue, 5'700 * ms, 0);
    const auto generation = first.generation();
    second.adopt(first, 0, 0);
    ASSERT_TRUE(second.settle(place, generation, mark::no_failure, 12'000 * ms, 0));
    for (ticks at = 12'000 * ms; at < 22'000 * ms; at += 100 * ms) {
        second.move_to(at, 0);
        ASSERT_EQ(second.counts(0).calls, 1U) << at / ms;
    }
}

TEST(sliding_window, of_time_that_was_dated_anew_twice_counts_no_more_calls_than_there_were) {
    for (ticks found = 5'000 * ms; found < 9'000 * ms; found += 77 * ms) {
        const ticks now = found + 3'000 * ms;
        sliding_window first{last{16'010ms}, 5'000 * ms, 0}, second{last{11'130ms}, now, 0},
            third{last{13'370ms}, now + 1, 0};
        const auto place = first.file(found_overdue, found, 0);
        const auto generation = first.generation();
        second.adopt(first, 0, 0), third.adopt(second, 0, 0);
        if (!third.settle(place, generation, 2, now + 10 * ms, 0)) continue;
        EXPECT_EQ(third.counts(0).failures(), 1U);
        for (ticks at = now; at < now + 14'000 * ms; at += 50 * ms) {
            third.move_to(at, 0);
            ASSERT_LE(third.counts(0).calls, 1U) << found / ms << ' ' << at / ms;
        }
    }
}

TEST(sliding_window, does_not_know_an_overdue_call_that_left_it) {
    auto time = of_time(), calls = of_calls(2);
    const auto at = time.file(found_overdue, 5'000 * ms, 0);
    EXPECT_FALSE(settles(time, at, time.generation(), 6'600 * ms));
    const auto number = calls.file(found_overdue, 5'000 * ms, 0);
    calls.file(failure_of(0), 5'000 * ms, 0), calls.file(failure_of(0), 5'000 * ms, 0);
    EXPECT_FALSE(settles(calls, number, calls.generation()));
}

TEST(sliding_window, becomes_another_size_with_what_fits_and_another_kind_with_nothing) {
    for (auto one : {of_time(), of_calls()}) {
        one.file(failure_of(2), 5'000 * ms, 0);
        auto time = of_time(3'000ms), calls = of_calls(7);
        time.adopt(one, 0, 0), calls.adopt(one, 0, 0);
        const bool was_time = one.next_move() != never;
        EXPECT_EQ(time.counts(0).failed[2], was_time ? 1U : 0U);
        EXPECT_EQ(calls.counts(0).failed[2], was_time ? 0U : 1U);
        EXPECT_EQ(time.counts(0).calls + calls.counts(0).calls, 1U);
    }
}

TEST(sliding_window, moves_with_the_time_or_with_the_calls) {
    auto time = of_time(), calls = of_calls(2);
    EXPECT_EQ(time.next_move(), 5'100 * ms);
    EXPECT_EQ(calls.next_move(), never);
    time.file(failure_of(0), 5'250 * ms, 0);
    EXPECT_EQ(time.next_move(), 5'300 * ms) << "to the time of what is filed";
    calls.file(failure_of(0), 5'250 * ms, 0);
    time.move_to(6'000 * ms, 10), calls.move_to(6'000 * ms, 10);
    EXPECT_EQ(time.next_move(), 6'100 * ms);
    EXPECT_EQ(time.counts(10).calls, 11U);
    EXPECT_EQ(time.extra_calls(), 1U);
    EXPECT_EQ(time.edge(), 0U);
    EXPECT_EQ(calls.counts(1).failures(), 1U);
    EXPECT_EQ(calls.counts(2).failures(), 0U);
    time.move_to(6'850 * ms, 10);
    EXPECT_EQ(time.counts(10).failures(), 0U);
    time.expect_failures(), calls.expect_failures();  // room, and nothing more
    EXPECT_EQ(time.counts(10).failures(), 0U);
    EXPECT_EQ(calls.counts(2).failures(), 0U);
}

}  // namespace
}  // namespace switchgear::detail
