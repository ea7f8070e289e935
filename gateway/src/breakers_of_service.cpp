#include "breakers_of_service.hpp"

#include <algorithm>
#include <utility>

#include "answers.hpp"
#include "breaker_name.hpp"
#include "message_head.hpp"
#include "shown_breaker.hpp"

namespace switchgear::gateway {
namespace {

std::vector<std::string> fixed_names(const service& of) {
    if (of.breaker.scope == breaker_scope::service) return {of.name};
    std::vector<std::string> names;
    if (of.breaker.scope == breaker_scope::endpoint) {
        for (const endpoint& each : of.endpoints) names.push_back(of.name + "/" + host_and_port(each));
    }
    return names;
}

registry_settings keyed_settings_of(const service& of) {
    return {.defaults = of.breaker.settings, .rules = {}, .max_entries = of.breaker.max_keys};
}

}  // namespace

void breaker_counters::follow(const transition& t) noexcept {
    const std::uint64_t now = t.epoch << 1U | (t.to == state::closed ? 1U : 0U);
    std::uint64_t seen = seen_.load(std::memory_order_relaxed);
    while (now >> 1U >= seen >> 1U && !seen_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
}

breakers_of_service::breakers_of_service(const service& of, const time_source& time, listener listening)
    : time_{time}, listener_{std::move(listening)}, service_{of.name}, max_keys_{of.breaker.max_keys} {
    for (const std::string& name : fixed_names(of)) add(name, of.breaker.settings);
    if (of.breaker.scope == breaker_scope::key) {
        keyed_ = std::make_shared<registry>(keyed_settings_of(of), time_);
        keyed_listening_ = keyed_->subscribe(
            [name = service_, told = listener_](const transition& seen) { tell_by_shown_name(seen, name, told); });
    }
}

bool breakers_of_service::same_identity(const service& a, const service& b) noexcept {
    return a.name == b.name && a.breaker.scope == b.breaker.scope &&
           equal_names(a.breaker.key_header, b.breaker.key_header);
}

void breakers_of_service::add(const std::string& name, const settings& with) {
    breaker_use use{std::make_shared<breaker>(name, with, time_), std::make_shared<breaker_counters>(name)};
    use.counters->closed_text = circuit_breaker_value({name, state::closed, duration::zero()}, {});
    use.counters->follow_from_closed();
    subscription listening = use.what->subscribe([tell = listener_, counters = use.counters](const transition& t) {
        counters->follow(t);
        tell(t);
    });
    named_.emplace(name, named{std::move(use), std::move(listening)});
}

void breakers_of_service::apply(const service& of) {
    const std::lock_guard lock{mutex_};
    if (keyed_) {
        max_keys_ = of.breaker.max_keys;
        keyed_->apply(keyed_settings_of(of));
        return;
    }
    const std::vector<std::string> wanted = fixed_names(of);
    std::erase_if(named_,
                  [&](const auto& one) { return std::find(wanted.begin(), wanted.end(), one.first) == wanted.end(); });
    for (const std::string& name : wanted) {
        const auto found = named_.find(name);
        if (found == named_.end()) {
            add(name, of.breaker.settings);
        } else {
            found->second.use.what->apply(of.breaker.settings);
        }
    }
}

std::vector<breaker_use> breakers_of_service::fixed(const service& of) const {
    const std::lock_guard lock{mutex_};
    std::vector<breaker_use> uses;
    for (const std::string& name : fixed_names(of)) uses.push_back(named_.find(name)->second.use);
    return uses;
}

breaker_use breakers_of_service::of_key(std::optional<std::string_view> value) {
    std::shared_ptr<breaker> found = keyed_->get(breaker_name_of_key(service_, value));
    std::shared_ptr<breaker_counters> counters = counters_of(found->name());
    return {std::move(found), std::move(counters)};
}

std::shared_ptr<breaker_counters> breakers_of_service::counters_of(std::string_view name) {
    const std::lock_guard lock{mutex_};
    if (const auto found = keyed_counters_.find(name); found != keyed_counters_.end()) return found->second;
    // The registry evicts breakers without a word; their numbers go once they are as many again.
    if (keyed_counters_.size() > 2 * max_keys_) {
        std::erase_if(keyed_counters_,
                      [&](const auto& one) { return !is_overflow(one.first) && keyed_->find(one.first) == nullptr; });
    }
    auto counters = std::make_shared<breaker_counters>(shown_name(name, service_));
    return keyed_counters_.emplace(std::string{name}, std::move(counters)).first->second;
}

/// Null: none of its calls was counted yet.
std::shared_ptr<breaker_counters> breakers_of_service::known_counters_of(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    const auto found = keyed_counters_.find(name);
    return found == keyed_counters_.end() ? nullptr : found->second;
}

std::shared_ptr<breaker> breakers_of_service::find(std::string_view name) const {
    if (keyed_) return keyed_->find(name);
    const std::lock_guard lock{mutex_};
    const auto found = named_.find(name);
    return found == named_.end() ? nullptr : found->second.use.what;
}

void breakers_of_service::for_each(const std::function<void(const breaker_use&)>& visit) const {
    if (keyed_) {
        // One at a time: a key that is held can't make room for another.
        keyed_->for_each([&](breaker& one) {
            // The overflow breaker is not found by name; it lives as long as its registry.
            std::shared_ptr<breaker> held =
                is_overflow(one.name()) ? std::shared_ptr<breaker>{keyed_, &one} : keyed_->find(one.name());
            if (!held) return;  // removed meanwhile
            std::shared_ptr<breaker_counters> counters = known_counters_of(one.name());
            visit({std::move(held), std::move(counters)});
        });
        return;
    }
    std::vector<breaker_use> present;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [name, one] : named_) present.push_back(one.use);
    }
    for (const breaker_use& use : present) visit(use);
}

}  // namespace switchgear::gateway
