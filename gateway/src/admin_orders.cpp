#include "admin_orders.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/gateway/runtime.hpp>
#include <switchgear/wire/requests.hpp>
#include <switchgear/wire/units.hpp>
#include <switchgear/wire/views.hpp>

#include "shown_breaker.hpp"

namespace switchgear::gateway {

namespace json = boost::json;

namespace {

/// A breaker, and the name under which it is shown.
struct addressee {
    breaker& what;
    std::string_view name;
};

/// What the log says of an order.
struct order_line {
    std::string_view what;
    std::string_view reason;
    std::string_view actor;
    std::optional<std::chrono::milliseconds> lasts{};
};

void write_line(const runtime& state, const admin_request& request, std::string_view on, const order_line& line) {
    const std::string lasts = line.lasts ? wire::format_duration(*line.lasts) : "until_lifted";
    state.log().write(log_level::info, "Operator order carried out.",
                      {{"order", line.what},
                       {"breaker", on},
                       {"actor", line.actor},
                       {"reason", line.reason},
                       {"for", line.lasts || line.what.starts_with("forced") ? std::string_view{lasts} : "none"},
                       {"from", std::string_view{request.from}}});
}

order make_order(const runtime& state, std::string reason, std::string actor,
                 std::optional<std::chrono::milliseconds> lasts = {}) {
    order out{std::move(reason), std::move(actor)};
    if (lasts) out.until = state.clock().now() + *lasts;
    return out;
}

void apply(const runtime& state, const admin_request& request, const addressee& on,
           const wire::override_request& wanted) {
    order given = make_order(state, wanted.reason, wanted.actor, wanted.lasts);
    switch (wanted.mode) {
        case override_mode::forced_open: on.what.force_open(std::move(given)); break;
        case override_mode::forced_closed: on.what.force_closed(std::move(given)); break;
        case override_mode::none: on.what.lift_override(std::move(given)); break;
    }
    const std::string_view what = wanted.mode == override_mode::none ? "lift" : to_string(wanted.mode);
    write_line(state, request, on.name, {what, wanted.reason, wanted.actor, wanted.lasts});
}

void apply(const runtime& state, const admin_request& request, const addressee& on, const wire::reset_request& wanted) {
    on.what.reset(make_order(state, wanted.reason, wanted.actor));
    write_line(state, request, on.name, {"reset", wanted.reason, wanted.actor});
}

void apply(const runtime& state, const admin_request& request, const addressee& on, const wire::trip_request& wanted) {
    on.what.trip(make_order(state, wanted.reason, wanted.actor), wanted.lasts);
    std::optional<std::chrono::milliseconds> pause = wanted.lasts;
    // No pause is longer than that, whoever asks for it.
    if (pause) pause = std::min(*pause, on.what.current_settings().recovery.max_retry_after);
    write_line(state, request, on.name, {"trip", wanted.reason, wanted.actor, pause});
}

/// A reason of spaces is none. Returns: what is wrong.
template <class Order>
std::vector<violation> blank_texts(const Order& given) {
    std::vector<violation> wrong;
    const auto check = [&](const char* field, const std::string& text) {
        if (text.find_first_not_of(' ') == std::string::npos) wrong.push_back({field, "is blank"});
    };
    check("reason", given.reason);
    check("actor", given.actor);
    return wrong;
}

template <class Order>
admin_answer carry_out(const runtime& state, const admin_request& request, const addressee& on) {
    boost::system::error_code ec;
    const json::value body = json::parse(request.body, ec);
    if (ec) return problem(422, "the body is not JSON: " + ec.message());
    const auto wanted = wire::from_json<Order>(body);
    const std::vector<violation> wrong = wanted ? blank_texts(*wanted) : wanted.error();
    if (!wrong.empty()) {
        std::string detail = "the order was not carried out:";
        for (const violation& v : wrong) {
            detail += " " + (v.field.empty() ? "" : v.field + ": ") + v.message + ";";
        }
        detail.pop_back();
        return problem(422, detail, wrong);
    }
    apply(state, request, on, *wanted);
    const auto view =
        wire::view_of(on.name, on.what.observe(), {state.clock().now(), std::chrono::system_clock::now()});
    return {.body = json::serialize(to_json(view)) + "\n"};
}

}  // namespace

admin_answer carry_out_order(runtime& state, const admin_request& request, const admin_target& target) {
    const auto on = find_shown(state, target.name);
    if (!on) return problem(404, "there is no breaker named '" + target.name + "'");
    switch (target.resource) {
        case admin_resource::breaker_override:
            return carry_out<wire::override_request>(state, request, {*on, target.name});
        case admin_resource::breaker_reset: return carry_out<wire::reset_request>(state, request, {*on, target.name});
        default: return carry_out<wire::trip_request>(state, request, {*on, target.name});
    }
}

}  // namespace switchgear::gateway
