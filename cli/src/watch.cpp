#include "watch.hpp"

#include <ostream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "format.hpp"

namespace switchgear::cli {

namespace json = boost::json;

namespace {

json::object parse_object(const server_event& event) {
    boost::system::error_code ec;
    json::value parsed = json::parse(event.data, ec);
    if (ec || !parsed.is_object())
        throw std::runtime_error("the gateway sent an event that is no JSON object: " + event.data);
    return std::move(parsed).as_object();
}

}  // namespace

watch_lines::watch_lines(output_format format, std::ostream& out) : format_(format), out_(out) {}

void watch_lines::take(const server_event& event) {
    if (event.type == "snapshot")
        take_snapshot(event);
    else if (event.type == "transition")
        take_transition(event);
}

void watch_lines::take_snapshot(const server_event& event) {
    const json::object data = parse_object(event);
    const json::value* list = data.if_contains("breakers");
    if (!list || !list->is_array()) throw std::runtime_error("the gateway sent a snapshot without breakers");
    for (const json::value& one : list->get_array()) {
        const auto seen = wire::from_json<wire::breaker_view>(one);
        if (!seen) continue;
        const auto [known, is_new] = told_.try_emplace(seen->name, seen->state);
        if (!is_new && (!catching_up_ || known->second == seen->state)) continue;
        known->second = seen->state;
        if (format_ == output_format::text)
            out_ << seen->name << "  " << state_words(*seen) << "\n";
        else
            out_ << json::serialize(json::object{{"event", "snapshot"}, {"data", one}}) << "\n";
    }
    catching_up_ = false;
    out_.flush();
}

void watch_lines::take_transition(const server_event& event) {
    json::object data = parse_object(event);
    const auto seen = wire::from_json<wire::transition_view>(data);
    if (!seen) throw std::runtime_error("the gateway sent a transition that cannot be read: " + event.data);
    told_[seen->name] = seen->to;
    if (format_ == output_format::text)
        out_ << transition_line(*seen);
    else
        out_ << json::serialize(json::object{{"event", "transition"}, {"data", std::move(data)}}) << "\n";
    out_.flush();
}

}  // namespace switchgear::cli
