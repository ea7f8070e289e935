#include "stream.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace switchgear::adaptive {
namespace {

using std::chrono::seconds;

/// Held calls are learned after so many good ones without evidence, …
constexpr std::uint64_t quiet_calls = 32;
/// … or, where bad calls are never that far apart, once the first of them is so many calls or so long ago.
constexpr std::uint64_t longest_hold = 1'000;
constexpr duration longest_held = seconds{60};
constexpr std::uint64_t some_calls = 200;
/// Before so many calls are known there is no time to lose.
constexpr double hardly_known = 1'000;

constexpr std::uint64_t majority_calls = 100;
constexpr duration majority_time = seconds{10};

}  // namespace

stream::stream(double care, duration memory, time_point now) : care_{care}, model_{care, memory, now} { aim(); }

void stream::aim() noexcept {
    aimed_at_ = model_.base();
    evidence_.aim(care_, aimed_at_);
}

void stream::follow_base() noexcept {
    if (std::abs(model_.base() - aimed_at_) > 0.01 * aimed_at_) aim();
}

void stream::pass_good(std::uint64_t calls, double budget, time_point now) noexcept {
    majority_.calls += calls;
    if (majority_.calls > 2 * majority_.bad) majority_ = {};
    while (calls > 0) {
        const std::uint64_t steady = past_.steady_for();
        std::uint64_t next = steady == 0 ? calls : std::min(calls, steady);
        if (holds()) next = std::min(next, looks_after());
        const std::size_t cell = healthy_model::cell_of(past_);
        past_.pass_good(next);
        pass_segment(cell, next, budget, now);
        calls -= next;
    }
}

void stream::pass_segment(std::size_t cell, std::uint64_t calls, double budget, time_point now) noexcept {
    const double expected = model_.expected(cell);
    evidence_.pass_good(expected, calls, budget);
    if (held_.calls == 0) {
        if (now >= deaf_until_) model_.learn(cell, calls, now);
        follow_base();
        return;
    }
    if (against_ > 0) {
        const double fall = -evidence_.log_of_good(expected);
        const double to_zero = std::ceil(against_ / fall);
        const auto all = static_cast<double>(calls);
        against_ -= fall * all;
        if (against_ <= 0) {
            against_ = 0;
            quiet_ = static_cast<std::uint64_t>(std::max(0.0, all - to_zero));
        }
        run_.calls += calls;
    } else {
        quiet_ += calls;
    }
    held_.calls += calls;
    model_.hold(cell, calls, 0);
    end_run_if_quiet(now);
}

void stream::end_run_if_quiet(time_point now) noexcept {
    if (against_ > 0) return;
    const bool long_ago =
        held_.calls >= longest_hold || (now - held_.since >= longest_held && held_.calls >= some_calls);
    const bool over = quiet_ >= quiet_calls || long_ago || model_.known() < hardly_known;
    if (!over) return;
    if (now >= deaf_until_) {
        commit(now);
    } else {
        drop();
    }
}

std::uint64_t stream::looks_after() const noexcept {
    if (held_.calls == 0) return 0;
    if (against_ <= 0) return quiet_calls - quiet_;  // after so many nothing is held
    const double fall = -evidence_.log_of_good(model_.base());
    return static_cast<std::uint64_t>(std::max(8.0, std::ceil(against_ / fall)));
}

void stream::add_bad(double budget, time_point now) noexcept {
    if (majority_.calls == 0) majority_.since = now;
    ++majority_.calls;
    ++majority_.bad;

    const std::size_t cell = healthy_model::cell_of(past_);
    const double expected = model_.expected(cell);
    if (against_ <= 0) run_ = {0, 0, now};
    if (held_.calls == 0) held_ = {0, 0, now};
    evidence_.add_bad(expected, budget);
    against_ += evidence_.log_of_bad(expected);
    for (run* one : {&run_, &held_}) {
        ++one->calls;
        ++one->bad;
    }
    model_.hold(cell, 1, 1);
    past_.add_bad();
}

bool stream::half_are_bad(time_point now) const noexcept {
    return majority_.calls >= majority_calls && now - majority_.since >= majority_time;
}

void stream::restart() noexcept {
    evidence_.clear();
    past_.clear();
    against_ = 0;
    quiet_ = 0;
    run_ = {};
    majority_ = {};
}

void stream::commit(time_point now) noexcept {
    model_.commit(now);
    held_ = {};
    follow_base();
}

void stream::drop() noexcept {
    model_.drop();
    held_ = {};
}

void stream::change(double care, duration memory) noexcept {
    care_ = care;
    model_.change(care, memory);
    aim();
}

void stream::expect_at_least(double share) noexcept {
    model_.expect_at_least(share);
    follow_base();
}

void stream::restore(number_reader& from, duration away, time_point now) {
    model_.restore(from, away, now);
    restart();
    drop();
    aim();
}

}  // namespace switchgear::adaptive
