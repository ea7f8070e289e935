#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>

#include <switchgear/testing/event_log.hpp>
#include <switchgear/testing/manual_time.hpp>

#include "history.hpp"
#include "reference_model.hpp"

namespace switchgear::model {
namespace {

using kind = step::kind;

class player {
public:
    explicit player(const history& h)
        : tick_{h.tick},
          real_{"model", h.settings, clock_},
          model_{h.settings},
          first_epoch_{real_.observe().epoch},
          listening_{real_.subscribe([this](const transition& t) {
              if (t.from != t.to) told_.emplace_back(t);
          })} {}

    /// Returns: how the two differ now; empty if they agree.
    std::string take(const step& s) {
        model_.now = clock_.now();
        act(s);
        compare();
        return wrong_.str();
    }

private:
    struct running {
        permit real;
        std::unique_ptr<reference::call> model;
    };

    void act(const step& s) {
        switch (s.what) {
            case kind::acquire: return acquire();
            case kind::succeed: return settle(s.a, verdict::success());
            case kind::fail: return settle(s.a, verdict::failure(class_of(s.b), hint_of(s.b)));
            case kind::give_up: return settle(s.a, verdict::ignored());
            case kind::trip_verdict: return settle(s.a, verdict::trip(tick_ * (s.b % 20)));
            case kind::overdue: return each(s.a, [&](running& r) { r.real.overdue(), model_.overdue(*r.model); });
            case kind::answered: return each(s.a, [&](running& r) { answered(r); });
            case kind::advance: return clock_.advance(tick_ * (s.b % 16 == 0 ? s.a % 200 : s.a % 4));
            case kind::suspend: return suspend(tick_ * (1 + s.a % 20));
            case kind::end_pause: return real_.end_pause(), model_.end_pause();
            case kind::extend_pause:
                return real_.extend_pause(tick_ * (s.a % 10)), model_.extend_pause(tick_ * (s.a % 10));
            case kind::save: return keep();
            case kind::restore: return restore(tick_ * (s.a % 10));
            case kind::apply: return apply(s.a);
            default: return order(s);
        }
    }

    void acquire() {
        const bool may_choose = model_.may_choose();
        const double share = model_.share();
        auto real = real_.try_acquire();
        if (may_choose) note_choice(real.has_value(), share);
        auto model = model_.acquire(real.has_value());
        if (const auto* refusal = std::get_if<rejection>(&model)) {
            if (real) return differ("admitted, not refused as", to_string(refusal->reason));
            expect("reason", real.error().reason == refusal->reason);
            const duration wait = real.error().retry_after;
            if (refusal->retry_after > duration{}) expect("retry_after of the refusal", wait == refusal->retry_after);
            expect("a positive retry_after", wait > duration{});
            return;
        }
        if (!real) return differ("not admitted, but refused as", to_string(real.error().reason));
        running_.push_back({std::move(*real), std::make_unique<reference::call>(std::get<reference::call>(model))});
        model_.given(*running_.back().model);
    }

    /// Rule 22: in any k arrivals the admitted differ from share * k by at most one.
    void note_choice(bool admitted, double share) {
        if (ramp_ != std::pair{model_.epoch, model_.ramp_since}) {
            ramp_ = {model_.epoch, model_.ramp_since};
            sum_ = least_ = most_ = 0;
        }
        sum_ += (admitted ? 1.0 : 0.0) - share;
        least_ = std::min(least_, sum_);
        most_ = std::max(most_, sum_);
        expect("an even ramp", most_ - least_ <= 1.001);
    }

    template <class F>
    void each(std::uint32_t which, F&& f) {
        if (!running_.empty()) f(running_[which % running_.size()]);
    }

    void settle(std::uint32_t which, verdict v) {
        each(which, [&](running& r) {
            // A success may count in the window of an override that is over, if it is the first to come.
            if (v.is_success() && model_.is_over())
                real_.lift_override({.reason = "over", .actor = "model"}), model_.expire();
            r.real.settle(v);
            model_.settle(*r.model, v);
            std::swap(r, running_.back());
            running_.pop_back();
        });
    }

    static failure_class class_of(std::uint32_t n) {
        constexpr failure_class classes[] = {failure_class::error, failure_class::timeout, failure_class::custom_1};
        return classes[n % 3];
    }
    std::optional<duration> hint_of(std::uint32_t n) const {
        if (n % 5 != 0) return {};
        return tick_ * (static_cast<int>(n % 41) - 5);
    }

    void answered(running& r) {
        r.real.answered();
        if (!r.model->answered) r.model->answered = clock_.now();
    }
    void suspend(duration by) {
        clock_.suspend(by);
        model_.resumed_at = clock_.now();
    }
    void keep() {
        if (model_.forced != override_mode::none) return;
        record_ = real_.save();
        kept_ = model_.save();
    }
    void restore(duration elapsed) {
        if (record_.empty() || (model_.forced != override_mode::none && !model_.is_over())) return;
        expect("a record that can be restored", real_.restore(record_, elapsed));
        model_.restore(kept_, elapsed);
    }
    void apply(std::uint32_t choice) {
        const settings s = reloaded(model_.rules, choice);
        if (!validate(s).empty()) return;
        real_.apply(s);
        model_.apply(s);
    }
    void order(const step& s) {
        switchgear::order given{.reason = "model", .actor = "model"};
        const bool held = model_.forced == override_mode::forced_closed && !model_.is_over();
        if (s.a % 3 == 0) given.until = clock_.now() + tick_ * (s.b % 30);
        switch (s.what) {
            case kind::order_reset: return real_.reset(given), model_.reset();
            case kind::order_trip: {
                if (held) return;
                const auto pause = s.a % 2 == 0 ? std::optional{tick_ * (s.b % 30)} : std::nullopt;
                if (pause && model_.rules.recovery.max_retry_after.count() == 0) return;
                return real_.trip(given, pause), model_.trip(pause);
            }
            case kind::force_open: return real_.force_open(given), model_.force_open(given.until);
            case kind::force_closed: return real_.force_closed(given), model_.force_closed(given.until);
            default: return real_.lift_override(given), model_.lift();
        }
    }

    void compare() {
        const snapshot s = real_.observe();
        model_.now = clock_.now();
        model_.forget();
        if (model_.is_over()) {
            reference lifted = model_;
            lifted.expire();
            compare_view(s, lifted);
        } else {
            compare_view(s, model_);
        }
        expect("epoch", s.epoch - first_epoch_ == model_.epoch);
        number("successes", s.totals.successes, model_.successes);
        number("failures", s.totals.failures, model_.failures);
        number("ignored", s.totals.ignored, model_.ignored);
        number("late", s.totals.late, model_.late);
        if (model_.rules.mode == mode::enforce) number("slow", s.totals.slow, model_.slow);
        expect("rejected", s.totals.rejected_by_reason == model_.rejected);
        compare_changes();
    }

    /// What the model reads as, after an override that is over too.
    void compare_view(const snapshot& s, const reference& view) {
        expect("state", s.current == view.at, s.current, view.at);
        expect("override", s.override == view.forced);
        expect("attempt", s.attempt == view.attempt);
        expect("probe_due", s.probe_due == (view.at == state::open && view.now >= view.deadline));
        expect("share", std::abs(s.admitted_share - view.share()) < 1e-6);
        expect("retry_after", expected_wait(view) == s.retry_after);
        if (view.at == state::closed || view.on_ramp) expect("failures in a row", s.failures_in_a_row == view.run);
        const auto slow = std::count_if(view.window.begin(), view.window.end(), [](const auto& w) { return w.slow; });
        const auto failed =
            std::count_if(view.window.begin(), view.window.end(), [](const auto& w) { return w.failed.has_value(); });
        number("calls in the window", s.window.calls, view.calls());
        number("failures in the window", s.window.failures, static_cast<std::uint64_t>(failed));
        number("slow calls in the window", s.window.slow, static_cast<std::uint64_t>(slow));
    }

    duration expected_wait(const reference& view) const {
        if (view.rules.mode == mode::observe || view.forced == override_mode::forced_closed) return {};
        if (view.forced == override_mode::forced_open) return view.left_of_forced_open();
        if (view.at == state::open) return std::max(view.deadline - view.now, duration{});
        if (view.at == state::half_open && !view.on_ramp && view.probing.size() >= view.rules.recovery.probes) {
            const auto expiry = view.earliest_expiry();
            return expiry ? std::max(*expiry - view.now, duration{}) : real_.observe().retry_after;
        }
        return {};
    }

    void compare_changes() {
        number("changes of state", told_.size(), model_.changes.size());
        for (std::size_t i = 0; i < std::min(told_.size(), model_.changes.size()); ++i) {
            const testing::event& real = told_[i];
            const reference::change& m = model_.changes[i];
            expect("from", real.from == m.from, real.from, m.from);
            expect("to", real.to == m.to, real.to, m.to);
            expect("cause", real.cause == m.why, real.cause, m.why);
            expect("epoch told", real.epoch - first_epoch_ == m.epoch);
            if (m.why != cause::restored) {
                expect("pause told", real.pause == m.pause);
                expect("attempt told", real.attempt == m.attempt);
            }
            if (m.seen) expect("evidence", real.evidence == *m.seen);
        }
        told_.clear();
        model_.changes.clear();
    }

    void expect(const char* what, bool agrees) {
        if (!agrees) wrong_ << what << "; ";
    }
    template <class Word>
    void expect(const char* what, bool agrees, Word real, Word model) {
        if (!agrees) wrong_ << what << ": " << to_string(real) << ", by the model " << to_string(model) << "; ";
    }
    void number(const char* what, std::uint64_t real, std::uint64_t model) {
        if (real != model) wrong_ << what << ": " << real << ", by the model " << model << "; ";
    }
    void differ(const char* what, std::string_view word) { wrong_ << what << ' ' << word << "; "; }

    duration tick_;
    testing::manual_time clock_;
    breaker real_;
    reference model_;
    std::uint64_t first_epoch_;
    std::vector<testing::event> told_;
    subscription listening_;
    std::vector<running> running_;
    std::string record_;
    reference::record kept_;
    std::pair<std::uint64_t, time_point> ramp_{};
    double sum_ = 0, least_ = 0, most_ = 0;
    std::ostringstream wrong_;
};

}  // namespace

std::optional<difference> play(const history& h) {
    player p{h};
    for (std::size_t i = 0; i < h.steps.size(); ++i) {
        if (std::string wrong = p.take(h.steps[i]); !wrong.empty()) return difference{i + 1, std::move(wrong)};
    }
    return {};
}

}  // namespace switchgear::model
