#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "adaptive/healthy_model.hpp"
#include "adaptive/stream.hpp"

/// The formulas of docs/design/adaptive-theory.md written plainly: a call at a time, without closed forms and
/// without anything packed. Slow; what the engine says has to be the same.
namespace switchgear::adaptive::testing {

/// Which of the last 1024 calls were bad.
class plain_history {
public:
    void add(bool bad) {
        ++calls_;
        if (bad) bad_.push_back(calls_);
        while (!bad_.empty() && calls_ - bad_.front() >= 1024) bad_.pop_front();
    }
    std::uint64_t bad_of_last(std::uint64_t n) const {
        return static_cast<std::uint64_t>(
            std::ranges::count_if(bad_, [&](std::uint64_t number) { return calls_ - number < n; }));
    }
    /// Good calls until one that was bad is none of the last 8, 128 or 1024 any more; 0: none was.
    std::uint64_t steady_for() const {
        std::uint64_t least = 0;
        for (const std::uint64_t window : {8U, 128U, 1024U}) {
            for (const std::uint64_t number : bad_) {
                if (calls_ - number >= window) continue;
                const std::uint64_t leaves = number + window - calls_;
                if (least == 0 || leaves < least) least = leaves;
                break;  // the others leave later
            }
        }
        return least;
    }
    void clear() { bad_.clear(); }

private:
    std::uint64_t calls_ = 0;
    std::deque<std::uint64_t> bad_;  // their numbers
};

/// Six failing shares, and for each the sum of the likelihood ratios of all beginnings.
struct plain_evidence {
    std::array<double, 6> sums{}, shares{}, jumps{};

    void aim(double care, double base) {
        const double lowest = std::max(care, std::min(0.6, 2 * base));
        shares = {lowest, 0.2, 0.35, 0.55, 0.8, 0.97};
        for (std::size_t j = 0; j < 6; ++j) {
            shares[j] = std::clamp(shares[j], std::min(lowest, 0.995), 0.995);
            const double ratio = shares[j] / base;
            jumps[j] = (1 - 1 / ratio) / std::log(ratio);  // what is left of the threshold in the mean
        }
    }
    double against(std::size_t j, double p) const { return std::min(0.995, std::max(shares[j], 1.02 * p)); }
    void good(double p, double u) {
        for (std::size_t j = 0; j < 6; ++j) sums[j] = (sums[j] + u) * (1 - against(j, p)) / (1 - p);
    }
    void bad(double p, double u) {
        for (std::size_t j = 0; j < 6; ++j) sums[j] = std::min(1e30, (sums[j] + u) * against(j, p) / p);
    }
    double log_of_good(double p) const { return std::log((1 - against(0, p)) / (1 - p)); }
    double log_of_bad(double p) const { return std::log(against(0, p) / p); }
    double value() const {
        double mean = 0;
        for (std::size_t j = 0; j < 6; ++j) mean += sums[j] > 0 ? sums[j] / jumps[j] / 6 : 0;
        return mean;
    }
};

/// A stream: errors, or slowness. What it learns it learns by a model of its own.
class plain_stream {
public:
    using run = stream::run;

    plain_stream(double care, duration memory, time_point now) : care_{care}, model{care, memory, now} { aim(); }

    void good(std::uint64_t calls, double u, time_point now) {
        most_.calls += calls;
        if (most_.bad * 2 < most_.calls) most_ = {};
        while (calls > 0) {
            // Up to where the recent past changes, or the held calls may be learned.
            std::uint64_t next = calls;
            if (history_.steady_for() > 0) next = std::min(next, history_.steady_for());
            if (holds()) next = std::min(next, looks_after());
            good_of_a_kind(next, u, now);
            calls -= next;
        }
    }

    void bad(double u, time_point now) {
        if (most_.calls == 0) most_.since = now;
        const double p = expected();
        if (against_ == 0) run_ = {.since = now};
        if (!holds()) held_ = {.since = now};
        for (run* one : {&run_, &held_, &most_}) ++one->calls, ++one->bad;
        model.hold(cell(), 1, 1);
        evidence.bad(p, u);
        against_ += evidence.log_of_bad(p);
        quiet_ = 0;
        history_.add(true);
    }

    std::uint64_t looks_after() const {
        if (!holds()) return 0;
        if (against_ == 0) return quiet_ < 32 ? 32 - quiet_ : 1;
        return static_cast<std::uint64_t>(std::max(8.0, std::ceil(against_ / -evidence.log_of_good(model.base()))));
    }
    double value() const { return evidence.value(); }
    double expected() const { return model.expected(cell()); }
    bool holds() const { return held_.calls > 0; }
    const run& present() const { return run_; }
    const run& majority() const { return most_; }
    bool half_are_bad(time_point now) const {
        return most_.calls >= 100 && now - most_.since >= std::chrono::seconds{10};
    }

    void restart() {
        evidence.sums = {};
        history_.clear();
        against_ = 0;
        quiet_ = 0;
        run_ = most_ = {};
    }
    void commit(time_point now) {
        model.commit(now);
        held_ = {};
        quiet_ = 0;
        aim();
    }
    void drop() {
        model.drop();
        held_ = {};
        quiet_ = 0;
    }
    void learn_nothing_before(time_point when) { deaf_until_ = when; }
    void change(double care, duration memory) {
        care_ = care;
        model.change(care, memory);
        aimed_at_ = 0;
        aim();
    }
    void expect_at_least(double share) {
        model.expect_at_least(share);
        aim();
    }
    void restore(number_reader& from, duration away, time_point now) {
        model.restore(from, away, now);
        restart();
        drop();
        aimed_at_ = 0;
        aim();
    }

private:
    double care_;

public:
    healthy_model model;
    plain_evidence evidence{};

private:
    std::size_t cell() const {
        constexpr std::array<std::size_t, 9> of_8{0, 1, 2, 3, 3, 4, 4, 5, 5};
        const auto level = [this](std::uint64_t calls, std::initializer_list<std::uint64_t> from) {
            const std::uint64_t bad = history_.bad_of_last(calls);
            return static_cast<std::size_t>(std::ranges::count_if(from, [&](std::uint64_t it) { return bad >= it; }));
        };
        return of_8[history_.bad_of_last(8)] + 6 * (level(128, {1, 2, 4, 8, 16, 32}) + 7 * level(1024, {1, 4, 16, 64}));
    }

    void aim() {
        if (std::abs(model.base() / aimed_at_ - 1) <= 0.01) return;
        aimed_at_ = model.base();
        evidence.aim(care_, aimed_at_);
    }

    void good_of_a_kind(std::uint64_t calls, double u, time_point now) {
        const std::size_t here = cell();
        const double p = model.expected(here);
        const bool grows = against_ > 0;
        for (std::uint64_t i = 0; i < calls; ++i) {
            evidence.good(p, u);
            history_.add(false);
            if (against_ > 0) {
                against_ = std::max(0.0, against_ + evidence.log_of_good(p));
            } else {
                ++quiet_;
            }
        }
        if (!holds()) {
            quiet_ = 0;
            if (now >= deaf_until_) model.learn(here, calls, now);
            aim();
            return;
        }
        if (grows) run_.calls += calls;
        held_.calls += calls;
        model.hold(here, calls, 0);
        if (against_ > 0) return;
        const bool long_enough =
            held_.calls >= 1'000 || (held_.calls >= 200 && now - held_.since >= std::chrono::seconds{60});
        if (quiet_ < 32 && !long_enough && model.known() >= 1'000) return;
        if (now >= deaf_until_) {
            commit(now);
        } else {
            drop();
        }
    }

    plain_history history_{};
    double against_ = 0, aimed_at_ = 0;
    run run_{}, held_{}, most_{};
    std::uint64_t quiet_ = 0;
    time_point deaf_until_ = time_point::min();
};

}  // namespace switchgear::adaptive::testing
