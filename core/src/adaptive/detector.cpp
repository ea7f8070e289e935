#include "detector.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace switchgear::adaptive {
namespace {

using std::chrono::seconds;

/// How the budget is shared out. Unequally: what is rarely needed costs those that are not, and a stream
/// whose single calls say much is hardly slower for having little.
constexpr double errors_part = 0.75, slow_part = 0.15, classes_part = 0.10;

/// A quiet night is worth no more than this: one failure after it never trips.
constexpr duration longest_gap = seconds{60};
/// After an outage nothing is learned for so long.
constexpr duration aftermath = seconds{60};
constexpr double most_penalty = 10;
/// How bursty a service is shows only in time: until then more evidence is asked for.
constexpr double first_penalty = 2;

constexpr duration longest = std::chrono::hours{24 * 366 * 100};

}  // namespace

detector::detector(const aims& given, time_point now)
    : aims_{given},
      last_{now},
      penalty_{first_penalty},
      penalty_at_{now},
      latency_{given.deadline, now},
      errors_{given.care, given.memory, now},
      slow_{given.slow_care, given.memory, now} {
    change(given);
}

void detector::change(const aims& given) noexcept {
    age_penalty();  // by the budget that was
    aims_ = given;
    class_weights_ = 0;
    for (const double weight : given.weights) class_weights_ += weight;
    latency_.change(given.deadline);
    errors_.change(given.care, given.memory);
    slow_.change(given.slow_care, given.memory);
    follow_latency();
    classes_.aim_anew();
    set_rate();
}

void detector::set_rate() noexcept { rate_ = std::exp(-penalty_) / static_cast<double>(aims_.budget.count()); }

/// How much of the penalty is over after so long: 1 in two budgets, so that a service that does not fit the
/// model at all comes to rest at half of the needless trips that are allowed.
double detector::lapsed(duration span) const noexcept {
    return static_cast<double>(span.count()) / (2 * static_cast<double>(aims_.budget.count()));
}

void detector::age_penalty() noexcept {
    penalty_ = std::max(0.0, penalty_ - lapsed(last_ - penalty_at_));
    penalty_at_ = last_;
    set_rate();
}

void detector::pass_time(time_point now) noexcept {
    if (now <= last_) return;
    elapsed_ += std::min(now - last_, longest_gap).count();
    last_ = now;
}

std::optional<finding> detector::observe(std::span<const finished> calls) noexcept {
    if (waiting_) return {};
    for (const finished& one : calls) {
        pass_time(one.at);
        ++calls_;
        const bool slow = one.took.count() > latency_.limit() && !one.slow_already;
        const bool failed = one.failed && aims_.weights[static_cast<std::size_t>(one.of)] > 0;
        if (!one.failed && one.took > duration::zero()) {
            latency_.add(one.took);
            if (latency_.wants_learning()) learn_latency();
        }
        if (failed || slow || one.slow_already) {
            if (auto why = weigh(one, slow)) return why;
        } else if (calls_ >= next_look_) {
            look();
        }
    }
    return {};
}

/// Lets the stream see the good calls since it last saw any; the last `bad` of them are not among these.
void detector::catch_up(stream& of, std::uint64_t& calls, std::int64_t& elapsed, std::uint64_t bad) noexcept {
    const std::uint64_t good = calls_ - bad - calls;
    if (good > 0) {
        const double budget = rate_ * static_cast<double>(elapsed_ - elapsed) / static_cast<double>(good + bad);
        of.pass_good(good, budget, last_);
    }
    calls = calls_;
}

std::optional<finding> detector::weigh(const finished& one, bool slow) noexcept {
    const bool failed = one.failed && aims_.weights[static_cast<std::size_t>(one.of)] > 0;
    const auto spread = [this](std::uint64_t calls, std::int64_t elapsed) {
        return rate_ * static_cast<double>(elapsed_ - elapsed) / static_cast<double>(calls_ - calls);
    };
    classes_.catch_up(calls_ - 1, elapsed_, rate_);
    if (failed) {
        const double budget = spread(errors_calls_, errors_elapsed_);
        catch_up(errors_, errors_calls_, errors_elapsed_, 1);
        if (!errors_.holds()) classes_.commit();
        classes_.add(one.of, errors_.expected(), errors_.model().base(), calls_ - 1, elapsed_, rate_, aims_.care);
        errors_.add_bad(budget, last_);
        errors_elapsed_ = elapsed_;
    }
    if (slow) {
        const double budget = spread(slow_calls_, slow_elapsed_);
        catch_up(slow_, slow_calls_, slow_elapsed_, 1);
        slow_.add_bad(budget, last_);
        slow_elapsed_ = elapsed_;
    } else if (one.slow_already) {
        ++slow_calls_;  // this call was seen when it became slow
    }
    auto why = judge(failed, slow);
    plan_next_look();
    return why;
}

std::optional<finding> detector::overdue(time_point now) noexcept {
    if (waiting_) return {};
    pass_time(now);
    const double budget =
        rate_ * static_cast<double>(elapsed_ - slow_elapsed_) / static_cast<double>(calls_ - slow_calls_ + 1);
    catch_up(slow_, slow_calls_, slow_elapsed_, 0);
    slow_.add_bad(budget, last_);
    slow_elapsed_ = elapsed_;
    auto why = judge(false, true);
    plan_next_look();
    return why;
}

double detector::total() const noexcept {
    double sum = errors_part * errors_.value() + slow_part * slow_.value();
    if (class_weights_ > 0) {
        for (std::size_t k = 0; k < failure_class_count; ++k) {
            sum += classes_part * aims_.weights[k] / class_weights_ * classes_.value(static_cast<failure_class>(k));
        }
    }
    return sum;
}

finding detector::found(suspicion_of what, const stream& in, double value) const noexcept {
    finding why;
    why.what = what;
    why.bad = in.present().bad;
    why.of = in.present().calls;
    why.slow = &in == &slow_;
    why.normal = in.model().observed();
    const double once = value / rate_;
    why.by_chance_once_in =
        once < static_cast<double>(longest.count()) ? duration{static_cast<duration::rep>(once)} : longest;
    return why;
}

std::optional<finding> detector::judge(bool failed, bool slow) noexcept {
    for (const stream* one : {&errors_, &slow_}) {
        if (!(one == &errors_ ? failed : slow) || !one->half_are_bad(last_)) continue;
        own_ = true;
        finding why = found(suspicion_of::half_of_all, *one, one->value());
        why.bad = one->majority().bad;
        why.of = one->majority().calls;
        why.by_chance_once_in = {};  // it trips whatever chance says
        return why;
    }
    const double value = total();
    // One bad call is no evidence, however small the budget and however rare it was.
    const bool alone = errors_.present().bad < 2 && slow_.present().bad < 2;
    if (value < 1 || alone) return {};
    own_ = true;
    const double by_errors = errors_part * errors_.value();
    const double by_slow = slow_part * slow_.value();
    if (by_slow >= by_errors && by_slow >= value - by_errors - by_slow) {
        return found(suspicion_of::slowness, slow_, value);
    }
    if (by_errors >= value - by_errors - by_slow || !failed) return found(suspicion_of::errors, errors_, value);
    return found(suspicion_of::one_class, errors_, value);
}

void detector::look() noexcept {
    if (errors_.holds()) {
        catch_up(errors_, errors_calls_, errors_elapsed_, 0);
        errors_elapsed_ = elapsed_;
        if (!errors_.holds()) classes_.commit();
    }
    if (slow_.holds()) {
        catch_up(slow_, slow_calls_, slow_elapsed_, 0);
        slow_elapsed_ = elapsed_;
    }
    plan_next_look();
}

void detector::plan_next_look() noexcept {
    next_look_ = never;
    if (const std::uint64_t n = errors_.looks_after()) next_look_ = std::min(next_look_, errors_calls_ + n);
    if (const std::uint64_t n = slow_.looks_after()) next_look_ = std::min(next_look_, slow_calls_ + n);
    if (penalty_ > 0) age_penalty();
}

void detector::learn_latency() noexcept {
    if (errors_.holds() || slow_.holds()) return;
    if (latency_.learn(last_)) {
        // From here on "slow" means something: what was counted before does not.
        slow_ = stream{aims_.slow_care, aims_.memory, last_};
        slow_calls_ = calls_ - 1;  // but for this one, which may be slow itself
        slow_elapsed_ = elapsed_;
    }
    follow_latency();
}

void detector::forget_latency(time_point now) noexcept {
    latency_ = latency_limit{aims_.deadline, now};
    follow_latency();
}

void detector::opened(time_point now) noexcept {
    pass_time(now);
    for (auto* one : {&errors_, &slow_}) one->restart();
    classes_.restart();
    waiting_ = true;
}

void detector::judged(trip_was how, time_point now) noexcept {
    if (!waiting_) return;
    last_ = std::max(last_, now);
    age_penalty();
    for (stream* one : {&errors_, &slow_}) {
        if (how == trip_was::needless) {
            one->commit(now);
        } else {
            one->drop();
            one->learn_nothing_before(now + aftermath);
        }
    }
    if (how == trip_was::needless) {
        classes_.commit();
        latency_.learn(now);
        follow_latency();
        if (own_) penalty_ = std::min(most_penalty, penalty_ + 1);
        set_rate();
    } else {
        classes_.drop();
        latency_.drop();
    }
    errors_calls_ = slow_calls_ = calls_;
    errors_elapsed_ = slow_elapsed_ = elapsed_;
    waiting_ = own_ = false;
    next_look_ = never;
}

void detector::forget(time_point now) noexcept { *this = detector{aims_, now}; }

double detector::evidence() const noexcept {
    const double value = std::max(total(), 1e-300);
    const double scale = std::log(static_cast<double>(aims_.budget.count()) / 1e9);
    return std::clamp(1 + std::log(value) / std::max(1.0, scale), 0.0, 1.0);
}

trip_was what_it_was(std::uint32_t failed_probes, duration until_a_good_one) noexcept {
    const bool short_one = failed_probes <= 2 && until_a_good_one <= seconds{3};
    return failed_probes == 0 || short_one ? trip_was::needless : trip_was::outage;
}

void detector::bring_up_to_date() noexcept {
    catch_up(errors_, errors_calls_, errors_elapsed_, 0);
    errors_elapsed_ = elapsed_;
    catch_up(slow_, slow_calls_, slow_elapsed_, 0);
    slow_elapsed_ = elapsed_;
    classes_.catch_up(calls_, elapsed_, rate_);
    age_penalty();
}

learned detector::save() {
    bring_up_to_date();
    learned out;
    out.numbers.push_back(penalty_);
    errors_.save(out);
    slow_.save(out);
    classes_.save(out);
    latency_.save(out);
    return out;
}

bool detector::restore(const learned& from, duration away, time_point now) {
    if (from.version != learned::current_version) return false;
    away = std::clamp(away, duration{}, longest);
    detector fresh{aims_, now};
    number_reader in{from.numbers};
    fresh.penalty_ = in.next(0, most_penalty);
    fresh.errors_.restore(in, away, now);
    fresh.slow_.restore(in, away, now);
    fresh.classes_.restore(in);
    fresh.latency_.restore(in, now);
    fresh.follow_latency();
    if (!in.finished()) return false;
    fresh.penalty_ = std::max(0.0, fresh.penalty_ - lapsed(away));
    fresh.set_rate();
    *this = fresh;
    return true;
}

}  // namespace switchgear::adaptive
