#include "admin_api.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/gateway/runtime.hpp>
#include <switchgear/wire/json.hpp>
#include <switchgear/wire/views.hpp>

#include "admin_guard.hpp"
#include "admin_orders.hpp"
#include "explanation.hpp"
#include "shown_breaker.hpp"

namespace switchgear::gateway {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

wire::both_clocks this_instant(const runtime& state) { return {state.clock().now(), std::chrono::system_clock::now()}; }

admin_answer json_answer(const json::object& body) { return {.body = json::serialize(body) + "\n"}; }

admin_answer text_answer(unsigned status, std::string text) {
    return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(text)};
}

}  // namespace

admin_api::admin_api(asio::io_context& io, runtime& state, admin_hooks hooks)
    : io_(io), state_(state), hooks_(std::move(hooks)), hub_(io.get_executor()) {
    // On whichever thread the transition happened: no more than a copy and a post.
    subscription_ = state_.subscribe([this](const transition& seen) {
        asio::post(io_, [this, view = wire::view_of(seen, this_instant(state_))]() mutable {
            hub_.publish("transition", json::serialize(to_json(view)));
            history_.add(std::move(view));
        });
    });
}

admin_api::~admin_api() = default;

admin_answer admin_api::answer(const admin_request& request) {
    const auto target = parse_admin_target(request.target);
    if (auto refused = check_access(request, target, token_)) return *std::move(refused);
    switch (target->resource) {
        case admin_resource::breaker_override:
        case admin_resource::breaker_reset:
        case admin_resource::breaker_trip: return carry_out_order(state_, request, *target);
        case admin_resource::reload: return reload(request);
        default: return read(*target);
    }
}

admin_answer admin_api::read(const admin_target& target) {
    switch (target.resource) {
        case admin_resource::breaker: return show(target.name);
        case admin_resource::events: return follow();
        case admin_resource::metrics:
            return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = hooks_.metrics()};
        case admin_resource::healthz: return text_answer(200, "alive\n");
        case admin_resource::readyz: {
            const auto why_not = hooks_.not_ready();
            return why_not ? text_answer(503, *why_not + "\n") : text_answer(200, "ready\n");
        }
        case admin_resource::config: return json_answer(hooks_.configuration());
        default: return json_answer(snapshot_of_all());
    }
}

json::object admin_api::snapshot_of_all() const {
    const wire::both_clocks now = this_instant(state_);
    json::array list;
    state_.for_each_breaker([&](const breaker_view& seen) {
        json::object one = to_json(wire::view_of(shown_name(seen), seen.what->observe(), now));
        one["service"] = seen.service;
        list.push_back(std::move(one));
    });
    return {{"breakers", std::move(list)}};
}

admin_answer admin_api::show(const std::string& name) const {
    const auto found = find_shown(state_, name);
    if (!found) return problem(404, "there is no breaker named '" + name + "'");
    const wire::breaker_view view = wire::view_of(name, found->observe(), this_instant(state_));
    const settings in_force = found->current_settings();
    const auto& past = history_.of(name);

    json::object out = to_json(view);
    out["settings"] = wire::to_json(in_force);
    json::array list;
    for (const wire::transition_view& seen : past) {
        list.push_back(to_json(seen));
    }
    out["transitions"] = std::move(list);
    out["explanation"] = explain(view, in_force, past);
    return json_answer(out);
}

admin_answer admin_api::follow() {
    auto feed = hub_.subscribe(event_text("snapshot", json::serialize(snapshot_of_all())));
    if (!feed) return problem(503, "64 clients follow the events already");
    return {.content_type = "text/event-stream", .feed = std::move(feed)};
}

admin_answer admin_api::reload(const admin_request& request) {
    state_.log().write(log_level::info, "Reload ordered.", {{"from", std::string_view{request.from}}});
    if (const auto trouble = hooks_.reload()) {
        return problem(422, "the configuration was refused, the old one stays in force:\n" + *trouble);
    }
    return json_answer({{"result", "ok"}});
}

void admin_api::tick() {
    if (hub_.clients() > 0) hub_.publish("snapshot", json::serialize(snapshot_of_all()));
    std::size_t breakers = 0;
    if (history_.size() > 0) state_.for_each_breaker([&](const breaker_view&) { ++breakers; });
    if (history_.size() > breakers) {
        history_.keep_only([this](std::string_view name) { return find_shown(state_, name) != nullptr; });
    }
}

}  // namespace switchgear::gateway
