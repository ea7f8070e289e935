#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "adaptive/detector.hpp"
#include "plain.hpp"
#include "plain_classes.hpp"

namespace switchgear::adaptive::testing {

/// The detector, written plainly: see plain.hpp.
class plain_detector {
public:
    plain_detector(const aims& given, time_point now)
        : asked_{given},
          now_{now},
          penalty_at_{now},
          latency_{given.deadline, now},
          errors{{given.care, given.memory, now}},
          slow{{given.slow_care, given.memory, now}} {
        set_rate();
    }

    std::optional<finding> observe(const finished& one) {
        if (waits_) return {};
        pass_time(one.at);
        ++calls_;
        const bool is_slow = !one.slow_already && latency_.known() && one.took > *latency_.known();
        const bool fails = one.failed && asked_.weights[static_cast<std::size_t>(one.of)] > 0;
        if (!one.failed && one.took.count() > 0) {
            latency_.add(one.took);
            if (latency_.wants_learning()) learn_latency();
        }
        if (fails || is_slow || one.slow_already) return weigh(one.of, fails, is_slow, one.slow_already);
        if (looks_at_ && calls_ >= *looks_at_) look();
        return {};
    }

    std::optional<finding> overdue(time_point now) {
        if (waits_) return {};
        pass_time(now);
        // The call is not over: it gets its share of the time, and is none of the calls that have ended.
        const double u = time_of(slow) / static_cast<double>(calls_ - slow.calls + 1);
        good_until(slow, calls_);
        slow.says.bad(u, now_);
        slow.elapsed = elapsed_;
        auto why = judge(false, true);
        plan_next_look();
        return why;
    }

    void opened(time_point now) {
        pass_time(now);
        errors.says.restart();
        slow.says.restart();
        classes_.restart();
        waits_ = true;
    }
    void judged(trip_was how, time_point now) {
        if (!waits_) return;
        now_ = std::max(now_, now);
        age_penalty();
        for (seen* one : {&errors, &slow}) {
            if (how == trip_was::outage) {
                one->says.drop();
                one->says.learn_nothing_before(now + std::chrono::seconds{60});
            } else {
                one->says.commit(now);
            }
            one->calls = calls_;
            one->elapsed = elapsed_;
        }
        if (how == trip_was::outage) {
            classes_.drop();
            latency_.drop();
        } else {
            classes_.commit();
            latency_.learn(now);
            follow_latency();
            if (own_) penalty = std::min(10.0, penalty + 1);
            set_rate();
        }
        waits_ = own_ = false;
        looks_at_.reset();
    }
    void bring_up_to_date() {
        good_until(errors, calls_);
        errors.elapsed = elapsed_;
        good_until(slow, calls_);
        slow.elapsed = elapsed_;
        classes_.catch_up(calls_, elapsed_, rate_);
        age_penalty();
    }
    void change(const aims& to) {
        age_penalty();
        asked_ = to;
        latency_.change(to.deadline);
        errors.says.change(to.care, to.memory);
        slow.says.change(to.slow_care, to.memory);
        follow_latency();
        classes_.aim_anew();
        set_rate();
    }
    bool restore(const learned& from, duration away, time_point now) {
        plain_detector fresh{asked_, now};
        number_reader in{from.numbers};
        away = std::clamp(away, duration{}, duration{std::chrono::hours{24 * 366 * 100}});
        fresh.penalty = std::max(0.0, in.next(0, 10) - in_budgets(away) / 2);
        fresh.errors.says.restore(in, away, now);
        fresh.slow.says.restore(in, away, now);
        for (double& count : fresh.classes_.seen) count = in.next(0, 1e15);
        fresh.latency_.restore(in, now);
        fresh.follow_latency();
        fresh.set_rate();
        if (!in.finished() || from.version != 1) return false;
        *this = fresh;
        return true;
    }
    learned save() {
        bring_up_to_date();
        learned to;
        to.numbers.push_back(penalty);
        errors.says.model.save(to);
        slow.says.model.save(to);
        to.numbers.insert(to.numbers.end(), classes_.seen.begin(), classes_.seen.end());
        latency_.save(to);
        return to;
    }

    double evidence() const {
        const double budget_s = static_cast<double>(asked_.budget.count()) / 1e9;
        const double of_trip = std::log(total()) / std::max(1.0, std::log(budget_s));
        return total() > 0 ? std::clamp(1 + of_trip, 0.0, 1.0) : 0;
    }
    std::optional<duration> limit() const { return latency_.known(); }

private:
    struct seen {
        plain_stream says;
        std::uint64_t calls = 0;
        std::int64_t elapsed = 0;
    };

    void pass_time(time_point now) {
        if (now > now_) elapsed_ += std::min<duration>(now - now_, std::chrono::seconds{60}).count();
        now_ = std::max(now_, now);
    }
    double in_budgets(duration span) const {
        return static_cast<double>(span.count()) / static_cast<double>(asked_.budget.count());
    }
    void set_rate() { rate_ = std::exp(-penalty) / static_cast<double>(asked_.budget.count()); }
    void age_penalty() {
        penalty = std::max(0.0, penalty - in_budgets(now_ - penalty_at_) / 2);
        penalty_at_ = now_;
        set_rate();
    }
    double time_of(const seen& in) const { return rate_ * static_cast<double>(elapsed_ - in.elapsed); }

    /// The stream sees the good calls up to that number; the time since goes to all calls since.
    void good_until(seen& in, std::uint64_t number) {
        if (number > in.calls)
            in.says.good(number - in.calls, time_of(in) / static_cast<double>(calls_ - in.calls), now_);
        in.calls = calls_;
    }
    void bad(seen& in) {
        const double u = time_of(in) / static_cast<double>(calls_ - in.calls);
        good_until(in, calls_ - 1);
        if (&in == &errors) class_fails();
        in.says.bad(u, now_);
        in.elapsed = elapsed_;
    }
    void class_fails() {
        if (!errors.says.holds()) classes_.commit();
        classes_.add(class_, errors.says.expected(), errors.says.model.base(), calls_ - 1, elapsed_, rate_,
                     asked_.care);
    }

    std::optional<finding> weigh(failure_class of, bool fails, bool is_slow, bool was_slow) {
        class_ = of;
        classes_.catch_up(calls_ - 1, elapsed_, rate_);
        if (fails) bad(errors);
        if (is_slow) bad(slow);
        if (was_slow) ++slow.calls;
        auto why = judge(fails, is_slow);
        plan_next_look();
        return why;
    }

    double of_errors() const { return 0.75 * errors.says.value(); }
    double of_slow() const { return 0.15 * slow.says.value(); }
    double of_classes() const {
        double weights = 0, sum = 0;
        for (std::size_t k = 0; k < failure_class_count; ++k) {
            weights += asked_.weights[k];
            sum += asked_.weights[k] * classes_.value(static_cast<failure_class>(k));
        }
        return weights > 0 ? 0.10 * sum / weights : 0;
    }
    double total() const { return of_errors() + of_slow() + of_classes(); }

    std::optional<finding> judge(bool fails, bool is_slow) {
        for (const bool of_slow : {false, true}) {
            const plain_stream& in = of_slow ? slow.says : errors.says;
            if (!(of_slow ? is_slow : fails) || !in.half_are_bad(now_)) continue;
            own_ = true;
            return finding{.what = suspicion_of::half_of_all,
                           .slow = of_slow,
                           .bad = in.majority().bad,
                           .of = in.majority().calls,
                           .normal = in.model.observed()};
        }
        if (total() < 1 || std::max(errors.says.present().bad, slow.says.present().bad) < 2) return {};
        own_ = true;
        const bool by_slow = of_slow() >= of_errors() && of_slow() >= of_classes();
        const plain_stream& in = by_slow ? slow.says : errors.says;
        const double once = total() / rate_, longest = 366.0 * 100 * 24 * 3600 * 1e9;
        return finding{.what = by_slow                               ? suspicion_of::slowness
                               : of_errors() < of_classes() && fails ? suspicion_of::one_class
                                                                     : suspicion_of::errors,
                       .slow = by_slow,
                       .bad = in.present().bad,
                       .of = in.present().calls,
                       .normal = in.model.observed(),
                       .by_chance_once_in = duration{static_cast<duration::rep>(std::min(once, longest))}};
    }

    void look() {
        if (errors.says.holds()) {
            good_until(errors, calls_);
            errors.elapsed = elapsed_;
            if (!errors.says.holds()) classes_.commit();
        }
        if (slow.says.holds()) {
            good_until(slow, calls_);
            slow.elapsed = elapsed_;
        }
        plan_next_look();
    }
    void plan_next_look() {
        looks_at_.reset();
        for (const seen* one : {&errors, &slow}) {
            if (!one->says.holds()) continue;
            const std::uint64_t at = std::max(one->calls + one->says.looks_after(), calls_ + 1);
            looks_at_ = std::min(looks_at_.value_or(at), at);
        }
        age_penalty();
    }
    void learn_latency() {
        if (errors.says.holds() || slow.says.holds()) return;
        if (latency_.learn(now_)) slow = {{asked_.slow_care, asked_.memory, now_}, calls_ - 1, elapsed_};
        follow_latency();
    }
    void follow_latency() { slow.says.expect_at_least(latency_.least_normal()); }

    aims asked_;
    time_point now_;
    std::int64_t elapsed_ = 0;
    std::uint64_t calls_ = 0;
    std::optional<std::uint64_t> looks_at_{};
    bool waits_ = false, own_ = false;
    time_point penalty_at_;
    double rate_ = 0;
    failure_class class_{};
    latency_limit latency_;
    plain_classes classes_{};

public:
    double penalty = 2;
    seen errors, slow;
};

}  // namespace switchgear::adaptive::testing
