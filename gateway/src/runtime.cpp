#include <switchgear/gateway/runtime.hpp>

#include <algorithm>
#include <utility>

#include <switchgear/settings.hpp>

#include "access_log.hpp"
#include "breaker_log.hpp"
#include "name_lookup.hpp"
#include "routing.hpp"
#include "stream.hpp"
#include "transition_hub.hpp"

namespace switchgear::gateway {
namespace {

const live_service* find_service(const routing* in, const std::string& name) {
    if (in == nullptr) return nullptr;
    for (const auto& each : in->services) {
        if (each->settings->name == name) return each.get();
    }
    return nullptr;
}

/// All settings are tried before any is applied: a reload takes place as a whole or not at all.
void require_valid(const config& whole) {
    std::vector<violation> wrong;
    for (const service& each : whole.services) {
        for (violation& one : validate(each.breaker.settings)) {
            one.field = "services." + each.name + ".breaker." + one.field;
            wrong.push_back(std::move(one));
        }
    }
    if (!wrong.empty()) throw invalid_settings{std::move(wrong)};
}

bool calls_https(const config& whole) {
    return std::any_of(whole.services.begin(), whole.services.end(), [](const service& one) {
        return std::any_of(one.endpoints.begin(), one.endpoints.end(),
                           [](const endpoint& each) { return each.scheme == url_scheme::https; });
    });
}

std::unique_ptr<live_service> make_service(const service& wanted, const live_service* before, const time_source& time,
                                           const breakers_of_service::listener& listening) {
    auto made = std::make_unique<live_service>();
    made->settings = &wanted;
    made->counters = before != nullptr ? before->counters : std::make_shared<service_counters>();
    if (before != nullptr && breakers_of_service::same_identity(*before->settings, wanted)) {
        made->breakers = before->breakers;
        made->breakers->apply(wanted);
    } else {
        made->breakers = std::make_shared<breakers_of_service>(wanted, time, listening);
    }
    made->fixed = made->breakers->fixed(wanted);
    for (const endpoint& each : wanted.endpoints) {
        made->authorities.push_back(authority(each));
        made->pool_keys.push_back(wanted.name + " " + to_string(each));
    }
    return made;
}

}  // namespace

runtime::runtime(config initial, gateway::log& to, const time_source& time)
    : log_{to},
      access_{std::make_unique<access_log>(to)},
      names_{std::make_unique<name_lookup>()},
      clock_{time},
      hub_{std::make_shared<transition_hub>()} {
    reload(std::move(initial));
}

runtime::~runtime() = default;

void runtime::reload(config wanted) {
    require_valid(wanted);
    const std::lock_guard one_at_a_time{reloading_};
    const std::shared_ptr<const routing> before = current();
    descriptor requests = access_log::open(wanted.access_log);
    auto made = std::make_shared<routing>();
    made->settings = std::make_shared<const config>(std::move(wanted));
    const auto listening = [hub = hub_, &to = log_](const transition& t) {
        log_transition(to, t);
        hub->publish(t);
    };
    for (const service& each : made->settings->services) {
        made->services.push_back(make_service(each, find_service(before.get(), each.name), clock_, listening));
    }
    if (calls_https(*made->settings)) made->client_tls = make_client_tls();
    access_->use(std::move(requests));
    {
        const std::lock_guard lock{mutex_};
        routing_ = std::move(made);
    }
    // release: pairs with the acquire in generation(); who sees the new number asks for the routing anew.
    generation_.fetch_add(1, std::memory_order_release);
}

void runtime::reopen_access_log() {
    const std::lock_guard one_at_a_time{reloading_};
    access_->use(access_log::open(current()->settings->access_log));
}

std::shared_ptr<const routing> runtime::current() const {
    const std::lock_guard lock{mutex_};
    return routing_;
}

std::shared_ptr<const config> runtime::configuration() const { return current()->settings; }

std::shared_ptr<breaker> runtime::find(std::string_view name) const {
    for (const auto& each : current()->services) {
        if (auto found = each->breakers->find(name)) return found;
    }
    return nullptr;
}

void runtime::for_each_breaker(const std::function<void(const breaker_view&)>& visit) const {
    const std::shared_ptr<const routing> present = current();
    for (const auto& each : present->services) {
        each->breakers->for_each([&](const breaker_use& use) {
            breaker_view view{use.what, each->settings->name, {}, {}};
            if (each->settings->breaker.scope == breaker_scope::endpoint) {
                const auto of = std::find_if(each->fixed.begin(), each->fixed.end(),
                                             [&](const breaker_use& one) { return one.what == use.what; });
                if (of != each->fixed.end()) view.endpoint = static_cast<std::size_t>(of - each->fixed.begin());
            }
            if (use.counters) view.durations = use.counters->durations.read();
            visit(view);
        });
    }
}

void runtime::for_each_service(const std::function<void(const service_view&)>& visit) const {
    const std::shared_ptr<const routing> present = current();
    for (const auto& each : present->services) visit({each->settings, each->counters.get()});
}

std::shared_ptr<void> runtime::subscribe(std::function<void(const transition&)> listener) {
    return hub_->subscribe(std::move(listener));
}

}  // namespace switchgear::gateway
