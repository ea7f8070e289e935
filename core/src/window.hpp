#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <variant>
#include <vector>

#include <switchgear/detail/ticks.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::detail {

/// What a window holds: raw counts. Calls include successes.
struct window_counts {
    std::uint64_t calls = 0, slow = 0;
    std::array<std::uint64_t, failure_class_count> failed{};

    std::uint64_t failures() const noexcept {
        std::uint64_t sum = 0;
        for (const auto n : failed) sum += n;
        return sum;
    }
};

/// One piece of evidence: a failure, a slow call, or both.
struct mark {
    static constexpr std::uint8_t no_failure = 0xff;
    std::uint8_t failed = no_failure;  ///< index of the failure class
    bool slow = false;
    bool counts_call = true;  ///< false: the call is in the tally of successes
};

// Why the evidence is kept apart from the successes.
//
// A healthy call is a success, and all that a window needs to know of it is that it was: the tally, one
// addition. Failures and slow calls are rare while it matters what a call costs, and need a place: which
// class, how long ago, which call. They are filed under a brief lock, as marks at a point of the tally.
// The window is what lies between its edge and now, in the tally and among the marks: exact, in the
// order in which verdicts settled, and nothing is sampled.

/// The last N verdicts. A mark stands at the number of its call, and leaves when N newer ones have come.
class call_window {
public:
    call_window(std::uint32_t size, std::uint64_t tally) : size_{size}, marks_(size), base_{tally} {}

    std::uint32_t size() const noexcept { return size_; }
    /// Calls known that are not in the tally. With edge(): number of calls = tally - edge() + extra_calls().
    std::uint64_t extra_calls() const noexcept { return extra_ - std::min(extra_, forgotten_); }

    /// Forgets all that came before that point of the tally.
    void begin(std::uint64_t tally) noexcept {
        base_ = tally, extra_ = 0, forgotten_ = 0, first_ = 0, held_ = 0;
        in_window_ = {};
    }
    /// Returns: the number of the call since the window began.
    std::uint64_t file(const mark& what, std::uint64_t tally) noexcept {
        if (what.counts_call) ++extra_;
        const std::uint64_t number = number_at(tally);
        append({number, what.failed, what.slow});
        return number;
    }
    /// The call that was filed as overdue under that number has failed. Requires: holds().
    void fail(std::uint64_t number, std::uint8_t failed) noexcept {
        for (std::size_t i = held_; i-- > 0;) {
            entry& e = marks_[(first_ + i) % marks_.size()];
            if (e.number != number) continue;
            e.failed = failed;
            ++in_window_.failed[failed];
            return;
        }
    }
    window_counts counts(std::uint64_t tally) noexcept {
        drop_older_than(number_at(tally));
        return known(tally);
    }
    window_counts shown(std::uint64_t tally) const noexcept {
        window_counts now = known(tally);
        for (std::size_t i = 0; i < held_; ++i) {
            const entry& old = marks_[(first_ + i) % marks_.size()];
            if (old.number + size_ > number_at(tally)) break;
            count(now, old, minus_one);
        }
        return now;
    }
    bool holds(std::uint64_t number, std::uint64_t tally) const noexcept {
        return number > forgotten_ && number + size_ > number_at(tally);
    }
    /// Where the tally stood at the first call that is known.
    std::uint64_t edge() const noexcept { return base_ + forgotten_ - std::min(extra_, forgotten_); }
    /// Takes over what fits of another window of calls, in order and under the same numbers. What the other
    /// one had let go of is not known any more, so this one is no fuller than that.
    /// `judged`: how far along the tally the other one's verdicts were judged; what is not judged yet needs those before it.
    /// Requires: nothing was filed here yet.
    void adopt(const call_window& from, std::uint64_t judged) noexcept {
        const std::uint64_t number = from.number_at(judged);
        base_ = from.base_;
        extra_ = from.extra_;
        forgotten_ = std::max(from.forgotten_, number - std::min<std::uint64_t>(number, from.size_));
        for (std::size_t i = 0; i < from.held_; ++i) {
            const entry& old = from.marks_[(from.first_ + i) % from.marks_.size()];
            if (old.number > forgotten_) append(old);
        }
    }

private:
    struct entry {
        std::uint64_t number;
        std::uint8_t failed;
        bool slow;
    };

    static constexpr std::uint64_t minus_one = ~std::uint64_t{0};  // modulo 2^64

    /// With all marks that are held, whether or not they have left the window at that point of the tally.
    window_counts known(std::uint64_t tally) const noexcept {
        window_counts now = in_window_;
        now.calls = std::min<std::uint64_t>(number_at(tally) - forgotten_, size_);
        return now;
    }
    void append(const entry& e) noexcept {
        if (held_ == marks_.size()) forget_first();
        marks_[(first_ + held_++) % marks_.size()] = e;
        count(in_window_, e, 1);
    }
    static void count(window_counts& in, const entry& e, std::uint64_t by) noexcept {
        if (e.failed != mark::no_failure) in.failed[e.failed] += by;
        if (e.slow) in.slow += by;
    }
    void forget_first() noexcept {
        count(in_window_, marks_[first_], minus_one);
        first_ = (first_ + 1) % marks_.size();
        --held_;
    }
    void drop_older_than(std::uint64_t number) noexcept {
        while (held_ != 0 && marks_[first_].number + size_ <= number) forget_first();
    }

    std::uint64_t number_at(std::uint64_t tally) const noexcept { return tally - base_ + extra_; }

    std::uint32_t size_;
    std::vector<entry> marks_;  // a ring
    std::size_t first_ = 0, held_ = 0;
    std::uint64_t base_, extra_ = 0;
    std::uint64_t forgotten_ = 0;  ///< calls up to this number were let go of by a smaller window
    window_counts in_window_;
};

/// The verdicts of the last T of time, in sixteen buckets.
///
/// A bucket is (T - 10 ms) / 16 long, and the window is the bucket of the present and the fifteen before
/// it. So a verdict counts for at least 15/16 of that and at most 16/16: by rule 8 everything younger
/// than 0.9 T, nothing older than T, with room for a coarse clock's 10 ms on both ends, at every T from
/// one second on. There is no tumbling boundary: the window's edge moves by a sixteenth at a time.
///
/// The successes of the window are a difference of the tally: each bucket remembers where it stood at the
/// bucket's beginning. What else is counted has a column of sixteen, made when there is first any of it:
/// most breakers never see more than one kind of failure, and the healthy ones none.
class time_window {
public:
    static constexpr std::size_t buckets = 16;

    time_window(ticks span, ticks now, std::uint64_t tally)
        : width_{width_of(span)}, origin_{now - width_ * static_cast<ticks>(buckets)} {
        begin(tally);
    }

    /// Spans are told apart by the millisecond, as settings are.
    bool spans(ticks span) const noexcept { return width_of(span) == width_; }
    /// When the present bucket began, and so where what is filed now stands.
    ticks bucket_begin() const noexcept { return origin_ + static_cast<ticks>(current_) * width_; }
    /// When the present bucket ends and move_to() is due.
    ticks bucket_end() const noexcept { return origin_ + static_cast<ticks>(current_ + 1) * width_; }
    /// The tally at the window's edge.
    std::uint64_t edge() const noexcept { return tallies_[(current_ + 1) % buckets]; }

    void expect_failures() { column_of(static_cast<std::uint8_t>(failure_class::error)); }

    /// Forgets all that came before that point of the tally.
    void begin(std::uint64_t tally) noexcept {
        for (auto& t : tallies_) t = std::max(t, tally);
        for (auto& c : columns_) c.in_bucket = {};
    }
    /// Silence of any length costs one round of the ring at the most.
    void move_to(ticks now, std::uint64_t tally) noexcept {
        const std::uint64_t index = std::max(index_of(now), current_);
        const auto steps = std::min<std::uint64_t>(index - current_, buckets);
        for (std::uint64_t i = 1; i <= steps; ++i) {
            const std::size_t place = (index - steps + i) % buckets;
            tallies_[place] = tally;
            for (auto& c : columns_) c.in_bucket[place] = 0;
        }
        current_ = index;
    }
    void file(const mark& what) noexcept {
        const bool failed = what.failed != mark::no_failure;
        if (failed) ++column_of(what.failed)[current_ % buckets];
        if (what.slow) ++column_of(slow)[current_ % buckets];
        // Most failures are calls of their own, and nothing else filed here is.
        if (failed != what.counts_call) column_of(correction)[current_ % buckets] += failed ? minus_one : 1;
    }
    /// A call that was counted there settles: it counts from now on. Requires: holds(). Dated anew by two adopt() since, the
    /// call may have left a bucket earlier, and is not counted for as long.
    void settle(ticks place, std::uint8_t failed) noexcept {
        column_of(correction)[index_of(place) % buckets] += minus_one;
        file({.failed = failed});
    }
    window_counts counts(std::uint64_t tally) const noexcept { return shown(tally); }
    window_counts shown(std::uint64_t tally) const noexcept {
        window_counts now{.calls = tally - edge()};
        for (const auto& c : columns_) {
            const std::uint64_t sum = std::accumulate(c.in_bucket.begin(), c.in_bucket.end(), std::uint64_t{0});
            if (c.of != slow) now.calls += sum;
            if (c.of == slow) now.slow += sum;
            if (c.of < slow) now.failed[c.of] += sum;
        }
        return now;
    }
    std::uint64_t extra_calls() const noexcept { return counts(edge()).calls; }
    bool holds(ticks place) const noexcept {
        const std::uint64_t index = index_of(place);
        return index <= current_ && index + buckets > current_;
    }

    /// Takes over the buckets of a window of another length. A bucket is dated by its beginning: what may
    /// be too old for the new window is left out, because nothing older than T ever counts.
    /// Requires: nothing was filed here yet.
    void adopt(const time_window& from, std::uint64_t tally) {
        const std::uint64_t oldest = current_ + 1 - buckets;
        for (std::uint64_t back = buckets; back-- > 0;) {
            const std::uint64_t old = from.current_ - back;
            // Not after the present: this one may have been made by a clock that is a little behind.
            const std::uint64_t into =
                std::min(index_of(from.origin_ + static_cast<ticks>(old) * from.width_), current_);
            if (into < oldest) continue;
            for (const auto& c : from.columns_) column_of(c.of)[into % buckets] += c.in_bucket[old % buckets];
            const std::uint64_t began = from.tallies_[old % buckets];
            const std::uint64_t ended = back == 0 ? tally : from.tallies_[(old + 1) % buckets];
            for (std::uint64_t i = oldest; i <= into; ++i) tallies_[i % buckets] -= ended - began;
        }
    }

private:
    // A column's subject: the index of a failure class, or one of these.
    enum : std::uint8_t {
        slow = failure_class_count,
        correction,  ///< calls beside the failures, modulo 2^64
    };
    static constexpr std::uint64_t minus_one = ~std::uint64_t{0};
    using column_counts = std::array<std::uint64_t, buckets>;
    struct column {
        std::uint8_t of;
        column_counts in_bucket;
    };

    column_counts& column_of(std::uint8_t what) {
        for (auto& c : columns_) {
            if (c.of == what) return c.in_bucket;
        }
        return columns_.emplace_back(column{what, {}}).in_bucket;
    }

    static constexpr ticks width_of(ticks span) noexcept { return (span - coarse_lag) / static_cast<ticks>(buckets); }
    std::uint64_t index_of(ticks at) const noexcept {
        return static_cast<std::uint64_t>((std::max(at, origin_) - origin_) / width_);
    }

    ticks width_, origin_;
    std::uint64_t current_ = buckets;
    std::array<std::uint64_t, buckets> tallies_{};  // at the bucket's beginning
    std::vector<column> columns_;
};

/// The window that the settings ask for. Every member under the lock of evidence.
class sliding_window {
public:
    sliding_window(const window& size, ticks now, std::uint64_t tally)
        : kind_{size.index() == 0
                    ? kind{std::in_place_type<time_window>,
                           std::chrono::duration_cast<duration>(std::get<last>(size).span).count(), now, tally}
                    : kind{std::in_place_type<call_window>, std::get<last_calls>(size).count, tally}} {}

    /// The same kind and size: it may go on being used for these settings.
    bool suits(const window& size) const noexcept {
        if (const auto* time = std::get_if<time_window>(&kind_)) {
            const auto* wanted = std::get_if<last>(&size);
            return wanted != nullptr && time->spans(std::chrono::duration_cast<duration>(wanted->span).count());
        }
        const auto& calls = std::get<call_window>(kind_);
        const auto* wanted = std::get_if<last_calls>(&size);
        return wanted != nullptr && wanted->count == calls.size();
    }
    /// Keeps the samples that fit; a window of the other kind starts empty (rule 35). `judged`: see call_window.
    void adopt(const sliding_window& from, std::uint64_t tally, std::uint64_t judged) {
        const bool same_kind = kind_.index() == from.kind_.index();
        generation_ = from.generation_;
        if (!same_kind) {
            ++generation_;
            return;
        }
        if (auto* time = std::get_if<time_window>(&kind_)) {
            time->adopt(std::get<time_window>(from.kind_), tally);
        } else {
            std::get<call_window>(kind_).adopt(std::get<call_window>(from.kind_), judged);
        }
    }

    /// Makes room for failures of the first kind; windows of calls have it from the beginning.
    void expect_failures() {
        if (auto* time = std::get_if<time_window>(&kind_)) time->expect_failures();
    }
    void begin(std::uint64_t tally) noexcept {
        ++generation_;
        std::visit([&](auto& of) { of.begin(tally); }, kind_);
    }
    void move_to(ticks now, std::uint64_t tally) noexcept {
        if (auto* time = std::get_if<time_window>(&kind_)) time->move_to(now, tally);
    }
    /// Returns: where the mark stands, for holds().
    std::uint64_t file(const mark& what, ticks now, std::uint64_t tally) noexcept {
        if (auto* calls = std::get_if<call_window>(&kind_)) return calls->file(what, tally);
        auto& time = std::get<time_window>(kind_);
        time.move_to(now, tally);
        time.file(what);
        return static_cast<std::uint64_t>(time.bucket_begin());
    }
    /// At that point of the tally; what has left the window there is forgotten.
    window_counts counts(std::uint64_t tally) noexcept {
        return std::visit([&](auto& of) { return of.counts(tally); }, kind_);
    }
    /// The same, and nothing is forgotten: a success that is counted and not judged yet may need it.
    window_counts shown(std::uint64_t tally) const noexcept {
        return std::visit([&](const auto& of) { return of.shown(tally); }, kind_);
    }
    /// The verdict of a call that was filed while it ran, at that place of a window of that generation. In a window of
    /// calls it stays there; in one of time it counts from now on, as every verdict does (rule 8).
    /// `failed`: mark::no_failure, or with which class. Returns: false if the call is not in the window any more.
    bool settle(std::uint64_t place, std::uint64_t generation, std::uint8_t failed, ticks now,
                std::uint64_t tally) noexcept {
        if (generation != generation_) return false;
        if (auto* calls = std::get_if<call_window>(&kind_)) {
            if (!calls->holds(place, tally)) return false;
            if (failed != mark::no_failure) calls->fail(place, failed);
            return true;
        }
        auto& time = std::get<time_window>(kind_);
        time.move_to(now, tally);
        if (!time.holds(static_cast<ticks>(place))) return false;
        time.settle(static_cast<ticks>(place), failed);
        return true;
    }

    /// Grows whenever the window is cleared or becomes another kind, so that a place of before is not taken
    /// for one of now.
    std::uint32_t generation() const noexcept { return generation_; }

    /// When move_to() is due next; `never` for a window of calls.
    ticks next_move() const noexcept {
        const auto* time = std::get_if<time_window>(&kind_);
        return time != nullptr ? time->bucket_end() : never;
    }
    std::uint64_t edge() const noexcept {
        return std::visit([](const auto& of) { return of.edge(); }, kind_);
    }
    std::uint64_t extra_calls() const noexcept {
        return std::visit([](const auto& of) { return of.extra_calls(); }, kind_);
    }

private:
    using kind = std::variant<time_window, call_window>;
    kind kind_;
    std::uint32_t generation_{};
};

}  // namespace switchgear::detail
