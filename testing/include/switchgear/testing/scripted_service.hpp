#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <variant>

#include <switchgear/result.hpp>
#include <switchgear/testing/manual_time.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::testing {

/// A dependency that answers as it was told to: for tests of code that stands behind a breaker.
///
///     manual_time clock;
///     scripted_service payments{clock};
///     payments.fail(3, failure_class::timeout, 2s).succeed();
///
///     auto paid = breaker.call(payments, scripted_service::judge);
///
/// Each call takes the next step of the script: it lets the step's latency pass on the clock, then
/// answers, fails or throws. When the script has run out, the last thing said by `from_now_on` holds;
/// at the beginning that is success at once.
///
/// Thread safety: every member may be called from any thread at any time; calls take steps in the order
/// in which they begin.
/// Lifetime: the clock must outlive it. Not copyable; hand it on by reference.
class scripted_service {
public:
    /// The number of the call (the first is 1), or how it failed.
    using reply = result<std::uint64_t, failure_class>;

    /// One answer.
    struct step {
        struct succeeds {};
        std::variant<succeeds, failure_class, std::exception_ptr> answer = succeeds{};
        duration latency{};
    };

    explicit scripted_service(manual_time& clock) : clock_{clock} {}
    scripted_service(const scripted_service&) = delete;
    scripted_service& operator=(const scripted_service&) = delete;

    /// The next `times` calls succeed, each after `latency`.
    scripted_service& succeed(std::size_t times = 1, duration latency = {}) {
        return then(times, {step::succeeds{}, latency});
    }

    /// The next `times` calls answer with a failure.
    scripted_service& fail(std::size_t times = 1, failure_class with = failure_class::error, duration latency = {}) {
        return then(times, {with, latency});
    }

    /// The next `times` calls throw; anything may be thrown, an int too.
    template <class Thrown = std::runtime_error>
    scripted_service& raise(std::size_t times = 1, Thrown thrown = Thrown{"scripted failure"}, duration latency = {}) {
        return then(times, {std::make_exception_ptr(std::move(thrown)), latency});
    }

    /// What happens when the script has run out.
    scripted_service& from_now_on(step forever) {
        const std::lock_guard lock{mutex_};
        forever_ = std::move(forever);
        return *this;
    }

    /// Makes the call.
    reply operator()() {
        std::unique_lock lock{mutex_};
        const std::uint64_t number = ++calls_;
        step next = forever_;
        if (!script_.empty()) {
            next = std::move(script_.front());
            script_.pop_front();
        }
        lock.unlock();

        clock_.advance(next.latency);
        if (const auto* thrown = std::get_if<std::exception_ptr>(&next.answer)) std::rethrow_exception(*thrown);
        if (const auto* failed = std::get_if<failure_class>(&next.answer)) return *failed;
        return number;
    }

    /// How often it was called.
    std::uint64_t calls() const {
        const std::lock_guard lock{mutex_};
        return calls_;
    }

    /// Steps of the script that are not used yet.
    std::size_t left() const {
        const std::lock_guard lock{mutex_};
        return script_.size();
    }

    /// The judge that goes with it: a failure counts with its class, an exception as `error`.
    static constexpr struct {
        constexpr verdict operator()(const reply& r) const noexcept {
            return r ? verdict::success() : verdict::failure(r.error());
        }
    } judge{};

private:
    scripted_service& then(std::size_t times, const step& next) {
        const std::lock_guard lock{mutex_};
        script_.insert(script_.end(), times, next);
        return *this;
    }

    manual_time& clock_;
    mutable std::mutex mutex_;
    std::deque<step> script_;
    step forever_;
    std::uint64_t calls_ = 0;
};

}  // namespace switchgear::testing
