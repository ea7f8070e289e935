#include "designs.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <utility>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/manual_time.hpp>

namespace switchgear::trip_quality {
namespace {

using namespace std::chrono_literals;

/// A rule that our own core has too: the real breaker on a clock that follows the calls.
class of_the_core final : public design {
public:
    explicit of_the_core(const trip_rules& rules) : rules_{rules} { reset(); }

    bool feed(const outcome_of_call& call) override {
        const auto at = duration{static_cast<duration::rep>(call.at * 1e9)};
        if (at > so_far_) time_->advance(at - std::exchange(so_far_, at));
        auto admitted = breaker_->try_acquire();
        if (!admitted) return true;
        if (call.failed) {
            admitted->failure();
        } else {
            admitted->success();
        }
        return breaker_->observe().current != state::closed;
    }
    void reset() override {
        breaker_.reset();
        time_ = std::make_unique<testing::manual_time>();
        so_far_ = {};
        breaker_ = std::make_unique<breaker>("compared", settings{.trip = rules_}, *time_);
    }

private:
    trip_rules rules_;
    duration so_far_{};
    std::unique_ptr<testing::manual_time> time_;
    std::unique_ptr<breaker> breaker_;
};

trip_rules in_a_row(std::uint32_t count) { return {.consecutive_failures = count, .failure_ratio = std::nullopt}; }
trip_rules by_ratio(double ratio, window size, std::uint32_t minimum) {
    return {.consecutive_failures = std::nullopt, .failure_ratio = ratio, .window = size, .minimum_calls = minimum};
}

/// Finagle's FailureAccrualFactory: a success rate below 0.8, averaged with a half-life by time of 30 s, or
/// five failures in a row (twitter.github.io/finagle/guide/Clients.html#failure-accrual).
class finagle final : public design {
public:
    bool feed(const outcome_of_call& call) override {
        if (begun_ < 0) begun_ = call.at;
        const double keep = last_ < 0 ? 0 : std::exp(-(call.at - last_) / 30);
        rate_ = keep * rate_ + (1 - keep) * (call.failed ? 0 : 1);
        last_ = call.at;
        row_ = call.failed ? row_ + 1 : 0;
        return row_ >= 5 || (call.at - begun_ >= 30 && rate_ < 0.8);
    }
    void reset() override { *this = finagle{}; }

private:
    double begun_ = -1, last_ = -1, rate_ = 1;
    int row_ = 0;
};

/// brpc's CircuitBreaker: an average of errors over 1,500 calls above 10 %, or over 3,000 above 5 %
/// (brpc.apache.org/docs/rpc-features/circuit-breaker; src/brpc/circuit_breaker.cpp).
class brpc final : public design {
public:
    bool feed(const outcome_of_call& call) override {
        bool open = false;
        ++calls_;
        for (one& it : both_) {
            it.average += ((call.failed ? 1 : 0) - it.average) / it.size;
            open |= calls_ >= it.size && it.average > it.most;
            open |= calls_ < it.size && it.average * it.size > it.most * it.size;
        }
        return open;
    }
    void reset() override { *this = brpc{}; }

private:
    struct one {
        double size, most, average = 0;
    };
    one both_[2]{{1'500, 0.10}, {3'000, 0.05}};
    double calls_ = 0;
};

/// Client-side throttling: refuses with probability (requests - K accepts) / (requests + 1) over two minutes,
/// K = 2 (sre.google/sre-book/handling-overload); go-zero: K = 1.5 over 10 s, five requests for free
/// (go-zero.dev, core/breaker/googlebreaker.go).
class throttle final : public design {
public:
    throttle(double k, double window, double free) : k_{k}, window_{window}, free_{free} {}

    bool feed(const outcome_of_call& call) override {
        seen_.push_back(call);
        good_ += call.failed ? 0 : 1;
        while (seen_.front().at < call.at - window_) {
            good_ -= seen_.front().failed ? 0 : 1;
            seen_.pop_front();
        }
        const auto all = static_cast<double>(seen_.size());
        return (all - free_ - k_ * good_) / (all + 1) >= 0.5;
    }
    void reset() override {
        seen_.clear();
        good_ = 0;
    }

private:
    double k_, window_, free_;
    double good_ = 0;
    std::deque<outcome_of_call> seen_;
};

/// Envoy's admission control: threshold 95 %, aggression 1, window 30 s; refuses with probability
/// (total - success / threshold) / (total + 1), at most 80 %
/// (envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/admission_control_filter).
std::unique_ptr<design> admission_control() { return std::make_unique<throttle>(1 / 0.95, 30, 0); }

}  // namespace

std::vector<named_design> designs() {
    const auto core = [](std::string name, trip_rules rules) {
        return named_design{std::move(name), [rules] { return std::make_unique<of_the_core>(rules); }};
    };
    // resilience4j.readme.io/docs/circuitbreaker, pollydocs.org/strategies/circuit-breaker,
    // github.com/Netflix/Hystrix/wiki/Configuration, sentinelguard.io (circuit breaking),
    // github.com/sony/gobreaker, envoyproxy.io (outlier detection).
    return {core("resilience4j, 50 % of 100 calls", by_ratio(0.5, last_calls{100}, 100)),
            core("resilience4j, 50 % in 10 s, 10 calls", by_ratio(0.5, last{10s}, 10)),
            core("Polly, 10 % in 30 s, 100 calls", by_ratio(0.1, last{30s}, 100)),
            core("Hystrix, 50 % in 10 s, 20 calls", by_ratio(0.5, last{10s}, 20)),
            core("Sentinel, 50 % in 1 s, 5 calls", by_ratio(0.5, last{1s}, 5)),
            core("gobreaker, more than 5 in a row", in_a_row(6)),
            core("Envoy, pybreaker: 5 in a row", in_a_row(5)),
            {"Finagle, success rate 80 % or 5 in a row", [] { return std::make_unique<finagle>(); }},
            {"brpc, 10 % of 1,500 or 5 % of 3,000", [] { return std::make_unique<brpc>(); }},
            {"SRE throttle, K = 2, 2 min", [] { return std::make_unique<throttle>(2, 120, 0); }},
            {"go-zero, K = 1.5, 10 s", [] { return std::make_unique<throttle>(1.5, 10, 5); }},
            {"Envoy admission control, 95 %, 30 s", [] { return admission_control(); }}};
}

}  // namespace switchgear::trip_quality
