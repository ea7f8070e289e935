#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include <switchgear/event.hpp>

namespace switchgear::stress {

/// The changes of one breaker as a listener hears of them: each epoch once, none left out, each from the
/// state to which the one before it led. They may be told out of order, by the threads that caused them.
class told {
public:
    void take(const transition& t) {
        const std::lock_guard lock{mutex_};
        ++of_cause_[t.cause];
        if (t.from == t.to) {
            if (t.epoch > newest_order_) newest_order_ = t.epoch;
            return;
        }
        if (t.epoch <= epoch_ || !early_.emplace(t.epoch, change{t.from, t.to}).second) {
            ADD_FAILURE() << t.name << ": epoch " << t.epoch << " was told twice";
        }
        while (!early_.empty() && early_.begin()->first == epoch_ + 1) {
            const change next = early_.begin()->second;
            EXPECT_EQ(to_string(next.from), to_string(state_)) << t.name << ": from, at epoch " << epoch_ + 1;
            ++epoch_;
            state_ = next.to;
            early_.erase(early_.begin());
        }
    }

    /// Requires: nobody changes the breaker just now.
    void expect_complete(const std::string& of, std::uint64_t epoch, state where) const {
        const std::lock_guard lock{mutex_};
        EXPECT_TRUE(early_.empty()) << of << ": epoch " << epoch_ + 1 << " was never told";
        EXPECT_EQ(epoch_, epoch) << of;
        EXPECT_EQ(to_string(state_), to_string(where)) << of;
        EXPECT_LE(newest_order_, epoch) << of;
    }
    std::uint64_t epochs() const {
        const std::lock_guard lock{mutex_};
        return epoch_;
    }
    void add_to(std::map<cause, std::uint64_t>& counts) const {
        const std::lock_guard lock{mutex_};
        for (const auto& [why, n] : of_cause_) counts[why] += n;
    }

private:
    struct change {
        state from, to;
    };

    mutable std::mutex mutex_;
    std::uint64_t epoch_ = 0, newest_order_ = 0;
    state state_ = state::closed;
    std::map<std::uint64_t, change> early_;  ///< told before one that came earlier
    std::map<cause, std::uint64_t> of_cause_;
};

}  // namespace switchgear::stress
