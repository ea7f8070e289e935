#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <switchgear/breaker.hpp>

#include "told.hpp"

namespace switchgear::stress {

/// What may be done to a breaker: the fewer freedoms, the sharper what must hold of it.
struct freedoms {
    bool many_probes = true;      ///< reloads choose from 1 to 8; else always `fixed_probes`
    bool ramps = true;            ///< so that an epoch of half-open has calls that are no probes
    bool admits_others = true;    ///< observe, force_closed: calls let through that the state would refuse
    bool timed_overrides = true;  ///< after which state and override read as lifted before they are

    static constexpr std::uint32_t fixed_probes = 3, most_probes = 8;
};

/// A breaker and the books that its users keep of it.
///
/// The books are relaxed atomics, so that they do not put in order what the breaker leaves unordered.
class watched {
public:
    watched(std::shared_ptr<breaker> of, freedoms may)
        : it{std::move(of)}, free{may}, probes_out_(epochs_kept), state_of_(epochs_kept) {
        listening_ = it->subscribe([this](const transition& t) {
            heard.take(t);
            if (t.from != t.to) note_state(t.epoch, t.to);
        });
    }

    const std::shared_ptr<breaker> it;
    const freedoms free;
    told heard;      ///< by a listener of its own
    told heard_too;  ///< by the registry's listener, if it is of a registry
    std::string name() const { return std::string{it->name()}; }

    // A user writes down what is going to happen before, and what has happened after.
    void asks() { add(asked_); }
    void was_refused(const rejection& why) {
        EXPECT_GT(why.retry_after.count(), 0) << name();
        add(refused_[static_cast<std::size_t>(why.reason)]);
    }
    void was_admitted(std::uint64_t epoch) {
        add(admitted_);
        const auto out = slot(probes_out_, epoch).fetch_add(1, std::memory_order_relaxed) + 1;
        if (free.ramps || free.admits_others || known_state(epoch) != known(epoch, state::half_open)) return;
        const auto limit = free.many_probes ? freedoms::most_probes : freedoms::fixed_probes;
        EXPECT_LE(out, limit) << name() << ": probes out in epoch " << epoch;
    }
    void settles(std::uint64_t epoch, verdict how) {
        slot(probes_out_, epoch).fetch_sub(1, std::memory_order_relaxed);
        if (how.is_failure()) add(failures_[static_cast<std::size_t>(how.failed_with())]);
        if (how.is_success()) add(successes_);
        if (how.is_ignored()) add(ignored_);
    }
    void has_settled() { add(settled_); }

    /// A look while others are at work.
    void look() const {
        const auto settled = settled_.load(std::memory_order_acquire);
        const snapshot s = it->observe();
        const auto asked = asked_.load(std::memory_order_acquire);
        const auto& t = s.totals;
        const auto seen = t.successes + t.failures + t.ignored + t.late;
        EXPECT_LE(settled, seen) << name() << ": verdicts that are in no total";
        EXPECT_LE(seen + t.rejected, asked) << name() << ": more than was asked for";
        EXPECT_LE(t.ignored, ignored_.load(std::memory_order_acquire)) << name();
        EXPECT_LE(t.successes, successes_.load(std::memory_order_acquire)) << name();
        expect_of_one_instant(s);
    }

    /// Requires: nobody is at work; `unsettled` permits of it are kept somewhere.
    void expect_exact_books(std::uint64_t unsettled) const {
        const snapshot s = it->observe();
        const auto& t = s.totals;
        EXPECT_EQ(t.successes + t.failures + t.ignored + t.late + unsettled, admitted_) << name();
        EXPECT_EQ(t.ignored, ignored_) << name();
        std::uint64_t failures_given = 0, refused = 0, of_class = 0;
        for (std::size_t i = 0; i < failures_.size(); ++i) {
            failures_given += failures_[i];
            of_class += t.failures_by_class[i];
            EXPECT_LE(t.failures_by_class[i], failures_[i]) << name() << ": class " << i;
        }
        for (std::size_t i = 0; i < refused_.size(); ++i) {
            refused += refused_[i];
            EXPECT_EQ(t.rejected_by_reason[i], refused_[i]) << name() << ": reason " << i;
        }
        EXPECT_EQ(of_class, t.failures) << name();
        EXPECT_EQ(t.rejected, refused) << name();
        EXPECT_EQ(admitted_ + refused, asked_) << name();
        EXPECT_LE(t.successes, successes_) << name();
        EXPECT_EQ(t.successes + t.failures + t.late, successes_ + failures_given) << name();
        expect_of_one_instant(s);
    }
    std::uint64_t admitted() const { return admitted_; }
    std::uint64_t refused(std::size_t why) const { return refused_[why]; }

private:
    using number = std::atomic<std::uint64_t>;
    static constexpr std::size_t epochs_kept = std::size_t{1} << 20;

    // release: so that who reads a number and then the breaker reads it as of then.
    static void add(number& to) { to.fetch_add(1, std::memory_order_release); }
    template <class T>
    static T& slot(std::vector<T>& of, std::uint64_t epoch) {
        return of[epoch % epochs_kept];
    }
    static std::uint64_t known(std::uint64_t epoch, state of) { return epoch * 4 + static_cast<std::uint64_t>(of) + 1; }
    std::uint64_t known_state(std::uint64_t epoch) const {
        return state_of_[epoch % epochs_kept].load(std::memory_order_relaxed);
    }
    void note_state(std::uint64_t epoch, state of) {
        slot(state_of_, epoch).store(known(epoch, of), std::memory_order_relaxed);
    }

    /// Rule 31, in what holds at any instant.
    void expect_of_one_instant(const snapshot& s) const {
        EXPECT_GE(s.retry_after.count(), 0) << name();
        EXPECT_LE(s.window.failures, s.window.calls) << name();
        EXPECT_EQ(s.override != override_mode::none, s.order_in_force.has_value()) << name();
        EXPECT_TRUE(s.admitted_share < 1 || s.retry_after == duration{}) << name();
        if (free.admits_others || free.timed_overrides) return;
        const auto told_of = known_state(s.epoch);
        EXPECT_TRUE(told_of == 0 || told_of / 4 != s.epoch || told_of == known(s.epoch, s.current))
            << name() << ", epoch " << s.epoch;
        if (s.override == override_mode::forced_open) {
            EXPECT_EQ(s.admitted_share, 0) << name();
            EXPECT_GT(s.retry_after.count(), 0) << name();
            return;
        }
        switch (s.current) {
            case state::closed:
                EXPECT_EQ(s.admitted_share, 1) << name();
                EXPECT_EQ(s.attempt, 0U) << name();
                EXPECT_FALSE(s.probe_due) << name();
                break;
            case state::open:
                EXPECT_EQ(s.admitted_share, 0) << name();
                EXPECT_NE(s.probe_due, s.retry_after.count() > 0) << name();
                EXPECT_EQ(s.window.calls, 0U) << name();
                break;
            case state::half_open:
                EXPECT_FALSE(s.probe_due) << name();
                EXPECT_TRUE(free.ramps || s.admitted_share == 0) << name();
                break;
        }
    }

    number asked_{0}, admitted_{0}, successes_{0}, ignored_{0}, settled_{0};
    std::array<number, failure_class_count> failures_{};
    std::array<number, 4> refused_{};
    std::vector<std::atomic<std::int32_t>> probes_out_;  ///< permits out, by epoch
    std::vector<number> state_of_;                       ///< what a listener heard of that epoch
    subscription listening_;
};

}  // namespace switchgear::stress
