#pragma once

#include <cstdint>

#include <switchgear/time.hpp>

#include "call_history.hpp"
#include "evidence.hpp"
#include "healthy_model.hpp"
#include "numbers.hpp"

namespace switchgear::adaptive {

/// One yes-or-no question about every call (did it fail? was it slow?): what is normal, what speaks against
/// it now, and which calls are still held back from being learned.
///
/// Calls are held from the first bad one on, until the evidence is back at nothing and has stayed there,
/// or for a minute or a thousand calls: so the neighbourhood of an outage is not learned either.
class stream {
public:
    stream(double care, duration memory, time_point now);

    /// Good calls, each worth `budget` of time; `now` is the time of the last of them.
    void pass_good(std::uint64_t calls, double budget, time_point now) noexcept;
    void add_bad(double budget, time_point now) noexcept;

    /// After so many more good calls this wants to see them: the held calls may be learned then. 0: no wish.
    std::uint64_t looks_after() const noexcept;

    double value() const noexcept { return evidence_.value(); }
    const healthy_model& model() const noexcept { return model_; }
    /// What was expected of the call that comes next.
    double expected() const noexcept { return model_.expected(healthy_model::cell_of(past_)); }

    /// The calls since the evidence began to grow.
    struct run {
        std::uint64_t calls = 0;
        std::uint64_t bad = 0;
        time_point since{};
    };
    const run& present() const noexcept { return run_; }
    bool holds() const noexcept { return held_.calls > 0; }

    /// At least half of 100 calls or more, over 10 s or more, were bad: trips whatever was learned.
    bool half_are_bad(time_point now) const noexcept;
    const run& majority() const noexcept { return majority_; }

    /// The evidence begins anew, the held calls stay held until one of the next two.
    void restart() noexcept;
    void commit(time_point now) noexcept;
    void drop() noexcept;
    /// What comes before that is not learned.
    void learn_nothing_before(time_point when) noexcept { deaf_until_ = when; }

    void change(double care, duration memory) noexcept;
    void expect_at_least(double share) noexcept;
    void save(learned& to) const { model_.save(to); }
    void restore(number_reader& from, duration away, time_point now);

private:
    void aim() noexcept;
    void follow_base() noexcept;
    void pass_segment(std::size_t cell, std::uint64_t calls, double budget, time_point now) noexcept;
    void end_run_if_quiet(time_point now) noexcept;

    double care_;
    healthy_model model_;
    evidence evidence_{};
    call_history past_{};
    double against_ = 0;  // CUSUM of the lowest alternative; 0: nothing speaks against normal
    double aimed_at_{};
    run run_{}, held_{}, majority_{};
    std::uint64_t quiet_{};  // good calls since against_ came back to 0; says nothing before
    time_point deaf_until_ = time_point::min();
};

}  // namespace switchgear::adaptive
