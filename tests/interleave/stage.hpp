#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "atoms.hpp"
#include "machine.hpp"

namespace switchgear::interleave {

using detail::ticks;
inline constexpr ticks ms = 1'000'000, seconds = 1'000 * ms;

/// The clock of one operation: it stands still.
struct at_time {
    ticks at;
    time_point now() const noexcept { return time_point{duration{at}}; }
    time_point coarse() const noexcept { return now(); }
    time_point resumed_at() const noexcept { return time_point::min(); }
};

/// One breaker over explored atoms, the calls made through it, and what is known of it all.
///
/// Every verb is one operation: what threads did to the breaker has to be as if each of them had been run at
/// once, one after the other, in some order (outcome()). What has to hold whatever the order is checked while it
/// happens and by audit().
class stage {
public:
    explicit stage(std::shared_ptr<const detail::plan> by);
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    // Calls have numbers; `at` is the time.
    void acquire(std::size_t call, ticks at);
    void success(std::size_t call, ticks at) { settle(call, verdict::success(), at); }
    void failure(std::size_t call, ticks at) { settle(call, verdict::failure(), at); }
    void ignore(std::size_t call, ticks at) { settle(call, verdict::ignored(), at); }
    void settle(std::size_t call, verdict how, ticks at);
    void overdue(std::size_t call, ticks at);
    void answered(std::size_t call, ticks at);

    void apply(const std::shared_ptr<const detail::plan>& by, ticks at);
    void reset(ticks at);
    void trip(ticks at, std::optional<ticks> pause = {});
    void force_open(ticks at, ticks until = detail::never) { force(override_mode::forced_open, at, until); }
    void force_closed(ticks at, ticks until = detail::never) { force(override_mode::forced_closed, at, until); }
    void lift(ticks at);
    void end_pause();
    void extend_pause(ticks wait, ticks at);
    void observe(ticks at);
    /// Says nothing of what it saw: for plays in which only what comes of the look is in question.
    void glance_at(ticks at);
    void restore(const detail::saved_state& record, ticks at);

    /// The machine's sink.
    void told(const detail::moved& what) noexcept {
        told_.push_back(what);
        if (what.cause != cause::operator_order) ++changes_by_[who()];
    }

    /// After all threads.
    void audit();
    std::string outcome();

private:
    using breaker = detail::machine<explored_atomics, stage>;
    void force(override_mode mode, ticks at, ticks until);
    void settle_as_a_permit_does(const detail::grant& given, verdict how, const at_time& time);
    static std::size_t who();
    void begin(const char* what);
    void begin_order(const char* what, ticks at);
    void say(std::string text);
    void tell(const std::optional<detail::moved>& what);
    void swung(detail::word to);
    void audit_moves(const snapshot& last);
    void audit_totals(const snapshot& last);
    void require(bool holds, const char* what);

    struct held {
        std::optional<detail::grant> given;
        std::optional<std::uint32_t> admitted_by{};  ///< the thread; nothing: before the threads
        bool settled = false;
        std::optional<explorer::place> settles_at{};  ///< settled: where its thread was before that
        bool surely_late = false;                     ///< its epoch was over when its verdict began
    };
    bool is_live_probe(const held& one, std::uint64_t epoch) const;
    bool may_have_run_out(const held& one) const;
    void audit_probe(const held& mine, const std::vector<const held*>& known, ticks at);

    const std::uint32_t probes_;  ///< at most that many at once
    const ticks lease_;           ///< how long each of them may take
    ticks asked_at_ = 0;          ///< the latest time of a caller so far
    std::array<held, 8> calls_{};
    std::array<std::string, most_threads + 1> said_{};
    std::vector<detail::moved> told_;
    std::array<std::uint32_t, most_threads + 1> changes_by_{};  ///< told of by that thread, but for orders

    // The state word, followed from write to write.
    detail::word word_;
    std::vector<state> states_{state::closed};  ///< by epoch

    struct {
        std::uint64_t admitted = 0, refused = 0, evidence = 0, ignored = 0, surely_late = 0, perhaps_late = 0;
    } counted_;
    std::vector<std::uint64_t> perhaps_scored_{};  ///< epochs: of verdicts in them whose lease had run out

    std::uint32_t word_atom_;  ///< which location is the state word
    breaker machine_;
};

/// A plan for settings that are valid.
inline std::shared_ptr<const detail::plan> planned(const settings& of) {
    return std::make_shared<const detail::plan>(of);
}

}  // namespace switchgear::interleave
