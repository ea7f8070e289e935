#include "place.hpp"

#include <algorithm>
#include <chrono>

namespace switchgear::stress {

using namespace std::chrono_literals;

namespace {

// What its fixed number of probes and what no reload changes is in every plan of the first.
constexpr freedoms plain{.many_probes = false, .ramps = false, .admits_others = false, .timed_overrides = false};
constexpr freedoms reloaded{.many_probes = true, .ramps = false, .admits_others = false, .timed_overrides = false};
constexpr freedoms ramped{.many_probes = true, .ramps = true, .admits_others = false, .timed_overrides = false};

}  // namespace

place::place() : all{{.max_entries = most_entries}, clock} {
    std::mt19937 first{1};
    const auto own = [&](std::string name, const freedoms& may) {
        auto made = std::make_shared<breaker>(std::move(name), any_settings(first, may), clock);
        them.push_back(std::make_unique<watched>(std::move(made), may));
    };
    own("plain", plain);
    own("reloaded", reloaded);
    own("ramped", ramped);
    own("free", {});
    for (const char* key : {"held-1", "held-2"}) them.push_back(std::make_unique<watched>(all.get(key), freedoms{}));
    listening_ = all.subscribe([this](const transition& t) {
        for (const auto& one : them) {
            if (one->it->name().data() == t.name.data()) one->heard_too.take(t);
        }
    });
}

void place::put(std::mt19937& random, running&& what) {
    shelf& to = shelves_[random() % shelves_.size()];
    const std::lock_guard lock{to.mutex};
    to.calls.push_back(std::move(what));
}

std::optional<running> place::take(std::mt19937& random) {
    shelf& from = shelves_[random() % shelves_.size()];
    const std::lock_guard lock{from.mutex};
    if (from.calls.empty()) return {};
    std::swap(from.calls[random() % from.calls.size()], from.calls.back());
    std::optional<running> taken{std::move(from.calls.back())};
    from.calls.pop_back();
    return taken;
}

std::vector<running> place::take_all() {
    std::vector<running> taken;
    for (shelf& one : shelves_) {
        const std::lock_guard lock{one.mutex};
        std::move(one.calls.begin(), one.calls.end(), std::back_inserter(taken));
        one.calls.clear();
    }
    return taken;
}

settings any_settings(std::mt19937& random, const freedoms& may) {
    const auto from_to = [&](std::uint32_t least, std::uint32_t most) {
        return least + static_cast<std::uint32_t>(random() % (most - least + 1));
    };
    const auto now_and_then = [&] { return random() % 2 == 0; };
    settings s;
    trip_rules& t = s.trip;
    t.window = last_calls{from_to(8, 200)};
    if (now_and_then()) t.window = last{std::chrono::milliseconds{from_to(1'000, 3'000)}};
    t.minimum_calls = from_to(1, 8);
    t.consecutive_failures.reset();
    t.failure_ratio.reset();
    if (now_and_then()) t.consecutive_failures = from_to(3, 12);
    if (now_and_then()) t.failures = from_to(4, 8);
    if (now_and_then()) t.failure_ratio = 0.5 + from_to(0, 50) / 100.0;
    if (now_and_then()) t.slow = slow_rule{.after = 1ms, .ratio = 0.8 + from_to(0, 20) / 100.0};
    if (now_and_then()) t.limits.timeout = from_to(2, 8);
    if (now_and_then()) t.adaptive = adaptive_rule{};
    if (t.adaptive && now_and_then()) t.adaptive->deadline = 1ms;
    t.weights.custom_3 = 0;
    t.weights.overloaded = 2.5;
    recovery_rules& r = s.recovery;
    r.open_for = std::chrono::milliseconds{from_to(1, 5)};
    r.max_open_for = 20ms;
    if (now_and_then()) r.jitter = 0;
    r.probes = may.many_probes ? from_to(1, freedoms::most_probes) : freedoms::fixed_probes;
    r.successes_to_close = from_to(1, 6);
    r.probe_timeout = std::chrono::milliseconds{now_and_then() ? from_to(1, 5) : from_to(20, 50)};
    if (may.ramps && now_and_then()) r.ramp = ramp_rule{.over = 100ms, .from = from_to(1, 100) / 100.0};
    if (r.ramp && now_and_then()) r.ramp->by = ramp_by::evidence;
    if (now_and_then()) r.pacing = pacing::learned;
    if (may.admits_others && random() % 8 == 0) s.mode = mode::observe;
    return s;
}

registry_settings any_registry_settings(std::mt19937& random) {
    return {.defaults = any_settings(random, {}),
            .rules = {{"held-1", any_settings(random, {})}, {"key-1*", any_settings(random, {})}},
            .max_entries = random() % 2 == 0 ? place::most_entries : place::fewest_entries};
}

}  // namespace switchgear::stress
