#include <switchgear/wire/requests.hpp>

#include <algorithm>

#include <switchgear/wire/units.hpp>

#include "reader.hpp"

namespace switchgear::wire {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t longest_reason = 1'000;
constexpr std::size_t longest_actor = 200;
constexpr std::chrono::milliseconds shortest{1};
constexpr std::chrono::milliseconds longest = std::chrono::hours{24 * 365};

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// A text that a log line can carry as it is.
void read_line(object_reader& members, std::string_view name, std::size_t most, std::string& into) {
    const value* given = members.find(name);
    if (given == nullptr) return members.at(name).refuse("is missing");
    if (!given->is_string()) return read(*given, members.at(name), into);
    read(*given, members.at(name), into);
    if (into.empty() || into.size() > most || std::ranges::any_of(into, is_control)) {
        members.at(name).refuse(*given, "one line of printable text of [1, " + std::to_string(most) + "] bytes");
    }
}

void read_who_and_why(object_reader& members, std::string& reason, std::string& actor) {
    read_line(members, "reason", longest_reason, reason);
    read_line(members, "actor", longest_actor, actor);
}

void read_for(object_reader& members, std::optional<std::chrono::milliseconds>& into) {
    const value* given = members.find("for");
    if (given == nullptr || given->is_null()) return;
    std::chrono::milliseconds lasts = shortest;
    read(*given, members.at("for"), lasts);
    if (lasts < shortest || lasts > longest) members.at("for").refuse(*given, "within [1ms, 365d]");
    into = lasts;
}

template <class Request>
parsed<Request> read_request(const value& from, void (*read_members)(object_reader&, Request&)) {
    std::vector<violation> found;
    object_reader members{from, {"", found}};
    if (!from.is_object()) return found;
    Request request;
    read_members(members, request);
    members.no_others();
    if (!found.empty()) return found;
    return request;
}

void add_for(object& out, const std::optional<std::chrono::milliseconds>& lasts) {
    if (lasts) out.emplace("for", format_duration(*lasts));
}

}  // namespace

object to_json(const override_request& request) {
    const std::string_view mode = to_string(request.mode);
    object out{{"mode", boost::json::string_view{mode.data(), mode.size()}},
               {"reason", request.reason},
               {"actor", request.actor}};
    add_for(out, request.lasts);
    return out;
}

object to_json(const reset_request& request) { return {{"reason", request.reason}, {"actor", request.actor}}; }

object to_json(const trip_request& request) {
    object out{{"reason", request.reason}, {"actor", request.actor}};
    add_for(out, request.lasts);
    return out;
}

template <>
parsed<override_request> from_json<override_request>(const value& from) {
    return read_request<override_request>(from, [](object_reader& members, override_request& request) {
        request.mode = override_mode::forced_open;  // until it is read
        members.required("mode", request.mode);
        read_who_and_why(members, request.reason, request.actor);
        read_for(members, request.lasts);
        if (request.mode == override_mode::none && request.lasts) {
            members.at("for").refuse("a lift (mode none) is for good: leave it out");
        }
    });
}

template <>
parsed<reset_request> from_json<reset_request>(const value& from) {
    return read_request<reset_request>(from, [](object_reader& members, reset_request& request) {
        read_who_and_why(members, request.reason, request.actor);
    });
}

template <>
parsed<trip_request> from_json<trip_request>(const value& from) {
    return read_request<trip_request>(from, [](object_reader& members, trip_request& request) {
        read_who_and_why(members, request.reason, request.actor);
        read_for(members, request.lasts);
    });
}

}  // namespace switchgear::wire
