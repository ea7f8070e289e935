#include "user.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace switchgear::stress {

using namespace std::chrono_literals;

void user::let_time_pass() {
    const auto how_long = dice(2'000);
    if (how_long == 0) return shared_.clock.suspend(30ms);
    if (how_long == 1) return shared_.clock.advance(2h);
    if (how_long < 20) return shared_.clock.advance(20ms);
    shared_.clock.advance(std::chrono::microseconds{dice(200)});
}

void user::do_something() {
    const auto what = dice(1'000);
    if (what < 480) return ask();
    if (what < 900) return end_a_call();
    if (what < 960) return ask_for_a_key();
    if (what < 970) return anyone().look();
    if (what < 978) return use_the_registry();
    if (what < 984) return reload(anyone());
    if (what < 990) return check_health(anyone());
    if (what < 995) return give_an_order(anyone());
    if (what < 998) return listen_for_a_while(anyone());
    save_and_restore(anyone());
}

void user::ask() {
    watched& of = anyone();
    of.asks();
    auto answer = of.it->try_acquire();
    if (!answer) {
        of.was_refused(answer.error());
        if (dice(8) == 0) std::this_thread::yield();
        return;
    }
    of.was_admitted(answer->epoch());
    running begun{of.it, &of, std::move(*answer)};
    if (dice(4) == 0) return shared_.put(random_, std::move(begun));
    end(std::move(begun));
}

void user::ask_for_a_key() {
    const auto number = dice(200);
    const auto at = shared_.all.get("key-" + std::to_string(number));
    // What is not removed and is another one than the last time was evicted between.
    auto [known, is_first] = known_.try_emplace(number, at);
    if (!is_first && number >= removable_keys && known->second.expired()) {
        shared_.evicted.fetch_add(1, std::memory_order_relaxed);  // a count
    }
    known->second = at;
    EXPECT_LE(shared_.all.size(), place::most_entries);
    auto answer = at->try_acquire();
    if (!answer) {
        EXPECT_GT(answer.error().retry_after.count(), 0);
        return;
    }
    running begun{at, nullptr, std::move(*answer)};
    if (dice(10) == 0) return shared_.put(random_, std::move(begun));
    end(std::move(begun));
}

void user::end_a_call() {
    if (auto found = shared_.take(random_)) end(std::move(*found));
}

void user::end(running&& what) {
    permit call = std::move(what.call);
    if (dice(30) == 0) call.overdue();
    if (dice(30) == 0) call.answered();
    if (dice(30) == 0) std::this_thread::yield();
    const verdict how = any_verdict();
    if (what.by != nullptr) what.by->settles(call.epoch(), how);
    if (how.is_ignored() && dice(2) == 0) {
        {
            const permit dropped = std::move(call);
        }
    } else {
        call.settle(how);
    }
    if (what.by != nullptr) what.by->has_settled();
}

verdict user::any_verdict() {
    // The service is well half of the time.
    const bool well = shared_.clock.now().time_since_epoch() / 40ms % 2 == 0;
    const auto way = dice(1'000);
    if (way < (well ? 985U : 500U)) return verdict::success();
    if (way < 990) return verdict::failure(static_cast<failure_class>(dice(failure_class_count)));
    if (way < 997) return verdict::ignored();
    if (way < 999) return verdict::failure(failure_class::timeout, 5ms);
    return verdict::trip(2ms);
}

order user::signed_order(bool timed) {
    order given{.reason = "stress", .actor = "user"};
    if (timed) given.until = shared_.clock.now() + std::chrono::microseconds{dice(4'000)};
    return given;
}

void user::give_an_order(watched& to) {
    const bool timed = to.free.timed_overrides && dice(4) != 0;
    switch (dice(8)) {
        case 0: return to.it->reset(signed_order(false));
        case 1: return to.it->trip(signed_order(false));
        case 2: return to.it->trip(signed_order(false), std::chrono::microseconds{dice(3'000)});
        case 3: return to.it->force_open(signed_order(timed));
        case 4:
            if (to.free.admits_others) return to.it->force_closed(signed_order(timed));
            [[fallthrough]];
        default: return to.it->lift_override(signed_order(false));
    }
}

void user::check_health(watched& of) {
    if (dice(2) == 0) return of.it->end_pause();
    of.it->extend_pause(std::chrono::microseconds{dice(3'000)});
}

void user::reload(watched& of) { of.it->apply(any_settings(random_, of.free)); }

void user::save_and_restore(watched& of) {
    std::string record = of.it->save();
    if (dice(4) == 0) {
        record[dice(static_cast<unsigned>(record.size()))] ^= 1;
        EXPECT_FALSE(of.it->restore(record)) << record;
        return;
    }
    EXPECT_TRUE(of.it->restore(record, std::chrono::microseconds{dice(2'000)})) << record;
}

/// A listener that calls back, and may end its own subscription.
void user::listen_for_a_while(watched& to) {
    heard_ = to.it->subscribe([at = to.it.get()](const transition& t) {
        (void)at->observe();
        if (t.to == state::open && t.epoch % 16 == 0) at->end_pause();
    });
    if (dice(2) == 0) heard_ = {};
}

void user::use_the_registry() {
    const std::string key = "key-" + std::to_string(dice(200));
    switch (dice(8)) {
        case 0: return (void)shared_.all.remove("key-" + std::to_string(dice(removable_keys)));
        case 1: return shared_.all.apply(any_registry_settings(random_));
        case 2: return shared_.all.for_each([](breaker& one) { (void)one.observe(); });
        case 3:
            if (const auto one = shared_.all.find(key)) one->trip(signed_order(false), 1ms);
            return;
        case 4:
            if (const auto one = shared_.all.find(key)) one->force_open(signed_order(true));
            return;
        default:
            if (const auto one = shared_.all.find(key)) one->reset(signed_order(false));
    }
}

}  // namespace switchgear::stress
